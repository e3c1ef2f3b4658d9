//! By what a mail shows its conversation when it names no mail that we know: the token in an address to which it went, our
//! reference in its subject, the index that Outlook keeps.

use base64::{Engine, engine::general_purpose::STANDARD};
use mail_parser::Message;
use tributary_domain::{
    ids::ExternalThreadId,
    inbound::ThreadSign,
    interaction::{parse_reference, reference},
    outbound::OpenChannel,
};

use super::{
    addresses::number_in,
    text::{header_text, raw_headers},
};

/// Headers with the addresses to which a mail went; the last ones are written by servers on the way.
const RECIPIENTS: [&str; 5] = ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"];

/// Bytes of Outlook's index that all mails of a conversation share: one of version, five of time, sixteen of id.
const INDEX_BYTES: usize = 22;

/// The signs in a mail, strongest first.
pub(super) fn signs(channel: &OpenChannel, message: &Message<'_>) -> Vec<ThreadSign> {
    let mut found = Vec::new();
    for value in RECIPIENTS.iter().flat_map(|name| raw_headers(message, name)) {
        let addresses = value.split([',', ';', '<', '>', ' ', '"']);
        found.extend(addresses.filter_map(|address| number_in(channel, address)).map(ThreadSign::Proved));
    }
    let subject = header_text(message, "Subject").unwrap_or_default();
    found.extend(numbers_in(&subject).map(ThreadSign::Claimed));
    found.dedup();
    // Nobody writes that many; who does wants us to search.
    found.truncate(5);
    found
}

/// The subject with our reference, such as `[#T-1042]`, unless it is there already.
pub(super) fn with_reference(subject: &str, number: i64) -> String {
    if numbers_in(subject).any(|known| known == number) { subject.to_owned() } else { format!("{subject} [#{}]", reference(number)) }
}

fn numbers_in(subject: &str) -> impl Iterator<Item = i64> + '_ {
    subject.split("[#").skip(1).filter_map(|rest| parse_reference(rest.split_once(']')?.0))
}

/// The conversation by Outlook's `Thread-Index`.
pub(super) fn thread(message: &Message<'_>) -> Option<ExternalThreadId> {
    let value = raw_headers(message, "Thread-Index").next()?;
    let packed: String = value.split_whitespace().collect();
    let index = STANDARD.decode(packed).ok()?;
    index.get(..INDEX_BYTES).map(|shared| ExternalThreadId::from(format!("outlook:{}", hex::encode(shared))))
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;
    use crate::email::{addresses::with_token, corpus::channel};

    fn signs_of(headers: &str) -> Vec<ThreadSign> {
        let mail = format!("From: a@x.example\r\n{headers}\r\n\r\nx\r\n");
        signs(&channel(), &MessageParser::default().parse(mail.as_bytes()).expect("a mail"))
    }

    #[test]
    fn tokens_are_found_wherever_the_mail_went() {
        let address = with_token(&channel(), "support@example.test", 7);
        for headers in [
            format!("To: Support <{address}>, other@x.example"),
            format!("To: x@x.example\r\nCc: \"A, B\" <a@b.example>,{address}"),
            format!("To: list@x.example\r\nDelivered-To: {address}"),
            format!("X-Original-To: {}", address.to_uppercase()),
        ] {
            assert_eq!(signs_of(&headers), [ThreadSign::Proved(7)], "{headers}");
        }
        assert_eq!(signs_of("To: support+7-0011223344556677@example.test"), []);
    }

    #[test]
    fn the_reference_in_a_subject_is_a_claim() {
        assert_eq!(signs_of("Subject: AW: Jacke [#T-1042]"), [ThreadSign::Claimed(1042)]);
        assert_eq!(signs_of("Subject: =?utf-8?Q?Gr=C3=B6=C3=9Fe_[#t-9]?="), [ThreadSign::Claimed(9)]);
        assert_eq!(signs_of("Subject: [#] [#T-] [#x] [#T-5 #7"), []);
        assert_eq!(with_reference("Jacke", 7), "Jacke [#T-7]");
        assert_eq!(with_reference("Re: Jacke [#T-7]", 7), "Re: Jacke [#T-7]");
        let both = format!("To: {}\r\nSubject: x [#T-3]", with_token(&channel(), "support@example.test", 7));
        assert_eq!(signs_of(&both), [ThreadSign::Proved(7), ThreadSign::Claimed(3)]);
    }

    #[test]
    fn mails_of_one_outlook_conversation_share_its_index() {
        let of = |bytes: &[u8]| {
            let mail = format!("From: a@x.example\r\nThread-Index: {}\r\n\r\nx\r\n", STANDARD.encode(bytes));
            thread(&MessageParser::default().parse(mail.as_bytes()).expect("a mail"))
        };
        let first: Vec<u8> = (0..22).collect();
        let answer = [&first[..], &[9, 9, 9, 9, 9]].concat();
        assert!(of(&first).is_some());
        assert_eq!(of(&first), of(&answer));
        assert_eq!(of(&first[..21]), None);
        assert_ne!(of(&first), of(&[7; 22]));
    }
}
