//! HTML from outside made harmless: [`sanitise_html`]. Allow-list of elements, attributes, styles and addresses.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};

use super::tidy::{TAGS, tidy};

/// Longest HTML that is kept, bytes; what is longer is cut (the original stays with the raw message).
pub const MAX_HTML_BYTES: usize = 1024 * 1024;
/// Longest `data:` image that is kept, bytes of the address.
const MAX_DATA_IMAGE: usize = 64 * 1024;

/// HTML that may be stored and, inside a sandboxed frame, shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sanitised {
    /// The HTML.
    pub html: String,
    /// The source was longer than [`MAX_HTML_BYTES`], so its end is missing.
    pub is_cut: bool,
}

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| cleaner(true));
static CLEANER_WITHOUT_REMOTE: LazyLock<Builder<'static>> = LazyLock::new(|| cleaner(false));

/// Makes HTML harmless.
///
/// Kept are the elements of running text, tables and images; addresses with http, https, mailto and tel; images by
/// `cid:`, http, https, our own relative paths and small `data:` images. Links get `rel="noopener noreferrer"`. Remote
/// images stay in the stored text; [`block_remote_images`] takes them out for showing. Takes linear time on any input.
#[must_use]
pub fn sanitise_html(html: &str) -> Sanitised {
    let cut = cut(html);
    Sanitised { html: CLEANER.clean(&tidy(cut)).to_string(), is_cut: cut.len() < html.len() }
}

/// The same HTML with the addresses of images on other hosts removed, so that opening it tells nobody.
#[must_use]
pub fn block_remote_images(html: &str) -> String {
    CLEANER_WITHOUT_REMOTE.clean(&tidy(cut(html))).to_string()
}

/// Most pictures of one text that are named by [`remote_images`].
const MAX_REMOTE_IMAGES: usize = 200;

/// The addresses of images on other hosts, each once, in order, with their entities resolved as a browser does.
///
/// Expects what [`sanitise_html`] gave: there attributes are double-quoted, and every `<` and `>` that is part of no tag is
/// escaped.
#[must_use]
pub fn remote_images(sanitised: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for rest in sanitised.split("<img ").skip(1) {
        let rest = rest.split('>').next().unwrap_or_default();
        for name in [" src=\"", " data-remote-src=\""] {
            // The space before the first attribute went with the split.
            let value = rest.strip_prefix(&name[1..]).or_else(|| rest.split_once(name).map(|(_, value)| value));
            let value = value.and_then(|value| value.split_once('"')).map(|(value, _)| resolve_entities(value));
            let Some(value) = value.filter(|value| matches!(scheme(value).as_deref(), Some("http" | "https"))) else { continue };
            if found.len() < MAX_REMOTE_IMAGES && !found.contains(&value) {
                found.push(value);
            }
        }
    }
    found
}

/// The entities that the sanitiser's serializer writes.
fn resolve_entities(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&")
}

/// At most [`MAX_HTML_BYTES`], not in the middle of a character or a tag.
fn cut(html: &str) -> &str {
    if html.len() <= MAX_HTML_BYTES {
        return html;
    }
    let kept = &html[..html.floor_char_boundary(MAX_HTML_BYTES)];
    match (kept.rfind('<'), kept.rfind('>')) {
        (Some(start), end) if end.is_none_or(|end| end < start) => &kept[..start],
        _ => kept,
    }
}

fn cleaner(keeps_remote_images: bool) -> Builder<'static> {
    let mut builder = Builder::new();
    builder
        .tags(TAGS.iter().copied().collect())
        .clean_content_tags(HashSet::from(["script", "style", "title", "svg", "math", "template", "iframe", "object"]))
        .generic_attributes(HashSet::from(["style", "dir"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("img", HashSet::from(["src", "data-remote-src", "alt", "width", "height"])),
            ("font", HashSet::from(["color"])),
            ("td", HashSet::from(["colspan", "rowspan"])),
            ("th", HashSet::from(["colspan", "rowspan"])),
            ("ol", HashSet::from(["start"])),
        ]))
        .allowed_classes(HashMap::from([("blockquote", HashSet::from(["quoted"]))]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid", "data"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .filter_style_properties(HashSet::from([
            "color",
            "background-color",
            "font-family",
            "font-size",
            "font-style",
            "font-variant",
            "font-weight",
            "text-align",
            "text-decoration",
            "text-indent",
            "text-transform",
            "margin",
            "margin-top",
            "margin-right",
            "margin-bottom",
            "margin-left",
            "padding",
            "padding-top",
            "padding-right",
            "padding-bottom",
            "padding-left",
            "border",
            "border-top",
            "border-right",
            "border-bottom",
            "border-left",
            "border-color",
            "border-style",
            "border-width",
            "border-collapse",
            "width",
        ]))
        .attribute_filter(move |element, attribute, value| match (element, attribute) {
            ("a", "href") => is_link(value).then_some(Cow::Borrowed(value)),
            ("img", "data-remote-src") => matches!(scheme(value).as_deref(), Some("http" | "https")).then_some(Cow::Borrowed(value)),
            ("img", "src") => is_image(value, keeps_remote_images).then_some(Cow::Borrowed(value)),
            // Hebrew and Arabic are not readable without it.
            (_, "dir") => matches!(value.to_ascii_lowercase().as_str(), "ltr" | "rtl" | "auto").then_some(Cow::Borrowed(value)),
            (_, "style") => is_harmless_style(value).then_some(Cow::Borrowed(value)),
            (_, "width" | "height" | "colspan" | "rowspan" | "start") => {
                (value.len() <= 6 && value.bytes().all(|c| c.is_ascii_digit() || c == b'%')).then_some(Cow::Borrowed(value))
            }
            _ => Some(Cow::Borrowed(value)),
        });
    builder
}

/// The scheme of an address as a browser would read it: white space and control characters inside it do not count.
fn scheme(address: &str) -> Option<String> {
    let cleaned = address.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect::<String>();
    let (scheme, _) = cleaned.split_once(':')?;
    scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')).then(|| scheme.to_ascii_lowercase())
}

fn is_link(address: &str) -> bool {
    matches!(scheme(address).as_deref(), Some("http" | "https" | "mailto" | "tel"))
}

fn is_image(address: &str, keeps_remote: bool) -> bool {
    match scheme(address).as_deref() {
        Some("cid") => true,
        Some("http" | "https") => keeps_remote,
        Some("data") => {
            let start = address.get(..30).unwrap_or(address).to_ascii_lowercase();
            address.len() <= MAX_DATA_IMAGE
                && ["png", "jpeg", "gif", "webp"].iter().any(|kind| start.starts_with(&format!("data:image/{kind};base64,")))
        }
        // Our own files; `//host` would lead outside, and browsers read a backslash as a slash.
        None => address.starts_with('/') && !address.starts_with("//") && !address.contains('\\') && !address.chars().any(char::is_control),
        Some(_) => false,
    }
}

/// Properties are filtered by name afterwards; values that load or compute something go entirely, escapes too, because
/// they hide such values.
fn is_harmless_style(style: &str) -> bool {
    let lower = style.to_ascii_lowercase();
    !["url(", "expression", "@import", "\\", "javascript:", "-moz-binding", "behavior", "image("].iter().any(|bad| lower.contains(bad))
}
