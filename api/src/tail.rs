//! Follows a workspace's event log on the command line: one JSON object a line, each with the cursor to go on from.

use std::io::Write;

use anyhow::Context;
use tributary_domain::ids::WorkspaceId;

use crate::app::App;

/// Events read at a time.
const BATCH: usize = 200;

/// Follows until the reader goes away or the process is stopped.
///
/// # Errors
/// An unknown workspace, a cursor that cannot be resumed, storage.
pub async fn run(app: &App, slug: &str, after: Option<&str>, out: &mut impl Write) -> anyhow::Result<()> {
    let found = app.store.workspaces().await?.into_iter().find(|workspace| workspace.slug == slug);
    let workspace: WorkspaceId = found.with_context(|| format!("there is no workspace {slug}"))?.id;
    let position =
        after.map(|text| app.cursors.decode(workspace, text)).transpose().context("--after is not a cursor of this workspace")?;
    let mut tail = app.tailers.follow(workspace, position).await.context("the log cannot be resumed from there")?;
    loop {
        let events = tail.next(BATCH).await?;
        for event in events {
            let cursor = app.cursors.encode(workspace, tributary_domain::event::Position { seq: event.seq, ..tail.position() });
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
