//! Drafts at, below and above every edge.

use std::borrow::Cow;

use serde_json::json;

use super::samples::*;
use crate::{
    content::*,
    spec::{Audience, Capabilities, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichKind, RichLimits, Support, TextLimit},
};

/// Takes every kind natively, with small limits.
pub(super) fn narrow() -> Capabilities {
    let extensions = RichKind::all()
        .flat_map(|kind| [Audience::Machine, Audience::Agent].map(|audience| Extension { audience, kind, support: Support::Native }))
        .collect::<Vec<_>>();
    Capabilities {
        extensions: Cow::Owned(extensions),
        markup: MarkupSet::Both,
        text: TextLimit::characters(100),
        rich: RichLimits {
            quick_replies: 3,
            quick_reply_title: 10,
            list_sections: 2,
            list_items: 4,
            list_item_title: 10,
            list_item_description: 10,
            time_slots: 2,
            form_fields: 3,
            card_bytes: 1000,
        },
        media: Cow::Owned(vec![
            MediaLimit::new(MediaClass::Image, &[Cow::Borrowed("image/png"), Cow::Borrowed("image/jpeg")], 1000, 20),
            MediaLimit::new(MediaClass::File, &[Cow::Borrowed("application/*")], 2000, 0),
        ]),
        max_attachments: 2,
        ..Capabilities::declared(&json!({})).expect("an empty declaration")
    }
}

fn codes(result: Result<(), Vec<Violation>>) -> Vec<(String, ViolationCode, Option<u64>)> {
    result.err().unwrap_or_default().into_iter().map(|found| (found.field, found.code, found.limit)).collect()
}

fn found(field: &str, code: ViolationCode, limit: Option<u64>) -> Vec<(String, ViolationCode, Option<u64>)> {
    vec![(field.to_owned(), code, limit)]
}

fn checked(draft: &RichContent, capabilities: &Capabilities) -> Vec<(String, ViolationCode, Option<u64>)> {
    codes(check(draft, &[], capabilities, Audience::Agent))
}

use ViolationCode::{Duplicate, Empty, Invalid, NotSupported, OutOfRange, TooLong, TooMany};

#[test]
fn samples_are_valid() {
    for content in every_kind() {
        assert_eq!(codes(validate(&content)), [], "{content:?}");
    }
}

#[test]
fn empty_duplicate_and_impossible_values() {
    assert_eq!(codes(validate(&text(" \n "))), found("text.text", Empty, None));
    assert_eq!(codes(validate(&html("<p> </p><script>x</script>"))), found("formatted.source", Empty, None));
    assert_eq!(codes(validate(&html("<img src=\"cid:1\">"))), []);
    assert_eq!(codes(validate(&replies(&[]))), found("quickReplies.replies", Empty, None));
    assert_eq!(codes(validate(&replies(&["Yes", ""]))), found("quickReplies.replies.1.title", Empty, None));
    let mut twice = list(false);
    if let RichContent::ListPicker(list) = &mut twice {
        list.sections[1].items[0].id = "a".into();
    }
    assert_eq!(codes(validate(&twice)), found("listPicker.sections.1.items.0.id", Duplicate, None));
    for (latitude, longitude, expected) in [
        (90.0, -180.0, vec![]),
        (90.1, 0.0, found("location.latitude", OutOfRange, None)),
        (0.0, -180.1, found("location.longitude", OutOfRange, None)),
        (f64::NAN, 0.0, found("location.latitude", OutOfRange, None)),
    ] {
        let place = RichContent::Location(Location { latitude, longitude, name: None, address: None });
        assert_eq!(codes(validate(&place)), expected);
    }
    for (address, is_valid) in
        [("http://a.example", true), ("ftp://a.example/", false), ("javascript:alert(1)", false), ("data:text/html,x", false)]
    {
        let mut link = link();
        if let RichContent::RichLink(link) = &mut link {
            link.url = address.parse().expect("an address");
        }
        assert_eq!(codes(validate(&link)), if is_valid { vec![] } else { found("richLink.url", Invalid, None) }, "{address}");
    }
}

#[test]
fn times_money_and_forms() {
    let mut picker = times();
    if let RichContent::TimePicker(picker) = &mut picker {
        picker.time_zone = "Europe/Nowhere".into();
        picker.slots[0].duration_min = 0;
    }
    assert_eq!(
        codes(validate(&picker)),
        [("timePicker.timeZone".into(), Invalid, None), ("timePicker.slots.0.durationMin".into(), OutOfRange, None)]
    );
    assert_eq!(codes(validate(&payment(1, "EUR"))), []);
    assert_eq!(codes(validate(&payment(0, "EUR"))), found("paymentRequest.amountMinor", OutOfRange, None));
    for currency in ["eur", "EURO", "XXQ", ""] {
        assert_eq!(codes(validate(&payment(1, currency))), found("paymentRequest.currency", Invalid, None), "{currency}");
    }
    let mut request = appointment();
    if let RichContent::AppointmentRequest(request) = &mut request {
        request.slots.clear();
    }
    assert_eq!(codes(validate(&request)), [], "the booking page is enough");
    if let RichContent::AppointmentRequest(request) = &mut request {
        request.url = None;
    }
    assert_eq!(codes(validate(&request)), found("appointmentRequest.slots", Empty, None));
    let mut choice = form();
    if let RichContent::Form(form) = &mut choice {
        form.fields[1].options.clear();
    }
    assert_eq!(codes(validate(&choice)), found("form.fields.1.options", Empty, None));
}

