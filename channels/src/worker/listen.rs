//! Holds the connections of channels that we listen to, and asks those that we poll: one owner per channel in the whole
//! installation, by a lease. What is found goes, with its position, into the stored requests, and from there the same
//! way as everything else. Wakes by [`super::Wakes::listen`], looks again every few seconds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tributary_domain::{
    Result,
    channel::{
        ChannelHealth, HealthCause, HealthReason, NewRaw, Position, claim_position, extend_position, listening, save_position, set_health,
        store_raw,
    },
    entity::channel,
    ids::ChannelId,
    outbound::OpenChannel,
};

use super::{Worker, repeat, retry};
use crate::{
    channel::{Channel, Found, Ingress, Sink},
    error::{Reach, Verdict},
};

/// How often channels without an owner are looked for.
const LOOK: Duration = Duration::from_secs(2);
/// How long a channel whose credentials are refused is left alone.
const REFUSED: Duration = Duration::from_mins(5);

pub(super) async fn run(worker: Arc<Worker>, shutdown: CancellationToken) {
    let held: Arc<Mutex<HashMap<ChannelId, i64>>> = Arc::default();
    let tasks = tokio::sync::Mutex::new(JoinSet::new());
    let (started, holds, stop, listener) = (&tasks, &held, &shutdown, &worker);
    let step = || async move {
        let mut tasks = started.lock().await;
        while tasks.try_join_next().is_some() {}
        listener.start_listening(holds, &mut tasks, stop).await?;
        // Whatever was started goes on by itself; there is nothing to be done again at once.
        Ok(0)
    };
    repeat("listen", &worker.wakes.listen, LOOK, &shutdown, step).await;
    let mut tasks = tasks.into_inner();
    while tasks.join_next().await.is_some() {}
}

