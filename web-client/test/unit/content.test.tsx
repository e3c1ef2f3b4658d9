import { render, screen } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { Markdown } from "../../src/content/markdown";
import { PlainText } from "../../src/content/plain";
import { sanitise } from "../../src/content/sanitise";
import { isSimple } from "../../src/content/simple";

const none: ReadonlyMap<string, string> = new Map();

describe("HTML of a mail", () => {
  const hostile: readonly [string, string][] = [
    ["script", "<p>a</p><script>alert(1)</script>"],
    ["handler", '<img src=x onerror="alert(1)">'],
    ["javascript address", '<a href="javascript:alert(1)">a</a>'],
    ["form", '<form action="https://evil.example"><input name=p></form>'],
    ["frame", '<iframe src="https://evil.example"></iframe>'],
    ["base", '<base href="https://evil.example/">'],
    ["svg", "<svg><animate onbegin=alert(1)></svg>"],
    ["meta refresh", '<meta http-equiv="refresh" content="0;url=https://evil.example">'],
    ["link", '<link rel="stylesheet" href="https://evil.example/a.css">'],
  ];
  test.each(hostile)("%s is taken out", (_name, source) => {
    const { html } = sanitise(source, none, none);
    expect(html).not.toMatch(/script|onerror|onbegin|javascript:|<form|<input|<iframe|<base|<svg|<meta|<link/iu);
  });

  test("nothing is fetched from elsewhere without consent", () => {
    const source = '<img src="https://t.example/p.gif"><p style="background:url(https://t.example/b.png)">x</p><style>@import "https://t.example/a.css"; p{background:url("//t.example/c.png")}</style><table background="https://t.example/d.png"><tr><td>y</td></tr></table>';
    const without = sanitise(source, none, none);
    expect(without.hasRemote).toBe(true);
    expect(without.html).not.toContain("t.example");
    expect(without.html).toContain("x");
  });

  test("with consent pictures come from our own server, and nothing else comes at all", () => {
    const source = '<img src="https://t.example/p.gif?a=1&amp;b=2"><img data-remote-src="https://t.example/q.gif"><img srcset="https://t.example/s.gif 2x"><p style="background:url(https://t.example/b.png)">x</p><a data-remote-src="https://t.example/r.gif">y</a>';
    expect(sanitise(source, none, none).html).not.toContain("t.example");
    expect(sanitise('<img data-remote-src="https://t.example/q.gif">', none, none).hasRemote).toBe(true);
    const own = new Map([
      ["https://t.example/p.gif?a=1&b=2", "https://inbox.example/media/picture?one"],
      ["https://t.example/q.gif", "https://inbox.example/media/picture?two"],
      ["https://t.example/b.png", "https://inbox.example/media/picture?three"],
    ]);
    const { html, hasRemote } = sanitise(source, none, own);
    expect(html).toContain('src="https://inbox.example/media/picture?one"');
    expect(html).toContain('src="https://inbox.example/media/picture?two"');
    expect(html).not.toContain("t.example");
    expect(html).not.toContain("three");
    expect(hasRemote).toBe(false);
  });

  test("pictures of the message itself are shown, unknown ones are dropped", () => {
    const cid = new Map([["logo@mail", "/media/att_1"]]);
    const { html, hasRemote } = sanitise('<img src="cid:logo@mail"><img src="cid:other">', cid, none);
    expect(html).toContain('src="/media/att_1"');
    expect(html).not.toContain("cid:");
    expect(hasRemote).toBe(false);
  });

  test("links open elsewhere and tell nothing", () => {
    expect(sanitise('<a href="https://a.example" target="_self">a</a>', none, none).html).toContain('rel="noopener noreferrer"');
  });

  test("only what our own composer writes stands in a bubble", () => {
    expect(isSimple("<p>Hi <strong>you</strong></p><ul><li>a</li></ul>")).toBe(true);
    expect(isSimple('<p style="color:red">Hi</p>')).toBe(false);
    expect(isSimple("<table><tr><td>a</td></tr></table>")).toBe(false);
  });
});

describe("Markdown", () => {
  test("becomes elements", () => {
    const { container } = render(<Markdown source={"Hi **you** and _me_\n\n- a\n- `b`\n\n[site](https://a.example)"} />);
    expect(container.querySelector("strong")?.textContent).toBe("you");
    expect(container.querySelector("em")?.textContent).toBe("me");
    expect(container.querySelectorAll("li")).toHaveLength(2);
    expect(screen.getByRole("link", { name: "site" }).getAttribute("href")).toBe("https://a.example");
  });

  test("never becomes markup or a dangerous address", () => {
    const { container } = render(<Markdown source={'<img src=x onerror=alert(1)> [a](javascript:alert(1)) <script>b</script>'} />);
    expect(container.querySelector("img,script,a")).toBeNull();
    expect(container.textContent).toContain("<img src=x");
  });
});

test("addresses in plain text become links without the full stop", () => {
  render(<PlainText text="See https://a.example/x?y=1. Bye" />);
  expect(screen.getByRole("link").getAttribute("href")).toBe("https://a.example/x?y=1");
});
