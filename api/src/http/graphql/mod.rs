//! GraphQL over HTTP, over server-sent events and over WebSockets, at one address: `/graphql`.
//!
//! - `POST` with `application/json`, and `GET` for queries, as the GraphQL-over-HTTP specification says ([`http`]).
//! - `POST` or `GET` with `Accept: text/event-stream`: one operation per stream, the "distinct connections mode" of
//!   graphql-sse (`sse`).
//! - `GET` with `Upgrade: websocket` and the subprotocol `graphql-transport-ws` (`ws`).
//!
//! All three prepare a request the same way (`prepare`): persisted query, scan, parse, guard; the engine never parses
//! and has no limits of its own. They share the gatekeeper, the count of connections per user and the shutdown token.
//! Knows no schema and no rule: it works with any [`Engine`] and any [`Gatekeeper`].

mod apq;
mod connections;
mod engine;
pub mod error;
mod guard;
mod handler;
mod limits;
mod negotiate;
mod operations;
mod prepare;
mod session;
mod sse;
pub(crate) mod wire;
mod ws;

use std::{
    net::IpAddr,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::any};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tributary_domain::clock::Clock;

use self::{apq::PersistedQueries, connections::Connections, operations::Names};
pub use self::{
    engine::{Answer, Engine, Offer, Port, Shared, Written},
    guard::DocumentLimits,
    limits::Limits,
};
use crate::auth::Gatekeeper;

/// What the schema may want to know about the exchange; in the data of every request.
#[derive(Debug, Clone, Default)]
pub struct RequestInfo {
    /// Address of the client, see `server.forwarded_for_hops`.
    pub address: Option<IpAddr>,
    /// Header `User-Agent`, cut to 256 characters.
    pub user_agent: Option<String>,
    /// Id of the HTTP request; operations of one socket share that of its upgrade.
    pub request_id: Option<String>,
}

/// The GraphQL entrance. Cheap to clone.
pub struct Transport<E, G> {
    inner: Arc<Inner<E, G>>,
}

struct Inner<E, G> {
    executor: E,
    gatekeeper: Arc<G>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    persisted: PersistedQueries,
    connections: Connections,
    names: Names,
    shutdown: CancellationToken,
    sockets: AtomicU64,
}

impl<E, G> Clone for Transport<E, G> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<E: Engine, G: Gatekeeper> Transport<E, G> {
    /// An entrance to `executor`. When `shutdown` is cancelled, open sockets and streams end over `limits.drain`.
    pub fn new(executor: E, gatekeeper: Arc<G>, limits: Limits, clock: Arc<dyn Clock>, shutdown: CancellationToken) -> Self {
        Self {
            inner: Arc::new(Inner {
                executor,
                gatekeeper,
                clock,
                persisted: PersistedQueries::new(limits.persisted_bytes),
                connections: Connections::new(limits.connections_per_user),
                names: Names::default(),
                limits,
                shutdown,
                sockets: AtomicU64::new(0),
            }),
        }
    }

    /// The routes: `/graphql`.
    pub fn router(&self) -> Router {
        Router::new().route("/graphql", any(handler::handle::<E, G>)).with_state(self.clone())
    }

    /// Sockets and event streams that are open now.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.inner.connections.open()
    }

    /// Returns when no socket and no event stream is open.
    pub async fn all_closed(&self) {
        self.inner.connections.all_closed().await;
    }

    fn next_number(&self) -> u64 {
        self.inner.sockets.fetch_add(1, Ordering::Relaxed)
    }
}

/// A share of 0 to 1 that differs between neighbouring numbers as much as possible (golden ratio): spreads what would
/// otherwise happen to all connections at the same moment.
#[expect(clippy::cast_precision_loss, reason = "32 bits fit a double exactly")]
fn spread(number: u64) -> f64 {
    (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as f64 / f64::from(u32::MAX)
}

/// The moment when something is done for a connection: what is due every so often for thousands of them is done for those of one
/// second together, not earlier than due.
fn together(due: Instant, every: Duration) -> Instant {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let step = (every / 16).clamp(Duration::from_millis(1), Duration::from_secs(1)).as_nanos();
    let late = due.saturating_duration_since(*START).as_nanos() % step;
    due + Duration::from_nanos(u64::try_from((step - late) % step).unwrap_or_default())
}

#[cfg(test)]
mod tests;
