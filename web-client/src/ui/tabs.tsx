import type { ReactNode } from "react";
import { Tab as AriaTab, TabList, TabPanel as AriaTabPanel, Tabs as AriaTabs, type TabPanelProps } from "react-aria-components";
import { cx } from "./cx";
import { Icon, type IconName } from "./icon";

export interface TabDef {
  readonly id: string;
  readonly label: string;
  readonly icon?: IconName;
}

export function Tabs({ label, tabs, selected, onChange, children, className }: { label: string; tabs: readonly TabDef[]; selected: string; onChange: (id: string) => void; children?: ReactNode; className?: string }) {
  return (
    <AriaTabs selectedKey={selected} onSelectionChange={(key) => onChange(String(key))} className={cx("flex min-h-0 flex-col", className)}>
      <TabList aria-label={label} className="flex gap-1 border-b border-line px-3">
        {tabs.map((tab) => (
          <AriaTab
            key={tab.id}
            id={tab.id}
            className="-mb-px flex items-center gap-1.5 rounded-t-md border-b-2 border-transparent px-2.5 py-2 text-sm font-medium text-ink-3 outline-none hover:text-ink data-[selected]:border-accent data-[selected]:text-ink data-[focus-visible]:outline-2 data-[focus-visible]:-outline-offset-2"
          >
            {tab.icon && <Icon name={tab.icon} size={14} />}
            {tab.label}
          </AriaTab>
        ))}
      </TabList>
      {children}
    </AriaTabs>
  );
}

export function TabPanel(props: TabPanelProps) {
  return <AriaTabPanel {...props} className="min-h-0 flex-1 overflow-auto outline-none" />;
}
