//! Reports about our mails: bounces, read receipts, spam complaints. Believed only about mails that carry one of our
//! proved ids; anything else is shown to people as an automatic mail.

use chrono::{DateTime, Utc};
use mail_parser::{Message, PartType};
use tributary_domain::{
    delivery::COMPLAINT,
    inbound::{InboundEvent, Receipt, ReceiptFailure},
    outbound::OpenChannel,
    state::DeliveryState,
};

use super::{
    automatic::is_empty_return_path,
    text::{clean, cut, header_text, mime_of, part_text, raw_header, root_parameter},
    threading,
};
use crate::error::FailCode;

/// [`ReceiptFailure::code`] of a mail that is still on its way: a warning, the message stays sent.
pub(super) const DELAYED: &str = "DELAYED";

/// Most characters of the other server's words that are kept.
const MAX_DETAIL: usize = 500;

/// What became of a mail, as a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Failed {
        code: FailCode,
        detail: Option<String>,
    },
    Delayed {
        detail: Option<String>,
    },
    Delivered,
    Read,
    Complaint,
    /// A report that changes nothing (relayed, deleted unread).
    Nothing,
}

/// The event that a report means; `None` when the mail is no report, or none about a mail of ours.
pub(super) fn report(channel: &OpenChannel, message: &Message<'_>, at: DateTime<Utc>) -> Option<InboundEvent> {
    let outcome = outcome(message)?;
    let own = threading::find_own(channel, &message.raw_message).or_else(|| in_nested(channel, message))?;
    let receipt = |state, failure: Option<(&str, Option<String>)>| {
        let failure = failure.map(|(code, detail)| ReceiptFailure { code: code.to_owned(), detail });
        Some(InboundEvent::Receipt(Receipt {
            message: own.clone().into(),
            client_reference: None,
            state,
            failure,
            at,
            is_watermark: false,
        }))
    };
    match outcome {
        Outcome::Failed { code, detail } => receipt(DeliveryState::Failed, Some((code.as_str(), detail))),
        Outcome::Delayed { detail } => receipt(DeliveryState::Sent, Some((DELAYED, detail))),
        Outcome::Delivered => receipt(DeliveryState::Delivered, None),
        Outcome::Read => receipt(DeliveryState::Read, None),
        Outcome::Complaint => receipt(DeliveryState::Delivered, Some((COMPLAINT, None))),
        Outcome::Nothing => Some(InboundEvent::Ignored { reason: "a report that changes nothing".to_owned() }),
    }
}

/// Our id inside of parts that are encoded, so that it does not stand in the mail as such.
fn in_nested(channel: &OpenChannel, message: &Message<'_>) -> Option<String> {
    message.parts.iter().find_map(|part| match &part.body {
        PartType::Message(nested) => threading::message_id(nested).filter(|id| threading::outbound_of(channel, id).is_some()),
        PartType::Text(text) | PartType::Html(text) => threading::find_own(channel, text.as_bytes()),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => threading::find_own(channel, bytes),
        PartType::Multipart(_) => None,
    })
}

fn outcome(message: &Message<'_>) -> Option<Outcome> {
    let status = |mime: &str| message.parts.iter().find(|part| mime_of(part) == mime).map(|part| fields(&part_bytes(message, part)));
    match root_parameter(message, "report-type").as_deref() {
        Some("disposition-notification") => return status("message/disposition-notification").map(|fields| disposition(&fields)),
        Some("feedback-report") => return Some(Outcome::Complaint),
        _ => {}
    }
    if let Some(fields) = status("message/delivery-status").or_else(|| status("message/global-delivery-status")) {
        return Some(delivery(&fields, message));
    }
    bounce_without_report(message)
}

fn part_bytes(message: &Message<'_>, part: &mail_parser::MessagePart<'_>) -> String {
    match &part.body {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        PartType::Text(_) | PartType::Html(_) => part_text(message, part),
        PartType::Message(nested) => String::from_utf8_lossy(nested.raw_message.get(nested_range(part)).unwrap_or_default()).into_owned(),
        PartType::Multipart(_) => String::new(),
    }
}

fn nested_range(part: &mail_parser::MessagePart<'_>) -> std::ops::Range<usize> {
    part.offset_body as usize..part.offset_end as usize
}

/// `Name: value` lines, folded ones joined, names in lower case.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = found.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            found.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// RFC 3464. One mail of ours has one recipient, so the worst of several lines is the one that counts.
fn delivery(fields: &[(String, String)], message: &Message<'_>) -> Outcome {
    let actions: Vec<String> = fields.iter().filter(|(name, _)| name == "action").map(|(_, value)| value.to_ascii_lowercase()).collect();
    let has = |word: &str| actions.iter().any(|action| action.starts_with(word));
    let status = field(fields, "status").unwrap_or_default();
    let said = field(fields, "diagnostic-code").and_then(|text| clean(text.split_once(';').map_or(text, |(_, words)| words)));
    // Where the report itself is silent, the sentence for people often is not.
    let detail = said.map(|text| cut(&text, MAX_DETAIL)).or_else(|| telling_line(message));
    if has("failed") {
        Outcome::Failed { code: failure_of(status, detail.as_deref().unwrap_or_default()), detail }
    } else if has("delayed") {
        Outcome::Delayed { detail }
    } else if has("delivered") {
        Outcome::Delivered
    } else {
        Outcome::Nothing
    }
}

