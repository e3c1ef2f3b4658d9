/** @jsxImportSource preact */
import { useLayoutEffect, useRef } from "preact/hooks";
import { htmlNodes, markdownNodes, textNodes } from "../markdown";

const BUILD = { TEXT: textNodes, HTML: htmlNodes, MARKDOWN: markdownNodes };

/** Foreign text, put in as nodes. */
export function Rich({ source, markup = "TEXT" }: { source: string; markup?: keyof typeof BUILD }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => ref.current?.replaceChildren(BUILD[markup](source)), [source, markup]);
  return <div class="rich" ref={ref} />;
}
