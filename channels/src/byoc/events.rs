//! What the events of an integrator mean: data by type → [`InboundEvent`].
//!
//! | type | data |
//! |---|---|
//! | `message.created` | the message form of the compatibility route; `thread` may be missing, `webhookId` marks our own echo |
//! | `message.updated` | `idOnExternalPlatform`, `messageContent`, `updatedAtOnExternal` |
//! | `message.deleted` | `idOnExternalPlatform`, `deletedAtOnExternal` |
//! | `message.status` | `idOnExternalPlatform`, `status` (sent, delivered, seen, failed), `reason` (text or `{code, text}`), `at`, `includesEarlier` |
//! | `typing.started`, `typing.stopped` | `author.endUserIdentity`, `thread` |
//! | `reaction.added`, `reaction.removed` | `idOnExternalPlatform`, `reaction`, `author.endUserIdentity` |
//! | `thread.updated`, `thread.closed` | `thread` |
//! | `contact.updated` | `endUserIdentity` |
//! | `channel.health` | `status` (ok, degraded, down), `reason`, `intervalSeconds` (when the next one comes) |

use chrono::{DateTime, Utc};
use serde_json::Value;
use tributary_domain::{
    channel::{ChannelHealth, HealthCause, HealthReason},
    ids::{ExternalMessageId, ExternalThreadId, ExternalUserId},
    inbound::{AttachmentSource, InboundAttachment, InboundEvent, InboundMessage, Receipt, ReceiptFailure, Sender},
    state::DeliveryState,
};

use super::content;
use crate::{
    error::FieldError,
    shared::{
        cloudevents::CloudEvent,
        fields::{Errors, Field},
    },
};

/// Most files of one message.
const MAX_FILES: usize = 50;

/// Longest reason of a declared health that is kept, characters.
const MAX_REASON: usize = 500;

/// How often an integration may promise to say how it is doing, seconds.
pub(super) const HEARTBEAT_MIN_S: i32 = 10;
/// How seldom, seconds.
pub(super) const HEARTBEAT_MAX_S: i32 = 86_400;

/// What reading needs beside the data.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// When it happened, if the data does not say.
    pub(super) at: DateTime<Utc>,
    /// Files lie behind a private authority: only the adapter can fetch them.
    pub(super) fetches_files: bool,
}

/// Reads the data of one event.
///
/// # Errors
/// What is wrong with it, by field.
pub(super) fn read(event: &CloudEvent, reading: Reading) -> Result<InboundEvent, Vec<FieldError>> {
    let reading = Reading { at: event.time.unwrap_or(reading.at), ..reading };
    let errors = Errors::default();
    let data = Field::root(&event.data, "data", &errors);
    let ignored = |reason: String| InboundEvent::Ignored { reason };
    let read = match event.kind.as_str() {
        "message.created" => InboundEvent::Message(Box::new(message(&data, reading, false))),
        "message.updated" => edited(&data, reading),
        "message.deleted" => deleted(&data, reading),
        "message.status" => InboundEvent::Receipt(receipt(&data, reading)),
        "typing.started" => typing(&data, true),
        "typing.stopped" => typing(&data, false),
        "reaction.added" => reaction(&data, true),
        "reaction.removed" => reaction(&data, false),
        "thread.closed" => InboundEvent::ThreadClosed { thread: data.at("thread").at("idOnExternalPlatform").required_id().into() },
        "thread.updated" => {
            let _ = data.at("thread").at("idOnExternalPlatform").required_id();
            ignored("thread.updated: a name is taken from the next message".to_owned())
        }
        "contact.updated" => InboundEvent::ContactChanged(sender(&identity(&data))),
        "channel.health" => health(&data),
        other => ignored(format!("unknown type {}", other.chars().take(64).collect::<String>())),
    };
    errors.into_result(read)
}

/// Reads a message of the compatibility route.
///
/// # Errors
/// What is wrong with it, by field.
pub(super) fn read_compat(value: &Value, reading: Reading) -> Result<InboundMessage, Vec<FieldError>> {
    let errors = Errors::default();
    let read = message(&Field::root(value, "", &errors), reading, true);
    errors.into_result(read)
}

