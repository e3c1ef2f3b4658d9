//! Readable text of every kind, word for word.

use super::samples::*;
use crate::content::*;

fn case(content: &RichContent, english: &str) {
    assert_eq!(content.fallback(), english);
}

#[test]
fn plain_things() {
    case(&text(" as written \n"), " as written \n");
    case(&RichContent::Attachment(AttachmentContent { caption: None }), "Attachment");
    case(
        &RichContent::Location(Location {
            latitude: 52.52,
            longitude: -0.1,
            name: Some("Shop".into()),
            address: Some("Main Street 1".into()),
        }),
        "Shop\nMain Street 1\n52.52, -0.1",
    );
    case(&link(), "Our <offer>\nUntil Friday\nhttps://example.com/offer?a=1&b=2");
    case(&RichContent::Unsupported(Unsupported { platform_type: "poll".into(), text: None }), "Content that cannot be shown (poll)");
}

#[test]
fn choices_are_numbered() {
    case(&replies(&["Yes", "No"]), "Does it still happen?\n\n1. Yes\n2. No\n\nPlease reply with the number of your choice.");
    case(
        &list(true),
        "Choose a fruit\nWe have all of them.\n\nRed\n1. Quince – crisp\n2. Cherry\n\nYellow\n3. Banana\n\n\
         Please reply with the numbers of your choice, for example: 1, 3",
    );
}

#[test]
fn slots_are_in_their_time_zone_summer_and_winter() {
    case(
        &times(),
        "When shall we call?\n\n1. Tue 6 Jan 2026, 10:00–10:30 CET\n2. Tue 7 Jul 2026, 11:00–11:30 CEST\n\n\
         Please reply with the number of your choice.",
    );
    assert_eq!(
        times().fallback_in(Language::De),
        "When shall we call?\n\n1. Di., 6. Jan. 2026, 10:00–10:30 Uhr (CET)\n2. Di., 7. Juli 2026, 11:00–11:30 Uhr (CEST)\n\n\
         Bitte antworten Sie mit der Nummer Ihrer Auswahl.",
    );
    let overnight = TimeSlot { duration_min: 180, ..slot("s", 1, 6, 22, 0) };
    assert_eq!(overnight.label(chrono_tz::Tz::UTC, Language::En), "Tue 6 Jan 2026, 22:00 – Wed 7 Jan 2026, 01:00 UTC");
}

#[test]
fn the_hour_that_comes_twice_is_told_apart() {
    let zone = chrono_tz::Europe::Berlin;
    let label = |hour| TimeSlot { duration_min: 15, ..slot("s", 10, 25, hour, 0) }.label(zone, Language::En);
    assert_eq!(label(0), "Sun 25 Oct 2026, 02:00–02:15 CEST");
    assert_eq!(label(1), "Sun 25 Oct 2026, 02:00–02:15 CET");
}

#[test]
fn forms_and_cards() {
    case(&form(), "Your details\n\nPlease answer with these details:\n• Name (required)\n• Size: Small / Large\n• Newsletter: yes / no");
    case(&device_card(), "Which device?\nOrder: A-17\nNote: ______\nDevice:\n1. Laptop\n2. Phone\n[Send]\nHelp: https://example.com/help");
    case(&card(serde_json::json!({"type": "AdaptiveCard", "fallbackText": "Please open the app.", "body": []})), "Please open the app.");
}

