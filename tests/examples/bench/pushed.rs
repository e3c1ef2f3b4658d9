//! The one subscriber of the ingest scenario: notes when each message is pushed, and whether one is missing, comes twice, or
//! before an earlier one of its sender.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tributary_tests::client::{GraphqlSocket, Subscription};

/// Stands before the number of the message and that of its sender in every text.
pub(crate) const MARK: &str = "bench ";
/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Subscriber {
    pub(crate) events: Subscription,
    pub(crate) _socket: GraphqlSocket,
}

/// What was pushed.
pub(crate) struct Pushed {
    /// By number, when.
    pub(crate) at: Vec<Option<Instant>>,
    pub(crate) doubled: u64,
    pub(crate) out_of_order: u64,
}

impl Pushed {
    pub(crate) fn delivered(&self) -> u64 {
        self.at.iter().flatten().count() as u64
    }

    pub(crate) fn lost(&self) -> u64 {
        self.at.len() as u64 - self.delivered()
    }
}

impl Subscriber {
    /// Reads until `total` messages have come, or nothing more does.
    pub(crate) async fn read(mut self, total: u64, count: Arc<AtomicU64>) -> Result<Pushed> {
        let mut seen = Pushed { at: vec![None; usize::try_from(total)?], doubled: 0, out_of_order: 0 };
        let mut newest: HashMap<u64, u64> = HashMap::new();
        while count.load(Ordering::Relaxed) < total {
            let Ok(message) = tokio::time::timeout(PATIENCE, self.events.data()).await else { break };
            let (message, now) = (message?, Instant::now());
            for event in message["workspaceEvents"]["events"].as_array().context("a batch without events")? {
                let Some(text) = event["entity"]["text"].as_str().and_then(|text| text.strip_prefix(MARK)) else { continue };
                let (number, sender) = text.split_once(' ').context("a text of somebody else")?;
                let (number, sender): (u64, u64) = (number.parse()?, sender.parse()?);
                let slot = seen.at.get_mut(usize::try_from(number)?).context("a number that was not sent")?;
                if slot.replace(now).is_some() {
                    seen.doubled += 1;
                    continue;
                }
                let last = newest.entry(sender).or_default();
                if number < *last {
                    seen.out_of_order += 1;
                }
                *last = number.max(*last);
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(seen)
    }
}
