//! Following how the work stands.

use std::time::Duration;

use async_graphql::{Context, Subscription};
use futures_util::stream::{BoxStream, StreamExt};
use tokio::time::Instant;
use tributary_domain::{
    Error, Result,
    actor::Role,
    metrics::{Following, Sample, Scope},
};

use crate::graphql::{
    context::Cx,
    error::{OrFieldError, field_error},
    guard::{EVENTS, Needs},
    scalars::LogCursor,
    sight::Sight,
    stream::{HEARTBEAT, InNameOf, Patience},
    types::metrics::{MetricsSample, MetricsScope},
};

/// Shortest time between two samples, milliseconds. More often no person can read it.
const LEAST_MS: i32 = 250;
/// Longest one, milliseconds: that of [`HEARTBEAT`], by which a sample comes anyway.
const MOST_MS: i32 = 20_000;

type Samples = BoxStream<'static, async_graphql::Result<InNameOf<MetricsSample>>>;

/// Following how the work stands.
#[derive(Default)]
pub struct MetricsSubscription;

#[Subscription]
impl MetricsSubscription {
    /// How the work stands, for supervisors and admins: now, whenever that has changed, and at least every 20 s. Each sample is
    /// the whole and needs none before it, so there is no cursor to come back with. Ends with code `NOT_FOUND` when the scope
    /// is gone.
    #[graphql(guard = "Needs::role(Role::Supervisor, EVENTS)")]
    async fn metrics(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Of what.")] scope: MetricsScope,
        #[graphql(desc = "Time between two samples at least, milliseconds, 250 to 20000.", default = 1000)] every_ms: i32,
    ) -> async_graphql::Result<Samples> {
        let scope = scope.into_scope().or_field_error()?;
        let every = every(every_ms).or_field_error()?;
        let mut watcher = Watcher::open(cx, scope, every).await.or_field_error()?;
        let samples = async_stream::try_stream! {
            loop {
                let sample = watcher.next().await.map_err(field_error)?;
                yield watcher.tell(sample);
            }
        };
        Ok(samples.boxed())
    }
}

fn every(milliseconds: i32) -> Result<Duration> {
    let asked = u64::try_from(milliseconds).ok().filter(|_| (LEAST_MS..=MOST_MS).contains(&milliseconds));
    asked.map(Duration::from_millis).ok_or_else(|| Error::invalid("everyMs", format!("must be {LEAST_MS} to {MOST_MS}")))
}

/// One subscriber, or all of a group.
struct Watcher {
    sight: Sight,
    work: Following,
    scope: Scope,
    every: Duration,
    /// The sample that it has, and since when.
    told: Option<(Sample, Instant)>,
    patience: Patience,
}

impl Watcher {
    async fn open(cx: &impl Cx, scope: Scope, every: Duration) -> Result<Self> {
        let sight = Sight::open(cx, |_| false).await?;
        sight.actor().must_watch_work()?;
        let mut work = cx.app().tallies.follow(sight.actor().workspace).await?;
        // A scope that is not there is refused, and not followed.
        work.sample(scope)?;
        Ok(Self { sight, work, scope, every, told: None, patience: Patience::default() })
    }

    /// The next sample: the first at once, later ones when they differ, and after a silence of [`HEARTBEAT`].
    async fn next(&mut self) -> Result<Sample> {
        loop {
            match self.step().await {
                Ok(told) => {
                    self.patience.restore();
                    if let Some(sample) = told {
                        return Ok(sample);
                    }
                }
                Err(error) => self.patience.bear(error, Instant::now() + HEARTBEAT).await?,
            }
        }
    }

    async fn step(&mut self) -> Result<Option<Sample>> {
        self.wait().await?;
        let sample = loop {
            match self.work.sample(self.scope)? {
                Some(sample) => break sample,
                None => self.work = self.sight.app().tallies.follow(self.sight.actor().workspace).await?,
            }
        };
        self.sight.come_to(sample.position).await?;
        if self.sight.renew().await? {
            self.sight.actor().must_watch_work()?;
        }
        let is_news = self.told.as_ref().is_none_or(|(told, at)| told.sums != sample.sums || at.elapsed() >= HEARTBEAT);
        // Members of a group must hear of what may be the end for them.
        Ok((is_news || self.sight.has_heard()).then_some(sample))
    }

    /// Until the next sample may be due.
    async fn wait(&mut self) -> Result<()> {
        let Some((_, at)) = &self.told else { return Ok(()) };
        let (due, beat) = (*at + self.every, *at + HEARTBEAT);
        loop {
            let is_due = Instant::now() >= due;
            if is_due && self.sight.has_heard() {
                return Ok(());
            }
            tokio::select! {
                () = self.work.moved(), if is_due => return Ok(()),
                () = tokio::time::sleep_until(if is_due { beat } else { due }) => if is_due { return Ok(()) },
                events = self.sight.events() => drop(events?),
            }
        }
    }

    fn tell(&mut self, sample: Sample) -> InNameOf<MetricsSample> {
        let cursor = LogCursor(self.sight.app().cursors.encode(self.sight.actor().workspace, sample.position));
        let shown = MetricsSample::new(&sample, cursor);
        self.told = Some((sample, Instant::now()));
        self.sight.tell(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_often_has_its_limits() {
        for milliseconds in [LEAST_MS, 1000, MOST_MS] {
            assert!(every(milliseconds).is_ok(), "{milliseconds}");
        }
        for milliseconds in [i32::MIN, -1000, 0, LEAST_MS - 1, MOST_MS + 1, i32::MAX] {
            assert!(matches!(every(milliseconds), Err(Error::Invalid { field, .. }) if field == "everyMs"), "{milliseconds}");
        }
        assert_eq!(u128::from(MOST_MS.unsigned_abs()), HEARTBEAT.as_millis());
    }
}
