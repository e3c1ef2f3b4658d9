//! The three ways of frames: socket, event stream, POST.

use axum::{
    Json,
    extract::{Query, WebSocketUpgrade, rejection::JsonRejection, ws::rejection::WebSocketUpgradeRejection},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Visit,
    error::Refused,
    gate::Entry,
    protocol::{ClientFrame, FRAME_BYTES, NotTaken, SUBPROTOCOL},
    socket::{self, Close},
    sse,
};

/// Most frames of one POST.
const MAX_FRAMES: usize = 20;
/// Read buffer of a socket; the library's default is most of its memory.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Beyond this a message is not even read to its end; up to here the close says what was wrong.
const MESSAGE_BYTES: usize = 2 * FRAME_BYTES;

#[derive(Deserialize)]
pub(super) struct Posted {
    frames: Vec<Value>,
}

pub(super) async fn frames(visit: Visit, posted: Result<Json<Posted>, JsonRejection>) -> Result<Json<Value>, Refused> {
    let Json(posted) = posted.map_err(|rejection| Refused::new(rejection.status(), "INVALID", rejection.body_text()))?;
    if posted.frames.len() > MAX_FRAMES {
        return Err(Refused::invalid(format!("frames: at most {MAX_FRAMES}")));
    }
    let mut replies = Vec::new();
    for value in posted.frames {
        if value.to_string().len() > FRAME_BYTES {
            let id = value.get("id").and_then(Value::as_str).and_then(|id| uuid::Uuid::try_parse(id).ok());
            replies.push(Refused::new(http::StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", "The frame is too large.").frame(id));
            continue;
        }
        match ClientFrame::of(value) {
            Ok(frame) => replies.extend(visit.act(frame).await),
            Err(NotTaken::Unknown) => {}
            Err(NotTaken::Invalid(id, refused)) => replies.push(refused.frame(id)),
            Err(NotTaken::Foreign) => replies.push(Refused::invalid("not a frame of this protocol").frame(None)),
        }
    }
    Ok(Json(json!({"frames": replies})))
}

#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    after: Option<String>,
}

pub(super) async fn stream(visit: Visit, Query(query): Query<After>) -> Result<Response, Refused> {
    if visit.chat.is_leaving() {
        return Err(Refused::leaving());
    }
    visit.may_ask()?;
    sse::stream(visit, query.after.as_deref().filter(|after| !after.is_empty())).await
}

pub(super) async fn socket(entry: Entry, upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>) -> Result<Response, Refused> {
    let upgrade = upgrade.map_err(|rejection| Refused::new(rejection.status(), "INVALID", rejection.body_text()))?;
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return Err(Refused::invalid(format!("The only WebSocket subprotocol spoken here is {SUBPROTOCOL}.")));
    }
    if entry.chat.is_leaving() {
        return Err(Refused::leaving());
    }
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .on_failed_upgrade(|error| tracing::debug!(error = &error as &dyn std::error::Error, "A chat socket did not open"));
    Ok(upgrade.on_upgrade(async move |socket| match entry.refused {
        Some(_) => socket::refuse(socket, Close::REFUSED).await,
        None => socket::serve(entry.chat, socket, entry.channel, entry.address).await,
    }))
}
