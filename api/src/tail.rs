//! Follows a workspace's event log on the command line: one JSON object a line, each with the cursor to go on from.
//!
//! It only reads, beside the processes that serve, and nobody rings for it: it looks by itself.

use std::{io::Write, sync::Arc, time::Duration};

use anyhow::Context;
use tributary_domain::{
    bus::MemoryBus,
    clock::SystemClock,
    event::tail::{PollIntervals, Tailers},
    ids::WorkspaceId,
    store::{Store, StoreConfig},
};

use crate::{
    app::{AppKey, store_config},
    config::{Config, keys},
};

/// Events read at a time.
const BATCH: usize = 200;
/// How often the log is looked at.
const POLL: Duration = Duration::from_millis(250);

/// Follows until the reader goes away or the process is stopped.
///
/// # Errors
/// An unknown workspace, a cursor that cannot be resumed, storage.
pub async fn run(config: &Config, slug: &str, after: Option<&str>, out: &mut impl Write) -> anyhow::Result<()> {
    let to_read = StoreConfig { is_read_only: true, ..store_config(config) };
    let store = Store::connect(to_read, Arc::new(SystemClock), Arc::new(MemoryBus::new())).await?;
    let cursors = AppKey::of(&keys::access_token_secrets(config, &mut rand::rng())?)?.cursors();
    let tailers = Tailers::new(store.clone(), PollIntervals { reached: POLL, unreached: POLL });
    let found = store.workspaces().await?.into_iter().find(|workspace| workspace.slug == slug);
    let workspace: WorkspaceId = found.with_context(|| format!("there is no workspace {slug}"))?.id;
    let position = after.map(|text| cursors.decode(workspace, text)).transpose().context("--after is not a cursor of this workspace")?;
    let mut tail = tailers.follow(workspace, position).await.context("the log cannot be resumed from there")?;
    loop {
        let events = tail.next(BATCH).await?;
        for event in events {
            let cursor = cursors.encode(workspace, tributary_domain::event::Position { seq: event.seq, ..tail.position() });
            let line = serde_json::json!({
                "seq": event.seq.0,
                "at": event.at,
                "kind": event.kind,
                "entityType": event.entity_type,
                "entityId": event.entity_id,
                "entityVersion": event.entity_version.map(|seq| seq.0),
                "interactionId": event.interaction_id,
                "actor": event.actor.to_string(),
                "cursor": cursor,
            });
            if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
                return if error.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error.into()) };
            }
        }
    }
}