impl Worker {
    async fn start_listening(
        self: &Arc<Self>,
        held: &Arc<Mutex<HashMap<ChannelId, i64>>>,
        tasks: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) -> Result<()> {
        for workspace in self.store.workspaces().await? {
            let read = self.store.read(workspace.id).await?;
            let channels = listening(&read).await?;
            drop(read);
            for found in channels {
                let is_ours = held.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&found.id);
                let listens =
                    self.registry.get(found.kind).is_some_and(|adapter| matches!(adapter.ingress(), Ingress::Listen(_) | Ingress::Poll(_)));
                if is_ours || !listens {
                    continue;
                }
                let Some(position) = claim_position(&self.store, workspace.id, found.id, &self.owner, self.timing.lease).await? else {
                    continue;
                };
                held.lock().unwrap_or_else(PoisonError::into_inner).insert(found.id, position.fence);
                let (worker, held, stop) = (self.clone(), held.clone(), shutdown.child_token());
                tasks.spawn(async move {
                    worker.hold(&found, position, &stop).await;
                    held.lock().unwrap_or_else(PoisonError::into_inner).remove(&found.id);
                });
            }
        }
        Ok(())
    }

    /// Listens to one channel until it is changed, lost or shut down; then gives the lease back.
    async fn hold(&self, found: &channel::Model, position: Position, stop: &CancellationToken) {
        let fence = position.fence;
        let (listening, keeping) = (stop.child_token(), stop.child_token());
        let ended = tokio::select! {
            ended = self.listen_once(found, position, &listening) => ended,
            () = self.keep(found, fence, &keeping) => {
                listening.cancel();
                Ok(Duration::ZERO)
            }
        };
        let pause = match ended {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(channel.id = %found.id, error = ?error, "listening to a channel stopped");
                retry::wait(1, None, 1.0)
            }
        };
        if let Err(error) = tributary_domain::channel::release_position(&self.store, found.workspace_id, found.id, fence, pause).await {
            tracing::warn!(channel.id = %found.id, error = ?error, "a lease could not be given back and runs out by itself");
        }
    }

    /// Renews the lease; returns when it was lost, or when the channel was changed and has to be opened anew.
    async fn keep(&self, found: &channel::Model, fence: i64, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.timing.heartbeat) => {}
            }
            match extend_position(&self.store, found.workspace_id, found.id, fence, self.timing.lease).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(channel.id = %found.id, error = ?error, "a lease could not be renewed"),
            }
            match self.is_unchanged(found).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(channel.id = %found.id, error = ?error, "a channel could not be looked at"),
            }
        }
    }

    async fn is_unchanged(&self, found: &channel::Model) -> Result<bool> {
        let read = self.store.read(found.workspace_id).await?;
        let now = channel::by_id(found.workspace_id, found.id).one(read.conn()).await?;
        Ok(now.is_some_and(|now| now.is_enabled && now.settings == found.settings && now.sealed == found.sealed))
    }

    /// One connection or one poll; returns how long to leave the channel alone.
    async fn listen_once(&self, found: &channel::Model, position: Position, stop: &CancellationToken) -> Result<Duration> {
        let Some((adapter, open)) = self.open(found).await? else { return Ok(REFUSED) };
        let sink = Store { worker: self, found, fence: position.fence };
        let ended = match adapter.ingress() {
            Ingress::Listen(listen) => listen.listen(&self.cx, &open, position.cursor, &sink, stop.clone()).await.map(|()| Duration::ZERO),
            Ingress::Poll(_) => self.poll(&adapter, &open, position, &sink).await,
            Ingress::Webhook(_) | Ingress::Gateway => Ok(REFUSED),
        };
        match ended {
            Ok(pause) => Ok(pause),
            Err(Verdict::Suspend { reason }) => {
                self.note_health(found, ChannelHealth::NeedsSignIn, Some(HealthReason::new(HealthCause::Refused, reason))).await?;
                Ok(REFUSED)
            }
            Err(Verdict::Retry { after, reason, .. }) => {
                self.note_health(found, ChannelHealth::Down, Some(HealthReason::new(HealthCause::Unreachable, reason))).await?;
                Ok(after.unwrap_or(Duration::from_secs(5)))
            }
            Err(Verdict::Ambiguous { reason } | Verdict::Fail { detail: reason, .. }) => {
                self.note_health(found, ChannelHealth::Down, Some(HealthReason::new(HealthCause::Unreachable, reason))).await?;
                Ok(Duration::from_secs(30))
            }
        }
    }

    async fn poll(
        &self,
        adapter: &Arc<dyn Channel>,
        open: &OpenChannel,
        position: Position,
        sink: &Store<'_>,
    ) -> Result<Duration, Verdict> {
        let Ingress::Poll(poll) = adapter.ingress() else { return Ok(REFUSED) };
        let found = poll.poll(&self.cx, open, position.cursor).await?;
        sink.signed_in().await?;
        sink.store(found).await?;
        Ok(Duration::from_secs(u64::from(poll.interval_s())))
    }

    async fn note_health(&self, found: &channel::Model, health: ChannelHealth, reason: Option<HealthReason>) -> Result<()> {
        let mut tx = self.store.write(found.workspace_id).await?;
        set_health(&mut tx, found.id, health, reason).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Stores what one listener found, while it still holds its lease.
struct Store<'a> {
    worker: &'a Worker,
    found: &'a channel::Model,
    fence: i64,
}

#[async_trait]
impl Sink for Store<'_> {
    async fn store(&self, found: Found) -> Result<(), Verdict> {
        let kept = self.keep(found).await;
        kept.map_err(|error| our_trouble(format!("what was found could not be stored: {error}")))?;
        self.worker.wakes.ingest.notify_one();
        Ok(())
    }

    async fn signed_in(&self) -> Result<(), Verdict> {
        let noted = self.worker.note_health(self.found, ChannelHealth::Ok, None).await;
        noted.map_err(|error| our_trouble(format!("the channel's health could not be stored: {error}")))
    }
}

/// Trouble on our side.
fn our_trouble(reason: String) -> Verdict {
    Verdict::Retry { after: None, pauses_account: false, reach: Reach::NotCalled, reason }
}

impl Store<'_> {
    async fn keep(&self, found: Found) -> Result<()> {
        let tx = self.worker.store.write(self.found.workspace_id).await?;
        save_position(&tx, self.found.id, self.fence, found.cursor).await?;
        for item in found.items {
            let raw = NewRaw {
                dedupe_key: item.dedupe_key,
                form: item.raw.form,
                headers: item.raw.headers,
                body: item.raw.body.to_vec(),
                at: item.raw.at,
            };
            store_raw(&tx, self.found.id, raw).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
