//! [`RichContent`] as integrators take it.

use serde_json::{Map, Value, json};
use tributary_domain::{
    content::{AttachmentContent, Form, Image, ListPicker, Markup, RichContent, RichLink, Selection, TimeSlot},
    ids::AttachmentId,
    outbound::OutboundMessage,
};

use super::super::{Mode, wire::MessageContent};

/// A content and the places in it that take a link to one of our files.
pub(in crate::byoc) struct Written {
    pub(in crate::byoc) content: MessageContent,
    /// JSON pointer below the content, and the file.
    pub(in crate::byoc) links: Vec<(String, AttachmentId)>,
}

/// Writes the body of a message; what a compatibility mode cannot carry goes out as its fallback text.
pub(in crate::byoc) fn write(message: &OutboundMessage, mode: Mode) -> Written {
    let mut links = Vec::new();
    let (kind, payload) = payload(message, mode, &mut links).unwrap_or_else(|| ("TEXT", json!({"text": message.fallback})));
    Written { content: MessageContent { kind, payload: without_nulls(payload), fallback_text: message.fallback.clone() }, links }
}

/// Type and payload; `None` where only the fallback text is left.
fn payload(message: &OutboundMessage, mode: Mode, links: &mut Vec<(String, AttachmentId)>) -> Option<(&'static str, Value)> {
    let is_standard = mode == Mode::Standard;
    Some(match &message.content {
        RichContent::Text(text) => ("TEXT", json!({"text": text.text})),
        RichContent::Formatted(formatted) => {
            let format = match formatted.markup {
                Markup::Html => "HTML",
                Markup::Markdown => "MARKDOWN",
            };
            ("TEXT", json!({"text": message.fallback, "format": format, "source": formatted.source}))
        }
        RichContent::Attachment(content) => file(content, message, links),
        RichContent::RichLink(link) => ("RICH_LINK", rich_link(link, message, links)),
        RichContent::QuickReplies(question) => {
            let actions: Vec<_> =
                question.replies.iter().map(|reply| json!({"type": "REPLY_BUTTON", "text": reply.title, "postback": reply.id})).collect();
            ("QUICK_REPLIES", json!({"text": {"content": question.text}, "actions": actions}))
        }
        RichContent::ListPicker(list) => ("LIST_PICKER", list_picker(list, message, links)),
        RichContent::TimePicker(picker) => (
            "TIME_PICKER",
            json!({"title": {"content": picker.title}, "text": labelled(picker.text.as_deref()), "timeZone": picker.time_zone,
                   "slots": slots(&picker.slots)}),
        ),
        RichContent::Form(wanted) => ("FORM", form(wanted)),
        RichContent::AdaptiveCard(card) => return Some(("ADAPTIVE_CARD", card.card.clone())),
        RichContent::Selection(selection) => answer(selection),
        RichContent::Location(place) if is_standard => {
            ("LOCATION", json!({"latitude": place.latitude, "longitude": place.longitude, "name": place.name, "address": place.address}))
        }
        RichContent::Template(template) if is_standard => (
            "TEMPLATE",
            json!({"name": template.name, "language": template.language, "parameters": template.parameters, "text": template.text}),
        ),
        RichContent::PaymentRequest(payment) if is_standard => (
            "PAYMENT_REQUEST",
            json!({"description": payment.description, "amountMinor": payment.amount_minor, "currency": payment.currency,
                   "url": payment.url, "reference": payment.reference}),
        ),
        RichContent::AppointmentRequest(request) if is_standard => (
            "APPOINTMENT_REQUEST",
            json!({"title": {"content": request.title}, "text": labelled(request.text.as_deref()), "location": request.location,
                   "timeZone": request.time_zone, "slots": slots(&request.slots), "url": request.url}),
        ),
        RichContent::TimeChosen(chosen) if is_standard => ("TIME_CHOSEN", json!({"slot": slot(&chosen.slot)})),
        RichContent::FormAnswers(answers) if is_standard => {
            let answers: Vec<_> =
                answers.answers.iter().map(|one| json!({"fieldId": one.field_id, "label": one.label, "values": one.values})).collect();
            ("FORM_ANSWERS", json!({"answers": answers}))
        }
        RichContent::Location(_)
        | RichContent::Template(_)
        | RichContent::PaymentRequest(_)
        | RichContent::AppointmentRequest(_)
        | RichContent::TimeChosen(_)
        | RichContent::FormAnswers(_)
        | RichContent::Unsupported(_) => return None,
    })
}

