import { useEffect, useMemo, useState } from "react";
import type { Values } from "./fields";

/**
 * A form over values that may change meanwhile: what a person has typed stays, every other field shows what is
 * stored now. What was typed and has become the stored value counts as untouched again.
 */
export function useTyped(stored: Values): { values: Values; typed: Values; type: (change: Values) => void; forget: (sent: Values) => void } {
  const [typed, setTyped] = useState<Values>({});
  const print = JSON.stringify(stored);
  useEffect(() => {
    const now = JSON.parse(print) as Values;
    setTyped((known) => without(known, (key) => known[key] === (now[key] ?? "")));
  }, [print]);
  const values = useMemo(() => ({ ...(JSON.parse(print) as Values), ...typed }), [print, typed]);
  return {
    values,
    typed,
    type: (change) => setTyped((known) => without({ ...known, ...change }, (key) => (change[key] ?? known[key]) === (stored[key] ?? ""))),
    /** What was sent is stored now; what was typed since stays. */
    forget: (sent) => setTyped((known) => without(known, (key) => known[key] === sent[key])),
  };
}

function without(values: Values, isGone: (key: string) => boolean): Values {
  const kept = Object.entries(values).filter(([key]) => !isGone(key));
  return kept.length === Object.keys(values).length ? values : Object.fromEntries(kept);
}
