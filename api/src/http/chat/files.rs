//! Files of visitors: brought in for a message to come, given out by short-lived addresses.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json,
    body::Body,
    extract::{Multipart, Path, Query, multipart::MultipartRejection, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use tributary_domain::{
    Error,
    chat::{self, NewUpload},
    entity::attachment::{self, AttachmentState},
    event::ActorRef,
    ids::AttachmentId,
    random,
};

use super::{Visit, config::max_bytes, error::Refused, gate::Entry, picture::Cleaner};

/// Room for the frame of a multipart body, bytes.
const FRAME_OF_BODY: u64 = 16 * 1024;
/// Longest type that a browser may claim, characters.
const MAX_MIME: usize = 100;

pub(super) async fn upload(
    visit: Visit,
    headers: http::HeaderMap,
    body: Result<Multipart, MultipartRejection>,
) -> Result<Json<Value>, Refused> {
    let mut body = body.map_err(|rejection| Refused::new(rejection.status(), "INVALID", rejection.body_text()))?;
    let worker = visit.chat.worker();
    let capabilities = &worker.registry.spec(visit.channel.kind).capabilities;
    let cap = max_bytes(capabilities, worker.timing.max_file_bytes);
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > cap + FRAME_OF_BODY) {
        return Err(too_large(cap));
    }
    visit.chat.limits().file(&visit.who())?;
    let side = {
        let read = visit.chat.store().read(visit.channel.workspace_id).await?;
        chat::side(&read, visit.channel.id, visit.visitor()).await?
    };
    if side.contact.is_some_and(|contact| contact.is_blocked) {
        return Err(Refused::forbidden("This visitor may not write here."));
    }
    let field = loop {
        match body.next_field().await.map_err(|error| Refused::invalid(error.body_text()))? {
            Some(field) if field.name() == Some("file") => break field,
            Some(_) => {}
            None => return Err(Refused::invalid("file: the part is missing")),
        }
    };
    let (name, mime) = (field.file_name().map(str::to_owned), field.content_type().map(|mime| mime.chars().take(MAX_MIME).collect()));
    let (id, workspace): (AttachmentId, _) = (random::id(), visit.channel.workspace_id);
    let (cleaner, is_cut) = (Mutex::new(Cleaner::default()), AtomicBool::new(false));
    let stored = worker.cx.media.put(workspace, id, cleaned(field, &cleaner, &is_cut), cap).await;
    let stored = match stored {
        Ok(stored) => stored,
        Err(Error::Invalid { field, .. }) if field == "file" => return Err(too_large(cap)),
        Err(_) if is_cut.load(Ordering::Relaxed) => return Err(Refused::invalid("file: the body ended too early or is broken")),
        Err(error) => return Err(error.into()),
    };
    let size = cleaner.lock().unwrap_or_else(PoisonError::into_inner).size();
    let upload = NewUpload { id, name, mime, stored, size };
    let outcome = keep(&visit, upload).await;
    if outcome.is_err() {
        // Without its row nobody would ever find or delete it.
        worker.cx.media.delete(workspace, id).await?;
    }
    Ok(Json(visit.file(&outcome?, false)))
}

/// The bytes of the part as they are stored.
fn cleaned<'a, S, E>(field: S, cleaner: &'a Mutex<Cleaner>, is_cut: &'a AtomicBool) -> impl Stream<Item = Result<Bytes, E>> + 'a
where
    S: Stream<Item = Result<Bytes, E>> + 'a,
    E: 'a,
{
    let lock = || cleaner.lock().unwrap_or_else(PoisonError::into_inner);
    let body = field.map(move |chunk| match chunk {
        Ok(chunk) => Ok(lock().push(&chunk)),
        Err(error) => {
            is_cut.store(true, Ordering::Relaxed);
            Err(error)
        }
    });
    body.chain(futures_util::stream::once(async move { Ok(lock().finish()) }))
}

