//! `Message-ID`s: ours, which prove themselves, and those that a mail refers to.
//!
//! Ours is `{outbound id}.{proof}@{domain of the address}`: the same on every attempt of the same outbound work, so
//! that a receiver can drop a second copy, and with a proof over the channel's token, so that a stranger's bounce or
//! "own" mail is not believed.

use mail_parser::Message;
use tributary_domain::{
    ids::{ExternalMessageId, OutboundId},
    outbound::OpenChannel,
};

use super::text::raw_headers;
use crate::shared::hmac::{hmac_sha256, is_same_secret};

/// Domain of the ids that stand for mails without a `Message-ID`; never written into a mail.
const GENERATED: &str = "@generated";

/// Longest id that is taken as one, bytes: a header line ends at 998 (RFC 5322).
const MAX_ID_BYTES: usize = 900;

/// Most ids that are looked up for one mail.
const MAX_REFERENCES: usize = 50;

/// Ids at the beginning and at the end of a long thread that are written into `References`.
const KEPT_REFERENCES: usize = 20;

/// Bytes of the proof in our ids.
const PROOF_BYTES: usize = 8;

/// The fixed `Message-ID` of an outbound work, without brackets.
pub(super) fn own_id(channel: &OpenChannel, outbound: OutboundId) -> String {
    let address = channel.text("address").unwrap_or_default();
    let domain: String =
        address.rsplit_once('@').map_or("localhost", |(_, domain)| domain).chars().filter(char::is_ascii_graphic).collect();
    format!("{outbound}.{}@{domain}", proof(channel, outbound))
}

fn proof(channel: &OpenChannel, outbound: OutboundId) -> String {
    let proof = hmac_sha256(channel.token.as_bytes(), &[b"mail message-id", outbound.uuid().as_bytes()]);
    hex::encode(&proof[..PROOF_BYTES])
}

/// The outbound work that an id belongs to, if the id is one of this channel's.
pub(super) fn outbound_of(channel: &OpenChannel, id: &str) -> Option<OutboundId> {
    let (local, _) = id.rsplit_once('@')?;
    let (outbound, given) = local.rsplit_once('.')?;
    let outbound = outbound.parse().ok()?;
    is_same_secret(proof(channel, outbound).as_bytes(), given.as_bytes()).then_some(outbound)
}

/// The first id of this channel anywhere in a text, such as the mail that a bounce quotes.
pub(super) fn find_own(channel: &OpenChannel, text: &[u8]) -> Option<String> {
    let mark = format!("{}_", OutboundId::PREFIX);
    let mut rest = text;
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark.as_bytes()) {
        rest = &rest[at..];
        let end = rest.iter().position(|byte| !is_id_byte(*byte)).unwrap_or(rest.len());
        if let Ok(id) = std::str::from_utf8(&rest[..end])
            && outbound_of(channel, id).is_some()
        {
            return Some(id.to_owned());
        }
        rest = &rest[mark.len()..];
    }
    None
}

fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._@-".contains(&byte)
}

/// The mail's own id, if it has one.
pub(super) fn message_id(message: &Message<'_>) -> Option<String> {
    raw_headers(message, "Message-ID").flat_map(|value| ids_in(&value)).next()
}

/// The mails that this one answers, nearest first: `In-Reply-To`, then `References` from the end.
pub(super) fn in_reply_to(message: &Message<'_>) -> Vec<ExternalMessageId> {
    let nearest = raw_headers(message, "In-Reply-To").flat_map(|value| ids_in(&value));
    let mut references: Vec<String> = raw_headers(message, "References").flat_map(|value| ids_in(&value)).collect();
    references.reverse();
    let mut found: Vec<ExternalMessageId> = Vec::new();
    for id in nearest.chain(references) {
        if found.len() < MAX_REFERENCES && !found.iter().any(|known| known.as_str() == id) {
            found.push(id.into());
        }
    }
    found
}

/// The ids in a header: in brackets, or, where a program left them out, separated by spaces or commas.
fn ids_in(value: &str) -> Vec<String> {
    let fits = |id: &str| id.contains('@') && id.len() <= MAX_ID_BYTES && !id.contains(char::is_whitespace);
    let in_brackets: Vec<String> = value
        .split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .map(|(id, _)| id.split_whitespace().collect::<String>())
        .filter(|id| fits(id))
        .collect();
    if !in_brackets.is_empty() {
        return in_brackets;
    }
    value.split([' ', ',', ';']).map(|id| id.trim_matches(['<', '>', '"'])).filter(|id| fits(id)).map(str::to_owned).collect()
}

/// An id for a mail that has none, made of its content.
pub(super) fn generated_id(content_hash: &str) -> String {
    format!("{content_hash}{GENERATED}")
}

