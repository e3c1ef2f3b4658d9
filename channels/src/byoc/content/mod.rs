//! Message contents as integrators know them (`{type, payload, fallbackText, postback}`) and [`RichContent`], both ways.
//!
//! Types: TEXT, FILE, FORM, PLUGIN, POSTBACK, QUICK_REPLIES, RICH_LINK, LIST_PICKER, ADAPTIVE_CARD, TIME_PICKER; of our own
//! LOCATION, TEMPLATE, PAYMENT_REQUEST, APPOINTMENT_REQUEST and the answers TIME_CHOSEN and FORM_ANSWERS. A reader that does
//! not know a type shows `fallbackText`; so do we.
//!
//! [`RichContent`]: tributary_domain::content::RichContent

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::{Written, write};

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tributary_domain::{
        content::{RichContent, Text},
        outbound::OutboundMessage,
    };

    use super::{super::Mode, read, write};
    use crate::shared::fields::{Errors, Field};

    fn message(content: &RichContent) -> OutboundMessage {
        OutboundMessage {
            id: uuid::Uuid::from_u128(1).into(),
            asked: content.clone(),
            content: content.clone(),
            fallback: "fallback".into(),
            attachments: Vec::new(),
            quoted: None,
            author_name: None,
            is_automatic: false,
            at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn back(value: &Value) -> Result<RichContent, Vec<crate::error::FieldError>> {
        let errors = Errors::default();
        let (content, _) = read(&Field::root(value, "messageContent", &errors), false);
        errors.into_result(content)
    }

    fn samples() -> Vec<RichContent> {
        let slot = json!({"id": "s1", "start": "2026-01-02T09:00:00Z", "duration_min": 30});
        let samples = json!([
            {"kind": "TEXT", "text": "Hallo\nWelt"},
            {"kind": "FORMATTED", "markup": "MARKDOWN", "source": "**Hallo**"},
            {"kind": "FORMATTED", "markup": "HTML", "source": "<p>Hallo</p>"},
            {"kind": "LOCATION", "latitude": 52.5, "longitude": 13.4, "name": "Berlin", "address": null},
            {"kind": "RICH_LINK", "url": "https://shop.example/7", "title": "Order 7", "description": "Two parts",
             "image": {"URL": "https://shop.example/7.png"}},
            {"kind": "QUICK_REPLIES", "text": "Which?", "replies": [{"id": "a", "title": "One"}, {"id": "b", "title": "Two"}]},
            {"kind": "LIST_PICKER", "title": "Menu", "text": "Choose", "multiple": true, "sections": [
                {"title": "Warm", "items": [{"id": "1", "title": "Soup", "description": "hot", "image": null}]},
                {"title": "Cold", "items": [{"id": "2", "title": "Salad", "description": null, "image": {"URL": "https://shop.example/s.png"}}]}]},
            {"kind": "TIME_PICKER", "title": "When?", "text": null, "time_zone": "Europe/Berlin", "slots": [slot]},
            {"kind": "FORM", "title": "You", "text": "Please", "submit_label": "Send", "fields": [
                {"id": "name", "label": "Name", "field_type": "TEXT", "required": true, "hint": "full", "options": []},
                {"id": "size", "label": "Size", "field_type": "CHOICE", "required": false, "hint": null, "options": [{"id": "s", "title": "S"}]}]},
            {"kind": "ADAPTIVE_CARD", "card": {"type": "AdaptiveCard", "version": "1.5", "body": []}},
            {"kind": "SELECTION", "question": null, "items": [{"id": "a", "title": "One"}]},
            {"kind": "SELECTION", "question": null, "items": [{"id": "a", "title": "One"}, {"id": "b", "title": "Two"}]},
            {"kind": "TIME_CHOSEN", "question": null, "slot": slot},
            {"kind": "FORM_ANSWERS", "question": null, "answers": [{"field_id": "name", "label": "Name", "values": ["Mara", "E"]}]}
        ]);
        serde_json::from_value(samples).expect("contents")
    }

    #[test]
    fn what_is_written_is_read_back() {
        for content in samples() {
            let written = write(&message(&content), Mode::Standard);
            let value = serde_json::to_value(&written.content).expect("plain data");
            assert_eq!(value["fallbackText"], "fallback");
            assert_eq!(back(&value), Ok(content.clone()), "{value}");
        }
    }

    #[test]
    fn compatibility_knows_fewer_types() {
        let known =
            ["TEXT", "FILE", "FORM", "PLUGIN", "POSTBACK", "QUICK_REPLIES", "RICH_LINK", "LIST_PICKER", "ADAPTIVE_CARD", "TIME_PICKER"];
        for content in samples() {
            let written = write(&message(&content), Mode::CompatNew).content;
            assert!(known.contains(&written.kind), "{}", written.kind);
            assert!(written.payload.is_object());
        }
        let location = serde_json::from_value(json!({"kind": "LOCATION", "latitude": 1, "longitude": 2, "name": null, "address": null}));
        let written = write(&message(&location.expect("a location")), Mode::CompatNew).content;
        assert_eq!((written.kind, written.payload), ("TEXT", json!({"text": "fallback"})));
    }

    #[test]
    fn a_postback_is_an_answer_and_the_unknown_is_kept() {
        let chosen = json!({"kind": "SELECTION", "question": null, "items": [{"id": "buy", "title": "Buy"}]});
        let chosen: RichContent = serde_json::from_value(chosen).expect("a selection");
        assert_eq!(back(&json!({"type": "TEXT", "payload": {"text": "Buy"}, "postback": "buy"})), Ok(chosen.clone()));
        assert_eq!(back(&json!({"type": "POSTBACK", "payload": {"text": "Buy", "postback": "buy"}})), Ok(chosen));
        let text = RichContent::Text(Text { text: "hi".into() });
        assert_eq!(back(&json!({"type": "TEXT", "payload": {"text": "hi"}, "postback": null})), Ok(text.clone()));
        assert_eq!(back(&json!({"type": "TEXT", "payload": {}, "fallbackText": "hi"})), Ok(text));
        let unknown = json!({"kind": "UNSUPPORTED", "platform_type": "HOLOGRAM", "text": "a hologram"});
        let unknown: RichContent = serde_json::from_value(unknown).expect("unsupported");
        assert_eq!(back(&json!({"type": "HOLOGRAM", "payload": {"x": 1}, "fallbackText": "a hologram"})), Ok(unknown));
    }

    #[test]
    fn older_plugins_become_text_or_quick_replies() {
        let plugin = json!({"type": "PLUGIN", "payload": {"elements": [{"type": "MENU", "elements": [
            {"type": "TITLE", "text": "Menu"}, {"type": "TEXT", "text": "Choose"},
            {"type": "BUTTON", "text": "One", "postback": "1"}, {"type": "BUTTON", "text": "Two"}]}]}});
        let expected = json!({"kind": "QUICK_REPLIES", "text": "Menu\nChoose", "replies": [{"id": "1", "title": "One"}, {"id": "Two", "title": "Two"}]});
        assert_eq!(back(&plugin), Ok(serde_json::from_value(expected).expect("quick replies")));
        let empty = json!({"type": "PLUGIN", "payload": {"elements": [{"type": "COUNTDOWN"}]}, "fallbackText": "3 2 1"});
        assert!(matches!(back(&empty), Ok(RichContent::Unsupported(_))));
    }

    #[test]
    fn mistakes_are_named() {
        let fields = |value| {
            let errors: Vec<_> = back(&value).expect_err("mistakes").into_iter().map(|error| error.field).collect();
            errors
        };
        assert_eq!(fields(json!({})), ["messageContent.type"]);
        assert_eq!(fields(json!("x")), ["messageContent"]);
        assert_eq!(fields(json!({"type": "TEXT", "payload": {"text": 7}})), ["messageContent.payload.text"]);
        assert_eq!(fields(json!({"type": "TEXT", "payload": {}})), ["messageContent.payload.text"]);
        assert_eq!(
            fields(json!({"type": "QUICK_REPLIES", "payload": {"text": {"content": "?"}, "actions": [{"text": ""}]}})),
            ["messageContent.payload.actions[0].text"]
        );
        assert_eq!(
            fields(json!({"type": "RICH_LINK", "payload": {"title": "x", "url": "javascript:alert(1)"}})),
            ["messageContent.payload.url"]
        );
        assert_eq!(fields(json!({"type": "LOCATION", "payload": {"latitude": 91, "longitude": 0}})), ["messageContent.payload.latitude"]);
    }

    #[test]
    fn markup_from_outside_is_cleaned() {
        let html = json!({"type": "TEXT", "payload": {"text": "x", "format": "HTML", "source": "<b>x</b><script>alert(1)</script>"}});
        let Ok(RichContent::Formatted(formatted)) = back(&html) else { panic!("formatted text expected") };
        assert_eq!(formatted.source, "<b>x</b>");
    }
}
