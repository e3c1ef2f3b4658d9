//! One exchange with the integrator: links, token, signature, answer; and fetching files from behind a private authority.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use secrecy::ExposeSecret;
use serde_json::Value;
use tributary_domain::{ids::ExternalMessageId, outbound::OpenChannel};
use url::Url;

use super::{
    Mode,
    token::{Credentials, TokenCache, authorize},
    wire::Answer,
};
use crate::{
    channel::{Cx, FetchedFile, HttpStep, Step, StepReceipt},
    error::{FailCode, Reach, Verdict},
    shared::{
        http::{GuardedClient, HttpReply},
        sign::{self, SigningKeys},
    },
};

/// Longest exchange (fact sheet: 15 s).
pub(super) const TIMEOUT: Duration = Duration::from_secs(15);
/// How long a link to a file opens it, minutes (fact sheet: 15).
const LINK_MINUTES: i64 = 15;
/// Longest download of a file.
const FETCH_TIMEOUT: Duration = Duration::from_mins(2);
/// Largest file that is ever streamed, bytes; the worker's own cap is lower.
const FETCH_CAP_BYTES: u64 = 256 * 1024 * 1024;
/// Most of an integrator's own words that is kept, characters.
const DETAIL_CHARS: usize = 500;

pub(super) async fn deliver(tokens: &TokenCache, cx: &Cx, channel: &OpenChannel, step: &Step) -> Result<StepReceipt, Verdict> {
    let Step::Http(step) = step else { return Ok(StepReceipt::default()) };
    let url = Url::parse(&step.url).map_err(|_| suspend("The address of the integration is missing or no web address."))?;
    let body = with_links(cx, channel, step)?;
    let id = step.headers.iter().find(|(name, _)| name == sign::ID).map_or("", |(_, id)| id);
    let reply = exchange(tokens, cx, channel, &url, id, body).await?;
    outcome(cx, channel, &reply)
}

/// Sends a signed, authorised body; a refused token is renewed once.
pub(super) async fn exchange(
    tokens: &TokenCache,
    cx: &Cx,
    channel: &OpenChannel,
    url: &Url,
    id: &str,
    body: Bytes,
) -> Result<HttpReply, Verdict> {
    let client = client(cx, channel)?;
    let credentials = Credentials::of(channel);
    let mut is_last = credentials.is_none();
    loop {
        let mut headers = signed(cx, channel, id, &body)?;
        let token = match &credentials {
            Some(credentials) => {
                let token = tokens.get(cx, &client, credentials).await?;
                authorize(&mut headers, &token)?;
                Some(token)
            }
            None => None,
        };
        let reply = client.post_json(url, headers, body.clone(), TIMEOUT).await.map_err(|failure| unanswered(channel, failure))?;
        match (&credentials, token) {
            (Some(credentials), Some(token)) if is_token_refused(channel, reply.status) => {
                tokens.forget(credentials, &token);
                if is_last {
                    return Ok(reply);
                }
                is_last = true;
            }
            _ => return Ok(reply),
        }
    }
}

/// The client for this channel: one that trusts its private authority, if it has one.
pub(super) fn client(cx: &Cx, channel: &OpenChannel) -> Result<GuardedClient, Verdict> {
    match channel.text("ca_pem") {
        None => Ok(cx.http.clone()),
        Some(pem) => cx.http.with_ca(pem).map_err(|_| suspend("The certificate of the private authority (ca_pem) cannot be read.")),
    }
}

/// Opens a file of a message.
pub(super) async fn fetch(cx: &Cx, channel: &OpenChannel, reference: &str) -> Result<FetchedFile, Verdict> {
    let gone = |detail: String| Verdict::Fail { code: FailCode::Other, detail };
    let url = Url::parse(reference).map_err(|_| gone("the file's address is no web address".to_owned()))?;
    let stream = client(cx, channel)?.get_stream(&url, HeaderMap::new(), FETCH_TIMEOUT, FETCH_CAP_BYTES).await;
    let stream = stream.map_err(|failure| match failure.verdict() {
        // Whose address this is: the file's, not the channel's; and reading twice does no harm.
        Verdict::Suspend { reason } => gone(reason),
        Verdict::Ambiguous { reason } => Verdict::Retry { after: None, pauses_account: false, reach: Reach::Broken, reason },
        other => other,
    })?;
    match stream.status {
        200 => {
            let text = |name| stream.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
            Ok(FetchedFile { name: None, mime: text(header::CONTENT_TYPE), body: stream.body.boxed() })
        }
        status @ (408 | 425 | 429 | 500..=599) => {
            let reason = format!("the file's address answered {status}");
            Err(Verdict::Retry { after: None, pauses_account: false, reach: Reach::Answered, reason })
        }
        status => Err(gone(format!("the file's address answered {status}"))),
    }
}

