//! What is due by the clock: snoozed interactions wake, old rows go. Every 5 s; pruning once an hour and process.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use tributary_domain::{Result, event::log, interaction, prune};

use super::{Worker, repeat};

/// How often old rows are looked for.
const PRUNE_EVERY: chrono::Duration = chrono::Duration::hours(1);

pub(super) async fn run(worker: Arc<Worker>, shutdown: CancellationToken) {
    let pruned: Mutex<DateTime<Utc>> = Mutex::new(worker.store.clock().now());
    let (last, keeper) = (&pruned, &worker);
    let step = || async move {
        let now = keeper.store.clock().now();
        let woken = keeper.wake_snoozed().await?;
        let mut pruned = last.lock().await;
        if now - *pruned >= PRUNE_EVERY {
            keeper.prune().await?;
            *pruned = now;
        }
        Ok(woken)
    };
    repeat("housekeeping", &Notify::new(), Duration::from_secs(5), &shutdown, step).await;
}

impl Worker {
    /// Opens the snoozed interactions whose time has come; returns how many.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn wake_snoozed(&self) -> Result<usize> {
        let mut woken = 0;
        for workspace in self.store.workspaces().await? {
            let mut tx = self.store.write(workspace.id).await?;
            woken += interaction::wake_snoozed(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(woken)
    }

    /// Deletes what has outlived its retention.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn prune(&self) -> Result<()> {
        let now = self.store.clock().now();
        for workspace in self.store.workspaces().await? {
            log::prune(&self.store, workspace.id, now).await?;
            prune::prune(&self.store, workspace.id).await?;
        }
        self.store.directory().prune().await?;
        Ok(())
    }
}
