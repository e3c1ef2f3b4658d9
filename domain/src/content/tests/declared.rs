//! Capabilities that integrators declare.

use serde_json::json;

use crate::{
    content::ViolationCode,
    spec::{Audience, Capabilities, DeclaredCapabilities, MarkupSet, RichKind, Support},
};

#[test]
fn nothing_declared_is_a_text_channel() {
    for json in [json!({}), json!(null)] {
        let capabilities = Capabilities::declared(&json).expect("nothing is fine");
        assert_eq!(capabilities.text.max, 4000);
        assert!(capabilities.media.is_empty() && !capabilities.typing && !capabilities.may_start && capabilities.reply_window.is_none());
        for kind in RichKind::all().filter(|kind| *kind != RichKind::Attachment) {
            assert_eq!(capabilities.effective(Audience::Machine, kind), Support::Converted, "{kind:?}");
        }
        assert_eq!(capabilities.effective(Audience::Agent, RichKind::QuickReplies), Support::Refused);
        assert_eq!(capabilities.effective(Audience::Agent, RichKind::Attachment), Support::Refused);
    }
}

#[test]
fn the_documented_example_is_read() {
    let capabilities = Capabilities::declared(&json!({
        "class": "messaging", "maxText": 2000, "textUnit": "UTF16_UNITS", "markup": "MARKDOWN",
        "rich": {"formatted": true, "richLink": true, "quickReplies": {"max": 5, "maxTitle": 20},
                 "listPicker": {"maxSections": 10, "maxItems": 100, "maxTitle": 24, "maxDescription": 72},
                 "timePicker": {"maxSlots": 10}, "form": {"maxFields": 20}, "adaptiveCard": {"maxBytes": 28000},
                 "location": true, "template": true, "paymentRequest": false, "appointmentRequest": false},
        "attachments": {"types": ["image/*", "application/pdf"], "maxMegabytes": 25, "maxCount": 3, "maxCaption": 1000},
        "proactive": true, "windowHours": 24, "typing": true, "seen": true, "deliveredReceipts": true, "readReceipts": true,
        "edit": {"maxAgeMinutes": 15}, "delete": true, "hide": false, "like": true, "replyTo": true, "threading": true
    }))
    .expect("the example");
    assert_eq!(capabilities.markup, MarkupSet::Markdown);
    assert_eq!((capabilities.rich.quick_replies, capabilities.rich.quick_reply_title, capabilities.rich.time_slots), (5, 20, 10));
    for audience in [Audience::Machine, Audience::Agent] {
        assert_eq!(capabilities.effective(audience, RichKind::Form), Support::Native);
        assert_eq!(capabilities.effective(audience, RichKind::Template), Support::Native);
        assert_eq!(capabilities.effective(audience, RichKind::PaymentRequest), Support::Converted);
    }
    assert_eq!(capabilities.media_for("image/webp").map(|limit| limit.max_bytes), Some(25_000_000));
    assert!(capabilities.media_for("application/pdf").is_some() && capabilities.media_for("application/zip").is_none());
    assert!(capabilities.media_for("video/mp4").is_none());
    let window = capabilities.reply_window.expect("24 hours");
    assert_eq!((window.window_s, window.templates_after), (86_400, true));
    assert_eq!(capabilities.edit.and_then(|edit| edit.max_age_s), Some(900));
    assert!(capabilities.may_start && capabilities.quotes && capabilities.reactions && capabilities.read_marks);
}

#[test]
fn mistakes_are_named() {
    for (json, field, code) in [
        (json!({"maxText": 0}), "capabilities.maxText", ViolationCode::OutOfRange),
        (json!({"windowHours": 0}), "capabilities.windowHours", ViolationCode::OutOfRange),
        (json!({"rich": {"quickReplies": {"max": 101}}}), "capabilities.rich.quickReplies.max", ViolationCode::OutOfRange),
        (json!({"attachments": {"types": ["pictures"]}}), "capabilities.attachments.types.0", ViolationCode::Invalid),
        (json!({"rich": {"formatted": true}, "markup": "PLAIN"}), "capabilities.markup", ViolationCode::Invalid),
        (json!({"typo": true}), "capabilities", ViolationCode::Invalid),
        (json!({"maxText": "many"}), "capabilities", ViolationCode::Invalid),
        (json!([]), "capabilities", ViolationCode::Invalid),
        (json!("text"), "capabilities", ViolationCode::Invalid),
        (json!({"class": "x".repeat(70_000)}), "capabilities", ViolationCode::TooLong),
    ] {
        let found = DeclaredCapabilities::parse(&json).expect_err("wrong");
        assert_eq!((found[0].field.as_str(), found[0].code), (field, code), "{json}");
    }
}
