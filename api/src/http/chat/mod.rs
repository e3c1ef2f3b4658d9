//! The gateway of our own web chat: docs/web-chat-protocol.md, the server's side.
//!
//! Visitors are no users of the API: they hold tokens of their own ([`token`]) that name one identity on one channel, and
//! everything they get is filtered by it ([`feed`], [`view`]). What they send becomes the same inbound events that other
//! channels' adapters make ([`act`]). [`gate`] decides which pages may speak to a channel at all.
//!
//! Mount [`router`] outside of the layer that answers preflights for the API: origins are a matter of each channel here.

mod act;
mod config;
mod error;
mod feed;
mod files;
mod frames;
mod gate;
mod limits;
mod picture;
mod protocol;
mod scripts;
mod session;
mod socket;
mod sse;
mod token;
mod view;

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use tributary_channels::worker::Worker;
use tributary_domain::{
    Result,
    entity::{channel, contact_identity, interaction},
    event::{Position, cursor::CursorKey, tail::Tailers},
    ids::{ChannelId, ExternalUserId, InteractionId},
    store::Store,
};
use url::Url;

use self::{error::Refused, limits::Limits, token::Claims};
pub use self::{limits::ChatLimits, token::ChatKey};
use crate::app::App;

/// Largest body of a request that carries frames.
const FRAMES_BYTES: usize = 2 * 1024 * 1024;
/// Interactions whose visitor is remembered, so that a new one is looked up once for all who are connected.
const REMEMBERED: u64 = 10_000;

/// What the gateway needs to be told.
#[derive(Debug, Clone)]
pub struct ChatSettings {
    /// Signs what visitors hold; the same on all nodes.
    pub key: ChatKey,
    /// How often and how many.
    pub limits: ChatLimits,
    /// Proxies in front of us whose `x-forwarded-for` is believed.
    pub forwarded_for_hops: usize,
    /// Ends sockets and streams when cancelled.
    pub shutdown: CancellationToken,
    /// Over which time they end.
    pub drain: Duration,
    /// Widget key that the demo page uses when its address names none.
    pub demo_key: Option<String>,
}

/// The parts of a server that the gateway works with.
pub struct ChatParts {
    /// The database.
    pub store: Store,
    /// Stores what visitors send.
    pub worker: Arc<Worker>,
    /// Seals cursors.
    pub cursors: CursorKey,
    /// Follows the logs.
    pub tailers: Tailers,
    /// Our own origin.
    pub public_url: Url,
    /// The rest.
    pub settings: ChatSettings,
}

/// The gateway. Clones are the same.
#[derive(Clone)]
struct Chat(Arc<Inner>);

struct Inner {
    parts: ChatParts,
    limits: Limits,
    owners: moka::future::Cache<InteractionId, Option<Owner>>,
    connections: AtomicU64,
}

/// Whose interaction it is.
#[derive(Clone, PartialEq, Eq)]
struct Owner {
    channel: ChannelId,
    visitor: ExternalUserId,
}

/// The routes of the chat: `/chat/v1/…`, the widget's scripts and the demo page.
pub fn router(app: App) -> Router {
    router_over(ChatParts {
        store: app.store.clone(),
        worker: app.worker.clone(),
        cursors: app.cursors.clone(),
        tailers: app.tailers.clone(),
        public_url: app.public_url.clone(),
        settings: ChatSettings {
            key: ChatKey::new(app.key.derive("chat visitors")),
            limits: ChatLimits::default(),
            forwarded_for_hops: app.config.server.forwarded_for_hops,
            shutdown: app.shutdown.clone(),
            drain: Duration::from_secs(app.config.graphql.socket_drain_s),
            demo_key: None,
        },
    })
}

