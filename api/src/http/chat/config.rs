//! What the widget needs to know of its channel before anybody writes.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::header;
use serde_json::{Value, json};
use tributary_domain::{
    entity::channel,
    spec::{Capabilities, MediaClass},
};

use super::{Visit, gate::Entry, token::Claims};

/// How many characters a text of the channel may have.
const MAX_WORDS: usize = 500;

pub(super) async fn config(entry: Entry) -> Response {
    let capabilities = &entry.chat.worker().registry.spec(entry.channel.kind).capabilities;
    let now = entry.chat.now();
    let nobody = Claims::new("".into(), None, Default::default(), now);
    let visit = Visit::new(entry.chat, entry.channel, nobody, None);
    let channel = &visit.channel;
    let config = json!({
        "title": text(channel, "title"),
        "colour": text(channel, "colour").filter(|colour| is_colour(colour)),
        "texts": texts(channel),
        "is_online": visit.is_online(),
        "offline_form": {"is_enabled": visit.has_offline_form(), "ask_name": true},
        "attachments": {
            "is_enabled": capabilities.max_attachments > 0 && !capabilities.media.is_empty(),
            "max_bytes": max_bytes(capabilities, visit.chat.worker().timing.max_file_bytes),
            "max_count": capabilities.max_attachments,
            "mime_types": mime_types(capabilities),
        },
        "max_text": capabilities.text.max,
    });
    ([(header::CACHE_CONTROL, "public, max-age=60")], Json(config)).into_response()
}

/// Largest file that a visitor may send.
pub(super) fn max_bytes(capabilities: &Capabilities, server: u64) -> u64 {
    capabilities.media.iter().map(|limit| limit.max_bytes).max().unwrap_or(0).min(server)
}

/// Types for the file dialogue of browsers.
fn mime_types(capabilities: &Capabilities) -> Vec<String> {
    let mut types = Vec::new();
    for limit in &*capabilities.media {
        let class = match limit.class {
            MediaClass::Image => "image/*",
            MediaClass::Audio => "audio/*",
            MediaClass::Video => "video/*",
            MediaClass::File => "*/*",
        };
        types.extend(limit.mime_types.iter().map(|mime| if mime == "*" { class.to_owned() } else { mime.to_string() }));
    }
    types
}

/// The texts of both languages; a setting without a language holds for both.
fn texts(channel: &channel::Model) -> Value {
    let of = |language: &str| {
        let word = |key: &str| text(channel, &format!("{key}_{language}")).or_else(|| text(channel, key));
        let said = [("subtitle", word("subtitle")), ("greeting", word("greeting")), ("offline", word("offline_text"))];
        Value::Object(said.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?)))).collect())
    };
    json!({"de": of("de"), "en": of("en")})
}

fn text(channel: &channel::Model, key: &str) -> Option<String> {
    let text = channel.settings.get(key)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.chars().take(MAX_WORDS).collect())
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}
