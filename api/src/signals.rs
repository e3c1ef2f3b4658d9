//! What the database knows about how the server is doing, as gauges: what waits, and for how long.
//!
//! [`run`] looks every [`EVERY`] until the shutdown token is cancelled. What happens is counted where it happens.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio_util::sync::CancellationToken;
use tributary_domain::{
    Result,
    entity::{
        dead_letter::{self, DeadLetterState},
        outbound::{self, OutboundState},
        raw_inbound::{self, RawInboundState},
    },
    store::Store,
};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(15);

/// What waits, over all workspaces.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Signals {
    /// Age of the oldest inbound request that is not worked on to its end; zero when there is none.
    pub inbox_age: Duration,
    /// For how long the oldest outbound work is due; zero when there is none.
    pub lane_age: Duration,
    /// Dead letters that wait for a person.
    pub dead_letters: u64,
    /// Messages of which nobody knows whether they were sent.
    pub unconfirmed: u64,
}

/// Looks again and again.
pub async fn run(store: Store, shutdown: CancellationToken) {
    loop {
        match look(&store).await {
            Ok(signals) => signals.show(),
            Err(error) => tracing::debug!(error = ?error, "the signals cannot be read"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Looks once.
///
/// # Errors
/// Storage.
pub async fn look(store: &Store) -> Result<Signals> {
    let mut signals = Signals::default();
    let now = store.clock().now();
    for workspace in store.workspaces().await? {
        let read = store.read(workspace.id).await?;
        let waiting: Option<DateTime<Utc>> = raw_inbound::in_workspace(workspace.id)
            .filter(raw_inbound::Column::State.eq(RawInboundState::Received))
            // What is read again is old on purpose.
            .filter(raw_inbound::Column::IsReplay.eq(false))
            .order_by_asc(raw_inbound::Column::ReceivedAt)
            .select_only()
            .column(raw_inbound::Column::ReceivedAt)
            .into_tuple()
            .one(read.conn())
            .await?;
        signals.inbox_age = signals.inbox_age.max(since(waiting, now));
        let due: Option<DateTime<Utc>> = outbound::in_workspace(workspace.id)
            .filter(outbound::Column::State.is_in([OutboundState::Queued, OutboundState::Sending]))
            .filter(outbound::Column::NotBefore.lte(now))
            .order_by_asc(outbound::Column::NotBefore)
            .select_only()
            .column(outbound::Column::NotBefore)
            .into_tuple()
            .one(read.conn())
            .await?;
        signals.lane_age = signals.lane_age.max(since(due, now));
        let open = dead_letter::in_workspace(workspace.id).filter(dead_letter::Column::State.eq(DeadLetterState::Open));
        signals.dead_letters += open.count(read.conn()).await?;
        let unconfirmed = outbound::in_workspace(workspace.id).filter(outbound::Column::State.eq(OutboundState::Unconfirmed));
        signals.unconfirmed += unconfirmed.count(read.conn()).await?;
    }
    Ok(signals)
}

fn since(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    at.and_then(|at| (now - at).to_std().ok()).unwrap_or_default()
}

impl Signals {
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
    fn show(&self) {
        metrics::gauge!("tributary_inbox_age_seconds").set(self.inbox_age.as_secs_f64());
        metrics::gauge!("tributary_lane_age_seconds").set(self.lane_age.as_secs_f64());
        metrics::gauge!("tributary_dead_letters_open").set(self.dead_letters as f64);
        metrics::gauge!("tributary_unconfirmed").set(self.unconfirmed as f64);
    }
}

/// Makes the counters known from the start, so that a rate over them is 0 and not nothing.
pub fn announce() {
    metrics::gauge!("tributary_breakers_open").set(0.0);
    metrics::counter!("tributary_database_statements_total").increment(0);
    metrics::counter!("tributary_lease_takeovers_total").increment(0);
    metrics::counter!("tributary_stream_resets_total").increment(0);
    for transport in ["sse", "websocket"] {
        metrics::counter!("tributary_graphql_slow_closes_total", "transport" => transport).increment(0);
    }
    for by in ["bus", "poll"] {
        metrics::counter!("tributary_tail_wakes_total", "by" => by).increment(0);
    }
}