/// What goes into `References`: real ids, each once, the first and the last of a long thread.
pub(super) fn references(known: &[ExternalMessageId]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in known.iter().map(ExternalMessageId::as_str) {
        let is_real = !id.ends_with(GENERATED) && id.len() <= MAX_ID_BYTES && !id.contains(|c: char| c.is_control() || c.is_whitespace());
        if is_real && !id.contains(['<', '>']) {
            ids.retain(|earlier| earlier != id);
            ids.push(id.to_owned());
        }
    }
    if ids.len() > 2 * KEPT_REFERENCES {
        ids.drain(KEPT_REFERENCES..ids.len() - KEPT_REFERENCES);
    }
    ids
}

/// As [`references`], with the answered mail at the end, where readers look for it (RFC 5322 3.6.4): our own mails that
/// are newer stand before it.
pub(super) fn references_to(known: &[ExternalMessageId], answered: Option<&str>) -> Vec<String> {
    let mut ids = references(known);
    if let Some(answered) = answered {
        ids.retain(|id| id != answered);
        ids.push(answered.to_owned());
    }
    ids
}

/// The subject of an answer: marked as one, unless it is already, in whatever language.
pub(super) fn reply_subject(subject: &str) -> String {
    const MARKS: [&str; 10] = ["re:", "aw:", "antw:", "sv:", "vs:", "rif:", "odp:", "res:", "re :", "wg:"];
    let start = subject.trim_start().to_lowercase();
    if MARKS.iter().any(|mark| start.starts_with(mark)) { subject.to_owned() } else { format!("Re: {subject}") }
}

#[cfg(test)]
mod tests {
    use tributary_domain::ids::OutboundId;

    use super::*;
    use crate::email::corpus::channel;

    fn outbound(n: u128) -> OutboundId {
        uuid::Uuid::from_u128(n).into()
    }

    #[test]
    fn our_ids_are_fixed_and_prove_themselves() {
        let channel = channel();
        let id = own_id(&channel, outbound(7));
        assert_eq!(id, own_id(&channel, outbound(7)));
        assert_eq!(outbound_of(&channel, &id), Some(outbound(7)));
        let forged = id.replacen(".", ".0", 1);
        assert_eq!(outbound_of(&channel, &forged), None);
        let mut other = channel.clone();
        other.token = "another".to_owned();
        assert_eq!(outbound_of(&other, &id), None);
    }

    #[test]
    fn our_id_is_found_in_a_quoted_header() {
        let channel = channel();
        let id = own_id(&channel, outbound(9));
        let text = format!("out_ out_zz\r\nMessage-ID: <{id}>\r\n");
        assert_eq!(find_own(&channel, text.as_bytes()), Some(id));
        assert_eq!(find_own(&channel, b"out_00000000000000000000000000000009.0000@x"), None);
    }

    #[test]
    fn ids_are_read_however_they_are_written() {
        let cases: [(&str, &[&str]); 6] = [
            ("<a@x> <b@y>", &["a@x", "b@y"]),
            ("<a@x>,<b@y>", &["a@x", "b@y"]),
            ("a@x, b@y", &["a@x", "b@y"]),
            ("<a\t@x>", &["a@x"]),
            ("Your message of Monday", &[]),
            ("<no-at> <c@z", &["c@z"]),
        ];
        for (value, expected) in cases {
            assert_eq!(ids_in(value), expected, "{value}");
        }
    }

    #[test]
    fn long_threads_keep_both_ends() {
        let known: Vec<ExternalMessageId> = (0..100).map(|n| format!("{n}@x").into()).collect();
        let kept = references(&known);
        assert_eq!((kept.len(), kept[19].as_str(), kept[20].as_str()), (40, "19@x", "80@x"));
        assert_eq!(references(&["h@generated".into(), "a@x".into(), "b\r\nBcc: c@x".into()]), ["a@x"]);
    }

    #[test]
    fn the_answered_mail_stands_last() {
        let known: Vec<ExternalMessageId> = ["q1@x", "ours1@y", "q2@x", "ours2@y"].map(ExternalMessageId::from).into();
        assert_eq!(references_to(&known, Some("q2@x")), ["q1@x", "ours1@y", "ours2@y", "q2@x"]);
        assert_eq!(references_to(&known, None), ["q1@x", "ours1@y", "q2@x", "ours2@y"]);
    }

    #[test]
    fn an_answer_is_marked_once() {
        assert_eq!(reply_subject("Rechnung"), "Re: Rechnung");
        assert_eq!(reply_subject("AW: Rechnung"), "AW: Rechnung");
        assert_eq!(reply_subject("Re: x"), "Re: x");
    }
}
