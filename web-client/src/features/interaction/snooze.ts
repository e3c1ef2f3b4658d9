export interface SnoozeChoice {
  readonly id: "hour" | "threeHours" | "tomorrow" | "nextWeek";
  readonly until: Date;
}

const MORNING = 9;

function atMorning(day: Date): Date {
  const morning = new Date(day);
  morning.setHours(MORNING, 0, 0, 0);
  return morning;
}

/** The times people mean most, seen from `now`. */
export function snoozeChoices(now: Date): readonly SnoozeChoice[] {
  const tomorrow = new Date(now);
  tomorrow.setDate(now.getDate() + 1);
  const monday = new Date(now);
  monday.setDate(now.getDate() + (((8 - now.getDay()) % 7) || 7));
  const choices: SnoozeChoice[] = [
    { id: "hour", until: new Date(now.getTime() + 3_600_000) },
    { id: "threeHours", until: new Date(now.getTime() + 3 * 3_600_000) },
    { id: "tomorrow", until: atMorning(tomorrow) },
    { id: "nextWeek", until: atMorning(monday) },
  ];
  // On a Sunday both mean the same morning.
  return choices.filter((choice) => choice.id !== "nextWeek" || monday.getDate() !== tomorrow.getDate());
}
