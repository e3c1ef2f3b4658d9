//! What stands below every mail of the channel.

use tributary_domain::{
    content::{Formatted, Markup},
    outbound::OpenChannel,
};

use super::account::lines;

/// A signature in both forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) text: String,
    pub(super) html: String,
}

/// The signature that is set, if there is one.
pub(super) fn signature(channel: &OpenChannel) -> Option<Signature> {
    let source = lines(channel, "signature")?;
    let markup = if channel.text("signature_markup") == Some("html") { Markup::Html } else { Markup::Markdown };
    let formatted = Formatted { markup, source };
    let (text, html) = (formatted.to_text(), formatted.to_html());
    (!text.trim().is_empty()).then(|| Signature { text: text.trim().to_owned(), html: html.trim().to_owned() })
}

impl Signature {
    /// The text with the signature below: readers fold it at the line of two dashes and a space (RFC 3676 4.3).
    pub(super) fn below_text(&self, text: &str) -> String {
        format!("{}\n\n-- \n{}", text.trim_end(), self.text)
    }

    /// The same for HTML.
    pub(super) fn below_html(&self, html: &str) -> String {
        format!("{html}\n<div><br>-- <br>{}</div>", self.html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::corpus::channel;

    fn of(source: &str, markup: &str) -> Option<Signature> {
        let mut channel = channel();
        channel.settings.insert("signature".to_owned(), source.into());
        channel.settings.insert("signature_markup".to_owned(), markup.into());
        signature(&channel)
    }

    #[test]
    fn both_forms_come_from_one_text() {
        let markdown = of("**Example Support**\n\n[our shop](https://example.test/shop)", "markdown").expect("a signature");
        assert!(markdown.text.starts_with("Example Support") && markdown.text.contains("https://example.test/shop"), "{markdown:?}");
        assert!(markdown.html.contains("<strong>Example Support</strong>"), "{markdown:?}");
        let html = of("<p onclick=x()>Ex<b>am</b>ple</p><script>x()</script>", "html").expect("a signature");
        assert_eq!(html.text, "Example");
        assert!(html.html.contains("<b>am</b>") && !html.html.contains("script") && !html.html.contains("onclick"), "{html:?}");
        assert_eq!(html.below_text("Hallo\n"), "Hallo\n\n-- \nExample");
        assert_eq!(of("  ", "html"), None);
    }
}