/// A caption makes it a text with files; without one it is its first file. The list of attachments is complete either way.
fn file(content: &AttachmentContent, message: &OutboundMessage, links: &mut Vec<(String, AttachmentId)>) -> (&'static str, Value) {
    match (&content.caption, message.attachments.first()) {
        (None, Some(file)) => {
            links.push(("/payload/url".into(), file.id));
            ("FILE", json!({"fileName": file.name, "mimeType": file.mime, "url": ""}))
        }
        (caption, _) => ("TEXT", json!({"text": caption.as_deref().unwrap_or_default()})),
    }
}

fn rich_link(link: &RichLink, message: &OutboundMessage, links: &mut Vec<(String, AttachmentId)>) -> Value {
    let media = link.image.as_ref().map(|image| media(image, message, "/payload/media", links));
    json!({"media": media, "title": {"content": link.title}, "text": labelled(link.description.as_deref()), "url": link.url})
}

/// Sections are flattened as peers know it; `section` on each item lets a reader group them again.
fn list_picker(list: &ListPicker, message: &OutboundMessage, links: &mut Vec<(String, AttachmentId)>) -> Value {
    let items = list.sections.iter().flat_map(|section| section.items.iter().map(move |item| (&section.title, item)));
    let actions: Vec<_> = items
        .enumerate()
        .map(|(n, (section, item))| {
            let icon = item.image.as_ref().map(|image| media(image, message, &format!("/payload/actions/{n}/icon"), links));
            json!({"type": "REPLY_BUTTON", "text": item.title, "description": item.description, "icon": icon, "postback": item.id,
                   "section": section})
        })
        .collect();
    json!({"title": {"content": list.title}, "text": labelled(list.text.as_deref()), "multiple": list.multiple, "actions": actions})
}

fn form(form: &Form) -> Value {
    let fields: Vec<_> = form
        .fields
        .iter()
        .map(|field| {
            let options = (!field.options.is_empty()).then_some(&field.options);
            json!({"id": field.id, "label": field.label, "type": field.field_type, "required": field.required, "hint": field.hint,
                   "options": options})
        })
        .collect();
    json!({"title": {"content": form.title}, "text": labelled(form.text.as_deref()), "submitLabel": form.submit_label, "fields": fields})
}

fn answer(selection: &Selection) -> (&'static str, Value) {
    let titles: Vec<_> = selection.items.iter().map(|item| item.title.as_str()).collect();
    let selected: Vec<_> = selection.items.iter().map(|item| json!({"postback": item.id, "text": item.title})).collect();
    let postback = selection.items.first().map(|item| &item.id);
    ("POSTBACK", json!({"text": titles.join(", "), "postback": postback, "selected": selected}))
}

fn media(image: &Image, message: &OutboundMessage, pointer: &str, links: &mut Vec<(String, AttachmentId)>) -> Value {
    match image {
        Image::Url(url) => json!({"url": url}),
        Image::Attachment(id) => {
            links.push((format!("{pointer}/url"), *id));
            let known = message.attachments.iter().find(|file| file.id == *id);
            json!({"url": "", "fileName": known.map(|file| &file.name), "mimeType": known.map(|file| &file.mime)})
        }
    }
}

fn labelled(text: Option<&str>) -> Option<Value> {
    text.map(|text| json!({"content": text}))
}

fn slots(slots: &[TimeSlot]) -> Vec<Value> {
    slots.iter().map(slot).collect()
}

fn slot(slot: &TimeSlot) -> Value {
    json!({"id": slot.id, "start": slot.start, "durationMinutes": slot.duration_min})
}

/// Leaves out absent members: readers of this form expect a member to be missing, not `null`.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept: Map<_, _> =
                members.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key, without_nulls(value))).collect();
            Value::Object(kept)
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
