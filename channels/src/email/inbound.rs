//! A mail becomes an event: a message, or a receipt for one of ours. Pure.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use mail_parser::{Addr, Message, MessageParser};
use sha2::{Digest, Sha256};
use tributary_domain::{
    ids::ExternalUserId,
    inbound::{InboundEvent, InboundMessage, Recipient, RecipientKind, Sender},
    outbound::OpenChannel,
};

use super::{
    addresses,
    automatic::is_automatic,
    body::body,
    bounce,
    origin::failed_proofs,
    signs,
    text::{clean, cut, header_text, raw_header},
    threading,
    wire::{
        FORM_MAIL, FORM_READ, FORM_TOO_LARGE, FORM_UNREADABLE, FoundMail, HEADER_SIZE, HEADER_UID, MAX_MAIL_BYTES, MailBytes, SeenMail,
    },
};
use crate::{
    channel::{FoundItem, RawInbound},
    error::ParseError,
};

/// Longest subject, characters.
const MAX_SUBJECT: usize = 500;

/// Longest name of a person, characters.
const MAX_NAME: usize = 200;

/// Most recipients of one mail that are kept; the original names the rest.
const MAX_RECIPIENTS: usize = 100;

/// Seconds that a sender's clock may be ahead of the server's.
const CLOCK_LEEWAY_S: i64 = 300;

/// Largest header block that is read, bytes; what follows is taken for the body by nobody.
const MAX_HEADER_BYTES: usize = 1024 * 1024;

/// A found mail with its key, its bytes and what it means.
pub(super) fn item(mail: FoundMail) -> FoundItem {
    let key_of_unreadable = match &mail.bytes {
        MailBytes::Unreadable { uid_validity, .. } => Some(format!("unreadable:{uid_validity}:{}", mail.uid)),
        MailBytes::Whole(_) | MailBytes::HeaderOnly(_) => None,
    };
    let (form, body) = match mail.bytes {
        MailBytes::Whole(bytes) => (FORM_MAIL, bytes),
        MailBytes::HeaderOnly(bytes) => (FORM_TOO_LARGE, bytes),
        MailBytes::Unreadable { reason, .. } => (FORM_UNREADABLE, reason.into()),
    };
    let headers = [(HEADER_UID.to_owned(), mail.uid.to_string()), (HEADER_SIZE.to_owned(), mail.size.to_string())].into();
    let raw = RawInbound { form: form.to_owned(), headers, body, at: mail.received.unwrap_or(DateTime::UNIX_EPOCH) };
    FoundItem { dedupe_key: key_of_unreadable.unwrap_or_else(|| dedupe_key(&raw)), raw }
}

