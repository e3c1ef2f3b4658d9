//! What a mail shows and which files it brings.

use bytes::Bytes;
use mail_parser::{Message, MessagePart, MimeHeaders, PartType, decoders::html::html_to_text};
use tributary_domain::{
    content::{AttachmentContent, Formatted, Markup, RichContent, Text, Unsupported},
    inbound::{AttachmentSource, InboundAttachment},
};

use super::{
    quoting::{fold_html, fold_text},
    sanitise::{MAX_DEPTH, MAX_HTML_BYTES, sanitise},
    tags::{depth, is_visible, tags},
    text::{clean, cut, decode_unknown, header_text, mime_of, part_bytes, part_text, unflow},
    tnef,
};

/// Most files of one mail; the original keeps the rest.
const MAX_FILES: usize = 100;

/// Longest file name, characters.
const MAX_NAME: usize = 200;

/// Longest plain text that is shown, bytes; the original keeps the rest.
const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// Body and files of a mail.
pub(super) struct Body {
    pub(super) content: RichContent,
    pub(super) attachments: Vec<InboundAttachment>,
}

/// Takes a mail apart.
pub(super) fn body(message: &Message<'_>) -> Body {
    let shown = html_body(message).or_else(|| text_body(message)).or_else(|| salvaged(message));
    let mut attachments = files(message);
    let used = match &shown {
        Some(RichContent::Formatted(formatted)) => formatted.source.as_str(),
        _ => "",
    };
    for attachment in &mut attachments {
        // A picture that the text does not show is an ordinary file.
        attachment.content_id = attachment.content_id.take().filter(|id| used.contains(&format!("\"cid:{id}\"")));
    }
    let content = match (shown, sealed(message)) {
        (Some(content), _) => content,
        (None, Some(content)) => content,
        (None, None) if attachments.is_empty() => RichContent::Text(Text { text: String::new() }),
        (None, None) => RichContent::Attachment(AttachmentContent { caption: None }),
    };
    Body { content, attachments }
}

/// The HTML, if the mail has any that shows something and is of a bearable size.
fn html_body(message: &Message<'_>) -> Option<RichContent> {
    let parts: Vec<&MessagePart<'_>> = message.html_bodies().collect();
    if !parts.iter().any(|part| matches!(part.body, PartType::Html(_))) {
        return None;
    }
    let mut html = String::new();
    for part in parts {
        match &part.body {
            PartType::Html(_) => html.push_str(&part_text(message, part)),
            PartType::Text(_) => html.push_str(&format!("<div>{}</div>", escape_lines(&part_text(message, part)))),
            PartType::InlineBinary(_) => {
                if let Some(id) = content_id(part) {
                    html.push_str(&format!("<div><img src=\"cid:{}\"></div>", id.replace(['"', '<', '>', '&'], "")));
                }
            }
            _ => {}
        }
    }
    if html.len() > MAX_HTML_BYTES || depth(&tags(&html)) > MAX_DEPTH {
        // Too large or too deep to be shown as it is: the words of it, unless there is a text part as well.
        return text_body(message).or_else(|| Some(plain(&html_to_text(cut_bytes(&html, 4 * MAX_HTML_BYTES)))));
    }
    let source = sanitise(&fold_html(&html));
    is_visible(&source).then_some(RichContent::Formatted(Formatted { markup: Markup::Html, source }))
}

fn text_body(message: &Message<'_>) -> Option<RichContent> {
    let mut text = String::new();
    for part in message.text_bodies().filter(|part| matches!(part.body, PartType::Text(_))) {
        let one = part_text(message, part);
        let content_type = part.content_type();
        let says = |name: &str, value: &str| {
            content_type.and_then(|kind| kind.attribute(name)).is_some_and(|found| found.eq_ignore_ascii_case(value))
        };
        let one = if says("format", "flowed") { unflow(&one, says("delsp", "yes")) } else { one };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&one);
    }
    (!text.trim().is_empty()).then(|| plain(&text))
}

/// The words of a mail that is broken as a whole: a multipart without its boundary, or a header that never ends.
fn salvaged(message: &Message<'_>) -> Option<RichContent> {
    let root = message.parts.first()?;
    if is_broken_multipart(root) {
        let text = decode_unknown(root.contents()).replace("\r\n", "\n").replace('\0', "");
        return (!text.trim().is_empty()).then(|| plain(&text));
    }
    let header = message.raw_message.get(..root.offset_body as usize)?;
    let header = String::from_utf8_lossy(header).replace("\r\n", "\n");
    let is_header = |line: &str| {
        line.starts_with([' ', '\t'])
            || line.split_once(':').is_some_and(|(name, _)| !name.is_empty() && !name.contains(char::is_whitespace))
    };
    let lines: Vec<&str> = header.lines().skip_while(|line| is_header(line)).collect();
    let text = lines.join("\n");
    (!text.trim().is_empty()).then(|| plain(&text))
}

fn is_broken_multipart(part: &MessagePart<'_>) -> bool {
    !matches!(part.body, PartType::Multipart(_)) && mime_of(part).starts_with("multipart/")
}

