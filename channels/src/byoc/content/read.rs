//! Contents of integrators as [`RichContent`].

use serde_json::Value;
use tributary_domain::{
    content::{
        AdaptiveCard, AttachmentContent, Form, FormAnswer, FormAnswers, FormField, FormOption, Formatted, Image, ListItem, ListPicker,
        ListSection, Location, Markup, QuickReplies, QuickReply, RichContent, RichLink, SelectedItem, Selection, Text, TimeChosen,
        TimePicker, TimeSlot, Unsupported, sanitise_html,
    },
    inbound::{AttachmentSource, InboundAttachment},
};

use crate::shared::fields::Field;

/// Most entries of one list inside a content.
const MAX_ENTRIES: usize = 500;
/// How deep the elements of an older plugin may be nested.
const MAX_NESTING: usize = 8;

/// Reads a message content; mistakes go to the field's errors. The second value is the file that a FILE content names.
///
/// `has_files`: the message carries attachments, so an empty text is no mistake.
pub(in crate::byoc) fn read(content: &Field<'_>, has_files: bool) -> (RichContent, Option<InboundAttachment>) {
    content.require_object();
    let payload = content.at("payload");
    let fallback = content.at("fallbackText").filled();
    let kind = if content.raw().is_some_and(Value::is_object) { content.at("type").required_text() } else { String::new() };
    let read = match kind.as_str() {
        "TEXT" => text(content, &payload, fallback, has_files),
        "POSTBACK" => postback(content, &payload, fallback),
        "FILE" => return file(&payload, fallback),
        "QUICK_REPLIES" => quick_replies(&payload),
        "LIST_PICKER" => list_picker(&payload),
        "RICH_LINK" => rich_link(&payload),
        "TIME_PICKER" => RichContent::TimePicker(TimePicker {
            title: label(&payload.at("title")),
            text: optional_label(&payload.at("text")),
            time_zone: payload.at("timeZone").filled().unwrap_or_else(|| "UTC".to_owned()),
            slots: payload.at("slots").items(MAX_ENTRIES).iter().map(slot).collect(),
        }),
        "FORM" => form(&payload),
        "ADAPTIVE_CARD" => {
            payload.require_object();
            RichContent::AdaptiveCard(AdaptiveCard { card: payload.raw().cloned().unwrap_or_default() })
        }
        "PLUGIN" => plugin(&payload, fallback),
        "LOCATION" => location(&payload),
        "TIME_CHOSEN" => RichContent::TimeChosen(TimeChosen { question: None, slot: slot(&payload.at("slot")) }),
        "FORM_ANSWERS" => {
            let answers = payload.at("answers").items(MAX_ENTRIES);
            RichContent::FormAnswers(FormAnswers { question: None, answers: answers.iter().map(form_answer).collect() })
        }
        _ => unsupported(&kind, fallback),
    };
    (read, None)
}

fn text(content: &Field<'_>, payload: &Field<'_>, fallback: Option<String>, has_files: bool) -> RichContent {
    let field = payload.at("text");
    if content.at("postback").is_present() || payload.at("postback").is_present() {
        return postback(content, payload, fallback);
    }
    let markup = match payload.at("format").text().as_deref() {
        Some("HTML") => Some(Markup::Html),
        Some("MARKDOWN") => Some(Markup::Markdown),
        _ => None,
    };
    if let (Some(markup), Some(source)) = (markup, payload.at("source").filled()) {
        let source = if markup == Markup::Html { sanitise_html(&source).html } else { source };
        return RichContent::Formatted(Formatted { markup, source });
    }
    let is_wrong_type = field.raw().is_some_and(|value| !value.is_string());
    match field.filled().or(fallback) {
        Some(text) => RichContent::Text(Text { text }),
        None if has_files => RichContent::Attachment(AttachmentContent { caption: None }),
        None => {
            if !is_wrong_type {
                field.wrong("is required");
            }
            RichContent::Text(Text { text: String::new() })
        }
    }
}

fn postback(content: &Field<'_>, payload: &Field<'_>, fallback: Option<String>) -> RichContent {
    let selected = payload.at("selected").items(MAX_ENTRIES);
    let items = if selected.is_empty() {
        let id = if content.at("postback").is_present() { content.at("postback") } else { payload.at("postback") }.required_text();
        let title = payload.at("text").filled().or(fallback).unwrap_or_else(|| id.clone());
        vec![SelectedItem { id, title }]
    } else {
        let item = |field: &Field<'_>| SelectedItem { id: field.at("postback").required_text(), title: field.at("text").required_text() };
        selected.iter().map(item).collect()
    };
    RichContent::Selection(Selection { question: None, items })
}

fn file(payload: &Field<'_>, fallback: Option<String>) -> (RichContent, Option<InboundAttachment>) {
    let url = payload.at("url").url();
    if !payload.at("url").is_present() {
        payload.at("url").wrong("is required");
    }
    let attachment = url.map(|url| InboundAttachment {
        name: payload.at("fileName").filled(),
        mime: payload.at("mimeType").filled(),
        content_id: None,
        source: AttachmentSource::Url(url),
    });
    let caption = payload.at("text").filled().or(fallback).filter(|text| Some(text) != payload.at("fileName").text().as_ref());
    (RichContent::Attachment(AttachmentContent { caption }), attachment)
}

fn quick_replies(payload: &Field<'_>) -> RichContent {
    let actions = payload.at("actions").items(MAX_ENTRIES);
    let replies = actions.iter().map(|action| {
        let title = action.at("text").required_text();
        QuickReply { id: action.at("postback").filled().unwrap_or_else(|| title.clone()), title }
    });
    RichContent::QuickReplies(QuickReplies { text: label(&payload.at("text")), replies: replies.collect() })
}

