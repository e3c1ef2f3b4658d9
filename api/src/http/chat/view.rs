//! Messages as the widget gets them.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use tributary_domain::{
    chat::{Entry, PagePlace},
    contact::nameless,
    entity::{attachment, message},
    ids::{AttachmentId, MessageId},
    message::{AuthorKind, Direction},
    state::DeliveryState,
};

use super::Visit;

/// How long the address of a file holds; the protocol promises an hour, and browsers keep the page open longer.
const ADDRESS_HOLDS: TimeDelta = TimeDelta::hours(6);
/// Largest page, bytes of JSON.
pub(super) const PAGE_BYTES: usize = 256 * 1024;

pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl Visit {
    /// The address of a file for this visitor, relative to the server's origin.
    pub(super) fn file_url(&self, id: AttachmentId, now: DateTime<Utc>) -> String {
        let query = self.chat.key().file_query(self.channel.id, id, now + ADDRESS_HOLDS);
        format!("/chat/v1/{}/files/{id}?{query}", self.channel.token)
    }

    pub(super) fn file(&self, file: &attachment::Model, is_inline: bool) -> Value {
        let url = self.file_url(file.id, self.chat.now());
        json!({"id": file.id, "name": file.name, "mime": file.mime, "bytes": file.bytes, "url": url,
            "width": file.width, "height": file.height, "is_inline": is_inline})
    }

    pub(super) fn message(&self, entry: &Entry) -> Value {
        let found = &entry.message;
        let is_deleted = found.deleted_at.is_some();
        let content = found.rendered_as.as_ref().map_or(&found.content.0, |rendered| &rendered.content);
        let content = if is_deleted { json!({"kind": "TEXT", "text": ""}) } else { json!(content) };
        let files: Vec<Value> = entry.files.iter().map(|file| self.file(file, file.message_id.is_none())).collect();
        let quoted = entry.quoted.as_ref().map(|quoted| json!({"id": quoted.id, "author": self.author(quoted), "text": quoted.text}));
        json!({
            "id": found.id,
            "version": found.version,
            "direction": if found.direction == Direction::In { "in" } else { "out" },
            "author": self.author(found),
            "content": content,
            "text": found.text,
            "attachments": if is_deleted { Vec::new() } else { files },
            "quoted": quoted,
            "reactions": if is_deleted { Vec::new() } else { reactions(entry) },
            "state": state(entry),
            "at": time(found.at),
            "edited": found.edited_at.map(time),
            "deleted": found.deleted_at.map(time),
            "client_id": self.client_id(found),
        })
    }

    /// The frame that brought a message of this visitor.
    fn client_id(&self, found: &message::Model) -> Option<String> {
        let (visitor, frame) = found.external_id.as_ref()?.0.rsplit_once(':')?;
        let is_own = found.direction == Direction::In && self.names().any(|name| name.0 == visitor);
        is_own.then(|| frame.to_owned())
    }

    fn author(&self, found: &message::Model) -> Value {
        let kind = match found.author_kind {
            AuthorKind::Contact => "VISITOR",
            AuthorKind::Person | AuthorKind::External => "AGENT",
            AuthorKind::ApiClient | AuthorKind::Bot | AuthorKind::Script => "BOT",
            AuthorKind::System => "SYSTEM",
        };
        // A contact without a name is called by its id, which is no name.
        let name = found.author_name.as_deref().filter(|name| !name.is_empty() && self.names().all(|id| nameless(id) != *name));
        json!({"name": name, "avatar": null, "kind": kind})
    }

    /// The newest of these entries that fit into a page, oldest first, with the place of the page before.
    pub(super) fn page(&self, entries: &[Entry], has_more: bool) -> Value {
        let (mut messages, mut bytes, mut is_cut) = (Vec::with_capacity(entries.len()), 0, false);
        for entry in entries.iter().rev() {
            let message = self.message(entry);
            bytes += message.to_string().len();
            if bytes > PAGE_BYTES && !messages.is_empty() {
                is_cut = true;
                break;
            }
            messages.push((PagePlace { at: entry.message.at, id: entry.message.id }, message));
        }
        let before = messages.last().filter(|_| has_more || is_cut).map(|(place, _)| place_text(*place));
        let messages: Vec<Value> = messages.into_iter().rev().map(|(_, message)| message).collect();
        json!({"messages": messages, "before": before})
    }
}

fn state(entry: &Entry) -> &'static str {
    match (entry.message.direction, entry.message.delivery) {
        (Direction::In, _) if entry.is_read_by_us => "READ",
        (Direction::Out, Some(DeliveryState::Read)) => "READ",
        (Direction::Out, Some(DeliveryState::Delivered)) => "DELIVERED",
        _ => "SENT",
    }
}

fn reactions(entry: &Entry) -> Vec<Value> {
    let mut emojis: Vec<&str> = entry.reactions.iter().map(|reaction| reaction.emoji.as_str()).collect();
    emojis.sort_unstable();
    emojis.dedup();
    emojis
        .into_iter()
        .map(|emoji| {
            let same: Vec<_> = entry.reactions.iter().filter(|reaction| reaction.emoji == emoji).collect();
            let is_mine = same.iter().any(|reaction| reaction.author_kind == AuthorKind::Contact);
            json!({"emoji": emoji, "count": same.len(), "is_mine": is_mine})
        })
        .collect()
}

/// A place as text. It needs no signature: whoever names another place sees only what is theirs.
fn place_text(place: PagePlace) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{}.{}", place.at.timestamp_micros(), place.id))
}

/// The place behind such a text.
pub(super) fn place(text: &str) -> Option<PagePlace> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (at, id) = text.split_once('.')?;
    Some(PagePlace { at: DateTime::from_timestamp_micros(at.parse().ok()?)?, id: id.parse::<MessageId>().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_and_others_do_not() {
        let here =
            PagePlace { at: DateTime::from_timestamp_micros(1_800_000_000_000_001).expect("a time"), id: uuid::Uuid::from_u128(7).into() };
        assert_eq!(place(&place_text(here)), Some(here));
        for wrong in ["", "x", "🙂", "AAAA", &BASE64_URL_SAFE_NO_PAD.encode("99999999999999999999.msg_1")] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