fn plain(text: &str) -> RichContent {
    let kept = cut_bytes(text, MAX_TEXT_BYTES);
    let text = fold_text(kept.trim_end());
    let text = text.trim_start_matches(['\n', '\r']).to_owned();
    RichContent::Text(Text { text: if kept.len() < MAX_TEXT_BYTES - 3 { text } else { format!("{text}\n[…]") } })
}

fn cut_bytes(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn escape_lines(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>")
}

/// What to say about a mail that only its reader's key opens.
fn sealed(message: &Message<'_>) -> Option<RichContent> {
    let found = message.parts.iter().map(mime_of).find(|mime| {
        ["multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"].contains(&mime.as_str())
    })?;
    Some(RichContent::Unsupported(Unsupported { platform_type: found, text: None }))
}

fn files(message: &Message<'_>) -> Vec<InboundAttachment> {
    let is_shown = |id: usize, part: &MessagePart<'_>| {
        let id = u32::try_from(id).unwrap_or(u32::MAX);
        matches!(part.body, PartType::Text(_) | PartType::Html(_)) && (message.html_body.contains(&id) || message.text_body.contains(&id))
    };
    let mut files = Vec::new();
    for (id, part) in message.parts.iter().enumerate() {
        if matches!(part.body, PartType::Multipart(_)) || is_shown(id, part) || is_nothing(part) || (id == 0 && is_broken_multipart(part)) {
            continue;
        }
        let packed = if is_tnef(part) { tnef::unpack(part.contents()) } else { Vec::new() };
        if packed.is_empty() {
            files.push(file(message, part));
        }
        files.extend(packed.into_iter().map(|packed| InboundAttachment {
            name: packed.name.as_deref().and_then(safe_name),
            mime: None,
            content_id: None,
            source: AttachmentSource::Inline(packed.bytes.into()),
        }));
    }
    files.truncate(MAX_FILES);
    files
}

/// Parts that are no file: the `Version: 1` of an encrypted mail, the body of a mail without one.
fn is_nothing(part: &MessagePart<'_>) -> bool {
    let is_empty_text = matches!(&part.body, PartType::Text(text) if text.trim().is_empty()) && part.attachment_name().is_none();
    mime_of(part) == "application/pgp-encrypted" || is_empty_text
}

fn is_tnef(part: &MessagePart<'_>) -> bool {
    mime_of(part) == "application/ms-tnef" || part.attachment_name().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat"))
}

fn file(message: &Message<'_>, part: &MessagePart<'_>) -> InboundAttachment {
    let mime = mime_of(part);
    let (fallback, bytes) = match &part.body {
        PartType::Message(nested) => {
            let subject = header_text(nested, "Subject").unwrap_or_else(|| "message".to_owned());
            (Some(format!("{subject}.eml")), nested_bytes(message, part, nested))
        }
        PartType::Text(_) | PartType::Html(_) => {
            let name = if mime == "text/calendar" { Some("invite.ics".to_owned()) } else { None };
            (name, part_bytes(message, part).map_or_else(|| Bytes::from(part_text(message, part)), Bytes::from))
        }
        _ => (None, Bytes::copy_from_slice(part.contents())),
    };
    let name = part.attachment_name().map(str::to_owned).or(fallback).as_deref().and_then(safe_name);
    InboundAttachment { name, mime: Some(mime), content_id: content_id(part), source: AttachmentSource::Inline(bytes) }
}

/// The bytes of a mail inside of the mail: a piece of the outer one, unless it was encoded.
fn nested_bytes(message: &Message<'_>, part: &MessagePart<'_>, nested: &Message<'_>) -> Bytes {
    let range = part.offset_body as usize..part.offset_end as usize;
    match message.raw_message.get(range) {
        Some(piece) if part.encoding == mail_parser::Encoding::None => Bytes::copy_from_slice(piece),
        _ => Bytes::copy_from_slice(&nested.raw_message),
    }
}

fn content_id(part: &MessagePart<'_>) -> Option<String> {
    part.content_id().map(|id| id.trim_matches(['<', '>', ' ']).to_owned()).filter(|id| !id.is_empty())
}

/// A file name without folders, control characters and tricks.
fn safe_name(name: &str) -> Option<String> {
    let name = clean(name.rsplit(['/', '\\']).next().unwrap_or_default())?;
    let name: String = name.trim_start_matches('.').chars().map(|c| if "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    if name.chars().count() <= MAX_NAME {
        return clean(&name);
    }
    // The ending says what to open it with, so it is the middle that goes.
    let ending = name.rsplit_once('.').map(|(_, ending)| cut(ending, 10)).unwrap_or_default();
    Some(format!("{}….{ending}", cut(&name, MAX_NAME - 12)))
}

#[cfg(test)]
mod tests {
    use super::safe_name;

    #[test]
    fn file_names_lead_nowhere() {
        let cases = [
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\x\\a.pdf", Some("a.pdf")),
            ("..", None),
            ("a\u{202E}fdp.exe", Some("afdp.exe")),
            ("a\r\nb.txt", Some("a b.txt")),
            (" ", None),
        ];
        for (name, expected) in cases {
            assert_eq!(safe_name(name).as_deref(), expected, "{name:?}");
        }
        let long = safe_name(&format!("{}.pdf", "x".repeat(500))).expect("a name");
        assert!(long.ends_with(".pdf") && long.chars().count() <= 200);
    }
}
