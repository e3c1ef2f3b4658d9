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
        attachments: Vec::new(),
        is_automatic: false,
        at: noon(),
    }
}
