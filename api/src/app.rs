//! The parts of a running server, put together in one place for `main` and for the tests.

use std::sync::Arc;

use tributary_channels::{
    registry::Registry,
    worker::{Wakes, Worker},
};
use tributary_domain::{
    event::{cursor::CursorKey, tail::Tailers},
    media::{MediaLinks, MediaStore},
    seal::Vault,
    store::Store,
};
use url::Url;

use crate::{
    auth::{jwt::AccessTokens, password::Passwords},
    http::chat::ChatSettings,
};

/// What resolvers and handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The adapters.
    pub registry: Registry,
    /// Opens sealed settings.
    pub vault: Arc<Vault>,
    /// Bytes of files.
    pub media: MediaStore,
    /// Signs addresses of files.
    pub links: MediaLinks,
    /// Seals the cursors of the event log.
    pub cursors: CursorKey,
    /// Follows the logs of the workspaces that have subscribers.
    pub tailers: Tailers,
    /// Wakes the worker's loops of this process.
    pub wakes: Arc<Wakes>,
    /// The worker's code, also where this process runs no loops (the web chat stores through it).
    pub worker: Arc<Worker>,
    /// Makes and reads access tokens.
    pub tokens: AccessTokens,
    /// Makes and checks password hashes.
    pub passwords: Passwords,
    /// How long refresh tokens live.
    pub refresh_ttl: std::time::Duration,
    /// Keys and limits of the web chat.
    pub chat: ChatSettings,
    /// Public base address.
    pub public_url: Url,
}

impl App {
    /// An app of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
