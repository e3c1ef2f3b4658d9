const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * How long to wait before attempt `attempt` (0 = first retry): 0.5 s doubling to 30 s, times 0.5…1.5 so that clients
 * cut together do not come back together.
 */
export function backoffMs(attempt: number, random: () => number): number {
  const base = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(base * (0.5 + random()));
}