/// Takes a stored file in, if the channel takes its type.
async fn keep(visit: &Visit, upload: NewUpload) -> Result<attachment::Model, Refused> {
    let capabilities = &visit.chat.worker().registry.spec(visit.channel.kind).capabilities;
    let mime = upload.stored.mime(upload.mime.as_deref().unwrap_or_default());
    if upload.stored.bytes == 0 {
        return Err(Refused::invalid("file: must not be empty"));
    }
    match capabilities.media_for(&mime) {
        None => return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "TYPE_NOT_TAKEN", "Files of this type are not taken.")),
        Some(limit) if upload.stored.bytes > limit.max_bytes => return Err(too_large(limit.max_bytes)),
        Some(_) => {}
    }
    let (channel, sender) = (visit.channel.clone(), visit.sender());
    let (row, _) = visit
        .chat
        .store()
        .transact(visit.channel.workspace_id, move |tx| {
            let (channel, sender, upload) = (channel.clone(), sender.clone(), upload.clone());
            Box::pin(async move { chat::add_upload(tx, &channel, &sender, upload).await })
        })
        .await?;
    Ok(row)
}

fn too_large(cap: u64) -> Refused {
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", format!("At most {cap} bytes."))
}

pub(super) async fn url(visit: Visit, Path((_, id)): Path<(String, String)>) -> Result<Json<Value>, Refused> {
    visit.may_ask()?;
    let unknown = || Refused::not_found("attachment");
    let id: AttachmentId = id.parse().map_err(|_| unknown())?;
    let read = visit.chat.store().read(visit.channel.workspace_id).await?;
    let found = attachment::by_id(read.workspace(), id).one(read.conn()).await.map_err(Error::from)?.ok_or_else(unknown)?;
    let side = chat::side(&read, visit.channel.id, visit.visitor()).await?;
    let is_theirs = match found.message_id {
        Some(message) => chat::visible(&read, &side, message).await.is_ok_and(|message| message.deleted_at.is_none()),
        None => {
            let is_own = side.contact.as_ref().is_some_and(|contact| found.uploader == ActorRef::Contact(contact.id));
            is_own || chat::shows(&read, &side, id).await?
        }
    };
    if is_theirs { Ok(Json(json!({"url": visit.file_url(id, visit.chat.now())}))) } else { Err(unknown()) }
}

#[derive(Deserialize)]
pub(super) struct Signed {
    expires: i64,
    signature: String,
}

pub(super) async fn download(
    entry: Entry,
    Path((_, id)): Path<(String, String)>,
    query: Result<Query<Signed>, QueryRejection>,
) -> Result<Response, Refused> {
    let unknown = || Refused::not_found("file");
    let id: AttachmentId = id.parse().map_err(|_| unknown())?;
    let Query(signed) = query.map_err(|_| unknown())?;
    let (chat, channel) = (&entry.chat, &entry.channel);
    if !chat.key().opens_file(channel.id, id, signed.expires, &signed.signature, chat.now()) {
        return Err(Refused::forbidden("The address has run out or is not one of ours."));
    }
    let read = chat.store().read(channel.workspace_id).await?;
    let found = attachment::by_id(read.workspace(), id).one(read.conn()).await.map_err(Error::from)?;
    drop(read);
    let found = found.filter(|found| found.state == AttachmentState::Stored).ok_or_else(unknown)?;
    let bytes = chat.worker().cx.media.stream(channel.workspace_id, id).await?;
    let mut response = Body::from_stream(bytes).into_response();
    let headers = response.headers_mut();
    let mime = HeaderValue::from_str(&found.mime).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, mime);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(found.bytes));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(header::CONTENT_DISPOSITION, disposition(&found.name, &found.mime));
    Ok(response)
}

/// Pictures, sound and film are shown; everything else is for the disk.
fn disposition(name: &str, mime: &str) -> HeaderValue {
    let is_shown = matches!(mime, "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif" | "image/bmp")
        || mime.starts_with("audio/")
        || mime.starts_with("video/");
    let how = if is_shown { "inline" } else { "attachment" };
    // RFC 8187; everything but letters and digits is written as percent and hexadecimal.
    let encoded: String = name
        .bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect();
    HeaderValue::from_str(&format!("{how}; filename*=UTF-8''{encoded}")).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_cannot_break_the_header() {
        assert_eq!(disposition("a b\"\r\n.png", "image/png"), "inline; filename*=UTF-8''a%20b%22%0D%0A.png");
        assert_eq!(disposition("ü.html", "text/html"), "attachment; filename*=UTF-8''%C3%BC.html");
        assert_eq!(disposition("x.svg", "image/svg+xml"), "attachment; filename*=UTF-8''x.svg");
    }
}
