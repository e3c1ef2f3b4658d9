//! Which limits of a channel a body of rich content passes, where the channel takes its kind natively.

use super::{Form, ListPicker, QuickReplies, RichContent, TimeSlot, ViolationCode, violation::Findings};
use crate::spec::{Capabilities, LengthUnit, RichLimits, TextLimit};

/// Notes every limit that `content` passes as native content.
pub(super) fn over_limits(content: &RichContent, capabilities: &Capabilities, found: &mut Findings) {
    let (rich, text) = (&capabilities.rich, capabilities.text);
    match content {
        RichContent::QuickReplies(content) => quick_replies(content, rich, text, found),
        RichContent::ListPicker(content) => list_picker(content, rich, text, found),
        RichContent::TimePicker(content) => {
            heading("timePicker", &content.title, content.text.as_deref(), text, found);
            slots("timePicker.slots", &content.slots, rich, found);
        }
        RichContent::AppointmentRequest(content) => {
            heading("appointmentRequest", &content.title, content.text.as_deref(), text, found);
            slots("appointmentRequest.slots", &content.slots, rich, found);
        }
        RichContent::Form(content) => form(content, rich, text, found),
        RichContent::AdaptiveCard(content) => {
            if content.bytes() > rich.card_bytes as usize {
                found.add("adaptiveCard.card", ViolationCode::TooLong, Some(u64::from(rich.card_bytes)));
            }
        }
        RichContent::Template(content) => long("template.text", &content.text, text, found),
        RichContent::RichLink(content) => heading("richLink", &content.title, content.description.as_deref(), text, found),
        RichContent::PaymentRequest(content) => long("paymentRequest.description", &content.description, text, found),
        RichContent::Formatted(content) => long("formatted.source", &content.to_text(), text, found),
        RichContent::Text(content) => long("text.text", &content.text, text, found),
        RichContent::Attachment(_)
        | RichContent::Location(_)
        | RichContent::Selection(_)
        | RichContent::TimeChosen(_)
        | RichContent::FormAnswers(_)
        | RichContent::Unsupported(_) => {}
    }
}

/// Notes a text that is longer than the channel's messages.
pub(super) fn long(field: &str, text: &str, limit: TextLimit, found: &mut Findings) {
    if limit.is_exceeded_by(text) {
        found.add(field, ViolationCode::TooLong, Some(u64::from(limit.max)));
    }
}

/// Title and explanation go out as one text.
fn heading(path: &str, title: &str, text: Option<&str>, limit: TextLimit, found: &mut Findings) {
    let text = text.unwrap_or_default();
    if limit.unit.count(title) + limit.unit.count(text) > u64::from(limit.max) {
        let longer = if title.len() > text.len() { "title" } else { "text" };
        found.add(&format!("{path}.{longer}"), ViolationCode::TooLong, Some(u64::from(limit.max)));
    }
}

fn many(field: &str, count: usize, limit: u32, found: &mut Findings) {
    if count > limit as usize {
        found.add(field, ViolationCode::TooMany, Some(u64::from(limit)));
    }
}

fn characters(field: &str, text: &str, limit: u32, found: &mut Findings) {
    if LengthUnit::Characters.count(text) > u64::from(limit) {
        found.add(field, ViolationCode::TooLong, Some(u64::from(limit)));
    }
}

fn quick_replies(content: &QuickReplies, rich: &RichLimits, text: TextLimit, found: &mut Findings) {
    long("quickReplies.text", &content.text, text, found);
    many("quickReplies.replies", content.replies.len(), rich.quick_replies, found);
    for (index, reply) in content.replies.iter().enumerate() {
        characters(&format!("quickReplies.replies.{index}.title"), &reply.title, rich.quick_reply_title, found);
    }
}

fn list_picker(content: &ListPicker, rich: &RichLimits, text: TextLimit, found: &mut Findings) {
    heading("listPicker", &content.title, content.text.as_deref(), text, found);
    many("listPicker.sections", content.sections.len(), rich.list_sections, found);
    if content.items().count() > rich.list_items as usize {
        found.add("listPicker.sections", ViolationCode::TooMany, Some(u64::from(rich.list_items)));
    }
    for (index, section) in content.sections.iter().enumerate() {
        for (item_index, item) in section.items.iter().enumerate() {
            let path = format!("listPicker.sections.{index}.items.{item_index}");
            characters(&format!("{path}.title"), &item.title, rich.list_item_title, found);
            if let Some(description) = &item.description {
                characters(&format!("{path}.description"), description, rich.list_item_description, found);
            }
        }
    }
}

fn slots(field: &str, slots: &[TimeSlot], rich: &RichLimits, found: &mut Findings) {
    many(field, slots.len(), rich.time_slots, found);
}

fn form(content: &Form, rich: &RichLimits, text: TextLimit, found: &mut Findings) {
    heading("form", &content.title, content.text.as_deref(), text, found);
    many("form.fields", content.fields.len(), rich.form_fields, found);
}
