//! The same feed as a stream of server-sent events, for visitors behind proxies that forbid sockets.
//!
//! Errors before the stream begins are HTTP answers. After `reset` the stream stays silent until the client, which
//! opens a new one, leaves it.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderValue, header};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    Visit,
    error::Refused,
    feed::{End, Feed, Work},
    limits::Open,
    socket::Close,
};

/// For the client to take an event.
const WRITE: Duration = Duration::from_secs(10);

/// Begins the feed and answers with the stream.
pub(super) async fn stream(visit: Visit, after: Option<&str>) -> Result<Response, Refused> {
    let many = || Refused::too_often(Duration::from_secs(30));
    let open = visit.chat.limits().open(&visit.who()).ok_or_else(many)?;
    let chat = visit.chat.clone();
    let (first, feed) = match Feed::begin(visit, after).await {
        Ok((ready, feed)) => (ready, Some(feed)),
        Err(End::Reset) => (json!({"type": "reset"}), None),
        Err(End::Close(Close::SIGN_IN)) => return Err(Refused::unauthenticated()),
        Err(End::Close(_)) => return Err(Refused::forbidden("This visitor may not be here.")),
        Err(End::Failed(refused)) => return Err(refused),
    };
    let (events, body) = mpsc::channel(1);
    tokio::spawn(async move {
        let told = Stream { events, _open: open };
        tokio::select! {
            // A client that is gone is the normal end.
            _gone = told.run(first, feed) => {}
            () = chat.leaves() => {}
        }
    });
    let mut response = Body::from_stream(ReceiverStream::new(body).map(Ok::<_, Infallible>)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Keeps nginx from collecting events before it passes them on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

struct Stream {
    events: mpsc::Sender<Bytes>,
    _open: Open,
}

/// The client went away, does not read, or must come again.
struct Gone;

impl Stream {
    async fn run(&self, first: Value, feed: Option<Feed>) -> Result<(), Gone> {
        self.send(&first).await?;
        let Some(mut feed) = feed else { return self.idle().await };
        loop {
            let work = tokio::select! {
                work = feed.wait() => work,
                () = self.events.closed() => return Err(Gone),
            };
            let end = match work {
                Ok(work) => self.tell(&mut feed, work).await?,
                Err(end) => Some(end),
            };
            match end {
                None => {}
                Some(End::Reset) => {
                    self.send(&json!({"type": "reset"})).await?;
                    return self.idle().await;
                }
                Some(End::Close(_)) => return Err(Gone),
                Some(End::Failed(refused)) => return self.send(&refused.frame(None)).await,
            }
        }
    }

    async fn tell(&self, feed: &mut Feed, work: Work) -> Result<Option<End>, Gone> {
        for piece in work.pieces() {
            match feed.frames(piece).await {
                Ok(frames) => {
                    for frame in frames {
                        self.send(&frame).await?;
                    }
                }
                Err(end) => return Ok(Some(end)),
            }
        }
        Ok(None)
    }

    async fn idle(&self) -> Result<(), Gone> {
        self.events.closed().await;
        Err(Gone)
    }

    async fn send(&self, frame: &Value) -> Result<(), Gone> {
        // JSON holds no raw line break, so one `data` line is enough.
        let event = Bytes::from(format!("data: {frame}\n\n"));
        match tokio::time::timeout(WRITE, self.events.send(event)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Gone),
            Err(_elapsed) => {
                metrics::counter!("tributary_chat_slow_closes_total", "transport" => "sse").increment(1);
                Err(Gone)
            }
        }
    }
}
