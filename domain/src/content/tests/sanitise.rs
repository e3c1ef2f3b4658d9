//! Hostile HTML, and what may be left of it.

use std::time::{Duration, Instant};

use crate::content::{MAX_HTML_BYTES, block_remote_images, html_to_markdown, remote_images, sanitise_html};

fn clean(html: &str) -> String {
    sanitise_html(html).html
}

#[test]
fn what_runs_or_loads_is_gone() {
    let corpus = [
        "<script>alert(1)</script>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
        "<img src=x onerror=alert(1)>",
        "<img src=\"x\" OnErRoR = 'alert(1)'>",
        "<svg onload=alert(1)><animate attributeName=href values=javascript:alert(1) /></svg>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\" java\tscript:alert(1)\">x</a>",
        "<a href=\"&#106;avascript:alert(1)\">x</a>",
        "<a href=\"jav&#x0A;ascript:alert(1)\">x</a>",
        "<a href=\"vbscript:msgbox(1)\">x</a>",
        "<a href=\"data:text/html;base64,PHNjcmlwdD4=\">x</a>",
        "<img src=\"data:text/html,<script>alert(1)</script>\">",
        "<img src=\"data:image/svg+xml;base64,PHN2Zz4=\">",
        "<style>@import url(//evil.example/a.css);</style>",
        "<p style=\"background:url(javascript:alert(1))\">x</p>",
        "<p style=\"color:red;background-image:url('//evil.example/t.gif')\">x</p>",
        "<p style=\"width:expression(alert(1))\">x</p>",
        "<p style=\"position:fixed;top:0;left:0;z-index:9\">x</p>",
        "<p style=\"c\\6flor:red;b\\61ckground:u\\72l(//evil.example)\">x</p>",
        "<iframe src=\"https://evil.example\"></iframe>",
        "<object data=\"https://evil.example/x.swf\"></object>",
        "<embed src=\"https://evil.example/x.swf\">",
        "<form action=\"https://evil.example\"><input name=p type=password><button>ok</button></form>",
        "<base href=\"https://evil.example/\">",
        "<meta http-equiv=\"refresh\" content=\"0;url=https://evil.example\">",
        "<link rel=stylesheet href=\"https://evil.example/a.css\">",
        "<div id=\"attributes\" class=\"x\" name=\"y\">x</div>",
        // Mutation classics: harmless as text, harmful once parsed a second time.
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
        "<listing>&lt;img src=1 onerror=alert(1)&gt;</listing>",
        "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
        "<textarea><p title=\"</textarea><img src=x onerror=alert(1)>\">",
        "<select><template><style><!--</style><a rel=\"--></style></template></select><img id=x src=x onerror=alert(1)>\">",
        "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<p/onclick=alert(1)/>x",
        "<a href='https://ok.example\" onclick=\"alert(1)'>x</a>",
        "<img alt=\"`><script>alert(1)</script>\" src=cid:1>",
        "<img src=\"//evil.example/t.gif\"><img src=\"/\\evil.example/t.gif\">",
    ];
    for hostile in corpus {
        for html in [clean(hostile), clean(&format!("<div>{hostile}</div>")), clean(&clean(hostile))] {
            let lower = html.to_ascii_lowercase();
            // What is left of a name can only be text or an attribute's harmless value.
            let tags = tags_of(&lower);
            for bad in [
                "script",
                "javascript:",
                "vbscript:",
                "onerror",
                "onload",
                "onclick",
                "<style",
                "<svg",
                "<math",
                "<iframe",
                "<form",
                "<input",
                "<base",
                "<meta",
                "<link",
                "<object",
                "<embed",
                "expression",
                "url(",
                "position",
                "@import",
                "data:text",
                "svg+xml",
                "id=",
                "class=",
                "//evil.example/t.gif",
                "\\evil",
            ] {
                assert!(!tags.contains(bad), "{bad} survived in {html} (from {hostile})");
            }
        }
        assert_eq!(clean(&clean(hostile)), clean(hostile), "not stable: {hostile}");
    }
}

/// Only the tags, without attribute values of `alt`, which may say anything.
fn tags_of(html: &str) -> String {
    let mut tags = String::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let mut is_quoted = false;
        let end = rest[start..].find(|c| {
            is_quoted ^= c == '"';
            c == '>' && !is_quoted
        });
        let end = end.map_or(rest.len(), |end| start + end + 1);
        let tag = &rest[start..end];
        match tag.split_once(" alt=\"") {
            Some((before, after)) => {
                tags.push_str(before);
                tags.push_str(after.split_once('"').map_or("", |(_, after)| after));
            }
            None => tags.push_str(tag),
        }
        rest = &rest[end..];
    }
    tags
}

