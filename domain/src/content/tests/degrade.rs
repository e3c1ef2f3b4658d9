//! What the customer gets.

use serde_json::json;

use super::{check::narrow, samples::*};
use crate::{
    content::*,
    spec::{Capabilities, MarkupSet, Support},
};

fn plain() -> Capabilities {
    Capabilities::declared(&json!({})).expect("an empty declaration")
}

fn with_markup(markup: MarkupSet) -> Capabilities {
    Capabilities { markup, ..narrow() }
}

#[test]
fn native_content_goes_out_as_it_is() {
    let wide = Capabilities::declared(&json!({
        "rich": {"formatted": true, "richLink": true, "quickReplies": {}, "listPicker": {}, "timePicker": {}, "form": {}, "adaptiveCard": {},
                 "location": true, "template": true, "paymentRequest": true, "appointmentRequest": true},
        "markup": "BOTH", "attachments": {}
    }))
    .expect("a declaration");
    for content in every_kind() {
        let rendered = degrade(&content, &wide, Language::En);
        if content.kind().is_some() || matches!(content, RichContent::Text(_)) {
            assert_eq!((&rendered.content, rendered.support, rendered.notes.len()), (&content, Support::Native, 0));
        } else {
            assert_eq!((rendered.content, rendered.support), (text(&content.fallback()), Support::Converted));
        }
    }
}

#[test]
fn everything_else_becomes_its_fallback_and_says_so() {
    for content in every_kind() {
        let rendered = degrade(&content, &plain(), Language::De);
        if matches!(content, RichContent::Text(_)) {
            assert_eq!((rendered.content, rendered.support), (content, Support::Native));
            continue;
        }
        assert_eq!(rendered.content, text(&content.fallback_in(Language::De)));
        assert!(rendered.support < Support::Native && rendered.support > Support::Refused);
        assert!(!rendered.notes.is_empty(), "{content:?} changed silently");
    }
    assert_eq!(degrade(&replies(&["Yes"]), &plain(), Language::En).notes, [LossNote::NumberedOptions]);
    let file = RichContent::Attachment(AttachmentContent { caption: None });
    let rendered = degrade(&file, &plain(), Language::En);
    assert_eq!((rendered.support, rendered.notes), (Support::Lossy, vec![LossNote::AsText, LossNote::FilesLost]));
}

#[test]
fn markup_is_converted_to_what_the_channel_takes() {
    let of = |content: &RichContent, markup| degrade(content, &with_markup(markup), Language::En);
    assert_eq!(of(&html("<p>a <b>b</b></p>"), MarkupSet::Html).content, html("<p>a <b>b</b></p>"));
    assert_eq!(of(&html("<p>a <b onclick=x>b</b></p>"), MarkupSet::Both).content, html("<p>a <b>b</b></p>"), "sanitised once more");
    let converted = of(&html("<p>a <b>b</b></p>"), MarkupSet::Markdown);
    assert_eq!(
        (converted.content, converted.support, converted.notes),
        (markdown("a **b**"), Support::Converted, vec![LossNote::MarkupConverted])
    );
    assert_eq!(of(&markdown("a **b** <script>x</script>"), MarkupSet::Html).content, html("<p>a <strong>b</strong> </p>"));
    let lost = of(&markdown("a **b**"), MarkupSet::Plain);
    assert_eq!((lost.content, lost.notes), (text("a b"), vec![LossNote::FormattingLost]));
}

#[test]
fn links_stay_links_where_text_has_links() {
    let capabilities =
        |markup: &str| Capabilities::declared(&json!({"rich": {"formatted": true}, "markup": markup})).expect("a declaration");
    assert_eq!(
        degrade(&link(), &capabilities("HTML"), Language::En).content,
        html(
            "<p><a href=\"https://example.com/offer?a=1&amp;b=2\" rel=\"noopener noreferrer\"><b>Our &lt;offer&gt;</b></a></p><p>Until Friday</p>"
        )
    );
    assert_eq!(
        degrade(&link(), &capabilities("MARKDOWN"), Language::En).content,
        markdown("[**Our \\<offer>**](<https://example.com/offer?a=1&b=2>)\n\nUntil Friday")
    );
    let pay = degrade(&payment(1250, "EUR"), &capabilities("HTML"), Language::De);
    assert!(
        matches!(&pay.content, RichContent::Formatted(html) if html.source.contains("12,50 EUR") && html.source.contains("Jetzt bezahlen"))
    );
    assert_eq!(pay.support, Support::Converted);
}

#[test]
fn pictures_that_fall_away_are_a_loss() {
    let mut with_image = link();
    if let RichContent::RichLink(link) = &mut with_image {
        link.image = Some(Image::Url("https://example.com/a.png".parse().expect("an address")));
    }
    let rendered = degrade(&with_image, &plain(), Language::En);
    assert_eq!((rendered.support, rendered.notes), (Support::Lossy, vec![LossNote::ImagesLost, LossNote::AsText]));
    let html = Capabilities::declared(&json!({"rich": {"formatted": true}, "markup": "HTML"})).expect("a declaration");
    assert_eq!(degrade(&with_image, &html, Language::En).support, Support::Converted, "the picture is in the HTML");
}

#[test]
fn long_text_is_announced_as_parts() {
    assert_eq!(degrade(&text(&"x".repeat(101)), &narrow(), Language::En).notes, [LossNote::Split]);
    assert_eq!(degrade(&text(&"x".repeat(100)), &narrow(), Language::En).notes, []);
}

#[test]
fn html_is_sanitised_before_it_is_stored() {
    assert_eq!(html("<p>x<script>y</script></p>").sanitised(), html("<p>x</p>"));
    assert_eq!(markdown("<script>").sanitised(), markdown("<script>"), "Markdown is text until it is shown");
}
