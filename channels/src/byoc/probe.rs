//! Does the integration answer, and is it the one that was meant?
//!
//! In standard mode it must echo a random challenge (`channel.verify`) or agree to our origin in the CloudEvents handshake: so
//! nobody can aim our calls at a stranger. The compatibility modes know neither; there a token and a health answer must do.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::ExposeSecret;
use tributary_domain::{outbound::OpenChannel, random};
use url::Url;

use super::{
    Mode,
    deliver::{TIMEOUT, client, exchange},
    token::{Credentials, TokenCache, authorize},
    wire::{Answer, Envelope, VerifyData},
};
use crate::{
    channel::Cx,
    error::{ProbeError, Verdict},
    shared::{http::HttpReply, sign::SigningKeys},
};

pub(super) async fn probe(tokens: &TokenCache, cx: &Cx, channel: &OpenChannel) -> Result<(), ProbeError> {
    let url = check_settings(channel)?;
    match Mode::of(&channel.settings) {
        Mode::Standard => standard(tokens, cx, channel, &url).await,
        Mode::CompatNew | Mode::CompatOld => compat(tokens, cx, channel, &url).await,
    }
}

fn check_settings(channel: &OpenChannel) -> Result<Url, ProbeError> {
    let url = channel.text("url").ok_or_else(|| error("url", "Enter the address of the integration."))?;
    let url = Url::parse(url).map_err(|_| error("url", "The address of the integration is no web address."))?;
    let has_token = channel.secret("inbound_token").is_some_and(|token| !token.expose_secret().trim().is_empty());
    if !has_token {
        return Err(error("inbound_token", "Without a token the integration cannot send us anything."));
    }
    let needs_key = Mode::of(&channel.settings) == Mode::Standard || channel.flag("verify_signature");
    match channel.secret("signing_secret") {
        None if needs_key => return Err(error("signing_secret", "Enter a signing secret.")),
        Some(secret) => {
            SigningKeys::parse_for_signing(secret.expose_secret())
                .map_err(|wrong| error("signing_secret", &format!("Signing secret: {wrong}.")))?;
        }
        None => {}
    }
    Ok(url)
}

async fn standard(tokens: &TokenCache, cx: &Cx, channel: &OpenChannel, url: &Url) -> Result<(), ProbeError> {
    let challenge = random::token();
    let id = format!("verify_{}", hex::encode(random::bytes::<16>()));
    let reply = exchange(tokens, cx, channel, url, &id, verify_body(channel, &challenge, cx.clock.now())).await.map_err(unreachable)?;
    let answer: Answer = serde_json::from_slice(&reply.body).unwrap_or_default();
    match reply.status {
        200..=299 if answer.challenge.as_deref() == Some(challenge.as_str()) => Ok(()),
        401 | 403 => Err(error("signing_secret", "The integration refuses our signature or access token.")),
        300..=399 => Err(error("url", "The address redirects; enter the final address.")),
        500..=599 => Err(error("url", &format!("The integration answered {}.", reply.status))),
        _ => handshake(cx, channel, url).await,
    }
}

fn verify_body(channel: &OpenChannel, challenge: &str, timestamp: DateTime<Utc>) -> Bytes {
    let data = VerifyData { channel_id: channel.id.to_string(), challenge: challenge.to_owned() };
    serde_json::to_vec(&Envelope { kind: "channel.verify", timestamp, data }).expect("plain data with text keys").into()
}

/// CloudEvents HTTP webhook specification, section 4.
async fn handshake(cx: &Cx, channel: &OpenChannel, url: &Url) -> Result<(), ProbeError> {
    let origin = cx.public_url.host_str().unwrap_or_default();
    let mut headers = HeaderMap::new();
    headers.insert("webhook-request-origin", HeaderValue::try_from(origin).expect("hosts in addresses are visible ASCII"));
    let client = client(cx, channel).map_err(unreachable)?;
    let reply = client.request(Method::OPTIONS, url, headers, Bytes::new(), TIMEOUT).await;
    let reply = reply.map_err(|failure| unreachable(failure.verdict()))?;
    let allowed = reply.headers.get("webhook-allowed-origin").and_then(|value| value.to_str().ok());
    if (200..=299).contains(&reply.status) && allowed.is_some_and(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin)) {
        return Ok(());
    }
    Err(error("url", "The integration answers, but neither echoes our challenge nor agrees to our origin."))
}

async fn compat(tokens: &TokenCache, cx: &Cx, channel: &OpenChannel, url: &Url) -> Result<(), ProbeError> {
    let client = client(cx, channel).map_err(unreachable)?;
    let mut headers = HeaderMap::new();
    if let Some(credentials) = Credentials::of(channel) {
        let token = tokens.get(cx, &client, &credentials).await.map_err(|verdict| error("token_url", &sentence(verdict)))?;
        authorize(&mut headers, &token).map_err(|verdict| error("token_url", &sentence(verdict)))?;
    }
    let mut health = url.clone();
    if let Ok(mut path) = health.path_segments_mut() {
        path.pop_if_empty().push("health");
    }
    let HttpReply { status, .. } = client.get(&health, headers, TIMEOUT).await.map_err(|failure| unreachable(failure.verdict()))?;
    match status {
        401 | 403 => Err(error("client_secret", "The integration refuses our access token.")),
        300..=399 => Err(error("url", "The address redirects; enter the final address.")),
        500..=599 => Err(error("url", &format!("The integration answered {status}."))),
        // Without a health address it still is somebody who answers; these modes offer no better proof.
        _ => Ok(()),
    }
}

fn unreachable(verdict: Verdict) -> ProbeError {
    error("url", &sentence(verdict))
}

fn sentence(verdict: Verdict) -> String {
    match verdict {
        Verdict::Suspend { reason } => reason,
        Verdict::Retry { reason, .. } | Verdict::Ambiguous { reason } => format!("The integration cannot be reached: {reason}."),
        Verdict::Fail { detail, .. } => format!("The integration refuses: {detail}."),
    }
}

fn error(field: &'static str, sentence: &str) -> ProbeError {
    ProbeError { field: Some(field), sentence: sentence.to_owned() }
}
