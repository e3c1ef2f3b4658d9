//! One operation as a stream of server-sent events ("distinct connections mode" of graphql-sse).
//!
//! `event: next` with an execution result, `event: complete` at the end, comments as heartbeats. A request that the
//! guard or the validation refuses is answered with plain JSON and a status instead of a stream. When the viewer is no
//! longer admitted the stream ends with a `next` whose error has the code `UNAUTHENTICATED`, and `complete`; a stream
//! that cannot be resumed with one whose code is `STREAM_RESET`. When this node leaves, the stream breaks off without
//! `complete`, which makes clients come back.
//!
//! The operation runs in a task of its own and hands over one event at a time. A client that takes none for the write
//! timeout is dropped: the body ends, and with it the task.

use std::{convert::Infallible, panic::AssertUnwindSafe};

use async_graphql::{Response as GraphqlResponse, ServerError, parser::types::OperationType};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::{HeaderValue, StatusCode, header};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    Answer, Engine, Transport,
    connections::{OpenConnection, UserConnection},
    error::{self, Fault, Outcome, code},
    handler::fault_response,
    negotiate::MediaType,
    prepare::Prepared,
    session::Ended,
    spread, wire,
};
use crate::auth::{Gatekeeper, Viewer};

const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");
/// The empty `data` is needed: browsers do not deliver an event without any.
const COMPLETE: Bytes = Bytes::from_static(b"event: complete\ndata:\n\n");

/// Begins to execute and answers with the stream.
pub(super) async fn stream<E: Engine, G: Gatekeeper>(
    transport: &Transport<E, G>,
    prepared: Prepared,
    viewer: Option<Viewer<G::Actor>>,
) -> Result<Response, Fault> {
    if transport.inner.shutdown.is_cancelled() {
        return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, "This node is leaving. Try again.").malformed());
    }
    let user = match &viewer {
        Some(viewer) => Some(transport.inner.connections.enter_as(&viewer.user_key).ok_or_else(|| {
            let limit = transport.inner.limits.connections_per_user;
            Fault::new(StatusCode::TOO_MANY_REQUESTS, code::RATE_LIMITED, "Too many open connections of this user.")
                .limit(limit)
                .malformed()
        })?),
        None => None,
    };
    let mut results = AssertUnwindSafe(transport.inner.executor.answers(prepared.request)).catch_unwind().boxed();
    // Validation answers without waiting for anything, so a document that does not fit the schema shows at the first
    // look; everything else has time.
    let mut first = results.next().now_or_never().flatten();
    if let Some(Ok(Answer::Own(response))) = &mut first
        && error::finish(response) == Outcome::Refused
    {
        let refused = Fault { status: StatusCode::BAD_REQUEST, error: Box::new(response.errors.swap_remove(0)), is_well_formed: false };
        return Ok(fault_response(&refused, MediaType::EventStream));
    }
    let (events, body) = mpsc::channel(1);
    let connection = Connection {
        transport: transport.clone(),
        number: transport.next_number(),
        events,
        is_subscription: prepared.kind == OperationType::Subscription,
        _open: transport.inner.connections.enter(),
        _user: user,
    };
    let results = futures_util::stream::iter(first).chain(results);
    tokio::spawn(connection.run(results, viewer));
    let mut response = Body::from_stream(ReceiverStream::new(body).map(Ok::<_, Infallible>)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MediaType::EventStream.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Keeps nginx from collecting events before it passes them on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

struct Connection<E, G> {
    transport: Transport<E, G>,
    number: u64,
    events: mpsc::Sender<Bytes>,
    is_subscription: bool,
    _open: OpenConnection,
    _user: Option<UserConnection>,
}

/// The client went away or does not read.
struct Gone;

type Panic = Box<dyn std::any::Any + Send>;

impl<E: Engine, G: Gatekeeper> Connection<E, G> {
    async fn run(self, results: impl futures_util::Stream<Item = Result<Answer, Panic>> + Send, viewer: Option<Viewer<G::Actor>>) {
        // A gone client is the normal end of a subscription.
        if self.events(results, viewer).await.is_err() {
            tracing::debug!("The client of an event stream left");
        }
    }

    async fn events(
        &self,
        results: impl futures_util::Stream<Item = Result<Answer, Panic>> + Send,
        viewer: Option<Viewer<G::Actor>>,
    ) -> Result<(), Gone> {
        let limits = &self.transport.inner.limits;
        let mut results = std::pin::pin!(results);
        let mut ended = std::pin::pin!(async {
            match viewer {
                Some(viewer) => self.transport.clone().ended(viewer, self.number).await,
                None => std::future::pending().await,
            }
        });
        let mut leaving = std::pin::pin!(async {
            self.transport.inner.shutdown.cancelled().await;
            tokio::time::sleep(limits.drain.mul_f64(spread(self.number))).await;
        });
        let mut too_slow = std::pin::pin!(async {
            if self.is_subscription { std::future::pending().await } else { tokio::time::sleep(limits.execution).await }
        });
        // Tells proxies and the client at once that the stream stands.
        self.send(HEARTBEAT).await?;
        loop {
            let response = tokio::select! {
                result = results.next() => match result {
                    None => return self.send(COMPLETE).await,
                    Some(Ok(response)) => response,
                    Some(Err(panic)) => return self.fail(error::panicked(&*panic)).await,
                },
                why = &mut ended => return self.fail(not_admitted(why)).await,
                () = &mut leaving => return Ok(()),
                () = &mut too_slow => return self.fail(self.transport.too_slow()).await,
                () = self.events.closed() => return Err(Gone),
                () = tokio::time::sleep(limits.ping) => {
                    self.send(HEARTBEAT).await?;
                    continue;
                }
            };
            let mut response = match response {
                Answer::Own(response) => *response,
                Answer::Shared(json) => {
                    self.send(shared(&json)).await?;
                    continue;
                }
                // A stream over HTTP is not ours to write to.
                Answer::Offer(_) => continue,
            };
            let outcome = error::finish(&mut response);
            let is_over = self.is_subscription && error::ends_stream(&response);
            self.send(next(&response, outcome)).await?;
            if is_over {
                return self.send(COMPLETE).await;
            }
        }
    }

    async fn fail(&self, error: ServerError) -> Result<(), Gone> {
        self.send(next(&GraphqlResponse::from_errors(vec![error]), Outcome::Refused)).await?;
        self.send(COMPLETE).await
    }

    async fn send(&self, event: Bytes) -> Result<(), Gone> {
        match tokio::time::timeout(self.transport.inner.limits.write, self.events.send(event)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Gone),
            Err(_elapsed) => {
                metrics::counter!("tributary_graphql_slow_closes_total", "transport" => "sse").increment(1);
                Err(Gone)
            }
        }
    }
}

/// JSON holds no raw line break, so one `data` line is enough.
fn next(response: &GraphqlResponse, outcome: Outcome) -> Bytes {
    let mut event = b"event: next\ndata: ".to_vec();
    wire::write_json(&mut event, response, outcome);
    event.extend_from_slice(b"\n\n");
    event.into()
}

fn shared(json: &str) -> Bytes {
    ["event: next\ndata: ", json, "\n\n"].concat().into()
}

fn not_admitted(why: Ended) -> ServerError {
    let message = match why {
        Ended::Expired => "The token has expired.",
        Ended::Revoked => "You are no longer signed in.",
    };
    *Fault::new(StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, message).error
}