#[test]
fn caps_of_the_house() {
    assert_eq!(codes(validate(&text(&"ü".repeat(100_000)))), []);
    assert_eq!(codes(validate(&text(&"ü".repeat(100_001)))), found("text.text", TooLong, Some(100_000)));
    let many = |count: usize| (0..count).map(|index| format!("Title {index}")).collect::<Vec<_>>();
    let of = |count| replies(&many(count).iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(codes(validate(&of(100))), []);
    assert_eq!(codes(validate(&of(101))), found("quickReplies.replies", TooMany, Some(100)));
}

#[test]
fn cards() {
    let with = |body: serde_json::Value| card(json!({"type": "AdaptiveCard", "version": "1.5", "body": body}));
    let nested = |depth: usize| {
        (0..depth).fold(json!({"type": "TextBlock", "text": "x"}), |inner, _| json!({"type": "Container", "items": [inner]}))
    };
    let block = json!({"type": "TextBlock", "text": "x"});
    for (content, expected) in [
        (card(json!({"type": "Card", "version": "1.5", "body": [block]})), found("adaptiveCard.card.type", Invalid, None)),
        (card(json!({"type": "AdaptiveCard", "version": "2.0", "body": [block]})), found("adaptiveCard.card.version", Invalid, None)),
        (with(json!([])), found("adaptiveCard.card.body", Empty, None)),
        (with(json!([nested(9)])), vec![]),
        (with(json!([nested(10)])), found("adaptiveCard.card", OutOfRange, Some(10))),
        (with(json!(vec![block.clone(); 200])), vec![]),
        (with(json!(vec![block.clone(); 201])), found("adaptiveCard.card", TooMany, Some(200))),
        (with(json!([{"type": "Image", "url": "http://a.example/x.png"}])), found("adaptiveCard.card.url", Invalid, None)),
        (with(json!([{"type": "Image", "url": "https://a.example/x.png"}])), vec![]),
        (with(json!([{"type": "TextBlock", "text": "x".repeat(65_536)}])), found("adaptiveCard.card", TooLong, Some(65_536))),
    ] {
        assert_eq!(codes(validate(&content)), expected);
    }
    // As deep as a JSON parser lets in.
    let buried = (0..120).fold(json!("x"), |inner, _| serde_json::Value::Array(vec![inner]));
    assert_eq!(codes(validate(&with(json!([{"type": "TextBlock", "text": "x", "more": buried}])))), []);
}

#[test]
fn text_counts_in_the_channels_unit() {
    // An emoji outside the base plane: one character, two UTF-16 units, four bytes.
    for (unit, per_emoji) in [(LengthUnit::Characters, 1), (LengthUnit::Utf16Units, 2), (LengthUnit::Bytes, 4)] {
        let capabilities = Capabilities { text: TextLimit { max: 8, unit }, ..narrow() };
        let fitting = 8 / per_emoji;
        for (count, expected) in [(fitting - 1, vec![]), (fitting, vec![]), (fitting + 1, found("text.text", TooLong, Some(8)))] {
            assert_eq!(checked(&text(&"😀".repeat(count)), &capabilities), expected, "{unit:?} {count}");
        }
    }
}

#[test]
fn counts_and_titles_at_their_edges() {
    let capabilities = narrow();
    let title = |length: usize| "x".repeat(length);
    for (titles, expected) in [
        (vec![title(10); 3], vec![]),
        (vec![title(9); 2], vec![]),
        (vec![title(1); 4], found("quickReplies.replies", TooMany, Some(3))),
        (vec![title(1), title(11)], found("quickReplies.replies.1.title", TooLong, Some(10))),
    ] {
        let draft = replies(&titles.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(checked(&draft, &capabilities), expected);
    }
    let sections = |counts: &[usize], title: usize, description: Option<usize>| {
        RichContent::ListPicker(ListPicker {
            title: "Choose".into(),
            text: None,
            multiple: false,
            sections: counts
                .iter()
                .map(|count| ListSection {
                    title: None,
                    items: (0..*count)
                        .map(|_| item("i", &"x".repeat(title), description.map(|length| "x".repeat(length)).as_deref()))
                        .collect(),
                })
                .collect(),
        })
    };
    for (draft, expected) in [
        (sections(&[2, 2], 10, Some(10)), vec![]),
        (sections(&[1, 1, 1], 1, None), found("listPicker.sections", TooMany, Some(2))),
        (sections(&[5], 1, None), found("listPicker.sections", TooMany, Some(4))),
        (sections(&[1], 11, None), found("listPicker.sections.0.items.0.title", TooLong, Some(10))),
        (sections(&[1], 1, Some(11)), found("listPicker.sections.0.items.0.description", TooLong, Some(10))),
    ] {
        assert_eq!(checked(&draft, &capabilities), expected);
    }
    assert_eq!(checked(&times(), &capabilities), []);
    assert_eq!(checked(&form(), &capabilities), []);
    let less = Capabilities { rich: RichLimits { time_slots: 1, form_fields: 2, card_bytes: 100, ..capabilities.rich }, ..capabilities };
    assert_eq!(checked(&times(), &less), found("timePicker.slots", TooMany, Some(1)));
    assert_eq!(checked(&form(), &less), found("form.fields", TooMany, Some(2)));
    assert_eq!(checked(&device_card(), &less), found("adaptiveCard.card", TooLong, Some(100)));
}

#[test]
fn machines_are_not_refused_for_native_limits_but_for_long_text() {
    let too_many = replies(&["1", "2", "3", "4"]);
    assert_eq!(codes(check(&too_many, &[], &narrow(), Audience::Machine)), []);
    assert_eq!(degrade(&too_many, &narrow(), Language::En).notes, [LossNote::TooBig, LossNote::NumberedOptions]);
    assert_eq!(codes(check(&text(&"x".repeat(101)), &[], &narrow(), Audience::Machine)), found("text.text", TooLong, Some(100)));
    assert_eq!(codes(check(&markdown(&"x".repeat(101)), &[], &narrow(), Audience::Machine)), found("formatted.source", TooLong, Some(100)));
}

#[test]
fn agents_are_offered_what_their_table_says() {
    let plain = Capabilities::declared(&json!({})).expect("an empty declaration");
    for content in every_kind() {
        let agent = codes(check(&content, &[], &plain, Audience::Agent));
        let machine = codes(check(&content, &[], &plain, Audience::Machine));
        let is_answer = matches!(
            content,
            RichContent::Selection(_) | RichContent::TimeChosen(_) | RichContent::FormAnswers(_) | RichContent::Unsupported(_)
        );
        let reads_as_text = matches!(
            content,
            RichContent::Text(_) | RichContent::Location(_) | RichContent::PaymentRequest(_) | RichContent::AppointmentRequest(_)
        );
        if matches!(content, RichContent::Attachment(_)) {
            assert_eq!(agent, found("attachments", Empty, None));
            continue;
        }
        let refused = found(content.input_name(), NotSupported, None);
        assert_eq!(agent, if reads_as_text { vec![] } else { refused.clone() }, "{content:?}");
        assert_eq!(machine, if is_answer { refused } else { vec![] }, "{content:?}");
    }
}

#[test]
fn files_by_type_size_and_number() {
    let capabilities = narrow();
    let files = |list: &[(&'static str, u64)]| {
        let facts = list.iter().map(|(mime, bytes)| AttachmentFacts { mime, bytes: *bytes }).collect::<Vec<_>>();
        codes(check(&text("see"), &facts, &capabilities, Audience::Agent))
    };
    assert_eq!(files(&[("image/png", 1000), ("application/pdf", 2000)]), []);
    assert_eq!(files(&[("IMAGE/PNG; x=y", 999)]), []);
    assert_eq!(files(&[("image/png", 1001)]), found("attachments.0", TooLong, Some(1000)));
    assert_eq!(files(&[("image/png", 0)]), found("attachments.0", Empty, None));
    assert_eq!(files(&[("image/png", 1), ("video/mp4", 1)]), found("attachments.1", NotSupported, None));
    assert_eq!(files(&[("image/png", 1); 3]), found("attachments", TooMany, Some(2)));
    let plain = Capabilities::declared(&json!({})).expect("an empty declaration");
    let facts = [AttachmentFacts { mime: "image/png", bytes: 1 }];
    assert_eq!(codes(check(&text("see"), &facts, &plain, Audience::Agent)), found("attachments", NotSupported, None));
}

#[test]
fn captions_may_be_as_long_as_a_message() {
    let capabilities = narrow();
    let facts = [AttachmentFacts { mime: "image/png", bytes: 1 }];
    for (length, expected) in [(20, vec![]), (100, vec![]), (101, found("attachment.caption", TooLong, Some(100)))] {
        let draft = RichContent::Attachment(AttachmentContent { caption: Some("x".repeat(length)) });
        assert_eq!(codes(check(&draft, &facts, &capabilities, Audience::Agent)), expected);
    }
}
