//! A few words around what was found, with the hits marked.

use std::ops::Range;

use crate::store::search::fold;

/// Opens a hit: FIRST STRONG ISOLATE, invisible where nobody looks for it and right for both writing directions.
const OPEN: char = '\u{2068}';
/// Closes a hit: POP DIRECTIONAL ISOLATE.
const CLOSE: char = '\u{2069}';
/// Characters before the first hit.
const BEFORE: usize = 60;
/// Characters from the first hit on.
const AFTER: usize = 140;

/// The words around the first hit on one line; the beginning when nothing is hit (the words may stand beyond what is
/// kept as readable text).
pub(super) fn excerpt(text: &str, question: &str) -> String {
    let wanted: Vec<String> = words(question).map(|word| fold(&question[word])).collect();
    let is_hit = |word: &Range<usize>| {
        let folded = fold(&text[word.clone()]);
        wanted.iter().any(|wanted| folded.starts_with(wanted.as_str()))
    };
    let hits: Vec<Range<usize>> = words(text).filter(is_hit).collect();
    let first = hits.first().map_or(0, |hit| hit.start);
    let start = text[..first].char_indices().rev().take(BEFORE).last().map_or(first, |(at, _)| at);
    let end = text[first..].char_indices().nth(AFTER).map_or(text.len(), |(at, _)| first + at);

    let mut shown = String::new();
    if start > 0 {
        shown.push('…');
    }
    let mut at = start;
    for hit in hits.iter().filter(|hit| hit.end <= end) {
        push_line(&mut shown, &text[at..hit.start]);
        shown.push(OPEN);
        shown.push_str(&text[hit.clone()]);
        shown.push(CLOSE);
        at = hit.end;
    }
    push_line(&mut shown, &text[at..end]);
    if end < text.len() {
        shown.push('…');
    }
    shown
}

/// Appends without line breaks and without marks of the writer's own.
fn push_line(shown: &mut String, text: &str) {
    let visible = text.chars().filter(|c| !matches!(*c, OPEN | CLOSE));
    shown.extend(visible.map(|c| if c.is_whitespace() { ' ' } else { c }));
}

/// Where the words are, cut as the index cuts them.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(|word| {
        let start = word.as_ptr().addr() - text.as_ptr().addr();
        start..start + word.len()
    })
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn hits_are_marked_whatever_their_case_and_accents() {
        assert_eq!(excerpt("Meine Rechnung\nfehlt.", "rech FEHLT"), "Meine \u{2068}Rechnung\u{2069} \u{2068}fehlt\u{2069}.");
        assert_eq!(excerpt("Viele Grüße", "gruss"), "Viele \u{2068}Grüße\u{2069}");
        assert_eq!(excerpt("nothing here", "absent"), "nothing here");
        assert_eq!(excerpt("", "absent"), "");
    }

    #[test]
    fn long_texts_are_cut_around_the_first_hit() {
        let text = format!("{} needle {}", "ä ".repeat(100), "ö ".repeat(200));
        let shown = excerpt(&text, "needle");
        assert!(shown.starts_with('…') && shown.ends_with('…'));
        assert!(shown.contains("\u{2068}needle\u{2069}"));
        assert!(shown.chars().count() <= 60 + 140 + 4, "{}", shown.chars().count());
    }

    #[test]
    fn a_writer_cannot_set_marks() {
        assert_eq!(excerpt("a\u{2068}b\u{2069} word", "word"), "ab \u{2068}word\u{2069}");
    }
}
