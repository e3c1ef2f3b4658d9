//! What is due by the clock: snoozed interactions wake, silent channels are noticed, old rows and unused files go. Every
//! 5 s; pruning a minute after the start and then once an hour and process.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tributary_domain::{
    Result,
    channel::{check, unwell},
    event::log,
    ids::WorkspaceId,
    interaction, prune,
};

use super::{Wake, Worker, repeat};

/// How often old rows are looked for.
const PRUNE_EVERY: chrono::Duration = chrono::Duration::hours(1);
/// When they are looked for first: a process that is restarted often must do it too.
const FIRST_PRUNE: chrono::Duration = chrono::Duration::minutes(1);

pub(super) async fn run(worker: Arc<Worker>, shutdown: CancellationToken) {
    let pruned: Mutex<DateTime<Utc>> = Mutex::new(worker.store.clock().now() - PRUNE_EVERY + FIRST_PRUNE);
    let (last, keeper) = (&pruned, &worker);
    let step = || async move {
        let now = keeper.store.clock().now();
        let woken = keeper.wake_snoozed().await?;
        keeper.check_channels().await?;
        let mut pruned = last.lock().await;
        if now - *pruned >= PRUNE_EVERY {
            keeper.prune().await?;
            *pruned = now;
        }
        Ok(woken)
    };
    repeat("housekeeping", &Wake::default(), Duration::from_secs(5), &shutdown, step).await;
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

    /// Says of the channels that have become silent, or answer nothing, that they are not well.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn check_channels(&self) -> Result<()> {
        for workspace in self.store.workspaces().await? {
            let read = self.store.read(workspace.id).await?;
            let due = unwell(&read, self.store.clock().now()).await?;
            drop(read);
            for id in due {
                self.store.transact(workspace.id, move |tx| Box::pin(check(tx, id))).await?;
            }
        }
        Ok(())
    }

    /// Deletes what has outlived its retention.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn prune(&self) -> Result<()> {
        let now = self.store.clock().now();
        log::turn_days(&self.store, now).await?;
        for workspace in self.store.workspaces().await? {
            log::prune(&self.store, workspace.id, now).await?;
            prune::prune(&self.store, workspace.id).await?;
            self.delete_unused_files(workspace.id).await?;
        }
        self.store.directory().prune().await?;
        Ok(())
    }

    async fn delete_unused_files(&self, workspace: WorkspaceId) -> Result<()> {
        loop {
            let unused = prune::unused_files(&self.store, workspace).await?;
            if unused.is_empty() {
                return Ok(());
            }
            for id in &unused {
                self.cx.media.delete(workspace, *id).await?;
            }
            prune::forget_files(&self.store, workspace, unused).await?;
        }
    }
}
