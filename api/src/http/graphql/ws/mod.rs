//! GraphQL over WebSockets: the protocol `graphql-transport-ws`, on a serve loop of our own.
//!
//! One task per socket ([`connection`]) and one per operation ([`operation`]). An operation hands over one message at a
//! time through a channel with one place, whose waiting line is first come, first served: so operations take turns, a
//! busy one cannot starve the others, and nothing is buffered beyond one message per operation. The socket's task
//! writes a message with a deadline while it goes on reading, so a frozen client delays only itself, for ten seconds.
//!
//! Results that many get are written past both tasks ([`port`]): the engine has them ready and the socket takes them at once.
//! When it does not, the socket's task sees that one through and the operation goes on as described.
//!
//! # Beyond the protocol
//! - **Renewal.** `{"type":"ping","payload":{"authorization":"Bearer …"}}` gives a new token for the same user on the
//!   open socket. The answer is `{"type":"pong","payload":{"renewed":true}}`, or `"renewed":false` with a `code`; the
//!   old token then stays in force until it expires. Running operations go on.
//! - **End of admission.** An expired or revoked token closes with 4403. Whether a viewer is still admitted is asked at
//!   least every `recheck` (20 s).
//! - **`STREAM_RESET`.** A stream that ends with this code ends with the message `error`, whether or not a `next` came
//!   before, and no `complete`. Any other error after the first `next` travels inside a `next`. A subscription that
//!   fails before its first result ends with `error`.
//! - **Too much.** One operation too many at a time is answered with `error` and the code
//!   `LIMIT_CONCURRENT_OPERATIONS`; too many per second close with 4429, a client that does not take its messages with
//!   4408, an unreadable or too large message with 4400.
//! - **Leaving.** When the node shuts down, sockets are closed with 1012 over the drain time.

mod connection;
mod operation;
mod port;
mod protocol;
mod state;

use std::sync::Arc;

use axum::{
    extract::ws::WebSocketUpgrade,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header, request::Parts};

use self::protocol::SUBPROTOCOL;
use super::{
    Engine, Transport,
    error::{Fault, code},
    handler,
    negotiate::MediaType,
};
use crate::{
    auth::{Gatekeeper, bearer},
    http::socket::Socket,
};

/// Read buffer per socket: most of what clients send is shorter. The default of 128 KiB is most of a socket's memory and a third
/// of its processor time.
const READ_BUFFER_BYTES: usize = 2 * 1024;

/// Answers the upgrade request and leaves the socket to its task.
pub(super) fn upgrade<E: Engine, G: Gatekeeper>(transport: &Transport<E, G>, upgrade: WebSocketUpgrade, parts: &Parts) -> Response {
    let limits = &transport.inner.limits;
    if transport.inner.shutdown.is_cancelled() {
        let leaving = Fault::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, "This node is leaving. Try again.").malformed();
        return handler::fault_response(&leaving, MediaType::Json);
    }
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let wrong =
            Fault::bad_request(code::BAD_REQUEST, "The only WebSocket subprotocol spoken here is graphql-transport-ws.").malformed();
        return handler::fault_response(&wrong, MediaType::Json);
    }
    // Clients that are no browsers may sign in with a header; connection_init then needs no token.
    let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer).map(str::to_owned);
    let info = handler::info(limits, parts);
    let direct = parts.extensions.get::<Arc<Socket>>().cloned();
    let open = transport.inner.connections.enter();
    let transport = transport.clone();
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(limits.frame_bytes)
        .max_frame_size(limits.frame_bytes)
        .on_failed_upgrade(|error| tracing::debug!(error = &error as &dyn std::error::Error, "A WebSocket upgrade failed"))
        .on_upgrade(move |socket| {
            let serving = connection::serve(transport, socket, direct, token, info);
            async move {
                serving.await;
                drop(open);
            }
        })
        .into_response()
}
