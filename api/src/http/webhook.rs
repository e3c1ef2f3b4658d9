//! Requests of platforms: proved, stored raw, answered; everything slow happens afterwards in the worker.

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::any,
};
use tributary_channels::{
    channel::{Accepted, Ingress, WebhookReply, WebhookRequest},
    error::WebhookReject,
};
use tributary_domain::{
    Result,
    channel::{NewRaw, StoredRaw, by_token, store_raw},
    entity::channel,
    spec::ChannelKind,
};
use url::Url;

use crate::app::App;

/// Largest body that is read at all; adapters allow less where their platform sends less.
const MAX_BODY_BYTES: usize = 5 * 1024 * 1024;

/// Routes of all channels that platforms call: `/hooks/{token}/…`, and the same under `/byoc/v1/channels/{token}/…`,
/// the address that integrators of bring-your-own channels know.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/hooks/{token}", any(receive_root))
        .route("/hooks/{token}/{*rest}", any(receive))
        .route("/byoc/v1/channels/{token}/{*rest}", any(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
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

async fn receive_root(state: State<App>, Path(token): Path<String>, request: Request) -> Response {
    receive(state, Path((token, String::new())), request).await
}

async fn receive(State(app): State<App>, Path((token, rest)): Path<(String, String)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = WebhookRequest {
        method: parts.method,
        path: rest,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
        at: app.store.clock().now(),
    };
    match handle(&app, &token, request).await {
        Ok(response) => response,
        Err(error) => {
            // The platform will send it again; nothing was acknowledged.
            tracing::warn!(error = ?error, "a webhook could not be stored");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn handle(app: &App, token: &str, request: WebhookRequest) -> Result<Response> {
    let Some((workspace, found)) = by_token(&app.store, token).await? else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let Some((adapter, open)) = app.worker.open(&found).await? else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let Ingress::Webhook(webhook) = adapter.ingress() else { return Ok(StatusCode::NOT_FOUND.into_response()) };
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
    let (stored, _) = app
        .store
        .transact(workspace, |tx| {
            let raw = raw.clone();
            Box::pin(async move { store_raw(tx, found.id, raw).await })
        })
        .await?;
    app.wakes.ingest.notify_one();
    let accepted = match stored {
        StoredRaw::New(id) => Accepted::Stored { reference: id.to_string() },
        StoredRaw::Duplicate(id) => Accepted::Duplicate { reference: id.to_string() },
        StoredRaw::Conflict(_) => Accepted::Conflict,
    };
    Ok(respond(webhook.reply(&accepted)))
}

fn refuse(channel: tributary_domain::ids::ChannelId, reject: &WebhookReject) -> Response {
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
