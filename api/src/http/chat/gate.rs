//! Which channel, and from which pages: before anything else is looked at.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use serde_json::Value;
use tributary_domain::{entity::channel, spec::ChannelClass};
use url::Url;

use super::{Chat, Visit, error::Refused};
use crate::auth::bearer;

/// Longest widget key that is looked up, characters.
const MAX_KEY: usize = 64;

/// What the gate found out; handlers take it as an argument.
#[derive(Clone)]
pub(super) struct Entry {
    pub chat: Chat,
    pub channel: Arc<channel::Model>,
    pub address: Option<IpAddr>,
    /// Only a socket is let in with a refused page, to be told so in a way that pages can hear.
    pub refused: Option<Refused>,
}

/// Finds the channel, checks the page, answers preflights and says who may read the answer.
pub(super) async fn gate(State(chat): State<Chat>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let origin = parts.headers.get(header::ORIGIN).cloned();
    let entry = match enter(&chat, &parts).await {
        Ok(entry) => entry,
        // Whoever asks may read why not: nothing in it is about anybody.
        Err(refused) => return readable(refused.into_response(), origin),
    };
    if parts.method == Method::OPTIONS {
        return readable(preflight(), origin);
    }
    parts.extensions.insert(entry);
    readable(next.run(Request::from_parts(parts, body)).await, origin)
}

async fn enter(chat: &Chat, parts: &Parts) -> Result<Entry, Refused> {
    let unknown = || Refused::not_found("channel");
    let path = parts.uri.path();
    let is_socket = path.ends_with("/socket");
    let key = path.split_once("/chat/v1/").and_then(|(_, rest)| rest.split('/').next()).ok_or_else(unknown)?;
    let is_key = !key.is_empty() && key.len() <= MAX_KEY && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let found = if is_key { tributary_domain::channel::by_token(chat.store(), key).await? } else { None };
    let (_, found) = found.ok_or_else(unknown)?;
    if chat.worker().registry.spec(found.kind).class != ChannelClass::Chat {
        return Err(unknown());
    }
    let headers = &parts.headers;
    let refused = match headers.get(header::ORIGIN) {
        Some(origin) if may_speak(chat, &found, headers, origin) => None,
        None if parts.method == Method::GET && !is_socket => None,
        _ => Some(Refused::forbidden("This page may not use the chat. Add its origin to the channel's allowed websites.")),
    };
    if let Some(refused) = refused.as_ref().filter(|_| !is_socket) {
        return Err(refused.clone());
    }
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = forwarded(headers, chat.settings().forwarded_for_hops).or(peer);
    Ok(Entry { chat: chat.clone(), channel: Arc::new(found), address, refused })
}

/// Whether pages of this origin may use the channel: our own, and those that its administrator named.
fn may_speak(chat: &Chat, channel: &channel::Model, headers: &HeaderMap, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let ours = chat.0.parts.public_url.origin().ascii_serialization();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // A page that came from the address it calls is one of ours, under whatever name we are reached.
    let is_own = origin == ours || origin.split_once("://").is_some_and(|(_, own)| host == Some(own));
    is_own || allowed(channel.settings.get("allowed_origins")).any(|allowed| is_same_origin(allowed, origin))
}

/// The lines of the setting.
fn allowed(setting: Option<&Value>) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = match setting {
        Some(Value::String(text)) => text.lines().collect(),
        Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    lines.into_iter().flat_map(|line| line.split([',', ' ', '\t'])).map(str::trim).filter(|line| !line.is_empty())
}

/// Compares as browsers do: scheme, host and port, whatever case and path the administrator wrote.
fn is_same_origin(allowed: &str, origin: &str) -> bool {
    if allowed == "*" {
        return true;
    }
    Url::parse(allowed).is_ok_and(|url| url.origin().is_tuple() && url.origin().ascii_serialization() == origin)
}

/// The address that the outermost of our own proxies saw: only as many entries as there are proxies are believed.
fn forwarded(headers: &HeaderMap, hops: usize) -> Option<IpAddr> {
    let all: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).collect();
    let index = all.len().checked_sub(hops).filter(|_| hops > 0)?;
    all.get(index)?.trim().parse().ok()
}

fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn readable(mut response: Response, origin: Option<HeaderValue>) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for Entry {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refused> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Refused::not_found("channel"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Refused;

    /// The visitor whose token stands in the header.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let Entry { chat, channel, address, .. } = Entry::from_request_parts(parts, state).await?;
        let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
        let claims = token.and_then(|token| chat.key().verify(channel.id, token, chat.now())).ok_or_else(Refused::unauthenticated)?;
        Ok(Self::new(chat, channel, claims, address))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn origins_are_compared_as_browsers_do() {
        for (allowed, origin, is_same) in [
            ("https://shop.example", "https://shop.example", true),
            ("https://Shop.example/", "https://shop.example", true),
            ("https://shop.example:443/start", "https://shop.example", true),
            ("http://shop.example", "https://shop.example", false),
            ("https://shop.example", "https://shop.example:8443", false),
            ("https://shop.example", "https://shop.example.evil.example", false),
            ("shop.example", "https://shop.example", false),
            ("*", "https://any.example", true),
            ("https://*.example", "https://a.example", false),
            ("null", "null", false),
            ("data:text/html,x", "null", false),
        ] {
            assert_eq!(is_same_origin(allowed, origin), is_same, "{allowed} {origin}");
        }
    }

    #[test]
    fn lines_of_the_setting_are_read_generously() {
        let text = json!(" https://a.example \n\nhttps://b.example,https://c.example\r\n");
        assert_eq!(allowed(Some(&text)).collect::<Vec<_>>(), ["https://a.example", "https://b.example", "https://c.example"]);
        assert_eq!(allowed(Some(&json!(["*"]))).collect::<Vec<_>>(), ["*"]);
        assert_eq!(allowed(None).count() + allowed(Some(&json!(7))).count(), 0);
    }
}