/// RFC 8098.
fn disposition(fields: &[(String, String)]) -> Outcome {
    let disposition = field(fields, "disposition").unwrap_or_default().to_ascii_lowercase();
    if disposition.rsplit(';').next().is_some_and(|kind| kind.trim().starts_with("displayed")) { Outcome::Read } else { Outcome::Nothing }
}

/// Our code for an enhanced status code (RFC 3463) or, where that is missing or says nothing, the other server's words.
pub(super) fn fail_code(status: &str, said: &str) -> FailCode {
    let said = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let class: Vec<&str> = status.split('.').take(3).map(|part| part.split_whitespace().next().unwrap_or_default()).collect();
    match class.as_slice() {
        ["5", "2", "3"] | ["5", "3", "4"] => FailCode::TooLarge,
        ["5", "1", "7" | "8"] => FailCode::NotPermitted,
        ["5", "1" | "4", _] | ["5", "2", "0" | "1" | "2"] => FailCode::RecipientUnknown,
        ["5", "7", "1"] if has(&["relay"]) => FailCode::NotPermitted,
        ["5", "7", _] if has(&["spam", "content", "virus", "policy"]) => FailCode::ContentRefused,
        ["5", "7", _] => FailCode::RecipientRefuses,
        ["5", "6", _] => FailCode::ContentRefused,
        ["4", ..] => FailCode::GaveUp,
        _ if has(&[
            "unknown",
            "no such user",
            "does not exist",
            "doesn't exist",
            "not found",
            "mailbox unavailable",
            "invalid recipient",
        ]) =>
        {
            FailCode::RecipientUnknown
        }
        _ if has(&["too large", "size limit", "exceeds"]) => FailCode::TooLarge,
        _ if has(&["spam", "virus", "content"]) => FailCode::ContentRefused,
        _ if has(&["relay"]) => FailCode::NotPermitted,
        _ => FailCode::Other,
    }
}

/// Bounces from before the standard, and of those who do not care for it: told by header, sender and subject.
fn bounce_without_report(message: &Message<'_>) -> Option<Outcome> {
    const SENDERS: [&str; 3] = ["mailer-daemon@", "postmaster@", "mailerdaemon@"];
    const DELAYS: [&str; 4] = ["delayed", "delay)", "warning:", "verzögert"];
    const FAILURES: [&str; 12] = [
        "undeliver",
        "delivery status",
        "delivery fail",
        "failure notice",
        "returned mail",
        "returned to sender",
        "mail delivery failed",
        "delivery has failed",
        "unzustellbar",
        "nicht zugestellt",
        "fehlgeschlagen",
        "could not be delivered",
    ];
    let sender = raw_header(message, "From").unwrap_or_default().to_lowercase();
    let is_system = is_empty_return_path(message) || SENDERS.iter().any(|name| sender.contains(name));
    let subject = header_text(message, "Subject").unwrap_or_default().to_lowercase();
    let has_failed_header = raw_header(message, "X-Failed-Recipients").is_some();
    if !has_failed_header && !is_system {
        return None;
    }
    if DELAYS.iter().any(|word| subject.contains(word)) && !has_failed_header {
        return Some(Outcome::Delayed { detail: None });
    }
    if !has_failed_header && !FAILURES.iter().any(|word| subject.contains(word)) {
        return None;
    }
    let detail = telling_line(message);
    Some(Outcome::Failed { code: failure_of("", detail.as_deref().unwrap_or_default()), detail })
}

/// The line of the text for people that says why.
fn telling_line(message: &Message<'_>) -> Option<String> {
    const SIGNS: [&str; 11] = ["550", "551", "552", "553", "554", "5.1.", "5.2.", "5.7.", "unknown", "not exist", "no mailbox"];
    let body = message.text_bodies().map(|part| part_text(message, part)).collect::<String>();
    let line = body.lines().find(|line| {
        let line = line.trim().to_lowercase();
        SIGNS.iter().any(|sign| line.contains(sign))
    });
    line.and_then(clean).map(|text| cut(&text, MAX_DETAIL))
}

/// [`fail_code`] by the status given; by one that stands in the words where the given one says nothing (`5.0.0`).
fn failure_of(status: &str, said: &str) -> FailCode {
    let is_code = |word: &&str| {
        word.split('.').count() == 3 && word.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let inside = said.split(|c: char| !c.is_ascii_digit() && c != '.').find(is_code).filter(|word| word.starts_with(['4', '5']));
    match (fail_code(status, said), inside) {
        (FailCode::Other, Some(inside)) => fail_code(inside, said),
        (code, _) => code,
    }
}

#[cfg(test)]
mod tests {
    use super::fail_code;
    use crate::error::FailCode;

    #[test]
    fn codes_say_what_an_agent_can_use() {
        let cases = [
            ("5.1.1", "", FailCode::RecipientUnknown),
            ("5.2.2", "mailbox full", FailCode::RecipientUnknown),
            ("5.3.4", "", FailCode::TooLarge),
            ("5.7.1", "relaying denied", FailCode::NotPermitted),
            ("5.7.1", "looks like spam", FailCode::ContentRefused),
            ("5.7.1", "you are blocked", FailCode::RecipientRefuses),
            ("4.4.7", "expired", FailCode::GaveUp),
            ("", "Sorry, no mailbox here: user unknown", FailCode::RecipientUnknown),
            ("5.0.0", "message exceeds size limit", FailCode::TooLarge),
            ("x", "?", FailCode::Other),
        ];
        for (status, said, expected) in cases {
            assert_eq!(fail_code(status, said), expected, "{status} {said}");
        }
    }
}
