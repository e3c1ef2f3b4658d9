//! A mail becomes an event: a message, or a receipt for one of ours. Pure.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use mail_parser::{Addr, Message, MessageParser};
use sha2::{Digest, Sha256};
use tributary_domain::{
    ids::ExternalUserId,
    inbound::{InboundEvent, InboundMessage, Sender},
    outbound::OpenChannel,
};

use super::{
    automatic::is_automatic,
    body::body,
    bounce,
    text::{clean, cut, header_text, raw_header},
    threading,
    wire::{FORM_MAIL, FORM_TOO_LARGE, FoundMail, HEADER_SIZE, HEADER_UID, MAX_MAIL_BYTES, MailBytes},
};
use crate::{
    channel::{FoundItem, RawInbound},
    error::ParseError,
};

/// Longest subject, characters.
const MAX_SUBJECT: usize = 500;

/// Longest name of a person, characters.
const MAX_NAME: usize = 200;

/// Seconds that a sender's clock may be ahead of the server's.
const CLOCK_LEEWAY_S: i64 = 300;

/// Largest header block that is read, bytes; what follows is taken for the body by nobody.
const MAX_HEADER_BYTES: usize = 1024 * 1024;

/// A found mail with its key, its bytes and what it means.
pub(super) fn item(mail: FoundMail) -> FoundItem {
    let (form, body) = match mail.bytes {
        MailBytes::Whole(bytes) => (FORM_MAIL, bytes),
        MailBytes::HeaderOnly(bytes) => (FORM_TOO_LARGE, bytes),
    };
    let headers = [(HEADER_UID.to_owned(), mail.uid.to_string()), (HEADER_SIZE.to_owned(), mail.size.to_string())].into();
    let raw = RawInbound { form: form.to_owned(), headers, body, at: mail.received.unwrap_or(DateTime::UNIX_EPOCH) };
    FoundItem { dedupe_key: dedupe_key(&raw), raw }
}

/// The same mail has the same key even when its UID changes: id and content, not the position.
fn dedupe_key(raw: &RawInbound) -> String {
    match read(&raw.body) {
        Some(message) => {
            let hash = content_hash(&message);
            let id = threading::message_id(&message).map(|id| cut(&id, 200));
            format!("mail:{}:{}", id.unwrap_or_default(), &hash[..32])
        }
        None => format!("mail::{}", &hex::encode(Sha256::digest(&raw.body))[..32]),
    }
}

/// See [`crate::channel::Listen::parse`].
///
/// # Errors
/// [`ParseError`] when it is no mail at all, or too large a one.
pub(super) fn parse(channel: &OpenChannel, raw: &RawInbound) -> Result<InboundEvent, ParseError> {
    if raw.form == FORM_TOO_LARGE {
        let size = raw.headers.get(HEADER_SIZE).map_or("unknown", String::as_str);
        return Err(ParseError::new(format!("the mail is larger than {MAX_MAIL_BYTES} bytes ({size}); it stays in the mailbox")));
    }
    let message = read(&raw.body).ok_or_else(|| ParseError::new("not a mail: no header could be read"))?;
    let at = moment(&message, raw.at);
    if let Some(event) = bounce::report(channel, &message, at) {
        return Ok(event);
    }
    let hash = content_hash(&message);
    let id = threading::message_id(&message).unwrap_or_else(|| threading::generated_id(&hash));
    let own = threading::outbound_of(channel, &id);
    let people = People::of(channel, &message, own.is_some())?;
    let body = body(&message);
    Ok(InboundEvent::Message(Box::new(InboundMessage {
        external_id: id.into(),
        part: if own.is_some() { 0 } else { content_part(&hash) },
        contact: people.contact,
        is_echo: people.is_echo,
        client_reference: own.map(|outbound| outbound.to_string()),
        thread: None,
        in_reply_to: threading::in_reply_to(&message),
        quoted: None,
        subject: header_text(&message, "Subject").map(|subject| cut(&subject, MAX_SUBJECT)),
        content: body.content,
        attachments: body.attachments,
        at,
        is_automatic: people.is_own_machine || is_automatic(channel, &message),
        raw: Some(raw.body.clone()),
    })))
}

/// Reads a mail; `None` when there is nothing like a header in it.
fn read(bytes: &[u8]) -> Option<Message<'_>> {
    // A line break is missing, not a mail: programs that leave out the empty line still sent one.
    let header_end = find(bytes, b"\n\n").into_iter().chain(find(bytes, b"\r\n\r\n")).min().unwrap_or(bytes.len());
    if header_end > MAX_HEADER_BYTES {
        return None;
    }
    // The parser promises never to panic. Should it break that promise, one hostile mail must not stop the mailbox.
    let parser = MessageParser::default();
    catch_unwind(AssertUnwindSafe(|| parser.parse(bytes))).ok().flatten().filter(|message| !message.headers().is_empty())
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}

