import { type CalendarDateTime, getLocalTimeZone, now, toCalendarDateTime } from "@internationalized/date";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button as AriaButton, Calendar, CalendarCell, CalendarGrid, DateInput, DatePicker, DateSegment, Dialog as AriaDialog, Group, Heading, Label } from "react-aria-components";
import { Button, Dialog, Icon, Popover } from "../../ui";

/** Any time in the future, in the fields of the person's own language. */
export function SnoozeDialog({ onPick, onClose }: { onPick: (until: Date) => void; onClose: () => void }) {
  const { t } = useTranslation();
  const zone = getLocalTimeZone();
  const [start] = useState(() => toCalendarDateTime(now(zone)).set({ minute: 0, second: 0, millisecond: 0 }).add({ hours: 2 }));
  const [value, setValue] = useState<CalendarDateTime | null>(start);
  const isPast = value === null || value.toDate(zone).getTime() <= Date.now();
  return (
    <Dialog
      title={t("commands.snooze")}
      isOpen
      onClose={onClose}
      width="sm"
      footer={
        <>
          <Button onPress={onClose}>{t("ui.cancel")}</Button>
          <Button
            look="primary"
            isDisabled={isPast}
            onPress={() => {
              if (value) onPick(value.toDate(zone));
              onClose();
            }}
          >
            {t("interaction.snooze")}
          </Button>
        </>
      }
    >
      <DatePicker<CalendarDateTime> value={value} onChange={setValue} minValue={toCalendarDateTime(now(zone))} granularity="minute" className="flex flex-col gap-1">
        <Label className="text-sm font-medium text-ink-2">{t("interaction.snoozeAt")}</Label>
        <Group className="flex h-9 items-center gap-1 rounded-md border border-line-strong bg-surface px-2">
          <DateInput className="flex flex-1">{(segment) => <DateSegment segment={segment} className="rounded-sm px-0.5 tabular-nums outline-none data-[focused]:bg-accent data-[focused]:text-accent-ink" />}</DateInput>
          <AriaButton aria-label={t("interaction.calendar")} className="rounded-md p-1 text-ink-3">
            <Icon name="calendar" />
          </AriaButton>
        </Group>
        <Popover>
          <AriaDialog className="p-3 outline-none">
            <Calendar>
              <header className="mb-2 flex items-center gap-2">
                <AriaButton slot="previous" className="rounded-md p-1 hover:bg-hover">
                  <Icon name="back" />
                </AriaButton>
                <Heading className="flex-1 text-center text-sm font-semibold" />
                <AriaButton slot="next" className="rounded-md p-1 hover:bg-hover">
                  <Icon name="back" className="rotate-180" />
                </AriaButton>
              </header>
              <CalendarGrid className="text-center text-sm">
                {(date) => (
                  <CalendarCell
                    date={date}
                    className="m-px flex size-8 items-center justify-center rounded-md outline-none data-[disabled]:opacity-40 data-[focus-visible]:outline-2 data-[focus-visible]:outline-accent data-[hovered]:bg-hover data-[outside-month]:hidden data-[selected]:bg-accent data-[selected]:text-accent-ink"
                  />
                )}
              </CalendarGrid>
            </Calendar>
          </AriaDialog>
        </Popover>
      </DatePicker>
    </Dialog>
  );
}
