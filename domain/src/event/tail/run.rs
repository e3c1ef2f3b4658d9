//! The task of one tailer. Ends with its token, which the last follower drops.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use sea_orm::DbBackend;
use tokio::sync::Notify;

use super::{PollIntervals, TailState, Tailer};
use crate::{
    Error, Result,
    bus::Reach,
    event::{Position, log},
    ids::WorkspaceId,
    random,
    store::Store,
};

/// Events read at once.
const BATCH: u64 = 500;

pub(super) async fn tail(tailer: Weak<Tailer>, store: Store, workspace: WorkspaceId, polls: PollIntervals) {
    let bus = store.bus().clone();
    let mut heads = bus.heads(workspace);
    let mut reach = bus.reach();
    loop {
        // Held only while catching up, so that the task does not keep itself alive.
        let Some(tailer) = tailer.upgrade() else { return };
        catch_up(&tailer, &store, workspace).await;
        drop(tailer);

        let pause = pause(polls, *reach.borrow_and_update(), store.backend());
        tokio::select! {
            _ = heads.next() => metrics::counter!("tributary_tail_wakes_total", "by" => "bus").increment(1),
            // A bus that breaks or comes back is a reason to look, and changes the pause.
            changed = reach.changed() => if changed.is_err() { tokio::time::sleep(pause).await },
            () = tokio::time::sleep(pause) => metrics::counter!("tributary_tail_wakes_total", "by" => "poll").increment(1),
        }
    }
}

/// The jitter keeps many tailers from asking at the same moment.
fn pause(polls: PollIntervals, reach: Reach, backend: DbBackend) -> Duration {
    match reach {
        // SQLite has one process, so an in-process bus hears of every commit.
        Reach::Process if backend == DbBackend::Sqlite => jittered(polls.reached),
        Reach::Nodes => jittered(polls.reached),
        Reach::Process | Reach::Broken => polls.unreached,
    }
}

/// 80 % to 120 %.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.8 + 0.4 * f64::from(u16::from_be_bytes(random::bytes())) / f64::from(u16::MAX))
}

async fn catch_up(tailer: &Tailer, store: &Store, workspace: WorkspaceId) {
    match read_on(tailer, store, workspace).await {
        Ok(()) => {
            tailer.state.send_if_modified(|state| std::mem::replace(&mut state.is_stale, false));
        }
        Err(error) => {
            let is_news = tailer.state.send_if_modified(|state| !std::mem::replace(&mut state.is_stale, true));
            if is_news {
                tracing::warn!(workspace.id = %workspace, error = ?error, "the event log cannot be read; followers are stale");
            }
        }
    }
}

async fn read_on(tailer: &Tailer, store: &Store, workspace: WorkspaceId) -> Result<()> {
    loop {
        let (known, woken) = (tailer.state.borrow().position, Instant::now());
        let read = store.read(workspace).await?;
        let head = log::head(&read).await?;
        if head.epoch != known.epoch || head.seq < known.seq {
            let sleepers = tailer.restart(head.seq);
            tailer.state.send_modify(|state| {
                *state = TailState { position: head, is_stale: false, restarts: state.restarts + 1 };
            });
            wake(&sleepers);
            return Ok(());
        }
        if head.seq == known.seq {
            return Ok(());
        }
        let events = match log::after(&read, known.seq, BATCH).await {
            // We slept past the retention. Followers behind the hole read the log themselves and find it.
            Err(Error::StreamReset) => {
                let sleepers = tailer.restart(head.seq);
                tailer.state.send_modify(|state| *state = TailState { position: head, is_stale: false, ..*state });
                wake(&sleepers);
                return Ok(());
            }
            read => read?,
        };
        let Some((last, at)) = events.last().map(|event| (event.seq, event.at)) else { return Ok(()) };
        let lag = (store.clock().now() - at).to_std().unwrap_or_default();
        metrics::histogram!("tributary_tail_lag_seconds").record(lag);
        let concerned = tailer.push(events);
        tailer.state.send_modify(|state| *state = TailState { position: Position { seq: last, ..known }, is_stale: false, ..*state });
        wake(&concerned);
        metrics::histogram!("tributary_wake_to_deliver_seconds").record(woken.elapsed());
    }
}

fn wake(sleepers: &[Arc<Notify>]) {
    sleepers.iter().for_each(|sleeper| sleeper.notify_one());
}