/// SHA-256 over sender, date and body, hexadecimal. Not over the rest of the header, which grows on the way.
fn content_hash(message: &Message<'_>) -> String {
    let mut hash = Sha256::new();
    for name in ["From", "Date"] {
        hash.update(raw_header(message, name).unwrap_or_default());
        hash.update([0]);
    }
    let start = message.parts.first().map_or(0, |root| root.offset_body as usize);
    hash.update(message.raw_message.get(start..).unwrap_or_default());
    hex::encode(hash.finalize())
}

/// Some programs give every mail the same `Message-ID`. The number keeps their mails apart, and is the same for a
/// second copy of one mail.
fn content_part(hash: &str) -> i32 {
    i32::from_str_radix(&hash[..7], 16).unwrap_or_default()
}

/// When it was written; a clock that is ahead or far off is not believed.
fn moment(message: &Message<'_>, received: DateTime<Utc>) -> DateTime<Utc> {
    let written = message.date().filter(|date| date.is_valid()).and_then(|date| DateTime::from_timestamp(date.to_timestamp(), 0));
    let is_received_known = received > DateTime::UNIX_EPOCH;
    match written {
        Some(at) if at.timestamp() < 0 => received,
        Some(at) if is_received_known && at > received + chrono::Duration::seconds(CLOCK_LEEWAY_S) => received,
        Some(at) => at,
        None => received,
    }
}

/// Who is on the other side.
struct People {
    contact: Sender,
    /// Sent by us.
    is_echo: bool,
    /// Our own address wrote to itself: a system of ours, never to be answered by a machine.
    is_own_machine: bool,
}

impl People {
    fn of(channel: &OpenChannel, message: &Message<'_>, is_ours: bool) -> Result<Self, ParseError> {
        let own = channel.text("address").map(identity).unwrap_or_default();
        let first_other = |address: Option<&mail_parser::Address<'_>>| {
            address.and_then(|list| list.iter().find_map(person).filter(|person| person.external_id.as_str() != own))
        };
        let from = message
            .from()
            .and_then(|list| list.iter().find_map(person))
            .or_else(|| message.sender().and_then(|list| list.iter().find_map(person)));
        let is_from_us = is_ours || from.as_ref().is_some_and(|from| from.external_id.as_str() == own);
        if !is_ours && let Some(mut reply_to) = first_other(message.reply_to()) {
            // Answers go where the writer wants them; a bare address there borrows the writer's name.
            reply_to.name = reply_to.name.or_else(|| from.and_then(|from| from.name));
            return Ok(Self { contact: reply_to, is_echo: false, is_own_machine: false });
        }
        if is_from_us {
            return Ok(match first_other(message.to()).or_else(|| first_other(message.cc())) {
                Some(contact) => Self { contact, is_echo: true, is_own_machine: false },
                None => Self { contact: from.unwrap_or_else(|| nobody(&own)), is_echo: is_ours, is_own_machine: true },
            });
        }
        match from {
            Some(contact) => Ok(Self { contact, is_echo: false, is_own_machine: false }),
            // A bounce that we do not understand may have no sender at all; it is still shown.
            None if message.from().is_some() || raw_header(message, "Return-Path").is_some() => {
                Ok(Self { contact: nobody("mailer-daemon@invalid"), is_echo: false, is_own_machine: true })
            }
            None => Err(ParseError::new("the mail has no sender")),
        }
    }
}

fn nobody(address: &str) -> Sender {
    Sender { email: Some(address.to_owned()), ..Sender::known_by_id(ExternalUserId::from(address)) }
}

fn person(address: &Addr<'_>) -> Option<Sender> {
    let given = clean(address.address()?)?;
    let id = identity(&given);
    let name = address.name().and_then(clean).filter(|name| !name.eq_ignore_ascii_case(&given)).map(|name| cut(&name, MAX_NAME));
    (id.contains('@') && id.len() <= 320 && !id.contains(' ')).then(|| Sender {
        name,
        email: Some(id.clone()),
        ..Sender::known_by_id(ExternalUserId::from(id))
    })
}

/// The address as identity: lower case, the domain in its ASCII form.
pub(super) fn identity(address: &str) -> String {
    let address = address.trim().to_lowercase();
    match address.rsplit_once('@') {
        Some((local, domain)) if !domain.is_ascii() => match url::Host::parse(domain) {
            Ok(host) => format!("{local}@{host}"),
            Err(_) => address,
        },
        _ => address,
    }
}
