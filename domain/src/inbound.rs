//! What adapters make of a platform's traffic: values that [`crate::message::receive`] stores.
//!
//! An item carries the platform's ids and nothing of ours; resolving contacts and interactions is the domain's work.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    channel::{ChannelHealth, HealthReason},
    content::RichContent,
    ids::{ExternalMessageId, ExternalThreadId, ExternalUserId},
    state::DeliveryState,
};

/// One thing that happened on a platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum InboundEvent {
    /// A message, from the contact or an echo of one sent from our side.
    Message(Box<InboundMessage>),
    /// A message's body changed.
    Edited {
        /// Which message.
        message: ExternalMessageId,
        /// The new body.
        content: RichContent,
        /// When, by the platform's clock.
        at: DateTime<Utc>,
    },
    /// A message was taken back.
    Deleted {
        /// Which message.
        message: ExternalMessageId,
        /// When, by the platform's clock.
        at: DateTime<Utc>,
    },
    /// A reaction was put on or taken off.
    Reaction {
        /// On which message.
        message: ExternalMessageId,
        /// By whom.
        author: Sender,
        /// The emoji or the platform's word for it.
        emoji: String,
        /// `false`: taken off.
        is_added: bool,
    },
    /// What became of a message that we sent.
    Receipt(Receipt),
    /// The contact is writing (or stopped).
    Typing {
        /// Who.
        author: ExternalUserId,
        /// In which conversation.
        thread: Option<ExternalThreadId>,
        /// `false`: stopped.
        is_typing: bool,
    },
    /// Somebody of ours read a message of the contact in another application.
    ReadElsewhere {
        /// Which message.
        message: ExternalMessageId,
    },
    /// The contact's own data changed.
    ContactChanged(Sender),
    /// The platform closed the conversation.
    ThreadClosed {
        /// Which conversation.
        thread: ExternalThreadId,
    },
    /// The other side says how the channel is doing.
    Health {
        /// How.
        health: ChannelHealth,
        /// Why, unless it is well.
        reason: Option<HealthReason>,
        /// Within how many seconds it will say so again, if it promises that.
        interval_s: Option<i32>,
    },
    /// Understood and deliberately without effect.
    Ignored {
        /// Why.
        reason: String,
    },
}

impl InboundEvent {
    /// Whether it may be worked on again, long after it happened and after later ones: known messages are known, edits and
    /// deletions have their time, receipts their rank. Of the others only the last one counts, and nothing tells which it is.
    #[must_use]
    pub fn may_be_read_again(&self) -> bool {
        match self {
            Self::Message(_) | Self::Edited { .. } | Self::Deleted { .. } | Self::Receipt(_) => true,
            Self::Reaction { .. }
            | Self::Typing { .. }
            | Self::ReadElsewhere { .. }
            | Self::ContactChanged(_)
            | Self::ThreadClosed { .. }
            | Self::Health { .. }
            | Self::Ignored { .. } => false,
        }
    }
}

/// A message as a platform gave it to us.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// The platform's id; with `part` unique within the channel.
    pub external_id: ExternalMessageId,
    /// Position when the platform packs several messages under one id; otherwise 0.
    pub part: i32,
    /// The person on the other side.
    pub contact: Sender,
    /// Where the writer wants the answer, where that is not simply the contact's id. No identity: anybody may write anything
    /// there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ExternalUserId>,
    /// To whom it was sent, ourselves included, where the platform says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Recipient>,
    /// `true`: sent from our side by another application or by ourselves (an echo).
    pub is_echo: bool,
    /// For an echo, our own outbound id if the platform returns it.
    pub client_reference: Option<String>,
    /// The conversation, where the platform has them.
    pub thread: Option<ExternalThreadId>,
    /// Known messages that this one answers, nearest first: joins their interaction.
    #[serde(default)]
    pub in_reply_to: Vec<ExternalMessageId>,
    /// Further signs of the conversation that it belongs to, strongest first; asked when no answered message is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signs: Vec<ThreadSign>,
    /// The message quoted by the writer.
    pub quoted: Option<ExternalMessageId>,
    /// Subject or title of the conversation.
    pub subject: Option<String>,
    /// The body.
    pub content: RichContent,
    /// Files that belong to it.
    #[serde(default)]
    pub attachments: Vec<InboundAttachment>,
    /// When it was written, by the platform's clock.
    pub at: DateTime<Utc>,
    /// Written by a machine (out-of-office, list mail): never starts a script, never re-opens.
    #[serde(default)]
    pub is_automatic: bool,
    /// Proofs of the sender that failed, by their usual names, as the receiving server found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_proofs: Vec<String>,
    /// The message as it came, before anything was left out or made harmless (a raw mail); kept as long as the message.
    #[serde(skip)]
    pub raw: Option<Bytes>,
}

/// Somebody to whom a message was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Whether it was meant for them.
    pub kind: RecipientKind,
    /// The platform's id of them: a mail address.
    pub address: ExternalUserId,
    /// Name, as the writer gave it.
    pub name: Option<String>,
}

/// How somebody was named as a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecipientKind {
    /// It was meant for them.
    To,
    /// They got a copy.
    Cc,
}

/// A person as the platform describes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The platform's id of them.
    pub external_id: ExternalUserId,
    /// Name to show.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number in E.164.
    pub phone: Option<String>,
    /// BCP 47 language tag.
    pub locale: Option<String>,
    /// Picture of them.
    pub avatar: Option<Url>,
    /// Whether the platform or a signature vouches for the id.
    pub is_verified: bool,
}

impl Sender {
    /// A sender of whom only the platform's id is known.
    #[must_use]
    pub fn known_by_id(external_id: impl Into<ExternalUserId>) -> Self {
        Self { external_id: external_id.into(), name: None, email: None, phone: None, locale: None, avatar: None, is_verified: false }
    }
}

/// A file as a platform gave it to us.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboundAttachment {
    /// File name, not yet made safe.
    pub name: Option<String>,
    /// What the platform says it is; the stored type is sniffed.
    pub mime: Option<String>,
    /// MIME content id, when the body shows the file inside the text (`cid:`).
    pub content_id: Option<String>,
    /// Where the bytes are.
    pub source: AttachmentSource,
}

/// Where the bytes of an inbound file are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentSource {
    /// They came with the event.
    Inline(#[serde(skip)] Bytes),
    /// Already stored as one of our attachments (an upload of a chat visitor).
    Stored(crate::ids::AttachmentId),
    /// To be fetched from this address through the guarded client.
    Url(Url),
    /// To be fetched by the adapter, which knows what this means.
    Reference(String),
}

/// A sign of the conversation that a message belongs to, where the platform has no conversations of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadSign {
    /// The number of our interaction, proved to come from us.
    Proved(i64),
    /// The number of our interaction as anybody may write it: believed from those who take part in it only.
    Claimed(i64),
}

/// What became of a message that we sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The message, by the platform's id.
    pub message: ExternalMessageId,
    /// Our own outbound id, if the platform returns it: for an id that comes after the answer to the send.
    #[serde(default)]
    pub client_reference: Option<String>,
    /// Its state now.
    pub state: DeliveryState,
    /// Reason, for a failure: a code of ours, with the platform's words kept apart.
    pub failure: Option<ReceiptFailure>,
    /// When, by the platform's clock.
    pub at: DateTime<Utc>,
    /// `true`: also every earlier message of the conversation (a read watermark).
    #[serde(default)]
    pub is_watermark: bool,
}

/// Why a message failed after the platform had taken it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptFailure {
    /// Our code.
    pub code: String,
    /// The platform's own words.
    pub detail: Option<String>,
}