fn message(data: &Field<'_>, reading: Reading, needs_thread: bool) -> InboundMessage {
    data.require_object();
    let direction = data.at("direction");
    let is_echo = match direction.required_text().as_str() {
        "outbound" => true,
        "inbound" | "" => false,
        _ => {
            direction.wrong("must be inbound or outbound");
            false
        }
    };
    let thread = data.at("thread").at("idOnExternalPlatform");
    let thread = if needs_thread { Some(thread.required_id()) } else { thread.id() };
    let quoted: Option<ExternalMessageId> = data.at("replyToMessage").at("idOnExternalPlatform").id().map(Into::into);
    let mut attachments = attachments(&data.at("attachments"));
    let (content, file) = content::read(&data.at("messageContent"), !attachments.is_empty());
    if let Some(file) = file
        && !attachments.iter().any(|known| known.source == file.source)
    {
        attachments.insert(0, file);
    }
    if reading.fetches_files {
        attachments.iter_mut().for_each(to_reference);
    }
    InboundMessage {
        external_id: data.at("idOnExternalPlatform").required_id().into(),
        part: 0,
        contact: if is_echo { echo_contact(data) } else { sender(&identity(data)) },
        reply_to: None,
        recipients: Vec::new(),
        is_echo,
        client_reference: data.at("webhookId").id(),
        thread: thread.map(ExternalThreadId),
        in_reply_to: quoted.iter().cloned().collect(),
        signs: Vec::new(),
        quoted,
        subject: data.at("thread").at("threadName").filled().or_else(|| data.at("title").filled()),
        content,
        attachments,
        at: data.at("createdAtOnExternal").time().unwrap_or(reading.at),
        is_automatic: data.at("isAutomatic").flag(),
        failed_proofs: Vec::new(),
        raw: None,
    }
}

/// The contact of a message from our side: the first recipient, or who is named as the person on the other side.
fn echo_contact(data: &Field<'_>) -> Sender {
    let recipients = data.at("recipients").items(100);
    let primary = recipients.iter().find(|recipient| recipient.at("isPrimary").flag()).or(recipients.first());
    match primary {
        Some(recipient) => Sender {
            name: recipient.at("name").filled(),
            is_verified: true,
            ..Sender::known_by_id(recipient.at("idOnExternalPlatform").required_id())
        },
        None => sender(&identity(data)),
    }
}

fn identity<'a>(data: &Field<'a>) -> Field<'a> {
    let own = data.at("endUserIdentity");
    if own.is_present() { own } else { data.at("author").at("endUserIdentity") }
}

fn sender(identity: &Field<'_>) -> Sender {
    let names: Vec<_> = ["firstName", "lastName"].into_iter().filter_map(|key| identity.at(key).filled()).collect();
    let name = if names.is_empty() { identity.at("nickname").filled() } else { Some(names.join(" ")) };
    let phone = identity.at("phone").filled();
    if phone.as_ref().is_some_and(|phone| !is_e164(phone)) {
        identity.at("phone").wrong("must be a telephone number such as +4930123456");
    }
    Sender {
        external_id: ExternalUserId(identity.at("idOnExternalPlatform").required_id()),
        name,
        email: identity.at("email").filled(),
        phone,
        locale: identity.at("locale").filled(),
        // A picture is decoration: one that we cannot load is no reason to refuse a message.
        avatar: identity.at("image").text().and_then(|text| text.parse().ok()).filter(|url: &url::Url| url.scheme() == "https"),
        is_verified: true,
    }
}