#[test]
fn what_mail_is_made_of_stays() {
    for (source, expected) in [
        ("<p>Hello <b>you</b><br>there</p>", "<p>Hello <b>you</b><br>there</p>"),
        (
            "<a href=\"https://example.com/?a=1&amp;b=2\">x</a>",
            "<a href=\"https://example.com/?a=1&amp;b=2\" rel=\"noopener noreferrer\">x</a>",
        ),
        ("<a href=\"mailto:a@example.com\">x</a>", "<a href=\"mailto:a@example.com\" rel=\"noopener noreferrer\">x</a>"),
        ("<img src=\"cid:part1@x\" alt=\"Logo\" width=\"20\">", "<img src=\"cid:part1@x\" alt=\"Logo\" width=\"20\">"),
        ("<img src=\"/media/att_1\">", "<img src=\"/media/att_1\">"),
        ("<p style=\"color: red; position: fixed\">x</p>", "<p style=\"color:red\">x</p>"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("1 < 2 & 3 > 2", "1 &lt; 2 &amp; 3 &gt; 2"),
        ("<font color=\"#ff0000\">x</font>", "<font color=\"#ff0000\">x</font>"),
        ("<o:p>text</o:p><custom>kept</custom>", "textkept"),
        ("<html><head><title>no</title><style>p{}</style></head><body bgcolor=red>yes</body></html>", "yes"),
        ("<img src=\"data:image/png;base64,iVBORw0KGgo=\">", "<img src=\"data:image/png;base64,iVBORw0KGgo=\">"),
    ] {
        assert_eq!(clean(source), expected);
    }
    let table = "<table><tbody><tr><td colspan=\"2\">a</td><td>b</td></tr></tbody></table>";
    assert_eq!(clean("<table><tr><td colspan=2>a<td>b</table>"), table);
    assert!(!clean(&format!("<img src=\"data:image/png;base64,{}\">", "A".repeat(70_000))).contains("data:"), "small images only");
}

#[test]
fn remote_images_can_be_blocked() {
    let source = clean("<p>x<img src=\"https://tracker.example/p.gif\" alt=\"a\"><img src=\"cid:1\"></p>");
    assert!(source.contains("tracker.example"));
    let blocked = block_remote_images(&source);
    assert!(!blocked.contains("tracker.example") && blocked.contains("cid:1") && blocked.contains("alt=\"a\""), "{blocked}");
}

#[test]
fn deep_wide_and_unfinished_input_ends_quickly() {
    let deep = |open: &str, close: &str, count: usize| format!("{}x{}", open.repeat(count), close.repeat(count));
    let inputs = [
        deep("<div>", "</div>", 10_000),
        deep("<b>", "", 40_000),
        deep("<font color=red>", "", 15_000),
        deep("<table><tr><td>", "</td></tr></table>", 5_000),
        deep("<blockquote><ul><li>", "", 10_000),
        deep("<a href=x>", "", 20_000),
        deep("<b><p>", "", 20_000),
        deep("<svg>", "", 200_000),
        deep("<!--", "", 200_000),
        deep("<p ", "", 300_000),
        deep("<p a=\"", "", 150_000),
        deep("</div>", "", 150_000),
        "<".repeat(50_000),
        "<p><b>".repeat(5_000) + &"<p>x".repeat(20_000),
        "<hr>".repeat(30_000),
        "> ".repeat(100_000),
        format!("<p>{}</p>", "ü".repeat(2_000_000)),
    ];
    for input in &inputs {
        let start = Instant::now();
        let result = sanitise_html(input);
        let markdown = html_to_markdown(input);
        let name: String = input.chars().take(30).collect();
        assert!(depth(&result.html) <= 256, "{name}: {} deep", depth(&result.html));
        assert!(markdown.len() <= 8 * MAX_HTML_BYTES, "{name} grew");
        assert_eq!(result.is_cut, input.len() > MAX_HTML_BYTES, "{name}");
        // Quadratic time would be minutes even on a fast machine.
        assert!(start.elapsed() < Duration::from_secs(20), "{name} took {:?}", start.elapsed());
    }
    assert!(clean(&deep("<div>", "</div>", 10_000)).contains('x'), "the text survives");
}

fn depth(html: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !["br", "hr", "img"].iter().any(|void| tag.starts_with(void)) {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

#[test]
fn a_cut_falls_between_tags_and_characters() {
    let long = format!("{}<a href=\"https://example.com/\">x</a>", "ä".repeat(MAX_HTML_BYTES / 2 - 5));
    let result = sanitise_html(&long);
    assert!(result.is_cut);
    assert!(result.html.chars().all(|c| c == 'ä'));
}

#[test]
fn remote_images_are_named_as_a_browser_reads_them() {
    let html = "<p> src=\"https://text.example/\"</p><img src=\"https://a.example/p.png?x=1&amp;y='2'\" alt=\"> src=\"><img alt=a \
        data-remote-src='HTTP://b.example/q'><img src=cid:logo><img src=\"/media/own\"><img src=\"https://a.example/p.png?x=1&y='2'\">\
        <img src=\"data:image/png;base64,AAAA\"> src=\"https://text.example/\"";
    assert_eq!(remote_images(&clean(html)), ["https://a.example/p.png?x=1&y='2'", "HTTP://b.example/q"]);
    assert_eq!(remote_images(&clean(&(0..300).map(|n| format!("<img src=https://a.example/{n}>")).collect::<String>())).len(), 200);
}
