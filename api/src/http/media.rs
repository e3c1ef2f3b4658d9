//! Files: upload by people and API clients, download by signed address.
//!
//! Downloads never run in our origin: they are attachments with `nosniff` and a sandbox policy; only pictures, sound and
//! moving pictures may be shown in place.

use axum::{
    Json, Router,
    body::Body,
    extract::{
        DefaultBodyLimit, Multipart, Path, RawQuery, State,
        multipart::{Field, MultipartError},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tributary_domain::{
    Error, ErrorCode, Result,
    actor::Actor,
    entity::attachment::{self, AttachmentState},
    ids::AttachmentId,
    media::{LinkError, NewUpload, add_upload},
    random,
    spec::MediaClass,
};

use crate::{
    app::App,
    auth::{Gatekeeper, Refusal, bearer},
    gatekeeper::Gate,
};

/// What the routes work with.
#[derive(Clone)]
struct Files {
    app: App,
    gate: Arc<Gate>,
}

/// `POST /media` (multipart, field `file`) and `GET /media/{id}?…`.
pub fn router(app: App, gate: Arc<Gate>) -> Router {
    let cap = usize::try_from(app.worker.timing.max_file_bytes).unwrap_or(usize::MAX).saturating_add(64 * 1024);
    Router::new()
        .route("/media", post(upload).layer(DefaultBodyLimit::max(cap)))
        .route("/media/{id}", get(download))
        .with_state(Files { app, gate })
}

async fn upload(State(files): State<Files>, headers: HeaderMap, form: Multipart) -> Response {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    let Some(token) = token else { return refused(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "a bearer token is required") };
    let viewer = match files.gate.admit(token).await {
        Ok(viewer) => viewer,
        Err(Refusal::Unavailable) => return refused(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "try again"),
        Err(Refusal::Invalid | Refusal::Expired) => return refused(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "the token is not valid"),
    };
    match store(&files.app, &viewer.actor, form).await {
        Ok(stored) => (StatusCode::CREATED, Json(stored)).into_response(),
        Err(Failure::Refused(error)) => failed(&error),
        Err(Failure::Stopped(stopped)) => stopped.answer(),
    }
}

async fn store(app: &App, actor: &Arc<Actor>, mut form: Multipart) -> Result<serde_json::Value, Failure> {
    actor.must_send()?;
    let body_timeout = Duration::from_secs(app.config.server.body_timeout_s);
    let broken = |_| Error::invalid("file", "the form cannot be read");
    let slow = |_elapsed| Stopped::Slow;
    while let Some(field) = tokio::time::timeout(body_timeout, form.next_field()).await.map_err(slow)?.map_err(broken)? {
        if field.name() != Some("file") {
            continue;
        }
        let (name, claimed) = (field.file_name().map(ToOwned::to_owned), field.content_type().map(ToOwned::to_owned));
        let id: AttachmentId = random::id();
        let stored = app.media.put(actor.workspace, id, in_time(field, body_timeout).boxed(), app.worker.timing.max_file_bytes).await?;
        let upload = NewUpload { id, name, claimed, stored, uploader: actor.reference() };
        let (row, _) = app
            .store
            .transact(actor.workspace, |tx| {
                let upload = upload.clone();
                Box::pin(async move { add_upload(tx, upload).await })
            })
            .await?;
        return Ok(json!({ "id": row.id.to_string(), "name": row.name, "mime": row.mime, "bytes": row.bytes }));
    }
    Err(Error::invalid("file", "the form has no field of this name").into())
}

/// A file of which every piece must come in time: a large one may take long, one that stands still may not.
fn in_time(field: Field<'_>, at_most: Duration) -> impl Stream<Item = Result<Bytes, Stopped>> + Send {
    tokio_stream::StreamExt::timeout(field, at_most).map(|piece| match piece {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(broken)) => Err(Stopped::Broken(broken)),
        Err(_elapsed) => Err(Stopped::Slow),
    })
}

/// Why an upload ended before its end.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("the file took too long to arrive")]
    Slow,
    #[error("the upload broke off")]
    Broken(#[source] MultipartError),
}

/// Why an upload was not stored.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Refused(#[from] Error),
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Stopped {
    fn answer(&self) -> Response {
        let status = match self {
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        };
        refused(status, ErrorCode::Invalid.as_str(), &self.to_string())
    }

    /// Whether the file store failed only because of this.
    fn within(error: &Error) -> Option<&Self> {
        let mut cause = std::error::Error::source(error);
        while let Some(found) = cause {
            if let Some(stopped) = found.downcast_ref() {
                return Some(stopped);
            }
            cause = found.source();
        }
        None
    }
}

async fn download(State(files): State<Files>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let Ok(id) = id.parse::<AttachmentId>() else { return StatusCode::NOT_FOUND.into_response() };
    let now = files.app.store.clock().now();
    let workspace = match files.app.links.verify(id, query.as_deref().unwrap_or_default(), now) {
        Ok(workspace) => workspace,
        Err(LinkError::Expired) => return StatusCode::GONE.into_response(),
        Err(LinkError::Invalid) => return StatusCode::NOT_FOUND.into_response(),
    };
    match open(&files.app, workspace, id).await {
        Ok(Some(response)) => response,
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => failed(&error),
    }
}

async fn open(app: &App, workspace: tributary_domain::ids::WorkspaceId, id: AttachmentId) -> Result<Option<Response>> {
    let read = app.store.read(workspace).await?;
    let found = attachment::by_id(workspace, id).one(read.conn()).await?;
    drop(read);
    let Some(found) = found.filter(|found| found.state == AttachmentState::Stored) else { return Ok(None) };
    let stream = app.media.stream(workspace, id).await?;
    Ok(Some(as_file(&found, Body::from_stream(stream))))
}

/// A file as an answer that cannot harm whoever opens it.
pub fn as_file(found: &attachment::Model, body: Body) -> Response {
    let may_show =
        matches!(MediaClass::of(&found.mime), MediaClass::Image | MediaClass::Audio | MediaClass::Video) && found.mime != "image/svg+xml";
    let mime = if may_show { found.mime.as_str() } else { "application/octet-stream" };
    let disposition = format!(
        "{}; filename*=UTF-8''{}",
        if may_show { "inline" } else { "attachment" },
        url::form_urlencoded::byte_serialize(found.name.as_bytes()).collect::<String>().replace('+', "%20")
    );
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, value(mime));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment")));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(u64::try_from(found.bytes).unwrap_or(0)));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=900"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}

fn failed(error: &Error) -> Response {
    if let Some(stopped) = Stopped::within(error) {
        return stopped.answer();
    }
    let code = error.code();
    let status = match code {
        ErrorCode::Invalid => StatusCode::BAD_REQUEST,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => {
            tracing::error!(error = ?error, "a file request failed");
            return refused(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "internal error");
        }
    };
    refused(status, code.as_str(), &error.to_string())
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "code": code, "message": message }))).into_response()
}
