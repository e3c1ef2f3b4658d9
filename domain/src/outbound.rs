//! What is handed to an adapter for sending. The other direction of [`crate::inbound`].

use chrono::{DateTime, Utc};

use crate::{
    content::{Language, RichContent},
    ids::{
        AttachmentId, ChannelId, ExternalMessageId, ExternalThreadId, ExternalUserId, InteractionId, MessageId, OutboundId, WorkspaceId,
    },
};

/// One piece of outbound work with everything an adapter needs to render it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbound {
    /// Our id; the idempotency key where the platform has one.
    pub id: OutboundId,
    /// Where it goes.
    pub to: Destination,
    /// What is to be done.
    pub action: Action,
}

/// The conversation on the platform.
#[derive(Debug, Clone, PartialEq)]
pub struct Destination {
    /// Our interaction.
    pub interaction: InteractionId,
    /// Its number, as in the reference that people read to each other.
    pub number: i64,
    /// Language of what adapters add to a message: the contact's.
    pub language: Language,
    /// The contact's id on the platform, or where the contact wants the answer.
    pub user: ExternalUserId,
    /// Name of the contact.
    pub user_name: Option<String>,
    /// The platform's conversation, where it has them.
    pub thread: Option<ExternalThreadId>,
    /// Subject of the conversation, where it has one.
    pub subject: Option<String>,
    /// Ids of the conversation's messages on the platform, oldest first, at most 100.
    pub references: Vec<ExternalMessageId>,
    /// The message that is answered: the newest that came in.
    pub answers: Option<ExternalMessageId>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Send a message.
    Send(Box<OutboundMessage>),
    /// Replace the body of a sent message.
    Edit {
        /// Which message.
        target: ExternalMessageId,
        /// The new body.
        message: Box<OutboundMessage>,
    },
    /// Take back a sent message.
    Delete {
        /// Which message.
        target: ExternalMessageId,
    },
    /// Put a reaction on or take it off.
    React {
        /// On which message.
        target: ExternalMessageId,
        /// Which.
        emoji: String,
        /// `false`: take off.
        is_added: bool,
    },
    /// Tell the platform that we have read up to here.
    MarkRead {
        /// Newest message read.
        target: ExternalMessageId,
    },
    /// Show or hide "is typing".
    Typing {
        /// `false`: hide.
        is_typing: bool,
    },
    /// The interaction was closed.
    Close,
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboundMessage {
    /// Our id.
    pub id: MessageId,
    /// The body as it was asked for.
    pub asked: RichContent,
    /// The body as this channel takes it: what `asked` became by [`crate::content::degrade`]. Adapters send this.
    pub content: RichContent,
    /// Readable text of the whole body.
    pub fallback: String,
    /// Files that belong to it.
    pub attachments: Vec<OutboundAttachment>,
    /// Message that is quoted.
    pub quoted: Option<ExternalMessageId>,
    /// Name of the person or bot that wrote it.
    pub author_name: Option<String>,
    /// Written by a script, a bot or the server.
    pub is_automatic: bool,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// A file to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundAttachment {
    /// Ours.
    pub id: AttachmentId,
    /// File name.
    pub name: String,
    /// Sniffed MIME type.
    pub mime: String,
    /// Size.
    pub bytes: u64,
}

/// A configured channel, opened for its adapter: settings in the clear.
///
/// `Debug` never shows secrets.
#[derive(Clone)]
pub struct OpenChannel {
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Ours.
    pub id: ChannelId,
    /// Name given by the administrator.
    pub name: String,
    /// Random part of its public addresses.
    pub token: String,
    /// Settings that are no secret, by key.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Secrets, by key.
    pub secrets: std::collections::BTreeMap<String, secrecy::SecretString>,
}

impl std::fmt::Debug for OpenChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenChannel").field("workspace", &self.workspace).field("id", &self.id).finish_non_exhaustive()
    }
}

impl OpenChannel {
    /// A text setting, if present and not empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.settings.get(key).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty())
    }

    /// A number setting; numbers written as text count too.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<i64> {
        let value = self.settings.get(key)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A yes/no setting; absent is no.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.settings.get(key).is_some_and(|value| value.as_bool().unwrap_or(value.as_str() == Some("true")))
    }

    /// A secret, if present.
    #[must_use]
    pub fn secret(&self, key: &str) -> Option<&secrecy::SecretString> {
        self.secrets.get(key)
    }
}
