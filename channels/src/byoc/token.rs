//! Access tokens of integrators: fetched with client credentials, kept until shortly before they expire.
//!
//! The cache holds at most [`MAX_TOKENS`] and is keyed by everything that the token depends on, so a changed setting never
//! meets an old token. Losing it costs one call.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use tributary_domain::outbound::OpenChannel;
use url::Url;

use super::wire::TokenAnswer;
use crate::{
    channel::Cx,
    error::{Reach, Verdict},
    shared::http::{GuardedClient, HttpReply},
};

/// Most tokens that are kept.
const MAX_TOKENS: usize = 1024;
/// How long a token is used when its address does not say, seconds.
const DEFAULT_LIFE_S: i64 = 300;
/// How long before its end a token is no longer used, seconds.
const MARGIN_S: i64 = 60;
const TIMEOUT: Duration = Duration::from_secs(15);

/// Tokens by the hash of channel and credentials.
#[derive(Default)]
pub(super) struct TokenCache(Mutex<HashMap<[u8; 32], Entry>>);

struct Entry {
    token: SecretString,
    until: DateTime<Utc>,
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

/// Where and with what a token is fetched.
pub(super) struct Credentials<'a> {
    url: &'a str,
    client_id: &'a str,
    client_secret: &'a str,
    key: [u8; 32],
}

impl<'a> Credentials<'a> {
    /// The channel's credentials; `None` if it needs no token.
    pub(super) fn of(channel: &'a OpenChannel) -> Option<Self> {
        let url = channel.text("token_url")?;
        let client_id = channel.text("client_id").unwrap_or_default();
        let client_secret = channel.secret("client_secret").map_or("", |secret| secret.expose_secret());
        let mut hash = Sha256::new();
        for part in [channel.id.to_string().as_str(), url, client_id, client_secret] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Some(Self { url, client_id, client_secret, key: hash.finalize().into() })
    }
}

impl TokenCache {
    /// A token that is still good, or a new one.
    pub(super) async fn get(&self, cx: &Cx, client: &GuardedClient, credentials: &Credentials<'_>) -> Result<SecretString, Verdict> {
        let now = cx.clock.now();
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&credentials.key)
            .filter(|entry| now < entry.until)
            .map(|entry| entry.token.clone());
        if let Some(token) = known {
            return Ok(token);
        }
        let entry = fetch(client, credentials, now).await?;
        let token = entry.token.clone();
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MAX_TOKENS {
            tokens.retain(|_, entry| now < entry.until);
        }
        if tokens.len() >= MAX_TOKENS {
            tokens.clear();
        }
        tokens.insert(credentials.key, entry);
        Ok(token)
    }

    /// Forgets a token that was refused, unless another call has already replaced it.
    pub(super) fn forget(&self, credentials: &Credentials<'_>, refused: &SecretString) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.get(&credentials.key).is_some_and(|entry| entry.token.expose_secret() == refused.expose_secret()) {
            tokens.remove(&credentials.key);
        }
    }
}

/// Puts the token into the headers.
pub(super) fn authorize(headers: &mut HeaderMap, token: &SecretString) -> Result<(), Verdict> {
    let mut value = http::HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
        .map_err(|_| Verdict::Suspend { reason: "The token address answered with a token that cannot stand in a header.".into() })?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(())
}

async fn fetch(client: &GuardedClient, credentials: &Credentials<'_>, now: DateTime<Utc>) -> Result<Entry, Verdict> {
    let suspend = |reason: &str| Verdict::Suspend { reason: reason.to_owned() };
    let url = Url::parse(credentials.url).map_err(|_| suspend("The token address is not a web address."))?;
    let (id, secret) = (credentials.client_id, credentials.client_secret);
    let body = json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret}).to_string();
    let mut reply = client.post_json(&url, HeaderMap::new(), body.into(), TIMEOUT).await.map_err(not_fetched)?;
    if matches!(reply.status, 400 | 406 | 415 | 422) {
        let fields = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        reply = client.post_form(&url, HeaderMap::new(), &fields, TIMEOUT).await.map_err(not_fetched)?;
    }
    read(&reply, now)
}

/// A token call that got no answer has had no effect that matters: it can always be repeated.
fn not_fetched(failure: crate::shared::http::HttpFailure) -> Verdict {
    match failure.verdict() {
        Verdict::Ambiguous { reason } => {
            Verdict::Retry { after: None, pauses_account: false, reach: Reach::Broken, reason: format!("token address: {reason}") }
        }
        other => other,
    }
}

fn read(reply: &HttpReply, now: DateTime<Utc>) -> Result<Entry, Verdict> {
    match reply.status {
        200..=299 => {
            let answer: TokenAnswer = serde_json::from_slice(&reply.body)
                .map_err(|_| Verdict::Suspend { reason: "The token address answered without an access_token.".into() })?;
            let life_s = answer.expires_in.unwrap_or(DEFAULT_LIFE_S).clamp(0, 86_400 * 30);
            Ok(Entry { token: answer.access_token, until: now + TimeDelta::seconds((life_s - MARGIN_S).max(life_s / 2)) })
        }
        408 | 425 | 429 | 500..=599 => Err(Verdict::Retry {
            after: reply.retry_after(now),
            pauses_account: reply.status == 429,
            reach: if reply.status >= 500 { Reach::Broken } else { Reach::Answered },
            reason: format!("the token address answered {}", reply.status),
        }),
        status => Err(Verdict::Suspend {
            reason: format!("The token address answered {status}: check its address, the client id and the client secret."),
        }),
    }
}
