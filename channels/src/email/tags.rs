//! Where the tags of an HTML text are. Only to find the beginning of a quoted mail and to measure nesting before the
//! sanitiser runs; nothing here decides what is safe.

use std::collections::HashMap;

/// A tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Offset of `<`.
    pub(super) start: usize,
    /// Offset after `>`.
    pub(super) end: usize,
    /// Name, as written.
    pub(super) name: &'a str,
    /// `</…>`.
    pub(super) is_end: bool,
    /// What stands between the name and `>`.
    attributes: &'a str,
}

/// Elements without an end tag.
const VOID: [&str; 14] = ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

impl Tag<'_> {
    /// Whether this is the start tag of `name`.
    pub(super) fn opens(&self, name: &str) -> bool {
        !self.is_end && self.name.eq_ignore_ascii_case(name)
    }

    /// The value of an attribute, in lower case.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let lower = self.attributes.to_ascii_lowercase();
        let mut from = 0;
        while let Some(found) = lower[from..].find(name) {
            let at = from + found;
            from = at + name.len();
            let is_whole = lower[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '/'));
            let Some(value) = lower[from..].trim_start().strip_prefix('=') else { continue };
            if is_whole {
                let value = value.trim_start();
                let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
                return Some(match quote {
                    Some(quote) => value[1..].split(quote).next().unwrap_or_default().to_owned(),
                    None => value.split(char::is_whitespace).next().unwrap_or_default().to_owned(),
                });
            }
        }
        None
    }
}

/// All tags in order; comments, declarations and what is inside of `script` and `style` are left out.
pub(super) fn tags(html: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = html[at..].find('<') {
        let start = at + offset;
        let rest = &html[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            at = comment.find("-->").map_or(html.len(), |end| start + 4 + end + 3);
            continue;
        }
        let is_end = rest.starts_with("</");
        let name_start = start + if is_end { 2 } else { 1 };
        let name_length = html[name_start..].find(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '-').unwrap_or(0);
        if name_length == 0 || !html.as_bytes()[name_start].is_ascii_alphabetic() {
            at = start + 1;
            continue;
        }
        let name = &html[name_start..name_start + name_length];
        let Some(length) = tag_length(&html[name_start..]) else { break };
        let end = name_start + length;
        found.push(Tag { start, end, name, is_end, attributes: &html[name_start + name_length..end - 1] });
        at = end;
        if !is_end && (name.eq_ignore_ascii_case("script") || name.eq_ignore_ascii_case("style")) {
            at = raw_text_end(html, end, name);
        }
    }
    found
}

/// Length up to and with the `>` that is not inside of quotes.
fn tag_length(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (index, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(index + 1),
            (None, b'"' | b'\'') if rest.as_bytes().get(index.wrapping_sub(1)).is_some_and(|b| *b == b'=' || b.is_ascii_whitespace()) => {
                quote = Some(byte);
            }
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn raw_text_end(html: &str, from: usize, name: &str) -> usize {
    let bytes = html.as_bytes();
    (from..bytes.len())
        .find(|&at| {
            bytes[at..].starts_with(b"</")
                && bytes.get(at + 2..at + 2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        })
        .unwrap_or(bytes.len())
}

/// The offset after the end tag that belongs to the start tag at `index`; the end of the text when it is missing.
pub(super) fn element_end(tags: &[Tag<'_>], index: usize, html: &str) -> usize {
    let opening = tags[index];
    let mut depth = 0_usize;
    for tag in &tags[index..] {
        if tag.name.eq_ignore_ascii_case(opening.name) {
            if tag.is_end {
                depth -= 1;
                if depth == 0 {
                    return tag.end;
                }
            } else {
                depth += 1;
            }
        }
    }
    html.len()
}

/// How deep the elements may become nested at most, counting every element that was opened and never closed by name:
/// parsers carry an unclosed `<font>` on into each following paragraph, whatever other end tags come.
pub(super) fn depth(tags: &[Tag<'_>]) -> usize {
    /// Elements that close themselves when the next one of their kind or their container ends.
    const SELF_CLOSING: [&str; 9] = ["p", "li", "dt", "dd", "td", "th", "tr", "option", "tbody"];
    let mut open: HashMap<String, usize> = HashMap::new();
    let (mut total, mut deepest) = (0_usize, 0);
    for tag in tags {
        let name = tag.name.to_ascii_lowercase();
        if VOID.contains(&name.as_str()) || SELF_CLOSING.contains(&name.as_str()) {
            continue;
        }
        let count = open.entry(name).or_default();
        if !tag.is_end {
            *count += 1;
            total += 1;
            deepest = deepest.max(total);
        } else if *count > 0 {
            *count -= 1;
            total -= 1;
        }
    }
    deepest
}

/// Whether anything can be seen in a piece of HTML: text other than spaces, or a picture.
pub(super) fn is_visible(html: &str) -> bool {
    let tags = tags(html);
    if tags.iter().any(|tag| tag.opens("img") || tag.opens("hr")) {
        return true;
    }
    let mut at = 0;
    let is_text = |text: &str| !text.replace("&nbsp;", "").replace("&#160;", "").trim().is_empty();
    for tag in &tags {
        if tag.start >= at && is_text(&html[at..tag.start]) {
            return true;
        }
        at = tag.end;
    }
    is_text(&html[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_where_they_are() {
        let html = r#"<!-- <p> --><DIV class="a > b" id=x>1 < 2<script>"<p>"</script><br/></DIV>"#;
        let found: Vec<_> = tags(html).iter().map(|tag| (tag.name, tag.is_end)).collect();
        assert_eq!(found, [("DIV", false), ("script", false), ("script", true), ("br", false), ("DIV", true)]);
        let div = tags(html)[0];
        assert_eq!((div.attribute("class").as_deref(), div.attribute("id").as_deref()), (Some("a > b"), Some("x")));
        assert_eq!(element_end(&tags(html), 0, html), html.len());
        assert_eq!(depth(&tags(html)), 2);
    }

    #[test]
    fn broken_html_ends_nowhere_else() {
        for html in ["<", "<a", "</", "<div <p>", "<!--", "<script>", "<a href='", "é<ü>"] {
            for tag in tags(html) {
                assert!(tag.end <= html.len());
            }
        }
    }

    #[test]
    fn what_is_never_closed_counts() {
        assert_eq!(depth(&tags(&"<p>text".repeat(500))), 0);
        assert_eq!(depth(&tags(&"<div><b>x</b></div>".repeat(500))), 2);
        assert_eq!(depth(&tags(&"<p><font color=red></p>".repeat(500))), 500);
    }

    #[test]
    fn spaces_and_breaks_are_invisible() {
        assert!(!is_visible("<p> &nbsp;<br></p>"));
        assert!(is_visible("<p>x</p>"));
        assert!(is_visible("<img src=cid:a>"));
    }
}
