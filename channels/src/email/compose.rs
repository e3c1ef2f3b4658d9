//! A mail as it goes over the wire. The same step gives the same bytes every time, apart from attachments that
//! changed, so a repeated attempt sends the same mail.

use bytes::Bytes;
use lettre::{
    Address, Message,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use sha2::{Digest, Sha256};
use tributary_domain::{ids::AttachmentId, outbound::OpenChannel};

use super::{links, text::clean};
use crate::channel::{Cx, MailStep};

/// Why a mail cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ComposeError {
    /// A file cannot be read now.
    Storage(String),
    /// The recipient's address is none.
    Recipient,
    /// The channel's address is none.
    Sender,
    /// The library refuses the content.
    Content(String),
}

/// Reads the files and writes the mail; the `linked` ones stay here and are named as links.
///
/// # Errors
/// [`ComposeError`].
pub(super) async fn write(cx: &Cx, channel: &OpenChannel, mail: &MailStep, linked: &[AttachmentId]) -> Result<Vec<u8>, ComposeError> {
    let mail = &links::with_links(cx, channel, mail, linked);
    let mut files = Vec::with_capacity(mail.attachments.len());
    for file in &mail.attachments {
        let read = cx.media.read(channel.workspace, file.id).await;
        files.push(read.map_err(|error| ComposeError::Storage(format!("the file {} cannot be read: {error}", file.id)))?);
    }
    assemble(mail, &files)
}

/// Writes the mail with the bytes of its files, in order.
///
/// # Errors
/// [`ComposeError`], but never `Storage`.
pub(super) fn assemble(mail: &MailStep, files: &[Bytes]) -> Result<Vec<u8>, ComposeError> {
    let from = mailbox(mail.from_name.as_deref(), &mail.from).ok_or(ComposeError::Sender)?;
    let to = mailbox(mail.to_name.as_deref(), &mail.to).ok_or(ComposeError::Recipient)?;
    let mut builder = Message::builder()
        .from(from)
        .to(to)
        .subject(clean(&mail.subject).unwrap_or_default())
        .date(mail.at.into())
        .message_id(Some(format!("<{}>", mail.message_id)));
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(mailbox(mail.from_name.as_deref(), reply_to).ok_or(ComposeError::Sender)?);
    }
    if let Some(id) = &mail.in_reply_to {
        builder = builder.in_reply_to(format!("<{id}>"));
    }
    if !mail.references.is_empty() {
        let ids: Vec<String> = mail.references.iter().map(|id| format!("<{id}>")).collect();
        builder = builder.references(ids.join(" "));
    }
    if mail.is_automatic {
        // RFC 3834 and its older relatives: no machine shall answer, and ours knows its own mail when it comes back.
        for (name, value) in [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All"), ("X-Loop", mail.from.as_str())] {
            builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()));
        }
    }
    let message = builder.multipart(body(mail, files)?).map_err(|error| ComposeError::Content(error.to_string()))?;
    Ok(message.formatted())
}

/// `mixed( alternative( text, related( html, shown pictures ) ), files )`, with the levels that are not needed left out.
fn body(mail: &MailStep, files: &[Bytes]) -> Result<MultiPart, ComposeError> {
    let boundary = |level: &str| format!("={}", &hex::encode(Sha256::digest(format!("{level} {}", mail.message_id)))[..40]);
    let mut shown = Vec::new();
    let mut attached = Vec::new();
    for (file, bytes) in mail.attachments.iter().zip(files) {
        let kind = ContentType::parse(&file.mime).or_else(|_| ContentType::parse("application/octet-stream"));
        let kind = kind.map_err(|error| ComposeError::Content(error.to_string()))?;
        match &file.content_id {
            Some(id) => shown.push(Attachment::new_inline(id.clone()).body(bytes.to_vec(), kind)),
            None => attached.push(Attachment::new(clean(&file.name).unwrap_or_else(|| "file".to_owned())).body(bytes.to_vec(), kind)),
        }
    }
    let alternative = MultiPart::alternative().boundary(boundary("alternative")).singlepart(SinglePart::plain(mail.text.clone()));
    let alternative = match &mail.html {
        None => alternative,
        Some(html) if shown.is_empty() => alternative.singlepart(SinglePart::html(html.clone())),
        Some(html) => {
            let related = MultiPart::related().boundary(boundary("related")).singlepart(SinglePart::html(html.clone()));
            alternative.multipart(shown.into_iter().fold(related, MultiPart::singlepart))
        }
    };
    let alternative = match &mail.calendar {
        // The last alternative is the one that programs prefer if they understand it (RFC 2046 5.1.4).
        Some(calendar) => alternative.singlepart(calendar_part(calendar)?),
        None => alternative,
    };
    if attached.is_empty() {
        return Ok(alternative);
    }
    let mixed = MultiPart::mixed().boundary(boundary("mixed")).multipart(alternative);
    Ok(attached.into_iter().fold(mixed, MultiPart::singlepart))
}