fn is_e164(phone: &str) -> bool {
    phone.strip_prefix('+').is_some_and(|digits| (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn attachments(field: &Field<'_>) -> Vec<InboundAttachment> {
    let files = field.items(MAX_FILES);
    let files = files.iter().filter_map(|file| {
        if !file.at("url").is_present() {
            file.at("url").wrong("is required");
        }
        Some(InboundAttachment {
            name: file.at("friendlyName").filled().or_else(|| file.at("fileName").filled()),
            mime: file.at("mimeType").filled(),
            content_id: None,
            source: AttachmentSource::Url(file.at("url").url()?),
        })
    });
    files.collect()
}

fn to_reference(attachment: &mut InboundAttachment) {
    if let AttachmentSource::Url(url) = &attachment.source {
        attachment.source = AttachmentSource::Reference(url.to_string());
    }
}

fn message_id(data: &Field<'_>) -> ExternalMessageId {
    data.require_object();
    data.at("idOnExternalPlatform").required_id().into()
}

fn edited(data: &Field<'_>, reading: Reading) -> InboundEvent {
    InboundEvent::Edited {
        message: message_id(data),
        content: content::read(&data.at("messageContent"), data.at("attachments").is_present()).0,
        at: data.at("updatedAtOnExternal").time().unwrap_or(reading.at),
    }
}

fn deleted(data: &Field<'_>, reading: Reading) -> InboundEvent {
    InboundEvent::Deleted { message: message_id(data), at: data.at("deletedAtOnExternal").time().unwrap_or(reading.at) }
}

fn receipt(data: &Field<'_>, reading: Reading) -> Receipt {
    let status = data.at("status");
    let state = match status.required_text().as_str() {
        "sent" | "" => DeliveryState::Sent,
        "delivered" => DeliveryState::Delivered,
        "seen" | "read" => DeliveryState::Read,
        "failed" => DeliveryState::Failed,
        _ => {
            status.wrong("must be sent, delivered, seen or failed");
            DeliveryState::Sent
        }
    };
    let reason = data.at("reason");
    let detail = if reason.raw().is_some_and(Value::is_object) { reason.at("text").filled() } else { reason.filled() };
    let code = reason.raw().filter(|value| value.is_object()).and_then(|_| reason.at("code").filled());
    let failure = (state == DeliveryState::Failed).then(|| ReceiptFailure { code: fail_code(code.as_deref()), detail });
    Receipt {
        message: message_id(data),
        client_reference: data.at("webhookId").id(),
        state,
        failure,
        at: data.at("at").time().unwrap_or(reading.at),
        is_watermark: data.at("includesEarlier").flag(),
    }
}

/// Codes of ours that an integrator may use; anything else is `OTHER`.
fn fail_code(code: Option<&str>) -> String {
    let known = code.and_then(|code| serde_json::from_value::<crate::error::FailCode>(code.into()).ok());
    known.unwrap_or(crate::error::FailCode::Other).as_str().to_owned()
}

fn health(data: &Field<'_>) -> InboundEvent {
    let status = data.at("status");
    let health = match status.filled().as_deref() {
        None | Some("ok") => ChannelHealth::Ok,
        Some("degraded") => ChannelHealth::Degraded,
        Some("down") => ChannelHealth::Down,
        _ => {
            status.wrong("must be ok, degraded or down");
            ChannelHealth::Ok
        }
    };
    let said = data.at("reason").filled().map(|reason| reason.chars().take(MAX_REASON).collect());
    let sentence: String = said.unwrap_or_else(|| "The integration reports trouble and gives no reason.".to_owned());
    let reason = (health != ChannelHealth::Ok).then(|| HealthReason::new(HealthCause::Declared, sentence));
    // A promise that is too close or too far is no reason to refuse a sign of life.
    let promised = data.at("intervalSeconds").raw().and_then(Value::as_i64).filter(|seconds| *seconds > 0);
    let within = |seconds: i64| seconds.clamp(HEARTBEAT_MIN_S.into(), HEARTBEAT_MAX_S.into());
    let interval_s = promised.and_then(|seconds| i32::try_from(within(seconds)).ok());
    InboundEvent::Health { health, reason, interval_s }
}

fn typing(data: &Field<'_>, is_typing: bool) -> InboundEvent {
    InboundEvent::Typing {
        author: identity(data).at("idOnExternalPlatform").required_id().into(),
        thread: data.at("thread").at("idOnExternalPlatform").id().map(ExternalThreadId),
        is_typing,
    }
}

fn reaction(data: &Field<'_>, is_added: bool) -> InboundEvent {
    let emoji = data.at("reaction").required_text();
    if emoji.chars().count() > 64 {
        data.at("reaction").wrong("must have at most 64 characters");
    }
    InboundEvent::Reaction { message: message_id(data), author: sender(&identity(data)), emoji, is_added }
}
