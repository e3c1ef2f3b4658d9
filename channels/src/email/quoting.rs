//! The quoted tail of a mail: marked so that a client can fold it, never removed.
//!
//! In HTML the tail is wrapped in `<blockquote class="quoted">`. In plain text a line that holds nothing but
//! [`QUOTE_MARK`] stands before it; the mark is invisible where nobody knows about it.

use super::tags::{Tag, element_end, is_visible, tags};

pub use tributary_domain::content::QUOTE_MARK;

/// Most lines that the sentence before a quote is wrapped over.
const INTRO_LINES: usize = 4;

/// Wraps the quoted parts of an HTML body; unchanged when there are none or nothing else.
pub(super) fn fold_html(html: &str) -> String {
    let tags = tags(html);
    let ranges = quoted_ranges(html, &tags);
    let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else { return html.to_owned() };
    if !is_visible(&html[..first.0]) && !is_visible(&html[last.1..]) {
        return html.to_owned();
    }
    let mut out = String::with_capacity(html.len() + 64);
    let mut at = 0;
    for (start, end) in ranges {
        out.push_str(&html[at..start]);
        out.push_str("<blockquote class=\"quoted\">");
        out.push_str(&html[start..end]);
        out.push_str("</blockquote>");
        at = end;
    }
    out.push_str(&html[at..]);
    out
}

