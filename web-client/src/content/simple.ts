/** Whether the text can stand in a bubble: only what our own composer makes. Anything richer gets a frame of its own. */
export function isSimple(html: string): boolean {
  return !/<(?:table|style|img|center|font|div[^>]*style|[a-z0-9]+[^>]*\s(?:style|class|bgcolor|background)=)/iu.test(html);
}
