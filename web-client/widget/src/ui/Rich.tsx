/** @jsxImportSource preact */
import { useLayoutEffect, useRef } from "preact/hooks";
import { textNodes } from "../text";

/** Foreign text, put in as nodes. */
export function Rich({ source, build = textNodes }: { source: string; build?: (source: string) => Node }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => ref.current?.replaceChildren(build(source)), [source, build]);
  return <div class="rich" ref={ref} />;
}
