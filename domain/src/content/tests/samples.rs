//! One message of every kind.

use chrono::{TimeZone, Utc};
use serde_json::json;

use crate::content::*;

pub(super) fn text(text: &str) -> RichContent {
    Text::content(text)
}

pub(super) fn html(source: &str) -> RichContent {
    RichContent::Formatted(Formatted { markup: Markup::Html, source: source.into() })
}

pub(super) fn markdown(source: &str) -> RichContent {
    RichContent::Formatted(Formatted { markup: Markup::Markdown, source: source.into() })
}

pub(super) fn replies(titles: &[&str]) -> RichContent {
    let replies = titles.iter().enumerate().map(|(index, title)| QuickReply { id: format!("r{index}"), title: (*title).into() }).collect();
    RichContent::QuickReplies(QuickReplies { text: "Does it still happen?".into(), replies })
}

pub(super) fn item(id: &str, title: &str, description: Option<&str>) -> ListItem {
    ListItem { id: id.into(), title: title.into(), description: description.map(Into::into), image: None }
}

pub(super) fn list(multiple: bool) -> RichContent {
    RichContent::ListPicker(ListPicker {
        title: "Choose a fruit".into(),
        text: Some("We have all of them.".into()),
        multiple,
        sections: vec![
            ListSection { title: Some("Red".into()), items: vec![item("a", "Quince", Some("crisp")), item("c", "Cherry", None)] },
            ListSection { title: Some("Yellow".into()), items: vec![item("b", "Banana", None)] },
        ],
    })
}

pub(super) fn slot(id: &str, month: u32, day: u32, hour: u32, minutes: u32) -> TimeSlot {
    let start = Utc.with_ymd_and_hms(2026, month, day, hour, 0, 0).single().expect("a time that exists");
    TimeSlot { id: id.into(), start, duration_min: minutes }
}

pub(super) fn times() -> RichContent {
    RichContent::TimePicker(TimePicker {
        title: "When shall we call?".into(),
        text: None,
        time_zone: "Europe/Berlin".into(),
        slots: vec![slot("s1", 1, 6, 9, 30), slot("s2", 7, 7, 9, 30)],
    })
}

pub(super) fn field(id: &str, label: &str, field_type: FormFieldType, options: &[&str]) -> FormField {
    let options = options.iter().map(|title| FormOption { id: title.to_lowercase(), title: (*title).into() }).collect();
    FormField { id: id.into(), label: label.into(), field_type, required: id == "name", hint: None, options }
}

pub(super) fn form() -> RichContent {
    RichContent::Form(Form {
        title: "Your details".into(),
        text: None,
        fields: vec![
            field("name", "Name", FormFieldType::Text, &[]),
            field("size", "Size", FormFieldType::Choice, &["Small", "Large"]),
            field("news", "Newsletter", FormFieldType::Checkbox, &[]),
        ],
        submit_label: None,
    })
}

pub(super) fn card(card: serde_json::Value) -> RichContent {
    RichContent::AdaptiveCard(AdaptiveCard { card })
}

pub(super) fn device_card() -> RichContent {
    card(json!({"type": "AdaptiveCard", "version": "1.5",
        "body": [
            {"type": "TextBlock", "text": "**Which** device?"},
            {"type": "FactSet", "facts": [{"title": "Order", "value": "A-17"}]},
            {"type": "Input.Text", "id": "note", "label": "Note"},
            {"type": "Input.ChoiceSet", "id": "device", "label": "Device", "choices": [{"title": "Laptop", "value": "l"}, {"title": "Phone", "value": "p"}]},
            {"type": "TextBlock", "text": "hidden", "isVisible": false},
        ],
        "actions": [{"type": "Action.Submit", "title": "Send"}, {"type": "Action.OpenUrl", "title": "Help", "url": "https://example.com/help"}]}))
}

pub(super) fn link() -> RichContent {
    RichContent::RichLink(RichLink {
        url: "https://example.com/offer?a=1&b=2".parse().expect("an address"),
        title: "Our <offer>".into(),
        description: Some("Until Friday".into()),
        image: None,
    })
}

pub(super) fn payment(amount_minor: i64, currency: &str) -> RichContent {
    RichContent::PaymentRequest(PaymentRequest {
        description: "Order A-17".into(),
        amount_minor,
        currency: currency.into(),
        url: "https://pay.example.com/1".parse().expect("an address"),
        reference: Some("A-17".into()),
    })
}

pub(super) fn appointment() -> RichContent {
    RichContent::AppointmentRequest(AppointmentRequest {
        title: "Fitting".into(),
        text: None,
        location: Some("Main Street 1".into()),
        time_zone: "Europe/Berlin".into(),
        slots: vec![slot("s1", 1, 6, 9, 60)],
        url: Some("https://book.example.com/".parse().expect("an address")),
    })
}

/// One of each, as an author could write it.
pub(super) fn every_kind() -> Vec<RichContent> {
    vec![
        text("Hello"),
        html("<p>Hello <b>you</b></p>"),
        markdown("Hello **you**"),
        RichContent::Attachment(AttachmentContent { caption: Some("The bill".into()) }),
        RichContent::Location(Location { latitude: 52.52, longitude: 13.405, name: Some("Shop".into()), address: None }),
        link(),
        replies(&["Yes", "No"]),
        list(false),
        times(),
        form(),
        device_card(),
        RichContent::Template(Template {
            name: "order_ready".into(),
            language: "de".into(),
            parameters: vec![TemplateParameter { name: "order".into(), value: "A-17".into() }],
            text: "Your order A-17 is ready.".into(),
        }),
        payment(1250, "EUR"),
        appointment(),
        RichContent::Selection(Selection { question: None, items: vec![SelectedItem { id: "a".into(), title: "Quince".into() }] }),
        RichContent::TimeChosen(TimeChosen { question: None, slot: slot("s1", 1, 6, 9, 30) }),
        RichContent::FormAnswers(FormAnswers {
            question: None,
            answers: vec![FormAnswer { field_id: "name".into(), label: "Name".into(), values: vec!["Mara".into()] }],
        }),
        RichContent::Unsupported(Unsupported { platform_type: "poll".into(), text: None }),
    ]
}
