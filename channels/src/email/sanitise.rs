//! HTML of strangers: made harmless by the rules of the house, and its remote pictures put to sleep.

pub(super) use tributary_domain::content::MAX_HTML_BYTES;
use tributary_domain::content::sanitise_html;

/// Deepest nesting that is kept as HTML.
pub(super) const MAX_DEPTH: usize = 256;

/// HTML that shows nothing but what the allow-list knows, and loads nothing: the address of a remote picture stands in
/// `data-remote-src`, from where a client takes it when the reader has agreed.
pub(super) fn sanitise(html: &str) -> String {
    with_images(&sanitise_html(html).html, |tag| {
        tag.replace(" src=\"http", " data-remote-src=\"http").replace(" src=\"HTTP", " data-remote-src=\"HTTP")
    })
}

/// The same HTML for a mail that goes out: what slept while it was stored has its address back, since only the
/// recipient's own program knows what its reader agrees to.
pub(super) fn wake(html: &str) -> String {
    with_images(&sanitise_html(html).html, |tag| tag.replace(" data-remote-src=\"", " src=\""))
}

/// Changes every image tag of sanitised HTML. The sanitiser writes attributes in one canonical form and escapes every
/// `<` and `>` that is part of no tag, so that what looks like an image tag here is one.
fn with_images(clean: &str, change: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(clean.len());
    let mut rest = clean;
    while let Some(at) = rest.find("<img ") {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        out.push_str(&rest[..at]);
        out.push_str(&change(&rest[at..end]));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{sanitise, wake};

    #[test]
    fn what_is_active_goes() {
        let cases = [
            ("<p onclick=x()>a<script>alert(1)</script></p>", "<p>a</p>"),
            ("<a href=\"javascript:alert(1)\">x</a>", "<a rel=\"noopener noreferrer\">x</a>"),
            ("<a href=\"data:text/html,x\">x</a>", "<a rel=\"noopener noreferrer\">x</a>"),
            ("<style>@import 'x'</style><p style=\"position:fixed;color:red\">a</p>", "<p style=\"color:red\">a</p>"),
            ("<p style=\"background:url(https://t.example/x)\">a</p>", "<p>a</p>"),
            ("<iframe src=x>a</iframe><form action=x>b<input name=p></form>", "b"),
            ("<img src=x.png><img src=\"data:image/svg+xml;base64,PHN2Zz4=\">", "<img><img>"),
            ("<svg><a href=\"javascript:x\">b</a></svg><math><mi//xlink:href=\"data:x,<script>\">", ""),
            ("<base href=//evil><meta http-equiv=refresh content=0><link rel=stylesheet href=x>a", "a"),
        ];
        for (html, expected) in cases {
            let clean = sanitise(html);
            assert!(!clean.contains("script") && !clean.contains("url("), "{clean}");
            if !expected.is_empty() {
                assert_eq!(clean, expected, "{html}");
            }
        }
    }

    #[test]
    fn remote_pictures_sleep_and_own_ones_do_not() {
        let html = "<img src=\"https://t.example/p.gif\" alt=\"a > b\"><img SRC='HTTP://t.example/q'><img src=\"cid:logo@x\">";
        let clean = sanitise(html);
        assert!(!clean.to_ascii_lowercase().contains(" src=\"http"), "{clean}");
        assert!(clean.contains("data-remote-src=\"https://t.example/p.gif\"") && clean.contains("src=\"cid:logo@x\""), "{clean}");
        assert_eq!(sanitise(&clean), clean);
    }

    #[test]
    fn a_greater_than_sign_in_an_attribute_hides_nothing() {
        let clean = sanitise("<img alt=\"x> \" src=\"https://t.example/p.gif\">");
        assert!(!clean.contains(" src=\"http"), "{clean}");
    }

    #[test]
    fn what_slept_wakes_in_pictures_and_nowhere_else() {
        let html = "<p>src= data-remote-src=\"x\"</p><img src=\"https://t.example/p.gif\" alt=\"a\"><img src=\"cid:logo@x\">";
        let woken = wake(&sanitise(html));
        assert_eq!(woken, html);
        assert_eq!(sanitise(&woken), sanitise(html));
    }

    #[test]
    fn the_fold_mark_stays() {
        let html = "<p>a</p><blockquote class=\"quoted other\">b</blockquote>";
        assert_eq!(sanitise(html), "<p>a</p><blockquote class=\"quoted\">b</blockquote>");
    }
}