/// That a mail was read in another program, by the header with its id.
pub(super) fn read_item(uid_validity: u32, seen: SeenMail, at: DateTime<Utc>) -> FoundItem {
    let raw =
        RawInbound { form: FORM_READ.to_owned(), headers: [(HEADER_UID.to_owned(), seen.uid.to_string())].into(), body: seen.header, at };
    FoundItem { dedupe_key: format!("read:{uid_validity}:{}:{}", seen.uid, seen.modseq), raw }
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
    if raw.form == FORM_UNREADABLE {
        let uid = raw.headers.get(HEADER_UID).map_or("unknown", String::as_str);
        let reason = String::from_utf8_lossy(&raw.body);
        return Err(ParseError::new(format!("the mail with the UID {uid} cannot be fetched and stays in the mailbox: {reason}")));
    }
    if raw.form == FORM_READ {
        let id = read(&raw.body).and_then(|header| threading::message_id(&header));
        return Ok(match id {
            Some(id) => InboundEvent::ReadElsewhere { message: id.into() },
            None => InboundEvent::Ignored { reason: "a mail without an id was read elsewhere".to_owned() },
        });
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
        reply_to: people.reply_to,
        recipients: recipients(&message),
        is_echo: people.is_echo,
        client_reference: own.map(|outbound| outbound.to_string()),
        thread: signs::thread(&message),
        in_reply_to: threading::in_reply_to(&message),
        signs: signs::signs(channel, &message),
        quoted: None,
        subject: header_text(&message, "Subject").map(|subject| cut(&subject, MAX_SUBJECT)),
        content: body.content,
        attachments: body.attachments,
        at,
        is_automatic: people.is_own_machine || is_automatic(channel, &message),
        failed_proofs: if people.is_echo { Vec::new() } else { failed_proofs(channel, &message) },
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
    /// Where the answer shall go, if not simply to the contact's identity.
    reply_to: Option<ExternalUserId>,
    /// Sent by us.
    is_echo: bool,
    /// Our own address wrote to us: a system of ours, or somebody who pretends to be us. Never to be answered by a machine.
    is_own_machine: bool,
}

impl People {
    /// `is_ours`: the mail's id proves that we sent it. A sender's address proves nothing, so that a mail with one of ours
    /// is one that came in.
    fn of(channel: &OpenChannel, message: &Message<'_>, is_ours: bool) -> Result<Self, ParseError> {
        let is_other = |address: &&Addr<'_>| person(address).is_some_and(|person| !addresses::is_own(channel, person.external_id.as_str()));
        let first_other = |list: Option<&'_ mail_parser::Address<'_>>| list.and_then(|list| list.iter().find(is_other).and_then(person));
        if is_ours && let Some(contact) = first_other(message.to()).or_else(|| first_other(message.cc())) {
            return Ok(Self { contact, reply_to: None, is_echo: true, is_own_machine: false });
        }
        let first = |list: Option<&'_ mail_parser::Address<'_>>| {
            list.and_then(|list| list.iter().find_map(|address| Some((person(address)?, written(address)?))))
        };
        match first(message.from()).or_else(|| first(message.sender())) {
            Some((contact, as_written)) => {
                let elsewhere = message.reply_to().and_then(|list| list.iter().find(is_other)).and_then(written);
                let is_own_machine = elsewhere.is_none() && addresses::is_own(channel, contact.external_id.as_str());
                let reply_to = elsewhere.unwrap_or(as_written);
                let reply_to = (reply_to != contact.external_id.as_str()).then(|| ExternalUserId::from(reply_to));
                Ok(Self { contact, reply_to, is_echo: is_ours, is_own_machine })
            }
            None if is_ours => {
                let contact = nobody(&channel.text("address").map(identity).unwrap_or_default());
                Ok(Self { contact, reply_to: None, is_echo: true, is_own_machine: true })
            }
            // A bounce that we do not understand may have no sender at all; it is still shown.
            None if message.from().is_some() || raw_header(message, "Return-Path").is_some() => {
                Ok(Self { contact: nobody("mailer-daemon@invalid"), reply_to: None, is_echo: false, is_own_machine: true })
            }
            None => Err(ParseError::new("the mail has no sender")),
        }
    }
}

fn written(address: &Addr<'_>) -> Option<String> {
    clean(address.address()?).map(|given| destination(&given))
}

/// To whom it was sent, as its header says.
fn recipients(message: &Message<'_>) -> Vec<Recipient> {
    let lists = [(RecipientKind::To, message.to()), (RecipientKind::Cc, message.cc())];
    let named = lists.into_iter().filter_map(|(kind, list)| Some((kind, list?)));
    let all = named.flat_map(|(kind, list)| list.iter().filter_map(person).map(move |person| (kind, person)));
    all.take(MAX_RECIPIENTS).map(|(kind, person)| Recipient { kind, address: person.external_id, name: person.name }).collect()
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

/// The address as identity: as [`destination`], in lower case throughout.
pub(super) fn identity(address: &str) -> String {
    destination(address).to_lowercase()
}

/// The address as we write to it: what stands before the `@` as its owner wrote it, the domain in lower case and in its
/// ASCII form.
fn destination(address: &str) -> String {
    let address = address.trim();
    let Some((local, domain)) = address.rsplit_once('@') else { return address.to_owned() };
    let domain = domain.to_lowercase();
    match url::Host::parse(&domain) {
        Ok(host) if !domain.is_ascii() => format!("{local}@{host}"),
        _ => format!("{local}@{domain}"),
    }
}