/// Start and end of each part to fold.
fn quoted_ranges(html: &str, tags: &[Tag<'_>]) -> Vec<(usize, usize)> {
    // Outlook marks where the old mail begins but not where it ends: it goes to the end.
    let open_ended = tags.iter().position(starts_outlook_tail).map(|index| widen(html, tags, index));
    let elements = quote_elements(html, tags);
    match (open_ended, elements.first()) {
        (Some(start), first) if first.is_none_or(|first| start <= first.0) => vec![(start, body_end(html, tags))],
        _ => closed_ranges(html, elements),
    }
}

/// A single quote is folded wherever it stands; of several only those at the end, with nothing in between.
fn closed_ranges(html: &str, mut elements: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    if elements.len() < 2 {
        return elements;
    }
    let mut first_folded = elements.len();
    let mut after = html.len();
    for (index, (start, end)) in elements.iter().enumerate().rev() {
        if is_visible(&html[*end..after]) {
            break;
        }
        (first_folded, after) = (index, *start);
    }
    elements.split_off(first_folded)
}

/// The outermost elements that hold a quoted mail, each with the sentence before it.
fn quote_elements(html: &str, tags: &[Tag<'_>]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut intro: Option<usize> = None;
    for (index, tag) in tags.iter().enumerate() {
        if found.last().is_some_and(|(_, end)| tag.start < *end) {
            continue;
        }
        if is_intro(tag) {
            intro = Some(index);
        } else if is_quote(tag) {
            let start = intro
                .map(|index| (tags[index].start, element_end(tags, index, html)))
                .filter(|(_, end)| *end <= tag.start && !is_visible(&html[*end..tag.start]))
                .map_or(tag.start, |(start, _)| start);
            found.push((start, element_end(tags, index, html)));
            intro = None;
        }
    }
    found
}

fn has_class(tag: &Tag<'_>, class: &str) -> bool {
    tag.attribute("class").is_some_and(|classes| classes.split_whitespace().any(|one| one == class))
}

fn is_intro(tag: &Tag<'_>) -> bool {
    tag.opens("div") && (has_class(tag, "moz-cite-prefix") || has_class(tag, "gmail_attr"))
}

fn is_quote(tag: &Tag<'_>) -> bool {
    let is_known_div = tag.opens("div")
        && (has_class(tag, "gmail_quote")
            || has_class(tag, "yahoo_quoted")
            || has_class(tag, "protonmail_quote")
            || has_class(tag, "gmx_quote"));
    let is_cited = tag.opens("blockquote")
        && (tag.attribute("type").as_deref() == Some("cite") || has_class(tag, "gmail_quote") || tag.attribute("cite").is_some());
    is_known_div || is_cited
}

fn starts_outlook_tail(tag: &Tag<'_>) -> bool {
    let id = tag.attribute("id").unwrap_or_default();
    let is_marked = (tag.opens("div") || tag.opens("hr")) && ["divrplyfwdmsg", "appendonsend", "x_divrplyfwdmsg"].contains(&id.as_str());
    let style = || tag.attribute("style").unwrap_or_default().replace(' ', "");
    let is_ruled = || {
        let style = style();
        ["border-top:solid#e1e1e1", "border-top:solid#b5c4df", "border-top:1ptsolid#e1e1e1", "border-top:1.0ptsolid#e1e1e1"]
            .iter()
            .any(|rule| style.contains(rule))
    };
    is_marked || (tag.opens("div") && is_ruled())
}

/// Moves a beginning outwards over start tags with nothing visible in between, so that the wrapper does not begin
/// inside an element that ends at once.
fn widen(html: &str, tags: &[Tag<'_>], index: usize) -> usize {
    let mut start = tags[index].start;
    for tag in tags[..index].iter().rev() {
        let is_container = ["div", "span", "p"].iter().any(|name| tag.opens(name));
        if !is_container || is_visible(&html[tag.end..start]) {
            break;
        }
        start = tag.start;
    }
    start
}

fn body_end(html: &str, tags: &[Tag<'_>]) -> usize {
    let is_body_end = |tag: &&Tag<'_>| tag.is_end && (tag.name.eq_ignore_ascii_case("body") || tag.name.eq_ignore_ascii_case("html"));
    tags.iter().find(is_body_end).map_or(html.len(), |tag| tag.start)
}

/// Puts the mark before the quoted tail or the signature of a plain text; unchanged when there is none or nothing else.
pub(super) fn fold_text(text: &str) -> String {
    let text = text.replace(QUOTE_MARK, "");
    let lines = Lines::of(&text);
    let tail = (0..lines.all.len()).find(|&index| lines.starts_tail(index));
    match tail.filter(|&index| lines.all[..index].iter().any(|line| !line.trim().is_empty())) {
        Some(index) => format!("{}\n{QUOTE_MARK}\n{}", lines.all[..index].join("\n"), lines.all[index..].join("\n")),
        None => text,
    }
}

/// The lines of a text, with what is known about everything from a line on (found once: texts are as long as senders
/// like).
struct Lines<'a> {
    all: Vec<&'a str>,
    /// From here on every line is marked with `>` or empty.
    is_only_quote: Vec<bool>,
    /// From here on some line is marked with `>`.
    has_quote: Vec<bool>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let all: Vec<&str> = text.split('\n').collect();
        let (mut is_only_quote, mut has_quote) = (vec![true; all.len() + 1], vec![false; all.len() + 1]);
        for (index, line) in all.iter().enumerate().rev() {
            let is_marked = line.starts_with('>');
            is_only_quote[index] = is_only_quote[index + 1] && (is_marked || line.trim().is_empty());
            has_quote[index] = has_quote[index + 1] || is_marked;
        }
        Self { all, is_only_quote, has_quote }
    }

    fn starts_tail(&self, index: usize) -> bool {
        let line = self.all[index].trim_end_matches('\r');
        if line == "-- " || is_original_line(line) || is_header_block(&self.all[index..]) {
            return true;
        }
        if let Some(length) = intro_length(&self.all[index..]) {
            // After the sentence either everything is marked with `>`, or nothing is.
            return self.is_only_quote[index + length] || !self.has_quote[index + length];
        }
        line.starts_with('>') && self.is_only_quote[index]
    }
}

/// `-----Original Message-----` in the languages of the large clients.
fn is_original_line(line: &str) -> bool {
    let line = line.trim();
    let inner = line.trim_matches('-').trim().to_lowercase();
    line.starts_with("-----")
        && line.ends_with("-----")
        && ["original message", "ursprüngliche nachricht", "original-nachricht", "message d'origine", "mensaje original"]
            .contains(&inner.as_str())
}

/// `From:` … `Sent:` … `Subject:` on lines of their own, as Outlook writes above the old mail.
fn is_header_block(lines: &[&str]) -> bool {
    const FROM: [&str; 3] = ["from:", "von:", "de :"];
    const SENT: [&str; 5] = ["sent:", "gesendet:", "date:", "datum:", "envoyé :"];
    const SUBJECT: [&str; 3] = ["subject:", "betreff:", "objet :"];
    let starts = |line: &str, words: &[&str]| {
        let line = line.trim().trim_start_matches('*').to_lowercase();
        words.iter().any(|word| line.starts_with(word))
    };
    let Some((first, rest)) = lines.split_first() else { return false };
    let rest = &rest[..rest.len().min(6)];
    starts(first, &FROM) && rest.iter().any(|line| starts(line, &SENT)) && rest.iter().any(|line| starts(line, &SUBJECT))
}

/// Number of lines of a sentence such as `On Monday, Anna wrote:`.
fn intro_length(lines: &[&str]) -> Option<usize> {
    const FORMS: [(&str, &str); 5] =
        [("on ", "wrote:"), ("am ", "schrieb"), ("le ", "a écrit"), ("el ", "escribió:"), ("il ", "ha scritto:")];
    let first = lines.first()?.trim().to_lowercase();
    let (_, verb) = FORMS.iter().find(|(start, _)| first.starts_with(start))?;
    let mut sentence = String::new();
    for (count, line) in lines.iter().take(INTRO_LINES).enumerate() {
        let line = line.trim().to_lowercase();
        if line.is_empty() || line.starts_with('>') {
            return None;
        }
        sentence.push_str(&line);
        sentence.push(' ');
        if sentence.contains(verb) && line.ends_with(':') {
            return Some(count + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Option<(String, String)> {
        let mark = format!("\n{QUOTE_MARK}\n");
        fold_text(text).split_once(&mark).map(|(new, old)| (new.to_owned(), old.to_owned()))
    }

    #[test]
    fn tails_of_plain_texts_are_found() {
        let tails = [
            "On Mon, 2 Nov 2026 at 10:00, Anna <a@x> wrote:\n> old",
            "On Mon, 2 Nov 2026 at 10:00, Anna Beispiel-Langname\n<anna@example.test> wrote:\n\n> old\n>\n> more\n",
            "Am 02.11.26 um 10:00 schrieb Anna:\n> alt",
            "Am Mo., 2. Nov. 2026 um 10:00 Uhr schrieb Anna <\na@x>:\n\n> alt",
            "-----Original Message-----\nFrom: x\nold",
            "-----Ursprüngliche Nachricht-----\nalt",
            "Von: Anna\nGesendet: Montag\nAn: Bert\nBetreff: x\n\nalt",
            "*From:* Anna\n*Sent:* Monday\n*To:* B\n*Subject:* x\n\nold",
            "> old\n> older",
            "-- \nAnna\nBeispiel GmbH",
        ];
        for tail in tails {
            assert_eq!(folded(&format!("New text\n\n{tail}")), Some(("New text\n".to_owned(), tail.to_owned())), "{tail}");
        }
    }

    #[test]
    fn nothing_that_is_new_is_folded() {
        let kept = [
            "> quote only",
            "On Monday I wrote: nothing",
            "Hello\n\nOn Mon, Anna wrote:\n> question\nanswer below",
            "Hello\n> question one\nanswer\n> question two\nanswer",
            "From: here to there\nis a long way",
            "-----Original Message-----\nold",
        ];
        for text in kept {
            assert_eq!(fold_text(text), text);
        }
    }

    #[test]
    fn tails_of_html_are_wrapped() {
        let cases = [
            ("<div>New</div><div class=\"gmail_quote\">old</div>", "<div>New</div>[<div class=\"gmail_quote\">old</div>]"),
            (
                "<p>New</p><div class=\"moz-cite-prefix\">On x wrote:</div><blockquote type=\"cite\">old</blockquote><p>Below</p>",
                "<p>New</p>[<div class=\"moz-cite-prefix\">On x wrote:</div><blockquote type=\"cite\">old</blockquote>]<p>Below</p>",
            ),
            (
                "<body><div>New</div><hr id=x><div id=\"divRplyFwdMsg\">From</div><div>old</div></body>",
                "<body><div>New</div><hr id=x>[<div id=\"divRplyFwdMsg\">From</div><div>old</div>]</body>",
            ),
            (
                "<p>New</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt'>From</div></div><p>old</p>",
                "<p>New</p>[<div><div style='border:none;border-top:solid #E1E1E1 1.0pt'>From</div></div><p>old</p>]",
            ),
            ("<blockquote type=cite>only</blockquote>", "<blockquote type=cite>only</blockquote>"),
            (
                "<blockquote type=cite>q1</blockquote>a<blockquote type=cite>q2</blockquote>b",
                "<blockquote type=cite>q1</blockquote>a<blockquote type=cite>q2</blockquote>b",
            ),
        ];
        for (html, expected) in cases {
            let expected = expected.replace('[', "<blockquote class=\"quoted\">").replace(']', "</blockquote>");
            assert_eq!(fold_html(html), expected);
        }
    }
}