#[test]
fn amounts_follow_their_currency() {
    let amount = |minor, currency: &str, language| match payment(minor, currency) {
        RichContent::PaymentRequest(request) => request.amount_label(language),
        other => panic!("not a payment: {other:?}"),
    };
    for (minor, currency, english, german) in [
        (123_450, "EUR", "EUR 1,234.50", "1.234,50 EUR"),
        (5, "USD", "USD 0.05", "0,05 USD"),
        (1500, "JPY", "JPY 1,500", "1.500 JPY"),
        (1_234_567, "KWD", "KWD 1,234.567", "1.234,567 KWD"),
        (-1250, "EUR", "EUR -12.50", "-12,50 EUR"),
        (i64::MIN, "EUR", "EUR -92,233,720,368,547,758.08", "-92.233.720.368.547.758,08 EUR"),
    ] {
        assert_eq!(amount(minor, currency, Language::En), english);
        assert_eq!(amount(minor, currency, Language::De), german);
    }
    case(&payment(1250, "EUR"), "Order A-17\nAmount: EUR 12.50\nReference: A-17\nPay here: https://pay.example.com/1");
    assert_eq!(
        appointment().fallback_in(Language::De),
        "Fitting\nOrt: Main Street 1\n\n1. Di., 6. Jan. 2026, 10:00–11:00 Uhr (CET)\n\nOnline buchen: https://book.example.com/\n\n\
         Bitte antworten Sie mit der Nummer Ihrer Auswahl."
    );
}

#[test]
fn answers_read_as_what_was_chosen() {
    let of = |wanted: &str| every_kind().into_iter().find(|content| content.input_name() == wanted).expect("a sample").fallback();
    assert_eq!(of("selection"), "Quince");
    assert_eq!(of("timeChosen"), "Tue 6 Jan 2026, 09:00–09:30 UTC");
    assert_eq!(of("formAnswers"), "Name: Mara");
    assert_eq!(of("template"), "Your order A-17 is ready.");
}

#[test]
fn formatted_text_keeps_its_words_and_addresses() {
    case(
        &html(
            "<h1>Hi</h1><p>See <a href=\"https://example.com/x\">this page</a>,\n or <a href=\"https://example.com\">example.com</a>.</p>\
             <ul><li>one</li><li>two<ol><li>deep</li></ol></li></ul><table><tr><td>a</td><td>b &amp; c</td></tr></table>end",
        ),
        "Hi\n\nSee this page (https://example.com/x), or example.com.\n\n- one\n- two\n   1. deep\n\na | b & c\n\nend",
    );
    case(
        &markdown("# Hi\n\nIt is **really** [here](https://example.com/x).\n\n- a\n- b\n\n> quoted"),
        "Hi\n\nIt is really here (https://example.com/x).\n\n- a\n- b\n\n> quoted",
    );
    case(
        &html(
            "<p>a<br>b</p><pre>x\n  y</pre><img src=\"https://t.example/p.gif\" width=\"1\" height=\"1\"><img src=\"cid:1\" alt=\"Logo\">",
        ),
        "a\nb\n\nx\n  y\n\n[Logo]",
    );
}

#[test]
fn markdown_made_from_html_says_the_same() {
    for (source, expected) in [
        ("<p>Hello <b>bold </b>and <i>it</i></p>", "Hello **bold** and *it*"),
        ("<p><a href=\"https://example.com/a_b\">see_this</a></p>", "[see\\_this](<https://example.com/a_b>)"),
        ("<h2>Head</h2><ul><li>1 * 2</li></ul>", "## Head\n\n- 1 \\* 2"),
        ("<p># no head</p><p>1. no list</p>", "\\# no head\n\n1\\. no list"),
        ("<b><p>one</p><p>two</p></b>", "**one**\n\n**two**"),
    ] {
        assert_eq!(html_to_markdown(source), expected);
        assert_eq!(markdown_to_text(&html_to_markdown(source)), html_to_text(source), "{source}");
    }
}

#[test]
fn the_column_of_every_kind() {
    let without: Vec<_> = every_kind().iter().filter(|content| content.kind().is_none()).map(RichContent::input_name).collect();
    assert_eq!(without, ["text", "selection", "timeChosen", "formAnswers", "unsupported"]);
    assert_eq!(times().kind(), Some(crate::spec::RichKind::TimePicker));
}

#[test]
fn tags_choose_the_language() {
    assert_eq!(
        ["de", "de-AT", "DE_ch", "en", "fr", ""].map(Language::from_tag),
        [Language::De, Language::De, Language::De, Language::En, Language::En, Language::En]
    );
}