fn list_picker(payload: &Field<'_>) -> RichContent {
    let mut sections: Vec<ListSection> = Vec::new();
    for action in payload.at("actions").items(MAX_ENTRIES) {
        let title = action.at("text").required_text();
        let item = ListItem {
            id: action.at("postback").filled().unwrap_or_else(|| title.clone()),
            title,
            description: action.at("description").filled(),
            image: action.at("icon").at("url").url().map(Image::Url),
        };
        let section = action.at("section").filled();
        match sections.last_mut() {
            Some(last) if last.title == section => last.items.push(item),
            _ => sections.push(ListSection { title: section, items: vec![item] }),
        }
    }
    RichContent::ListPicker(ListPicker {
        title: label(&payload.at("title")),
        text: optional_label(&payload.at("text")),
        multiple: payload.at("multiple").flag(),
        sections,
    })
}

fn rich_link(payload: &Field<'_>) -> RichContent {
    let field = payload.at("url");
    if !field.is_present() {
        field.wrong("is required");
    }
    let Some(url) = field.url() else { return unsupported("RICH_LINK", None) };
    RichContent::RichLink(RichLink {
        title: optional_label(&payload.at("title")).unwrap_or_else(|| url.to_string()),
        description: optional_label(&payload.at("text")),
        image: payload.at("media").at("url").url().map(Image::Url),
        url,
    })
}

fn form(payload: &Field<'_>) -> RichContent {
    let fields = payload.at("fields").items(MAX_ENTRIES);
    let fields = fields.iter().filter_map(|field| {
        let field_type = field.at("type");
        let Some(known) = field_type.raw().and_then(|value| serde_json::from_value(value.clone()).ok()) else {
            field_type.wrong("is no type of a form field");
            return None;
        };
        let options = field.at("options").items(MAX_ENTRIES);
        Some(FormField {
            id: field.at("id").required_text(),
            label: field.at("label").required_text(),
            field_type: known,
            required: field.at("required").flag(),
            hint: field.at("hint").filled(),
            options: options
                .iter()
                .map(|option| FormOption { id: option.at("id").required_text(), title: option.at("title").required_text() })
                .collect(),
        })
    });
    RichContent::Form(Form {
        fields: fields.collect(),
        title: label(&payload.at("title")),
        text: optional_label(&payload.at("text")),
        submit_label: payload.at("submitLabel").filled(),
    })
}

fn location(payload: &Field<'_>) -> RichContent {
    for required in ["latitude", "longitude"] {
        if !payload.at(required).is_present() {
            payload.at(required).wrong("is required");
        }
    }
    RichContent::Location(Location {
        latitude: payload.at("latitude").number(-90.0..=90.0).unwrap_or_default(),
        longitude: payload.at("longitude").number(-180.0..=180.0).unwrap_or_default(),
        name: payload.at("name").filled(),
        address: payload.at("address").filled(),
    })
}

/// An older plugin: texts in order, then its buttons as quick replies.
fn plugin(payload: &Field<'_>, fallback: Option<String>) -> RichContent {
    let (mut texts, mut replies) = (Vec::new(), Vec::new());
    collect_elements(&payload.at("elements"), MAX_NESTING, &mut texts, &mut replies);
    match (texts.is_empty(), replies.is_empty()) {
        (true, true) => unsupported("PLUGIN", fallback),
        (false, true) => RichContent::Text(Text { text: texts.join("\n") }),
        (true, false) => RichContent::QuickReplies(QuickReplies { text: fallback.unwrap_or_default(), replies }),
        (false, false) => RichContent::QuickReplies(QuickReplies { text: texts.join("\n"), replies }),
    }
}

fn collect_elements(elements: &Field<'_>, nesting: usize, texts: &mut Vec<String>, replies: &mut Vec<QuickReply>) {
    if nesting == 0 {
        return;
    }
    for element in elements.items(MAX_ENTRIES) {
        match (element.at("type").text().as_deref(), element.at("text").filled()) {
            (Some("TEXT" | "TITLE" | "SUBTITLE"), Some(text)) => texts.push(text),
            (Some("BUTTON"), Some(title)) => {
                let id = element.at("postback").filled().unwrap_or_else(|| title.clone());
                replies.push(QuickReply { id, title });
            }
            _ => {}
        }
        collect_elements(&element.at("elements"), nesting - 1, texts, replies);
    }
}

fn form_answer(answer: &Field<'_>) -> FormAnswer {
    let field_id = answer.at("fieldId").required_text();
    let values = answer.at("values").items(MAX_ENTRIES);
    FormAnswer {
        label: answer.at("label").filled().unwrap_or_else(|| field_id.clone()),
        field_id,
        values: values.iter().filter_map(Field::text).collect(),
    }
}

fn slot(slot: &Field<'_>) -> TimeSlot {
    let start = slot.at("start");
    if !start.is_present() {
        start.wrong("is required");
    }
    TimeSlot {
        id: slot.at("id").required_text(),
        start: start.time().unwrap_or_default(),
        duration_min: slot.at("durationMinutes").whole(60 * 24 * 366).unwrap_or(0),
    }
}

/// A text that peers write as `{"content": "…"}` and others as a plain string.
fn label(field: &Field<'_>) -> String {
    if field.raw().is_some_and(Value::is_object) { field.at("content").required_text() } else { field.required_text() }
}

fn optional_label(field: &Field<'_>) -> Option<String> {
    if field.raw().is_some_and(Value::is_object) { field.at("content").filled() } else { field.filled() }
}

fn unsupported(kind: &str, fallback: Option<String>) -> RichContent {
    RichContent::Unsupported(Unsupported { platform_type: kind.chars().take(64).collect(), text: fallback })
}
