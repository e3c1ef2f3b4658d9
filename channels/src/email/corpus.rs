//! A channel and a mail for tests, and the corpus: every mail in `fixtures/` with the event it means.

use chrono::{DateTime, TimeZone, Utc};
use tributary_domain::{
    ids::{ChannelId, WorkspaceId},
    outbound::OpenChannel,
};

use crate::channel::MailStep;

pub(super) fn channel() -> OpenChannel {
    let settings = serde_json::json!({ "address": "support@example.test", "display_name": "Example Support" });
    OpenChannel {
        workspace: WorkspaceId::from(uuid::Uuid::from_u128(1)),
        id: ChannelId::from(uuid::Uuid::from_u128(2)),
        name: "Support".to_owned(),
        token: "corpus-token".to_owned(),
        settings: settings.as_object().cloned().expect("an object"),
        secrets: std::collections::BTreeMap::new(),
    }
}

pub(super) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).single().expect("a moment")
}

pub(super) fn step() -> MailStep {
    MailStep {
        message_id: "out_00000000000000000000000000000007.0011223344556677@example.test".to_owned(),
        from: "support@example.test".to_owned(),
        from_name: Some("Example Support".to_owned()),
        to: "anna@example.test".to_owned(),
        to_name: Some("Anna Müller".to_owned()),
        reply_to: None,
        subject: "Re: Rückfrage zur Rechnung".to_owned(),
        in_reply_to: Some("q1@example.test".to_owned()),
        references: vec!["q0@example.test".to_owned(), "q1@example.test".to_owned()],
        text: "Guten Tag,\n\nanbei die Übersicht.".to_owned(),
        html: None,
        calendar: None,
        language: tributary_domain::content::Language::En,
        attachments: Vec::new(),
        is_automatic: false,
        at: noon(),
    }
}

mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tributary_domain::{
        content::RichContent,
        ids::ExternalUserId,
        inbound::{AttachmentSource, InboundEvent, InboundMessage, RecipientKind},
        state::DeliveryState,
    };

    use super::{channel, noon};
    use crate::{
        channel::RawInbound,
        email::{
            inbound::{item, parse},
            wire::{FORM_MAIL, FoundMail, MailBytes},
        },
        error::ParseError,
    };

    fn raw(bytes: Vec<u8>) -> RawInbound {
        RawInbound { form: FORM_MAIL.to_owned(), headers: [].into(), body: bytes.into(), at: noon() }
    }

    fn fixture(name: &str) -> Vec<u8> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/email/fixtures").join(format!("{name}.eml"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn event(name: &str) -> Result<InboundEvent, ParseError> {
        parse(&channel(), &raw(fixture(name)))
    }

    fn message(name: &str) -> InboundMessage {
        match event(name) {
            Ok(InboundEvent::Message(message)) => *message,
            other => panic!("{name} is no message: {other:?}"),
        }
    }

    fn names() -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/email/fixtures");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder of the fixtures")
            .filter_map(|entry| entry.expect("an entry").file_name().to_str()?.strip_suffix(".eml").map(str::to_owned))
            .collect();
        names.sort();
        names
    }

    /// The event as it is snapshot: the bytes of files as their number.
    fn summary(event: &Result<InboundEvent, ParseError>) -> Value {
        let event = match event {
            Ok(event) => event,
            Err(error) => return json!({ "error": error.reason }),
        };
        let mut value = serde_json::to_value(event).expect("events are JSON");
        if let InboundEvent::Message(message) = event {
            let files: Vec<Value> = message
                .attachments
                .iter()
                .take(5)
                .map(|file| {
                    let AttachmentSource::Inline(bytes) = &file.source else { panic!("mails carry their files") };
                    json!({ "name": file.name, "mime": file.mime, "content_id": file.content_id, "bytes": bytes.len() })
                })
                .collect();
            value["attachments"] = json!({ "count": message.attachments.len(), "first": files });
        }
        value
    }

    #[test]
    fn every_mail_of_the_corpus_means_what_its_snapshot_says() {
        let names = names();
        assert!(names.len() >= 70, "only {} mails were found", names.len());
        for name in names {
            insta::with_settings!({ snapshot_path => "fixtures", prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_json_snapshot!(name.clone(), summary(&event(&name)));
            });
        }
    }

    #[test]
    fn no_mail_of_the_corpus_brings_anything_active_or_remote() {
        for name in names() {
            let Ok(InboundEvent::Message(message)) = event(&name) else { continue };
            if let RichContent::Formatted(formatted) = &message.content {
                let html = formatted.source.to_ascii_lowercase();
                for bad in
                    ["<script", "onerror", "onload", "javascript:", " src=\"http", "url(", "<form", "<iframe", "<style", "<meta", "srcset"]
                {
                    assert!(!html.contains(bad), "{name} brings {bad}: {html}");
                }
            }
        }
    }

    #[test]
    fn reports_settle_our_mails_and_strangers_settle_nothing() {
        let state = |name: &str| match event(name) {
            Ok(InboundEvent::Receipt(receipt)) => Some((receipt.state, receipt.failure.map(|failure| failure.code))),
            _ => None,
        };
        let failed = |code: &str| Some((DeliveryState::Failed, Some(code.to_owned())));
        assert_eq!(state("dsn_exim"), failed("RECIPIENT_UNKNOWN"));
        assert_eq!(state("dsn_exchange_de"), failed("RECIPIENT_REFUSES"));
        assert_eq!(state("dsn_gmail"), failed("RECIPIENT_UNKNOWN"));
        assert_eq!(state("dsn_expired"), failed("GAVE_UP"));
        assert_eq!(state("dsn_encoded_original"), failed("RECIPIENT_UNKNOWN"));
        assert_eq!(state("bounce_qmail"), failed("RECIPIENT_UNKNOWN"));
        assert_eq!(state("dsn_postfix_delayed"), Some((DeliveryState::Sent, Some("DELAYED".to_owned()))));
        assert_eq!(state("dsn_delivered"), Some((DeliveryState::Delivered, None)));
        assert_eq!(state("mdn_read"), Some((DeliveryState::Read, None)));
        assert_eq!(state("complaint"), Some((DeliveryState::Delivered, Some("COMPLAINT".to_owned()))));
        assert!(message("dsn_of_a_stranger").is_automatic && message("dsn_forged_id").is_automatic);
    }

    #[test]
    fn machines_are_told_from_people() {
        for name in names().iter().filter(|name| name.starts_with("auto_")) {
            assert_eq!(message(name).is_automatic, name != "auto_no", "{name}");
        }
        assert!(!message("plain").is_automatic && !message("quote_gmail_en").is_automatic);
        assert!(message("own_address_to_itself").is_automatic);
    }

    #[test]
    fn a_mail_has_one_key_wherever_it_is_found() {
        let found = |uid: u32, bytes: Vec<u8>| {
            let mail = FoundMail { uid, size: 1, received: Some(noon()), bytes: MailBytes::Whole(bytes.into()) };
            item(mail).dedupe_key
        };
        let plain = fixture("plain");
        let mut relayed = b"Received: from mx by mx\r\n".to_vec();
        relayed.extend_from_slice(&plain);
        assert_eq!(found(1, plain.clone()), found(99, relayed));
        let other = String::from_utf8(plain.clone()).expect("ASCII").replace("4711", "4712").into_bytes();
        assert_ne!(found(1, plain), found(1, other.clone()), "same id, other words");
        assert_ne!(
            message("plain").part,
            match parse(&channel(), &raw(other)) {
                Ok(InboundEvent::Message(message)) => message.part,
                other => panic!("{other:?}"),
            }
        );
    }

    #[test]
    fn who_wrote_is_who_it_is_from() {
        let mail = message("reply_to_elsewhere");
        let shown = (mail.contact.external_id.as_str(), mail.contact.name.as_deref(), mail.is_echo);
        assert_eq!(shown, ("mallory@bad.example", Some("Mallory"), false));
        assert_eq!(mail.reply_to.as_ref().map(ExternalUserId::as_str), Some("Anna.Meier@kunde.example"));
        let recipients: Vec<_> = mail.recipients.iter().map(|one| (one.kind, one.address.as_str(), one.name.as_deref())).collect();
        assert_eq!(
            recipients,
            [
                (RecipientKind::To, "support@example.test", Some("Example Support")),
                (RecipientKind::To, "info@other.example", Some("Info")),
                (RecipientKind::Cc, "bernd@kunde.example", Some("Meier, Bernd")),
            ]
        );
        // The address is answered as its owner writes it.
        let loop_of_ours = message("auto_own_loop");
        assert_eq!(loop_of_ours.contact.external_id.as_str(), "anna.meier@kunde.example");
        assert_eq!(loop_of_ours.reply_to.as_ref().map(ExternalUserId::as_str), Some("Anna.Meier@kunde.example"));
        assert_eq!(message("text_files").reply_to, None);
    }

    #[test]
    fn our_address_as_the_sender_proves_nothing() {
        assert!(message("own_echo").is_echo);
        let spoofed = message("spoofed_own_address");
        assert_eq!((spoofed.is_echo, spoofed.is_automatic, spoofed.client_reference.as_deref()), (false, true, None));
        assert_eq!(spoofed.contact.external_id.as_str(), "support@example.test");
        let form = message("contact_form_reply_to");
        assert_eq!((form.contact.external_id.as_str(), form.is_automatic), ("support@example.test", false));
        assert_eq!(form.reply_to.as_ref().map(ExternalUserId::as_str), Some("Bernd@web.example"));
    }

    #[test]
    fn text_files_keep_every_byte() {
        let files: Vec<_> = message("text_files").attachments.into_iter().map(|file| (file.name, file.source)).collect();
        let file = |name: &str, bytes: &'static [u8]| (Some(name.to_owned()), AttachmentSource::Inline(bytes.into()));
        assert_eq!(files, [file("prices.csv", b"Name;Preis\r\nH\xe6lle;12\xd5\r\n\0"), file("note.txt", b"Gr\xfc\xdfe\r\nund\0")]);
    }

    #[test]
    fn a_mail_that_is_not_handed_out_says_why() {
        let unreadable = |uid| {
            let bytes = MailBytes::Unreadable { uid_validity: 9, reason: "no literal".to_owned() };
            item(FoundMail { uid, size: 10, received: Some(noon()), bytes })
        };
        assert_ne!(unreadable(3).dedupe_key, unreadable(4).dedupe_key);
        assert_eq!(unreadable(3).dedupe_key, unreadable(3).dedupe_key);
        let reason = parse(&channel(), &unreadable(3).raw).expect_err("nothing to read").reason;
        assert_eq!(reason, "the mail with the UID 3 cannot be fetched and stays in the mailbox: no literal");
    }

    #[test]
    fn a_mail_that_was_too_large_is_kept_with_its_reason() {
        let header = fixture("plain");
        let mail = FoundMail { uid: 7, size: 60 << 20, received: None, bytes: MailBytes::HeaderOnly(header.into()) };
        let reason = parse(&channel(), &item(mail).raw).expect_err("too large").reason;
        assert!(reason.contains("62914560"), "{reason}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn any_bytes_at_all_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = parse(&channel(), &raw(bytes));
        }

        #[test]
        fn damaged_mails_are_survived(pick in 0_usize..1000, cut in 0_usize..4000, at in 0_usize..4000, with in "[\\PC\r\n\t<>=;:\"-]{0,40}") {
            let names = names();
            let mut bytes = fixture(&names[pick % names.len()]);
            let at = at.min(bytes.len());
            bytes.splice(at..at, with.bytes());
            bytes.truncate(bytes.len().saturating_sub(cut));
            let first = parse(&channel(), &raw(bytes.clone()));
            prop_assert_eq!(first, parse(&channel(), &raw(bytes)));
        }

        #[test]
        fn mime_shaped_noise_is_survived(parts in proptest::collection::vec(
            prop_oneof![
                Just("From: a@x.example\n"), Just("Content-Type: multipart/mixed; boundary=b\n"), Just("Content-Type: message/rfc822\n"),
                Just("Content-Type: multipart/alternative; boundary=\"\"\n"), Just("Content-Type: text/html; charset=utf-7\n"), Just("\n"),
                Just("--b\n"), Just("--b--\n"), Just("--\n"), Just("Content-Transfer-Encoding: base64\n"), Just("=?utf-8?Q?=\n"),
                Just("Content-Transfer-Encoding: quoted-printable\n"), Just("Content-Disposition: attachment; filename*0*=''%\n"),
                Just("<div class=gmail_quote><blockquote type=cite>"), Just("</div>"), Just("> quote\n"), Just("On x wrote:\n"),
                Just("References: <a@b> <\n"), Just("Date: Fri, 99 Xyz 99999 99:99:99 +9999\n"), Just("text\r"), Just("\u{e9}"),
                Just("Content-Type: multipart/report; report-type=delivery-status; boundary=b\n"), Just("Content-Type: message/delivery-status\n"),
            ], 0..40)) {
            let _ = parse(&channel(), &raw(parts.concat().into_bytes()));
        }
    }
}
