//! From the lanes to the platforms. Wakes by [`super::context::Wakes::dispatch`], falls back to the poll interval.
//!
//! A lane is worked on by one task at a time in the whole installation; different lanes never wait for each other, except
//! for their account's rate and breaker.

use std::{sync::Arc, sync::PoisonError, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tributary_domain::{
    Error, Result,
    channel::{ChannelHealth, pause, set_health},
    delivery::{self, Claimed, Lane, Outcome, StepDone},
    entity::{channel, outbound},
    outbound::OpenChannel,
    random,
    spec::SendClass,
};

use super::{
    Worker,
    breaker::Call,
    repeat,
    retry::{self, GIVE_UP_AFTER},
};
use crate::{
    channel::{Channel, Step, StepReceipt},
    error::{FailCode, Verdict},
};

/// How long a lane of a channel that cannot send is left alone.
const HELD: Duration = Duration::from_secs(30);

pub(super) async fn run(worker: Arc<Worker>, shutdown: CancellationToken) {
    repeat("dispatch", &worker.wakes.dispatch, worker.timing.poll, &shutdown, || worker.dispatch()).await;
    // Whoever holds a lane gives its place back when it is done.
    let everyone = u32::try_from(worker.timing.lanes).unwrap_or(u32::MAX);
    drop(worker.lanes.clone().acquire_many_owned(everyone).await);
}

/// What to do with the lane after a piece of work.
enum Then {
    /// The next piece.
    Next,
    /// Give it back, and leave it alone until then.
    Release(Option<DateTime<Utc>>),
    /// Somebody else has it.
    Lost,
}

impl Worker {
    /// Claims lanes with due work and starts a task for each; returns how many.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn dispatch(self: &Arc<Self>) -> Result<usize> {
        let free = self.lanes.available_permits();
        if free == 0 {
            return Ok(0);
        }
        let claimed = delivery::claim(&self.store, &self.owner, self.timing.lease, free as u64).await?;
        let count = claimed.len();
        for lane in claimed {
            let Ok(place) = self.lanes.clone().acquire_owned().await else { return Ok(count) };
            let worker = self.clone();
            tokio::spawn(async move {
                if let Err(error) = worker.work_lane(&lane).await {
                    tracing::warn!(interaction.id = %lane.interaction, error = ?error, "a lane stopped and is taken up after its lease");
                }
                drop(place);
                worker.wakes.dispatch.notify_one();
            });
        }
        Ok(count)
    }

    async fn work_lane(&self, lane: &Lane) -> Result<()> {
        let until = loop {
            let read = self.store.read(lane.workspace).await?;
            let now = self.store.clock().now();
            let next = delivery::next(&read, lane, now).await?;
            let found = channel::by_id(lane.workspace, lane.channel).one(read.conn()).await?;
            drop(read);
            let Some(found) = found else { break None };
            let (row, is_in_doubt) = match next {
                Claimed::Empty => break None,
                Claimed::Fresh(row) => (row, false),
                Claimed::InDoubt(row) => (row, true),
            };
            let then = match Self::held_until(&found, now) {
                Some(until) => Then::Release(Some(until)),
                None => self.attempt(lane, &found, &row, is_in_doubt).await?,
            };
            match then {
                Then::Next => {}
                Then::Release(until) => break until,
                Then::Lost => return Ok(()),
            }
        };
        let mut tx = self.store.write(lane.workspace).await?;
        delivery::release(&mut tx, lane, until).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Until when the channel sends nothing, if it does not.
    fn held_until(found: &channel::Model, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if !found.is_enabled || found.health == ChannelHealth::NeedsSignIn {
            return Some(now + HELD);
        }
        found.paused_until.filter(|until| *until > now)
    }

    async fn attempt(&self, lane: &Lane, found: &channel::Model, row: &outbound::Model, is_in_doubt: bool) -> Result<Then> {
        let Some((adapter, open)) = self.open(found).await? else {
            return self.record(lane, row, failed(FailCode::Other, "this server has no adapter for the channel")).await;
        };
        let class = adapter.send_class(&found.settings);
        if is_in_doubt && class != SendClass::A {
            return self.decide_doubt(lane, row, class, "the worker stopped while sending").await;
        }
        let read = self.store.read(lane.workspace).await?;
        let loaded = delivery::load(&read, row).await?;
        drop(read);
        let Some(outbound) = loaded else {
            return self.record(lane, row, Outcome::Sent { external_id: None }).await;
        };
        let account = self.account(found.id, adapter.spec());
        let now = self.store.clock().now();
        if let Err(until) = account.breaker.lock().unwrap_or_else(PoisonError::into_inner).may_call(now) {
            return Ok(Then::Release(Some(until)));
        }
        account.bucket.until_ready().await;
        if !self.begin(lane, row).await? {
            return Ok(Then::Lost);
        }
        let steps = adapter.render(&open, &outbound);
        let delivered = self.deliver_holding(lane, row, &adapter, &open, steps).await?;
        let Some(delivered) = delivered else { return Ok(Then::Lost) };
        account.breaker.lock().unwrap_or_else(PoisonError::into_inner).note(self.store.clock().now(), call_of(&delivered));
        match delivered {
            Ok(external_id) => self.record(lane, row, Outcome::Sent { external_id }).await,
            Err(verdict) => self.follow(lane, found, row, class, verdict).await,
        }
    }

    /// Commits `sending`; `false` when the lane was lost or the message was taken back.
    async fn begin(&self, lane: &Lane, row: &outbound::Model) -> Result<bool> {
        let mut tx = self.store.write(lane.workspace).await?;
        match delivery::begin(&mut tx, lane, row.id).await {
            Ok(()) => tx.commit().await.map(|_| true),
            Err(Error::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Runs the steps while keeping the lease alive; `None` when the lane was lost on the way.
    async fn deliver_holding(
        &self,
        lane: &Lane,
        row: &outbound::Model,
        adapter: &Arc<dyn Channel>,
        open: &OpenChannel,
        steps: Vec<Step>,
    ) -> Result<Option<Result<Option<tributary_domain::ids::ExternalMessageId>, Verdict>>> {
        let mut steps = std::pin::pin!(self.deliver(lane, row, adapter, open, steps).fuse());
        loop {
            tokio::select! {
                outcome = &mut steps => return outcome,
                () = tokio::time::sleep(self.timing.heartbeat) => {
                    if !delivery::extend(&self.store, lane, self.timing.lease).await? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    async fn deliver(
        &self,
        lane: &Lane,
        row: &outbound::Model,
        adapter: &Arc<dyn Channel>,
        open: &OpenChannel,
        steps: Vec<Step>,
    ) -> Result<Option<Result<Option<tributary_domain::ids::ExternalMessageId>, Verdict>>> {
        let mut done: Vec<StepDone> = row.done.0.clone();
        for step in steps.iter().skip(done.len()) {
            let receipts: Vec<StepReceipt> = done.iter().cloned().map(StepReceipt::from).collect();
            match adapter.deliver(&self.cx, open, step, &receipts).await {
                Ok(receipt) => done.push(receipt.into()),
                Err(verdict) => return Ok(Some(Err(verdict))),
            }
            if steps.len() > 1 {
                let mut tx = self.store.write(lane.workspace).await?;
                match delivery::record_step(&mut tx, lane, row.id, done.clone()).await {
                    Ok(()) => tx.commit().await.map(drop)?,
                    Err(Error::Conflict(_)) => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Some(Ok(done.into_iter().find_map(|step| step.external_id))))
    }

    async fn follow(&self, lane: &Lane, found: &channel::Model, row: &outbound::Model, class: SendClass, verdict: Verdict) -> Result<Then> {
        match verdict {
            Verdict::Retry { after, pauses_account, reason } => {
                if pauses_account {
                    let mut tx = self.store.write(lane.workspace).await?;
                    pause(&mut tx, found.id, after.unwrap_or(HELD)).await?;
                    tx.commit().await?;
                }
                self.again(lane, row, after, reason).await
            }
            Verdict::Ambiguous { reason } => match class {
                SendClass::A => self.again(lane, row, None, reason).await,
                SendClass::B | SendClass::C => self.decide_doubt(lane, row, class, &reason).await,
            },
            Verdict::Fail { code, detail } => {
                self.record(lane, row, Outcome::Failed { code: code.as_str().to_owned(), detail: Some(detail) }).await
            }
            Verdict::Suspend { reason } => {
                let mut tx = self.store.write(lane.workspace).await?;
                set_health(&mut tx, found.id, ChannelHealth::NeedsSignIn, Some(reason.clone())).await?;
                tx.commit().await?;
                self.record(lane, row, Outcome::Retry { after: HELD, reason, counts: false }).await
            }
        }
    }

    /// Another attempt, unless it would come too late.
    async fn again(&self, lane: &Lane, row: &outbound::Model, wish: Option<Duration>, reason: String) -> Result<Then> {
        let attempts = u32::try_from(row.attempts).unwrap_or(0).saturating_add(1);
        let jitter = f64::from(u16::from_be_bytes(random::bytes())) / f64::from(u16::MAX);
        let after = retry::wait(attempts, wish, jitter);
        let next = self.store.clock().now() + after;
        let since = row.first_tried_at.unwrap_or(row.created_at);
        let is_late = next > since + GIVE_UP_AFTER || row.deadline.is_some_and(|deadline| next > deadline);
        if is_late {
            return self.record(lane, row, failed(FailCode::GaveUp, &reason)).await;
        }
        self.record(lane, row, Outcome::Retry { after, reason, counts: true }).await
    }

    /// A send of which nobody knows: class B waits for its echo first, class C is for a person to decide.
    async fn decide_doubt(&self, lane: &Lane, row: &outbound::Model, class: SendClass, reason: &str) -> Result<Then> {
        let now = self.store.clock().now();
        let waits_until = row.first_tried_at.unwrap_or(now) + self.timing.echo_wait;
        if class == SendClass::B && now < waits_until {
            return Ok(Then::Release(Some(waits_until)));
        }
        self.record(lane, row, Outcome::Unconfirmed { reason: reason.to_owned() }).await
    }

    async fn record(&self, lane: &Lane, row: &outbound::Model, outcome: Outcome) -> Result<Then> {
        let waits = matches!(outcome, Outcome::Retry { .. });
        let mut tx = self.store.write(lane.workspace).await?;
        match delivery::record(&mut tx, lane, row.id, outcome).await {
            Ok(()) => {
                tx.commit().await?;
                Ok(if waits { Then::Release(None) } else { Then::Next })
            }
            Err(Error::Conflict(_)) => Ok(Then::Lost),
            Err(error) => Err(error),
        }
    }
}

fn failed(code: FailCode, detail: &str) -> Outcome {
    Outcome::Failed { code: code.as_str().to_owned(), detail: Some(detail.to_owned()) }
}

fn call_of<T>(delivered: &Result<T, Verdict>) -> Call {
    match delivered {
        Ok(_) | Err(Verdict::Fail { .. } | Verdict::Suspend { .. } | Verdict::Retry { after: Some(_), .. }) => Call::Answered,
        Err(Verdict::Retry { after: None, .. }) => Call::NoConnection,
        Err(Verdict::Ambiguous { .. }) => Call::Broken,
    }
}

impl From<StepReceipt> for StepDone {
    fn from(receipt: StepReceipt) -> Self {
        Self { external_id: receipt.external_id, note: receipt.note }
    }
}

impl From<StepDone> for StepReceipt {
    fn from(done: StepDone) -> Self {
        Self { external_id: done.external_id, note: done.note }
    }
}
