import { expect, test } from "vitest";
import { htmlNodes, markdownNodes } from "../src/markdown";
import { textNodes } from "../src/text";

function html(nodes: DocumentFragment): string {
  const div = document.createElement("div");
  div.appendChild(nodes);
  return div.innerHTML.replaceAll(' target="_blank" rel="noopener noreferrer nofollow"', "");
}

test.each([
  ["**bold** and *em* and __b__ and _e_ and ~~no~~", "<p><strong>bold</strong> and <em>em</em> and <strong>b</strong> and <em>e</em> and <del>no</del></p>"],
  ["**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"],
  ["**b**ig **x**", "<p><strong>b</strong>ig <strong>x</strong></p>"],
  ["snake_case_name 2 * 3 * 4", "<p>snake_case_name 2 * 3 * 4</p>"],
  ["`a*b*c` \\*plain\\*", "<p><code>a*b*c</code> *plain*</p>"],
  ["# Title\ntext\nmore", "<p><strong>Title</strong></p><p>text<br>more</p>"],
  ["- a\n- **b**\n\n1. x\n2. y", "<ul><li>a</li><li><strong>b</strong></li></ul><ol><li>x</li><li>y</li></ol>"],
  ["- a\n  - b", "<ul><li><p>a</p><ul><li>b</li></ul></li></ul>"],
  ["3. c", '<ol start="3"><li>c</li></ol>'],
  ["> quoted\n> **more**", "<blockquote>quoted<br><strong>more</strong></blockquote>"],
  ["```js\na < b && **c**\n```\nafter", "<pre><code>a &lt; b &amp;&amp; **c**</code></pre><p>after</p>"],
  ["---", "<hr>"],
  ["[shop](https://a.example/x?y=1) https://b.example/z.", '<p><a href="https://a.example/x?y=1">shop</a> <a href="https://b.example/z">https://b.example/z</a>.</p>'],
  ["![cat](https://a.example/c.png)", '<p><a href="https://a.example/c.png">cat</a></p>'],
  ["<b>not html</b>", "<p>&lt;b&gt;not html&lt;/b&gt;</p>"],
])("%j", (source, expected) => {
  expect(html(markdownNodes(source))).toBe(expected);
});

const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  "<svg onload=alert(1)>",
  "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
  "<a href='javascript:alert(1)'>x</a>",
  "<a href=' java\nscript:alert(1)'>x</a>",
  "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
  "<a href='vbscript:x' onclick=alert(1)>x</a>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<p style='position:fixed;inset:0' class=x id=y onclick=alert(1)>p</p>",
  "<form action=https://evil.example><input name=a><button>go</button></form>",
  "<style>@import 'https://evil.example'</style>",
  "<link rel=stylesheet href=https://evil.example>",
  "<meta http-equiv=refresh content='0;url=https://evil.example'>",
  "<base href=https://evil.example>",
  "<object data=x></object><embed src=x>",
  "<template><img src=x onerror=alert(1)></template>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
  "<table><td background=https://evil.example>x</td></table>",
  "<video src=https://evil.example onerror=alert(1)></video>",
  "<dc-chat></dc-chat><x-y onclick=alert(1)>x</x-y>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "![x](javascript:alert(1))",
  '[x](https://a.example/"onmouseover="alert(1))',
  "<javascript:alert(1)>",
  "https://a.example/'><script>alert(1)</script>",
];

const ALLOWED = /^(p|br|b|strong|i|em|u|s|del|ins|code|pre|blockquote|ul|ol|li|hr|table|thead|tbody|tr|th|td|sub|sup|span|div|a)$/;

test.each(HOSTILE)("harmless: %s", (source) => {
  for (const nodes of [htmlNodes(source), markdownNodes(source), textNodes(source), markdownNodes(`> - ${source}`)]) {
    for (const element of nodes.querySelectorAll("*")) {
      expect(element.localName).toMatch(ALLOWED);
      for (const { name, value } of element.attributes) {
        expect(["href", "target", "rel", "start"]).toContain(name);
        if (name === "href") expect(value).toMatch(/^(https?:|mailto:|tel:)/i);
      }
    }
  }
});

test("HTML keeps its meaning", () => {
  expect(html(htmlNodes('<h1>T</h1><p class="a">x <b>y</b> <a href="mailto:a@b.example" onclick="z">m</a></p><ul><li>1</li></ul><font>f</font>'))).toBe(
    '<p><strong>T</strong></p><p>x <b>y</b> <a href="mailto:a@b.example">m</a></p><ul><li>1</li></ul>f',
  );
});

test("plain text keeps lines and finds links", () => {
  expect(html(textNodes("a\nb https://x.example/y, **c**"))).toBe('a<br>b <a href="https://x.example/y">https://x.example/y</a>, **c**');
});

test("text made to be slow is not", () => {
  const started = performance.now();
  for (const piece of ["*", "**a", "_", "[", "[](", "`", "~~", "> ", "- ", "#", "https://", "\\", "<", "**a**", "  - a\n"]) markdownNodes(piece.repeat(20_000 / piece.length));
  htmlNodes("<div>".repeat(4_000));
  // Anything worse than quadratic takes minutes.
  expect(performance.now() - started).toBeLessThan(30_000);
}, 60_000);