fn with_links(cx: &Cx, channel: &OpenChannel, step: &HttpStep) -> Result<Bytes, Verdict> {
    let mut body = step.body.clone();
    let expires = cx.clock.now() + TimeDelta::minutes(LINK_MINUTES);
    for link in &step.links {
        let place = body
            .pointer_mut(&link.pointer)
            .ok_or_else(|| Verdict::Fail { code: FailCode::Other, detail: format!("the rendered body has no place {}", link.pointer) })?;
        *place = Value::String(cx.links.url(&cx.public_url, channel.workspace, link.attachment, expires).into());
    }
    Ok(body.to_string().into())
}

/// The Standard Webhooks headers. The older forms do not know them, so there a missing key is no obstacle.
fn signed(cx: &Cx, channel: &OpenChannel, id: &str, body: &[u8]) -> Result<HeaderMap, Verdict> {
    let now = cx.clock.now();
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value: String| {
        let value = HeaderValue::try_from(value).expect("ids, times and base64 are visible ASCII");
        headers.insert(HeaderName::from_static(name), value);
    };
    put(sign::ID, id.to_owned());
    put(sign::TIMESTAMP, now.timestamp().to_string());
    match (channel.secret("signing_secret"), Mode::of(&channel.settings)) {
        (Some(secret), _) => {
            let keys =
                SigningKeys::parse_for_signing(secret.expose_secret()).map_err(|error| suspend(&format!("Signing secret: {error}.")))?;
            put(sign::SIGNATURE, keys.sign(id, now, body));
        }
        (None, Mode::Standard) => return Err(suspend("The channel has no signing secret.")),
        (None, Mode::CompatNew | Mode::CompatOld) => {}
    }
    Ok(headers)
}

/// Standard integrators know our id and can be asked again; the others may do twice what they are asked twice.
fn unanswered(channel: &OpenChannel, failure: crate::shared::http::HttpFailure) -> Verdict {
    match (failure.verdict(), Mode::of(&channel.settings)) {
        (Verdict::Ambiguous { reason }, Mode::Standard) => {
            Verdict::Retry { after: None, pauses_account: false, reach: Reach::Broken, reason }
        }
        (verdict, _) => verdict,
    }
}

fn is_token_refused(channel: &OpenChannel, status: u16) -> bool {
    status == 401 || (status == 403 && Mode::of(&channel.settings) != Mode::Standard)
}

fn outcome(cx: &Cx, channel: &OpenChannel, reply: &HttpReply) -> Result<StepReceipt, Verdict> {
    let answer: Answer = serde_json::from_slice(&reply.body).unwrap_or_default();
    let external_id = answer.external_id().map(ExternalMessageId);
    let fail = |code| Err(Verdict::Fail { code, detail: detail(reply) });
    let status = reply.status;
    let is_standard = Mode::of(&channel.settings) == Mode::Standard;
    match status {
        // Without an id it is accepted all the same; the id may come by `message.status`.
        200..=299 => Ok(StepReceipt { external_id, ..StepReceipt::default() }),
        // It knows the id of our call and says what became of it.
        409 if external_id.is_some() => Ok(StepReceipt { external_id, ..StepReceipt::default() }),
        300..=399 => Err(suspend(&format!("The integration answered {status}: redirects are not followed, enter the final address."))),
        _ if is_token_refused(channel, status) => {
            Err(suspend(&format!("The integration answered {status}: it refuses our access token or signature.")))
        }
        408 | 425 | 429 | 503 => retry(cx, reply),
        500..=599 if is_standard => retry(cx, reply),
        500..=599 => Err(Verdict::Ambiguous { reason: format!("the integration answered {status}") }),
        403 => fail(FailCode::NotPermitted),
        404 => fail(FailCode::RecipientUnknown),
        410 => fail(FailCode::EndpointGone),
        413 => fail(FailCode::TooLarge),
        400 | 415 | 422 => fail(FailCode::ContentRefused),
        _ => fail(FailCode::Other),
    }
}

fn retry(cx: &Cx, reply: &HttpReply) -> Result<StepReceipt, Verdict> {
    let after = reply.retry_after(cx.clock.now());
    Err(Verdict::Retry {
        after,
        pauses_account: reply.status == 429,
        // One that asks us to come back later is alive.
        reach: if reply.status >= 500 && after.is_none() { Reach::Broken } else { Reach::Answered },
        reason: format!("the integration answered {}", reply.status),
    })
}

/// The integrator's own words, cut; for the record and for people, never parsed.
fn detail(reply: &HttpReply) -> String {
    let words: String = String::from_utf8_lossy(&reply.body).chars().filter(|c| !c.is_control()).take(DETAIL_CHARS).collect();
    if words.is_empty() { format!("status {}", reply.status) } else { format!("status {}: {words}", reply.status) }
}

fn suspend(reason: &str) -> Verdict {
    Verdict::Suspend { reason: reason.to_owned() }
}
