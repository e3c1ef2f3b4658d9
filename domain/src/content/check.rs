//! Whether a draft may be sent: [`validate`] for what holds everywhere, [`check`] for one channel.

use super::{
    RichContent, Violation, ViolationCode,
    limits::{long, over_limits},
    violation::Findings,
};
use crate::spec::{Audience, Capabilities, RichKind, Support};

/// What is known of a file before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachmentFacts<'a> {
    /// Sniffed MIME type.
    pub mime: &'a str,
    /// Size.
    pub bytes: u64,
}

/// Checks a body for what holds on every channel: nothing empty, ids unique, values in range, addresses http or https,
/// sizes within the caps of the house.
///
/// # Errors
/// Everything that is wrong, in the order of the fields.
pub fn validate(content: &RichContent) -> Result<(), Vec<Violation>> {
    let mut found = Findings::default();
    match content {
        RichContent::Text(content) => content.validate(&mut found),
        RichContent::Formatted(content) => content.validate(&mut found),
        RichContent::Attachment(content) => content.validate(&mut found),
        RichContent::Location(content) => content.validate(&mut found),
        RichContent::RichLink(content) => content.validate(&mut found),
        RichContent::QuickReplies(content) => content.validate(&mut found),
        RichContent::ListPicker(content) => content.validate(&mut found),
        RichContent::TimePicker(content) => content.validate(&mut found),
        RichContent::Form(content) => content.validate(&mut found),
        RichContent::AdaptiveCard(content) => content.validate(&mut found),
        RichContent::Template(content) => content.validate(&mut found),
        RichContent::PaymentRequest(content) => content.validate(&mut found),
        RichContent::AppointmentRequest(content) => content.validate(&mut found),
        RichContent::Selection(content) => content.validate(&mut found),
        RichContent::TimeChosen(content) => content.validate(&mut found),
        RichContent::FormAnswers(content) => content.validate(&mut found),
        // It is what the platform sent; there is nothing of ours to be wrong.
        RichContent::Unsupported(_) => {}
    }
    found.verdict()
}

/// Checks a draft against what a channel takes from this audience.
///
/// A kind that the channel takes natively must be within its limits when a person writes: the composer shows the limit.
/// A machine's draft that is too big for the native form is not refused, because it goes out as fallback text
/// ([`super::degrade`]); only plain and formatted text have a limit for everybody. Kinds that are converted anyway have no
/// native limits. Files and refused kinds are refused for both.
///
/// # Errors
/// Everything that is wrong.
pub fn check(
    draft: &RichContent,
    attachments: &[AttachmentFacts<'_>],
    capabilities: &Capabilities,
    audience: Audience,
) -> Result<(), Vec<Violation>> {
    let mut found = Findings::default();
    match draft.kind() {
        // Whether there are files is checked with the files.
        Some(RichKind::Attachment) => {}
        Some(kind) => match capabilities.effective(audience, kind) {
            Support::Refused => found.add(draft.input_name(), ViolationCode::NotSupported, None),
            Support::Native if audience == Audience::Agent || kind == RichKind::Formatted => over_limits(draft, capabilities, &mut found),
            Support::Lossy | Support::Converted if kind == RichKind::Formatted => over_limits(draft, capabilities, &mut found),
            Support::Lossy | Support::Converted | Support::Native => {}
        },
        None if matches!(draft, RichContent::Text(_)) => over_limits(draft, capabilities, &mut found),
        // Answers come from contacts; nobody sends them.
        None => found.add(draft.input_name(), ViolationCode::NotSupported, None),
    }
    files(draft, attachments, capabilities, &mut found);
    found.verdict()
}

fn files(draft: &RichContent, attachments: &[AttachmentFacts<'_>], capabilities: &Capabilities, found: &mut Findings) {
    if let RichContent::Attachment(content) = draft {
        if attachments.is_empty() {
            found.add("attachments", ViolationCode::Empty, None);
        }
        let caption = content.caption.as_deref().unwrap_or_default();
        // A caption that is too long for the file goes out as a message beside it.
        let longest = attachments.iter().filter_map(|file| capabilities.media_for(file.mime)).map(|limit| limit.max_caption).min();
        if longest.is_none_or(|longest| caption.chars().count() > longest as usize) {
            long("attachment.caption", caption, capabilities.text, found);
        }
    }
    if !attachments.is_empty() && capabilities.media.is_empty() {
        return found.add("attachments", ViolationCode::NotSupported, None);
    }
    if attachments.len() > capabilities.max_attachments as usize {
        found.add("attachments", ViolationCode::TooMany, Some(u64::from(capabilities.max_attachments)));
    }
    for (index, file) in attachments.iter().enumerate() {
        let field = format!("attachments.{index}");
        match capabilities.media_for(file.mime) {
            None => found.add(&field, ViolationCode::NotSupported, None),
            Some(_) if file.bytes == 0 => found.add(&field, ViolationCode::Empty, None),
            Some(limit) if file.bytes > limit.max_bytes => found.add(&field, ViolationCode::TooLong, Some(limit.max_bytes)),
            Some(_) => {}
        }
    }
}
