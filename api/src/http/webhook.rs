//! Requests of platforms: proved, stored raw, answered; everything slow happens afterwards in the worker.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
    routing::any,
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use tributary_channels::{
    channel::{Accepted, Ingress, WebhookReply, WebhookRequest},
    error::WebhookReject,
};
use tributary_domain::{
    Error, Result,
    channel::{NewRaw, StoredRaw, by_token},
    entity::channel,
    ids::ChannelId,
    spec::ChannelKind,
};
use url::Url;

use crate::app::App;

/// Longest that a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(10);
/// How many requests of one channel are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Per second, lastingly.
    pub per_second: NonZeroU32,
    /// At once.
    pub at_once: NonZeroU32,
}

impl Default for Pace {
    /// Far more than platforms send, and no more than the database takes beside its other work.
    fn default() -> Self {
        Self { per_second: const { NonZeroU32::new(500).expect("not zero") }, at_once: const { NonZeroU32::new(1_000).expect("not zero") } }
    }
}

/// Channels that are remembered before those that were quiet are forgotten.
const REMEMBERED: usize = 10_000;

/// The app, and how often each channel was called.
#[derive(Clone)]
struct Hooks {
    app: App,
    calls: Arc<DefaultKeyedRateLimiter<ChannelId>>,
}

impl Hooks {
    /// How long a channel has to wait that is called too often.
    fn wait(&self, channel: ChannelId) -> Option<Duration> {
        if self.calls.len() > REMEMBERED {
            self.calls.retain_recent();
        }
        let refused = self.calls.check_key(&channel).err()?;
        Some(refused.wait_time_from(DefaultClock::default().now()))
    }
}

/// Routes of all channels that platforms call: `/hooks/{token}/…`, and the same under `/byoc/v1/channels/{token}/…`,
/// the address that integrators of bring-your-own channels know.
pub fn router(app: App, pace: Pace) -> Router {
    let quota = Quota::per_second(pace.per_second).allow_burst(pace.at_once);
    Router::new()
        .route("/hooks/{token}", any(receive_root))
        .route("/hooks/{token}/{*rest}", any(receive))
        .route("/byoc/v1/channels/{token}/{*rest}", any(receive))
        .with_state(Hooks { app, calls: Arc::new(RateLimiter::keyed(quota)) })
}

/// Where a channel's platform sends its events.
#[must_use]
pub fn address(public_url: &Url, channel: &channel::Model) -> Option<Url> {
    let path = match channel.kind {
        ChannelKind::Byoc => format!("byoc/v1/channels/{}/events", channel.token),
        _ => format!("hooks/{}", channel.token),
    };
    public_url.join(&path).ok()
}

async fn receive_root(state: State<Hooks>, Path(token): Path<String>, request: Request) -> Response {
    receive(state, Path((token, String::new())), request).await
}

async fn receive(State(hooks): State<Hooks>, Path((token, rest)): Path<(String, String)>, request: Request) -> Response {
    match handle(&hooks, &token, rest, request).await {
        Ok(response) => response,
        Err(error) => not_stored(&error),
    }
}

/// The platform will send it again; nothing was acknowledged.
fn not_stored(error: &Error) -> Response {
    tracing::warn!(error = ?error, "a webhook could not be stored");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

/// The body, up to the channel's cap and within its time.
async fn read_body(body: Body, max_bytes: usize) -> std::result::Result<Bytes, StatusCode> {
    match tokio::time::timeout(BODY_PATIENCE, axum::body::to_bytes(body, max_bytes)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_elapsed) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

async fn handle(hooks: &Hooks, token: &str, rest: String, request: Request) -> Result<Response> {
    let app = &hooks.app;
    let Some((read, found)) = by_token(&app.store, token).await? else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    if let Some(wait) = hooks.wait(found.id) {
        metrics::counter!("tributary_webhooks_limited_total").increment(1);
        let seconds = wait.as_secs() + 1;
        return Ok((StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds.to_string())]).into_response());
    }
    let Some((adapter, open)) = app.worker.open_in(&read, &found).await? else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    // A body may take its time; a connection of the database is not held meanwhile.
    drop(read);
    let Ingress::Webhook(webhook) = adapter.ingress() else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let (parts, body) = request.into_parts();
    let body = match read_body(body, webhook.max_body_bytes()).await {
        Ok(body) => body,
        Err(status) => return Ok(status.into_response()),
    };
    let request = WebhookRequest {
        method: parts.method,
        path: rest,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
        at: app.store.clock().now(),
    };
    if let Some(reply) = webhook.challenge(&open, &request) {
        return Ok(respond(reply));
    }
    let verified = match webhook.verify(&open, &request) {
        Ok(verified) => verified,
        Err(reject) => return Ok(refuse(found.id, &reject)),
    };
    let raw = NewRaw {
        dedupe_key: verified.dedupe_key,
        form: verified.raw.form,
        headers: verified.raw.headers,
        body: verified.raw.body.to_vec(),
        at: verified.raw.at,
    };
    let stored = match app.door.store(found.workspace_id, found.id, raw).await {
        Ok(stored) => stored,
        Err(error) => return Ok(not_stored(&error)),
    };
    app.wakes.ingest.notify_one();
    let accepted = match stored {
        StoredRaw::New(id) => Accepted::Stored { reference: id.to_string() },
        StoredRaw::Duplicate(id) => Accepted::Duplicate { reference: id.to_string() },
        StoredRaw::Conflict(_) => Accepted::Conflict,
    };
    Ok(respond(webhook.reply(&accepted, &verified.items)))
}

fn refuse(channel: ChannelId, reject: &WebhookReject) -> Response {
    tracing::info!(channel.id = %channel, reason = %reject, "a webhook was refused");
    metrics::counter!("tributary_webhooks_refused_total").increment(1);
    match reject {
        WebhookReject::Unauthenticated | WebhookReject::Stale => StatusCode::UNAUTHORIZED.into_response(),
        WebhookReject::TooLarge => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        WebhookReject::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
        WebhookReject::NotFound => StatusCode::NOT_FOUND.into_response(),
        WebhookReject::Malformed(errors) => {
            (StatusCode::BAD_REQUEST, axum::Json(serde_json::json!({ "code": "INVALID", "errors": errors }))).into_response()
        }
    }
}

fn respond(reply: WebhookReply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_is_read_up_to_its_cap_and_its_time() {
        let whole = read_body(Body::from("0123456789"), 10).await;
        assert_eq!(whole, Ok(Bytes::from("0123456789")));
        assert_eq!(read_body(Body::from("0123456789x"), 10).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        let never = futures_util::stream::pending::<std::result::Result<Bytes, std::convert::Infallible>>();
        assert_eq!(read_body(Body::from_stream(never), 10).await, Err(StatusCode::REQUEST_TIMEOUT));
    }
}
