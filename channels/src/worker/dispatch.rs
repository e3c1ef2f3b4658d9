//! From the lanes to the platforms. Wakes by [`super::Wakes::dispatch`], falls back to the poll interval.
//!
//! A lane is worked on by one task at a time in the whole installation; different lanes never wait for each other, except
//! for their account's rate and breaker.

use std::{sync::Arc, sync::PoisonError, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tributary_domain::{
    Error, Result,
    channel::{ChannelHealth, HealthCause, HealthReason, note_calls, pause, set_health},
    delivery::{self, Claimed, Lane, Outcome, StepDone},
    entity::{channel, outbound},
    ids::ExternalMessageId,
    outbound::OpenChannel,
    random,
    spec::{RESEND_UNCONFIRMED, SendClass},
    store::Tx,
};

use super::{
    Worker,
    context::Account,
    repeat,
    retry::{self, GIVE_UP_AFTER},
};
use crate::{
    channel::{Channel, Step, StepReceipt},
    error::{FailCode, Reach, Verdict},
};

/// How long a lane of a channel that cannot send is left alone.
const HELD: Duration = Duration::from_secs(30);
/// How long an address that is gone is left alone.
const GONE_FOR: Duration = Duration::from_hours(24);
/// How long a lane keeps its place while it waits for the account's rate; far below every lease.
const RATE_PATIENCE: Duration = Duration::from_millis(500);
/// How long lanes may go on after the shutdown was asked for.
const GRACE: Duration = Duration::from_secs(10);

pub(super) async fn run(worker: Arc<Worker>, shutdown: CancellationToken) {
    repeat("dispatch", &worker.wakes.dispatch, worker.timing.poll, &shutdown, || worker.dispatch()).await;
    if tokio::time::timeout(GRACE, worker.idle()).await.is_err() {
        tracing::warn!("lanes that did not end in time are left to their leases");
        worker.abandon();
    }
}

/// What to do with the lane after a piece of work.
enum Then {
    /// The next piece.
    Next,
    /// Give it back, and leave it alone for so long.
    Release(Duration),
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
        let room = |channel| self.account(channel).places.available_permits();
        let claimed = delivery::claim(&self.store, &self.owner, self.timing.lease, free, &room).await?;
        let count = claimed.len();
        for lane in claimed {
            let Ok(place) = self.lanes.clone().acquire_owned().await else { return Ok(count) };
            let Ok(of_channel) = self.account(lane.channel).places.clone().acquire_owned().await else { return Ok(count) };
            let worker = self.clone();
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            while tasks.try_join_next().is_some() {}
            tasks.spawn(async move {
                if let Err(error) = worker.work_lane(&lane).await {
                    tracing::warn!(interaction.id = %lane.interaction, error = ?error, "a lane stopped and is taken up after its lease");
                }
                drop((place, of_channel));
                worker.wakes.dispatch.notify_here();
            });
        }
        Ok(count)
    }

    /// Waits until this process works on no lane.
    pub async fn idle(&self) {
        let everyone = u32::try_from(self.timing.lanes).unwrap_or(u32::MAX);
        // Whoever holds a lane gives its place back when it is done. The places are never closed.
        drop(self.lanes.acquire_many(everyone).await);
    }

    /// Drops every lane in the middle of whatever it does, as the death of the process would; their leases run out.
    pub fn abandon(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    async fn work_lane(&self, lane: &Lane) -> Result<()> {
        let hold = loop {
            let read = self.store.read(lane.workspace).await?;
            let next = delivery::next(&read, lane).await?;
            let found = channel::by_id(lane.workspace, lane.channel).one(read.conn()).await?;
            drop(read);
            let Some(found) = found else { break Duration::ZERO };
            let (row, is_in_doubt) = match next {
                Claimed::Empty => break Duration::ZERO,
                Claimed::Fresh(row) => (row, false),
                Claimed::InDoubt(row) => (row, true),
            };
            let then = match held(&found, self.store.clock().now()) {
                Some(hold) => Then::Release(hold),
                None => self.attempt(lane, &found, &row, is_in_doubt).await?,
            };
            match then {
                Then::Next => {}
                Then::Release(hold) => break hold,
                Then::Lost => return Ok(()),
            }
        };
        let lease_now = self.store.lease_now().await?;
        self.change(lane, move |tx, lane| Box::pin(async move { delivery::release(tx, &lane, lease_now, hold).await })).await?;
        Ok(())
    }

    /// Runs a change of the lane's rows, again when another transaction was in its way; `false` when the lane was lost or
    /// the message was taken back.
    async fn change<F>(&self, lane: &Lane, change: F) -> Result<bool>
    where
        F: for<'a> Fn(&'a mut Tx, Lane) -> BoxFuture<'a, Result<()>> + Send + Sync,
    {
        match self.store.transact(lane.workspace, |tx| change(tx, lane.clone())).await {
            Ok(_) => Ok(true),
            Err(Error::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    #[tracing::instrument(name = "delivery", skip_all, fields(channel.id = %found.id, interaction.id = %lane.interaction, outbound.id = %row.id))]
    async fn attempt(&self, lane: &Lane, found: &channel::Model, row: &outbound::Model, is_in_doubt: bool) -> Result<Then> {
        let Some((adapter, open)) = self.open(found).await? else {
            return self.record(lane, row, failed(FailCode::Other, "this server has no adapter for the channel")).await;
        };
        let class = adapter.send_class(&found.settings);
        let read = self.store.read(lane.workspace).await?;
        let loaded = delivery::load(&read, row).await?;
        drop(read);
        let Some(outbound) = loaded else {
            return self.record(lane, row, Outcome::Sent { external_id: None }).await;
        };
        let steps = adapter.render(&open, &outbound);
        if is_in_doubt && is_only_copy_left(row, &steps) {
            return self.record(lane, row, Outcome::Sent { external_id: first_id(&row.done) }).await;
        }
        if is_in_doubt && class != SendClass::A {
            return self.decide_doubt(lane, found, row, class, row.updated_at, "the worker stopped while sending").await;
        }
        let now = self.store.clock().now();
        if !is_in_doubt && row.deadline.is_some_and(|deadline| now > deadline) {
            return self
                .record(lane, row, failed(FailCode::WindowClosed, "the reply window closed before the message could be sent"))
                .await;
        }
        let account = self.account(found.id);
        let note =
            |account: &Account, reach| account.breaker.lock().unwrap_or_else(PoisonError::into_inner).note(self.store.clock().now(), reach);
        if let Err(until) = account.breaker.lock().unwrap_or_else(PoisonError::into_inner).may_call(now) {
            return Ok(Then::Release((until - now).to_std().unwrap_or_default()));
        }
        // Whoever has to wait long for the account's rate gives its place back meanwhile.
        if tokio::time::timeout(RATE_PATIENCE, account.bucket(adapter.spec()).until_ready()).await.is_err() {
            note(&account, Reach::NotCalled);
            return Ok(Then::Release(RATE_PATIENCE));
        }
        if !self.begin(lane, row).await? {
            note(&account, Reach::NotCalled);
            // Taken back, or the lane was lost; in the first case the rows behind it must not wait for the lease's end.
            return Ok(Then::Release(Duration::ZERO));
        }
        let Some(delivered) = self.holding(lane, self.deliver(lane, row, &adapter, &open, steps)).await else { return Ok(Then::Lost) };
        let Some(delivered) = delivered? else { return Ok(Then::Lost) };
        let reach = reach_of(&delivered);
        note(&account, reach);
        // Seldom: only when the answers begin or cease.
        if reach != Reach::NotCalled && (reach == Reach::Answered) != found.failing_since.is_none() {
            let (id, are_answered) = (found.id, reach == Reach::Answered);
            self.change(lane, move |tx, _| Box::pin(note_calls(tx, id, are_answered))).await?;
        }
        match delivered {
            Ok(external_id) => self.record(lane, row, Outcome::Sent { external_id }).await,
            Err(verdict) => self.follow(lane, found, row, class, verdict).await,
        }
    }

    /// Commits `sending`; `false` when the lane was lost or the message was taken back.
    async fn begin(&self, lane: &Lane, row: &outbound::Model) -> Result<bool> {
        let id = row.id;
        self.change(lane, move |tx, lane| Box::pin(async move { delivery::begin(tx, &lane, id).await })).await
    }

    /// Does something while keeping the lease alive; `None` when the lane was lost on the way.
    ///
    /// A heartbeat that fails is no loss yet: whether the lane is still ours is asked again by every write.
    async fn holding<T>(&self, lane: &Lane, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                outcome = &mut work => return Some(outcome),
                () = tokio::time::sleep(self.timing.heartbeat) => match delivery::extend(&self.store, lane, self.timing.lease).await {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(error) => tracing::warn!(interaction.id = %lane.interaction, error = ?error, "a lease could not be renewed"),
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
    ) -> Result<Option<Result<Option<ExternalMessageId>, Verdict>>> {
        let mut done: Vec<StepDone> = row.done.0.clone();
        for step in steps.iter().skip(done.len()) {
            let receipts: Vec<StepReceipt> = done.iter().cloned().map(StepReceipt::from).collect();
            match adapter.deliver(&self.cx, open, step, &receipts).await {
                Ok(receipt) => done.push(receipt.into()),
                Err(verdict) => return Ok(Some(Err(verdict))),
            }
            if steps.len() > 1 {
                let (id, so_far) = (row.id, done.clone());
                let keep = self.change(lane, move |tx, lane| {
                    let so_far = so_far.clone();
                    Box::pin(async move { delivery::record_step(tx, &lane, id, so_far).await })
                });
                if !keep.await? {
                    return Ok(None);
                }
            }
        }
        Ok(Some(Ok(first_id(&done))))
    }

    async fn follow(&self, lane: &Lane, found: &channel::Model, row: &outbound::Model, class: SendClass, verdict: Verdict) -> Result<Then> {
        match verdict {
            Verdict::Retry { after, pauses_account, reach, reason } => {
                if pauses_account {
                    let (id, wait) = (found.id, after.unwrap_or(HELD));
                    self.change(lane, move |tx, _| Box::pin(async move { pause(tx, id, wait).await })).await?;
                }
                self.again(lane, row, after, reach == Reach::Broken, reason).await
            }
            Verdict::Ambiguous { reason } => match class {
                SendClass::A => self.again(lane, row, None, true, reason).await,
                SendClass::B | SendClass::C => self.decide_doubt(lane, found, row, class, self.store.clock().now(), &reason).await,
            },
            Verdict::Fail { code, detail } => {
                if code == FailCode::EndpointGone {
                    self.give_up_on(lane, found, &detail).await?;
                }
                self.record(lane, row, Outcome::Failed { code: code.as_str().to_owned(), detail: Some(detail) }).await
            }
            Verdict::Suspend { reason } => {
                let (id, refused) = (found.id, HealthReason::new(HealthCause::Refused, reason.clone()));
                let suspend = self.change(lane, move |tx, _| {
                    let refused = refused.clone();
                    Box::pin(async move { set_health(tx, id, ChannelHealth::NeedsSignIn, Some(refused)).await })
                });
                suspend.await?;
                self.record(lane, row, Outcome::Retry { after: HELD, reason, counts: false, is_in_doubt: false }).await
            }
        }
    }

    /// The platform wants no more calls at this address: an administrator has to enter another one.
    async fn give_up_on(&self, lane: &Lane, found: &channel::Model, detail: &str) -> Result<()> {
        let id = found.id;
        let sentence =
            format!("The address of the channel is gone ({detail}). Enter the new one; nothing is sent to the old one for a day.");
        let gone = HealthReason::new(HealthCause::AddressGone, sentence);
        let give_up = self.change(lane, move |tx, _| {
            let gone = gone.clone();
            Box::pin(async move {
                set_health(tx, id, ChannelHealth::Down, Some(gone)).await?;
                pause(tx, id, GONE_FOR).await
            })
        });
        give_up.await?;
        Ok(())
    }

    /// Another attempt, unless it would come too late.
    async fn again(&self, lane: &Lane, row: &outbound::Model, wish: Option<Duration>, is_in_doubt: bool, reason: String) -> Result<Then> {
        let attempts = u32::try_from(row.attempts).unwrap_or(0).saturating_add(1);
        let jitter = f64::from(u16::from_be_bytes(random::bytes())) / f64::from(u16::MAX);
        let after = retry::wait(attempts, wish, jitter);
        let now = self.store.clock().now();
        let next = now + after;
        // The row is as it was before this attempt: without a time this was the first one that counts.
        let since = row.first_tried_at.unwrap_or(now);
        if row.deadline.is_some_and(|deadline| next > deadline) {
            return self.record(lane, row, failed(FailCode::WindowClosed, &reason)).await;
        }
        if next > since + GIVE_UP_AFTER {
            return self.record(lane, row, failed(FailCode::GaveUp, &reason)).await;
        }
        self.record(lane, row, Outcome::Retry { after, reason, counts: true, is_in_doubt }).await
    }

    /// A send of `since` of which nobody knows: class B waits for its echo first, class C is for a person to decide, unless
    /// the channel says that it shall be sent again.
    async fn decide_doubt(
        &self,
        lane: &Lane,
        found: &channel::Model,
        row: &outbound::Model,
        class: SendClass,
        since: DateTime<Utc>,
        reason: &str,
    ) -> Result<Then> {
        let waited = (self.store.clock().now() - since).to_std().unwrap_or_default();
        if class == SendClass::B && waited < self.timing.echo_wait {
            return Ok(Then::Release(self.timing.echo_wait - waited));
        }
        if found.settings.get(RESEND_UNCONFIRMED).and_then(serde_json::Value::as_bool) == Some(true) {
            return self.again(lane, row, None, true, reason.to_owned()).await;
        }
        self.record(lane, row, Outcome::Unconfirmed { reason: reason.to_owned() }).await
    }

    async fn record(&self, lane: &Lane, row: &outbound::Model, outcome: Outcome) -> Result<Then> {
        let waits = matches!(outcome, Outcome::Retry { .. });
        let id = row.id;
        let write = self.change(lane, move |tx, lane| {
            let outcome = outcome.clone();
            Box::pin(async move { delivery::record(tx, &lane, id, outcome).await })
        });
        let is_ours = write.await?;
        Ok(match (is_ours, waits) {
            (false, _) => Then::Lost,
            (true, true) => Then::Release(Duration::ZERO),
            (true, false) => Then::Next,
        })
    }
}

/// For how long the channel sends nothing, if it does not.
pub(super) fn held(found: &channel::Model, now: DateTime<Utc>) -> Option<Duration> {
    if !found.is_enabled || found.health == ChannelHealth::NeedsSignIn {
        return Some(HELD);
    }
    found.paused_until.and_then(|until| (until - now).to_std().ok()).filter(|left| !left.is_zero())
}

/// Whether all that an earlier attempt left undone is the copy for our own folder: the message itself is out then.
fn is_only_copy_left(row: &outbound::Model, steps: &[Step]) -> bool {
    let left = steps.get(row.done.len()..).unwrap_or_default();
    !row.done.is_empty() && left.iter().all(|step| matches!(step, Step::MailCopy(_)))
}

/// The platform's id of the message, from the first step that gave one.
fn first_id(done: &[StepDone]) -> Option<ExternalMessageId> {
    done.iter().find_map(|step| step.external_id.clone())
}

fn failed(code: FailCode, detail: &str) -> Outcome {
    Outcome::Failed { code: code.as_str().to_owned(), detail: Some(detail.to_owned()) }
}

fn reach_of<T>(delivered: &Result<T, Verdict>) -> Reach {
    match delivered {
        Ok(_) | Err(Verdict::Fail { .. } | Verdict::Suspend { .. }) => Reach::Answered,
        Err(Verdict::Retry { reach, .. }) => *reach,
        Err(Verdict::Ambiguous { .. }) => Reach::Broken,
    }
}

impl From<StepReceipt> for StepDone {
    fn from(receipt: StepReceipt) -> Self {
        Self { external_id: receipt.external_id, note: receipt.note, linked: receipt.linked }
    }
}

impl From<StepDone> for StepReceipt {
    fn from(done: StepDone) -> Self {
        Self { external_id: done.external_id, note: done.note, linked: done.linked }
    }
}
