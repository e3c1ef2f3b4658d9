//! Text out of MIME parts and headers whose declared charset may be wrong, and plain text that was wrapped for the wire.

use mail_parser::{
    ContentType, Encoding, HeaderName, HeaderValue, Message, MessagePart, MimeHeaders, PartType,
    decoders::{base64::base64_decode, charsets::map::charset_decoder, quoted_printable::quoted_printable_decode},
};

/// What a decoder leaves where bytes were no text.
const REPLACEMENT: char = '\u{FFFD}';

/// The text of a part. Where the declared charset does not fit the bytes, UTF-8 is tried, then windows-1252, which
/// takes anything.
pub(super) fn part_text(message: &Message<'_>, part: &MessagePart<'_>) -> String {
    let text = match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.as_ref(),
        _ => return String::new(),
    };
    let text = if text.contains(REPLACEMENT) { guess(message, part).unwrap_or_else(|| text.to_owned()) } else { text.to_owned() };
    // NUL is no text, and PostgreSQL refuses to store it.
    text.replace('\0', "").replace("\r\n", "\n").replace('\r', "\n")
}

fn guess(message: &Message<'_>, part: &MessagePart<'_>) -> Option<String> {
    part_bytes(message, part).map(|bytes| decode_unknown(&bytes))
}

/// The bytes of a part, of which nothing but the transfer encoding is undone; `None` where that is broken.
pub(super) fn part_bytes(message: &Message<'_>, part: &MessagePart<'_>) -> Option<Vec<u8>> {
    let raw = message.raw_message.get(part.offset_body as usize..part.offset_end as usize)?;
    match part.encoding {
        Encoding::None => Some(raw.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
        Encoding::Base64 => base64_decode(raw),
    }
}

/// Text of unknown charset: UTF-8 if it is that, else windows-1252.
pub(super) fn decode_unknown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(REPLACEMENT) => text.to_owned(),
        _ => charset_decoder(b"windows-1252").map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decode| decode(bytes)),
    }
}

/// The text of a header on one line, without control characters; empty headers count as absent.
pub(super) fn header_text(message: &Message<'_>, name: &str) -> Option<String> {
    let header = message.headers().iter().find(|header| header.name.as_str().eq_ignore_ascii_case(name))?;
    let text = match &header.value {
        HeaderValue::Text(text) => text.to_string(),
        HeaderValue::TextList(texts) => texts.join(" "),
        _ => return raw_header(message, name),
    };
    if text.contains(REPLACEMENT) { raw_header(message, name) } else { clean(&text) }
}

/// The first header of this name as it stands in the mail, unfolded and not decoded.
pub(super) fn raw_header(message: &Message<'_>, name: &str) -> Option<String> {
    raw_headers(message, name).next()
}

/// All headers of this name as they stand in the mail, unfolded and not decoded.
pub(super) fn raw_headers<'a>(message: &'a Message<'_>, name: &'a str) -> impl Iterator<Item = String> + 'a {
    message.headers().iter().filter(move |header| header.name.as_str().eq_ignore_ascii_case(name)).filter_map(|header| {
        let bytes = message.raw_message.get(header.offset_start as usize..header.offset_end as usize)?;
        clean(&decode_unknown(bytes))
    })
}

/// Text on one line, without control and direction-changing characters; `None` when nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let is_trick = |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let spaced: String = text.chars().filter(|c| !is_trick(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// At most `max` characters.
pub(super) fn cut(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

/// The content type of a part in lower case, `text/plain` when it has none.
pub(super) fn mime_of(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(|| "text/plain".to_owned(), mime_name)
}

fn mime_name(content_type: &ContentType<'_>) -> String {
    let subtype = content_type.subtype().unwrap_or("plain");
    format!("{}/{subtype}", content_type.ctype()).to_ascii_lowercase()
}

/// A parameter of the mail's own content type, in lower case.
pub(super) fn root_parameter(message: &Message<'_>, name: &str) -> Option<String> {
    let content_type = message.header(HeaderName::ContentType)?.as_content_type()?;
    content_type.attribute(name).map(str::to_ascii_lowercase)
}

/// Joins the lines of a `format=flowed` text (RFC 3676); quoted lines stay as they are.
pub(super) fn unflow(text: &str, is_delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_open = false;
    for line in text.split('\n') {
        if line.starts_with('>') {
            if is_open {
                out.push('\n');
            }
            out.push_str(line);
            out.push('\n');
            is_open = false;
            continue;
        }
        let line = line.strip_prefix(' ').unwrap_or(line);
        // The signature mark ends with a space and is not flowed.
        is_open = line.ends_with(' ') && line != "-- ";
        let line = if is_open && is_delsp { &line[..line.len() - 1] } else { line };
        out.push_str(line);
        if !is_open {
            out.push('\n');
        }
    }
    out.truncate(out.trim_end_matches('\n').len());
    out
}

#[cfg(test)]
mod tests {
    use super::{clean, unflow};

    #[test]
    fn flowed_lines_are_joined_and_quotes_are_not() {
        let text = "Dear all, \nthis is one \nparagraph.\n\n> a quote \n> stays\n-- \nAnna";
        assert_eq!(unflow(text, false), "Dear all, this is one paragraph.\n\n> a quote \n> stays\n-- \nAnna");
        assert_eq!(unflow("ab \ncd", true), "abcd");
        assert_eq!(unflow(" >not a quote", false), ">not a quote");
    }

    #[test]
    fn one_line_without_tricks() {
        assert_eq!(clean("a\r\n\tb\u{0}c \u{202E}gpj.exe"), Some("a b c gpj.exe".to_owned()));
        assert_eq!(clean(" \r\n "), None);
    }
}
