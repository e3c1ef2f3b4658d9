/** @jsxImportSource preact */
import { htmlNodes, markdownNodes } from "../markdown";
import { Rich } from "./Rich";

/** Foreign text with markup, put in as nodes. */
export function Marked({ source, markup }: { source: string; markup: "HTML" | "MARKDOWN" }) {
  return <Rich source={source} build={markup === "HTML" ? htmlNodes : markdownNodes} />;
}