/// Programs take an event for an invitation only when the part itself says so (RFC 6047 2.4).
fn calendar_part(calendar: &str) -> Result<SinglePart, ComposeError> {
    let kind = ContentType::parse("text/calendar; charset=utf-8; method=REQUEST");
    let kind = kind.map_err(|error| ComposeError::Content(error.to_string()))?;
    Ok(SinglePart::builder().header(kind).body(calendar.to_owned()))
}

fn mailbox(name: Option<&str>, address: &str) -> Option<Mailbox> {
    let address: Address = address.parse().ok()?;
    // The library panics on line breaks in a header.
    Some(Mailbox::new(name.and_then(clean), address))
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders};

    use super::*;
    use crate::{channel::MailAttachment, email::corpus::step};

    fn attachment(n: u128, name: &str, mime: &str, content_id: Option<&str>) -> MailAttachment {
        let id = uuid::Uuid::from_u128(n).into();
        MailAttachment { id, name: name.to_owned(), mime: mime.to_owned(), content_id: content_id.map(str::to_owned), bytes: 0 }
    }

    #[test]
    fn a_mail_is_written_the_same_twice_and_reads_back() {
        let mut mail = step();
        mail.html = Some("<p>Grüße <img src=\"cid:att_1\"></p>".to_owned());
        mail.attachments =
            vec![attachment(1, "logo.png", "image/png", Some("att_1")), attachment(2, "Übersicht.pdf", "application/pdf", None)];
        let files = [Bytes::from_static(b"\x89PNG"), Bytes::from_static(b"%PDF-1.4")];
        let bytes = assemble(&mail, &files).expect("a mail");
        assert_eq!(bytes, assemble(&mail, &files).expect("a mail"));
        assert!(bytes.is_ascii());
        assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 998));
        let read = MessageParser::default().parse(&bytes).expect("a mail");
        assert_eq!(read.message_id(), Some(mail.message_id.as_str()));
        assert_eq!(read.subject(), Some("Re: Rückfrage zur Rechnung"));
        assert_eq!(read.body_text(0).as_deref().map(str::trim), Some("Guten Tag,\r\n\r\nanbei die Übersicht."));
        let names: Vec<_> = read.attachments().filter_map(|part| part.attachment_name().map(str::to_owned)).collect();
        assert_eq!(names, ["Übersicht.pdf"]);
    }

    #[test]
    fn an_invitation_is_the_last_of_the_alternatives() {
        let mut mail = step();
        mail.html = Some("<p>Termin</p>".to_owned());
        mail.calendar = Some("BEGIN:VCALENDAR\r\nSUMMARY:Größe\r\nEND:VCALENDAR\r\n".to_owned());
        let bytes = assemble(&mail, &[]).expect("a mail");
        let read = MessageParser::default().parse(&bytes).expect("a mail");
        let kinds: Vec<_> = read
            .parts
            .iter()
            .filter_map(|part| part.content_type())
            .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()))
            .collect();
        assert_eq!(kinds, ["multipart/alternative", "text/plain", "text/html", "text/calendar"]);
        let calendar = read.parts.last().expect("parts");
        assert_eq!(calendar.content_type().and_then(|kind| kind.attribute("method")), Some("REQUEST"));
        assert_eq!(calendar.text_contents(), mail.calendar.as_deref());
    }

    #[test]
    fn an_address_outside_of_ascii_stays_as_it_is() {
        let mut mail = step();
        mail.to = "jürgen@example.test".to_owned();
        mail.to_name = None;
        let bytes = assemble(&mail, &[]).expect("a mail");
        let read = MessageParser::default().parse(&bytes).expect("a mail");
        let to = read.to().and_then(|list| list.first()).and_then(|one| one.address());
        assert_eq!(to, Some("jürgen@example.test"), "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_machine_says_that_it_is_one() {
        let mut mail = step();
        mail.is_automatic = true;
        let text = String::from_utf8(assemble(&mail, &[]).expect("a mail")).expect("ASCII");
        assert!(text.contains("Auto-Submitted: auto-replied\r\n") && text.contains("X-Auto-Response-Suppress: All\r\n"), "{text}");
    }

    #[test]
    fn nothing_can_be_smuggled_into_the_header() {
        let mut mail = step();
        mail.subject = "a\r\nBcc: victim@example.test".to_owned();
        mail.to_name = Some("x\r\nBcc: victim@example.test".to_owned());
        let text = String::from_utf8(assemble(&mail, &[]).expect("a mail")).expect("ASCII");
        assert!(!text.lines().any(|line| line.starts_with("Bcc:")), "{text}");
        mail.to = "a@example.test>\r\nRCPT TO:<b@example.test".to_owned();
        assert_eq!(assemble(&mail, &[]), Err(ComposeError::Recipient));
    }
}