/// As [`router`], over parts alone.
pub fn router_over(parts: ChatParts) -> Router {
    let limits = Limits::new(parts.settings.limits);
    let owners = moka::future::Cache::new(REMEMBERED);
    let chat = Chat(Arc::new(Inner { parts, limits, owners, connections: AtomicU64::new(0) }));
    Router::new()
        .route("/chat/v1/{key}/config", get(config::config))
        .route("/chat/v1/{key}/session", post(session::session))
        .route("/chat/v1/{key}/frames", post(frames::frames).layer(DefaultBodyLimit::max(FRAMES_BYTES)))
        .route("/chat/v1/{key}/stream", get(frames::stream))
        .route("/chat/v1/{key}/socket", get(frames::socket))
        // The cap of files is that of the channel, kept while they stream.
        .route("/chat/v1/{key}/files", post(files::upload).layer(DefaultBodyLimit::disable()))
        .route("/chat/v1/{key}/files/{id}", get(files::download))
        .route("/chat/v1/{key}/files/{id}/url", post(files::url))
        .layer(middleware::from_fn_with_state(chat.clone(), gate::gate))
        .merge(scripts::router())
        .with_state(chat)
}

impl Chat {
    fn store(&self) -> &Store {
        &self.0.parts.store
    }

    fn worker(&self) -> &Worker {
        &self.0.parts.worker
    }

    fn cursors(&self) -> &CursorKey {
        &self.0.parts.cursors
    }

    fn tailers(&self) -> &Tailers {
        &self.0.parts.tailers
    }

    fn settings(&self) -> &ChatSettings {
        &self.0.parts.settings
    }

    fn key(&self) -> &ChatKey {
        &self.settings().key
    }

    fn limits(&self) -> &Limits {
        &self.0.limits
    }

    fn now(&self) -> DateTime<Utc> {
        self.store().clock().now()
    }

    fn is_leaving(&self) -> bool {
        self.settings().shutdown.is_cancelled()
    }

    /// Returns when it is this connection's turn to end: after the shutdown began, spread over the drain time.
    async fn leaves(self) {
        let number = self.0.connections.fetch_add(1, Ordering::Relaxed);
        self.settings().shutdown.cancelled().await;
        // The golden ratio sets neighbouring numbers as far apart as possible.
        let share = u32::try_from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32).unwrap_or(0);
        tokio::time::sleep(self.settings().drain.mul_f64(f64::from(share) / f64::from(u32::MAX))).await;
    }
}

/// A visitor on a channel, at an address.
#[derive(Clone)]
struct Visit {
    chat: Chat,
    channel: Arc<channel::Model>,
    claims: Arc<Claims>,
    address: Option<IpAddr>,
    /// Of the log that the visitor's connection follows; unknown by POST.
    epoch: Option<i64>,
}

impl Visit {
    fn new(chat: Chat, channel: Arc<channel::Model>, claims: Claims, address: Option<IpAddr>) -> Self {
        Self { chat, channel, claims: Arc::new(claims), address, epoch: None }
    }

    fn visitor(&self) -> &ExternalUserId {
        &self.claims.v
    }

    /// Every id under which this browser wrote: the present one, and the one before it signed in.
    fn names(&self) -> impl Iterator<Item = &ExternalUserId> {
        std::iter::once(&self.claims.v).chain(&self.claims.was)
    }

    fn who(&self) -> limits::Who {
        (self.channel.id, self.claims.v.clone())
    }

    fn may_ask(&self) -> Result<(), Refused> {
        self.chat.limits().frame(&self.who())
    }

    /// The cursor of a position, for this visitor alone.
    fn cursor(&self, position: Position) -> String {
        let cursor = self.chat.cursors().encode(self.channel.workspace_id, position);
        self.chat.key().bind_cursor(self.channel.id, self.visitor(), &cursor)
    }

    /// Whether an interaction belongs to this visitor.
    async fn owns(&self, id: InteractionId) -> Result<bool> {
        let owner = match self.chat.0.owners.get(&id).await {
            Some(known) => known,
            None => {
                let found = self.owner(id).await?;
                self.chat.0.owners.insert(id, found.clone()).await;
                found
            }
        };
        Ok(owner.is_some_and(|owner| owner.channel == self.channel.id && owner.visitor == *self.visitor()))
    }

    async fn owner(&self, id: InteractionId) -> Result<Option<Owner>> {
        let read = self.chat.store().read(self.channel.workspace_id).await?;
        let Some(found) = interaction::by_id(read.workspace(), id).one(read.conn()).await? else { return Ok(None) };
        let identity = contact_identity::by_id(read.workspace(), found.identity_id).one(read.conn()).await?;
        Ok(identity.map(|identity| Owner { channel: found.channel_id, visitor: identity.external_id }))
    }
}
