//! The allow-list that HTML of strangers must pass, and remote pictures put to sleep.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// Largest HTML body that is kept as HTML, bytes.
pub(super) const MAX_HTML_BYTES: usize = 1024 * 1024;

/// Deepest nesting that is kept as HTML.
pub(super) const MAX_DEPTH: usize = 256;

/// Largest picture inside of the HTML itself, bytes of the `data:` address.
const MAX_DATA_URL_BYTES: usize = 64 * 1024;

const TAGS: [&str; 39] = [
    "a",
    "b",
    "blockquote",
    "br",
    "caption",
    "center",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
];

const STYLES: [&str; 38] = [
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
    "line-height",
    "letter-spacing",
];

static RULES: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let attributes: HashMap<&str, HashSet<&str>> = HashMap::from([
        ("a", HashSet::from(["href", "title"])),
        ("img", HashSet::from(["src", "data-remote-src", "alt", "title", "width", "height"])),
        ("td", HashSet::from(["colspan", "rowspan", "align", "valign", "width", "bgcolor"])),
        ("th", HashSet::from(["colspan", "rowspan", "align", "valign", "width", "bgcolor"])),
        ("table", HashSet::from(["align", "width", "border", "cellpadding", "cellspacing", "bgcolor"])),
        ("font", HashSet::from(["color", "size", "face"])),
        ("ol", HashSet::from(["start", "type"])),
    ]);
    let mut rules = ammonia::Builder::new();
    rules
        .tags(TAGS.into_iter().chain(["u", "ul"]).collect())
        .clean_content_tags(HashSet::from(["script", "style", "title", "noscript", "template"]))
        .tag_attributes(attributes)
        .generic_attributes(HashSet::from(["style", "dir", "lang"]))
        .allowed_classes(HashMap::from([("blockquote", HashSet::from(["quoted"]))]))
        .filter_style_properties(STYLES.into_iter().collect())
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid", "data"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(filter);
    rules
});

fn filter<'u>(element: &str, attribute: &str, value: &'u str) -> Option<Cow<'u, str>> {
    let scheme = value.trim_start().split(':').next().unwrap_or_default().to_ascii_lowercase();
    let keeps = match (element, attribute) {
        ("a", "href") => matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel"),
        ("img", "src") => match scheme.as_str() {
            "http" | "https" | "cid" => true,
            "data" => is_small_picture(value),
            _ => false,
        },
        ("img", "data-remote-src") => matches!(scheme.as_str(), "http" | "https"),
        // A style can load pictures too.
        (_, "style") => !value.to_ascii_lowercase().contains("url("),
        _ => true,
    };
    keeps.then_some(Cow::Borrowed(value))
}

fn is_small_picture(url: &str) -> bool {
    let start = url.trim_start().get(..32.min(url.trim_start().len())).unwrap_or_default().to_ascii_lowercase();
    url.len() <= MAX_DATA_URL_BYTES
        && ["png", "jpeg", "jpg", "gif", "webp"].iter().any(|kind| start.starts_with(&format!("data:image/{kind};base64,")))
}

/// HTML that shows nothing but what the allow-list knows, and loads nothing: the address of a remote picture stands in
/// `data-remote-src`, from where a client takes it when the reader has agreed.
pub(super) fn sanitise(html: &str) -> String {
    // The sanitiser writes attributes in one canonical form and escapes every `<` that is no tag, so that what looks
    // like an image tag here is one.
    let clean = RULES.clean(html).to_string();
    let mut out = String::with_capacity(clean.len());
    let mut rest = clean.as_str();
    while let Some(at) = rest.find("<img ") {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        out.push_str(&rest[..at]);
        out.push_str(&rest[at..end].replace(" src=\"http", " data-remote-src=\"http").replace(" src=\"HTTP", " data-remote-src=\"HTTP"));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::sanitise;

    #[test]
    fn what_is_active_goes() {
        let cases = [
            ("<p onclick=x()>a<script>alert(1)</script></p>", "<p>a</p>"),
            ("<a href=\"javascript:alert(1)\">x</a>", "<a rel=\"noopener noreferrer nofollow\">x</a>"),
            ("<a href=\"data:text/html,x\">x</a>", "<a rel=\"noopener noreferrer nofollow\">x</a>"),
            ("<style>@import 'x'</style><p style=\"position:fixed;color:red\">a</p>", "<p style=\"color:red\">a</p>"),
            ("<p style=\"background:url(https://t.example/x)\">a</p>", "<p>a</p>"),
            ("<iframe src=x>a</iframe><form action=x><input name=p></form>", "a"),
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
    fn the_fold_mark_stays() {
        let html = "<p>a</p><blockquote class=\"quoted other\">b</blockquote>";
        assert_eq!(sanitise(html), "<p>a</p><blockquote class=\"quoted\">b</blockquote>");
    }
}
