//! What somebody typed, without the quoted mail below it.
//!
//! Quoted tails are kept in the body, so that people can unfold them, and are marked: in plain text by a line that holds
//! nothing but [`QUOTE_MARK`], in HTML by `<blockquote class="quoted">`. Other programs quote with `>`.

use super::{Markup, RichContent, html_to_text};

/// The only character of the line before the folded tail of a plain text: INVISIBLE SEPARATOR.
pub const QUOTE_MARK: char = '\u{2063}';

/// How a folded tail of HTML begins.
const QUOTED_HTML: &str = "<blockquote class=\"quoted\"";

impl RichContent {
    /// The text that was typed, where the body is text or marked-up text; up to the quoted tail, if there is one.
    #[must_use]
    pub fn typed(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(before_quote(&text.text)),
            Self::Formatted(formatted) if formatted.markup == Markup::Html => {
                let source = formatted.source.find(QUOTED_HTML).map_or(&*formatted.source, |start| &formatted.source[..start]);
                Some(before_quote(&html_to_text(source)))
            }
            Self::Formatted(formatted) => Some(before_quote(&formatted.to_text())),
            _ => None,
        }
    }
}

fn before_quote(text: &str) -> String {
    let is_quoted = |line: &&str| line.starts_with('>') || line.trim().chars().eq([QUOTE_MARK]);
    let typed: Vec<&str> = text.lines().take_while(|line| !is_quoted(line)).collect();
    typed.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::QUOTE_MARK;
    use crate::content::{AttachmentContent, Formatted, Markup, RichContent, Text};

    fn text(text: String) -> Option<String> {
        RichContent::Text(Text { text }).typed()
    }

    #[test]
    fn the_quoted_tail_is_left_out() {
        assert_eq!(text("2".into()).as_deref(), Some("2"));
        assert_eq!(text(format!("2\n\n{QUOTE_MARK}\nOn Monday we wrote:\n> 1. Red\n> 2. Blue")).as_deref(), Some("2"));
        assert_eq!(text("Blue\n> 1. Red\n> 2. Blue".into()).as_deref(), Some("Blue"));
        assert_eq!(text("a > b".into()).as_deref(), Some("a > b"));
        let html = |source: &str| RichContent::Formatted(Formatted { markup: Markup::Html, source: source.into() }).typed();
        let mail = "<div>2</div><div><br></div><blockquote class=\"quoted\"><p>1. Red</p><p>2. Blue</p></blockquote>";
        assert_eq!(html(mail).as_deref(), Some("2"));
        assert_eq!(html("<p>Blue</p>").as_deref(), Some("Blue"));
        assert_eq!(RichContent::Attachment(AttachmentContent { caption: None }).typed(), None);
    }
}
