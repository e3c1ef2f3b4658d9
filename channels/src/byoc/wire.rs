//! The bodies that we send and the answers that we read; names as integrators know them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::shared::fields::is_id;

/// Body of a signed webhook.
#[derive(Debug, Serialize)]
pub(super) struct Envelope<T> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) timestamp: DateTime<Utc>,
    pub(super) data: T,
}

/// Data of `message.send` and `message.edit`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageData {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_on_external_platform: Option<String>,
    pub(super) message_id: String,
    pub(super) interaction_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thread: Option<Thread>,
    pub(super) recipients: Vec<Recipient>,
    pub(super) message_content: MessageContent,
    pub(super) attachments: Vec<Attachment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_to_message: Option<ExternalId>,
    pub(super) author: Author,
}

/// Data of everything that happens to a message or a conversation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActionData {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_on_external_platform: Option<String>,
    pub(super) interaction_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thread: Option<Thread>,
    pub(super) recipients: Vec<Recipient>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reaction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is_typing: Option<bool>,
}

/// Data of `channel.verify`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifyData {
    pub(super) channel_id: String,
    pub(super) challenge: String,
}

/// Body of the newer compatibility call.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutboundCall {
    pub(super) thread: Thread,
    pub(super) message_content: MessageContent,
    pub(super) recipients: Vec<Recipient>,
    pub(super) attachments: Vec<Attachment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_to_message: Option<ExternalId>,
}

/// Body of the older compatibility call.
#[derive(Debug, Serialize)]
pub(super) struct LegacyCall {
    pub(super) thread: Thread,
    pub(super) message: LegacyMessage,
    pub(super) attachments: Vec<Attachment>,
}

#[derive(Debug, Serialize)]
pub(super) struct LegacyMessage {
    pub(super) text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageContent {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) payload: Value,
    pub(super) fallback_text: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Thread {
    pub(super) id_on_external_platform: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thread_name: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recipient {
    pub(super) id_on_external_platform: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) is_primary: bool,
    pub(super) is_private: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attachment {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) friendly_name: String,
    pub(super) file_name: String,
    pub(super) mime_type: String,
    pub(super) size: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalId {
    pub(super) id_on_external_platform: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Author {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) is_automatic: bool,
}

/// What an integrator answers to a call, as far as we read it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Answer {
    pub(super) id_on_external_platform: Option<Value>,
    pub(super) message: Option<Box<Answer>>,
    pub(super) challenge: Option<String>,
}

impl Answer {
    /// The platform's id, at the top or in the message object; numbers count. One that we could not store is none.
    pub(super) fn external_id(&self) -> Option<String> {
        let own = match &self.id_on_external_platform {
            Some(Value::String(id)) if is_id(id) => Some(id.clone()),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        };
        own.or_else(|| self.message.as_ref()?.external_id())
    }
}

/// What a token address answers.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: secrecy::SecretString,
    pub(super) expires_in: Option<i64>,
}
