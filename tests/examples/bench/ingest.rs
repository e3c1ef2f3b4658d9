//! One hot workspace: messages by an integrator's webhook, stored, numbered and pushed to a subscriber; ours against the
//! least that a database has to do for them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde_json::json;
use tokio::task::JoinSet;
use tributary_tests::{
    client::{GraphqlClient, http_client},
    postgres,
    process::Launch,
};

use super::{
    cpu,
    integrator::{Incoming, Integrator, MESSAGES},
    pushed::{MARK, Pushed, Subscriber},
    reader::SUBSCRIPTION,
    rows, say,
    stand::{self, Stand},
};

const PATIENCE: Duration = Duration::from_secs(180);
/// Senders of each lane; what one lane sends is in order, and lanes have no sender in common.
const SENDERS: u64 = 250;

/// How messages are sent.
struct Load {
    name: &'static str,
    /// Each takes at most 500 requests per second.
    channels: usize,
    /// Senders of requests, each of which waits for the answer before its next one.
    lanes: u64,
    /// Events in one request.
    events: u64,
    /// Requests of each lane.
    requests: u64,
    /// Messages that may be acknowledged or under way and not pushed yet.
    under_way: u64,
}

static LOADS: [Load; 3] = [
    Load { name: "batches of 100", channels: 1, lanes: 8, events: 100, requests: 75, under_way: 600 },
    Load { name: "batches of 10", channels: 4, lanes: 32, events: 10, requests: 120, under_way: 400 },
    Load { name: "single events", channels: 8, lanes: 64, events: 1, requests: 250, under_way: 200 },
];

pub(crate) async fn run() -> Result<()> {
    let mut stand = Stand::start().await?;
    // One node does everything here: it takes in, works and pushes.
    stand.measured.kill9()?;
    cpu::bind(stand.writer.process()?.pid(), stand::MEASURED)?;
    let database = postgres::connect(&stand.database.owner_url).await?;
    let limit = of_limit(&stand).await?;
    say("\nIngest: messages of known senders into one workspace, to one subscriber\n")?;
    say(
        "| server | load | messages | lost | doubled | out of order | messages/s | p50 ms | p99 ms | CPU µs per message | statements | commits | × limit |",
    )?;
    say("|---|---|---|---|---|---|---|---|---|---|---|---|---|")?;
    say(&format!(
        "| raw limit | 100 rows each | {} | 0 | 0 | 0 | {:.0} | – | – | {:.1} | {:.2} | {:.2} | 1 |",
        limit.messages, limit.per_second, limit.micros, limit.statements, limit.commits
    ))?;
    for (number, load) in LOADS.iter().enumerate() {
        let run = Run::prepare(&stand, number, load).await?;
        run.measure(&stand, &database, &limit).await?;
    }
    Ok(())
}

async fn of_limit(stand: &Stand) -> Result<rows::Told> {
    let home = tempfile::tempdir()?;
    let (program, told) = (std::env::current_exe()?, home.path().join("told"));
    let arguments = [rows::ROLE, &stand.database.app_url, &told.display().to_string()];
    let process = Launch::new("raw-rows", program, home.path()).args(arguments).spawn()?;
    cpu::bind(process.pid(), stand::MEASURED)?;
    process.wait_until("the raw limit", PATIENCE, async || rows::Told::read(&told)).await?;
    rows::Told::read(&told)
}

/// A load with its channels.
struct Run {
    load: &'static Load,
    integrator: Integrator,
    admin: GraphqlClient,
}

/// What the lanes and the subscriber share.
struct Shared {
    started: Instant,
    /// By number when the message was acknowledged, microseconds after the start; 0: not yet.
    acknowledged: Vec<AtomicU64>,
    sent: AtomicU64,
}

impl Run {
    async fn prepare(stand: &Stand, number: usize, load: &'static Load) -> Result<Self> {
        let admin = stand.admin().await?;
        let integrator = Integrator::open(stand, &admin, &format!("Bench {number}"), load.channels).await?;
        Ok(Self { load, integrator, admin })
    }

    fn total(&self) -> u64 {
        self.load.lanes * self.load.requests * self.load.events
    }

    async fn measure(self, stand: &Stand, database: &DatabaseConnection, limit: &rows::Told) -> Result<()> {
        // Everybody is known before it begins, and has an interaction with a script that has run.
        let subscriber = self.subscribe().await?;
        let people = self.load.lanes * SENDERS;
        let shared = Arc::new(Shared::new(people));
        for lane in 0..self.load.lanes {
            for first in (0..SENDERS).step_by(50) {
                let numbers: Vec<u64> = (first..first + 50).map(|sender| lane * SENDERS + sender).collect();
                self.post(&shared, lane, "w", &numbers, |number| number).await?;
            }
        }
        let warm = subscriber.read(people, Arc::new(AtomicU64::new(0))).await?;
        ensure!(warm.lost() == 0 && warm.doubled == 0, "lost or doubled before it began");
        // Every installation's database tidies up and looks at its tables by itself; here it does so when told to.
        database.execute_unprepared("VACUUM ANALYZE").await?;

        let (pid, total) = (stand.writer.process()?.pid(), self.total());
        let (run, pushed) = (Arc::new(self), Arc::new(AtomicU64::new(0)));
        let shared = Arc::new(Shared::new(total));
        let subscriber = run.subscribe().await?;
        let before = Counters::read(stand, database, pid).await?;
        let started = Instant::now();
        let reading = tokio::spawn(subscriber.read(total, pushed.clone()));
        let mut lanes = JoinSet::new();
        for lane in 0..run.load.lanes {
            let (run, shared, pushed) = (run.clone_for_lane(), shared.clone(), pushed.clone());
            lanes.spawn(async move { run.send(&shared, &pushed, lane).await });
        }
        while let Some(lane) = lanes.join_next().await {
            lane??;
        }
        let seen = reading.await??;
        let seconds = started.elapsed().as_secs_f64();
        let used = cpu::time(pid)? - before.cpu;
        let after = Counters::read(stand, database, pid).await?;
        #[expect(clippy::cast_precision_loss, reason = "far from the limit")]
        let of_each = |count: f64| count / total as f64;
        let waits = shared.waits(&seen);
        let (p50, p99) = (percentile(&waits, 0.5), percentile(&waits, 0.99));
        #[expect(clippy::cast_precision_loss, reason = "far from the limit")]
        let per_second = seen.delivered() as f64 / seconds;
        say(&format!(
            "| tributary | {} | {} | {} | {} | {} | {per_second:.0} | {p50:.1} | {p99:.1} | {:.1} | {:.2} | {:.3} | {:.2} |",
            run.load.name,
            total,
            seen.lost(),
            seen.doubled,
            seen.out_of_order,
            of_each(used.as_secs_f64() * 1e6),
            of_each(after.statements - before.statements),
            of_each(after.commits - before.commits),
            limit.per_second / per_second,
        ))
    }

    async fn subscribe(&self) -> Result<Subscriber> {
        let cursor = self.admin.post("{ logCursor }", json!({})).await?.ok()?["logCursor"].clone();
        let socket = self.admin.socket().await?;
        Ok(Subscriber { events: socket.subscribe(SUBSCRIPTION, json!({ "after": cursor, "kinds": [MESSAGES] }))?, _socket: socket })
    }

    fn clone_for_lane(&self) -> Self {
        Self { load: self.load, integrator: self.integrator.clone(), admin: self.admin.clone() }
    }

    /// The requests of one lane, one after the other.
    async fn send(&self, shared: &Shared, pushed: &AtomicU64, lane: u64) -> Result<()> {
        for request in 0..self.load.requests {
            while shared.sent.load(Ordering::Relaxed).saturating_sub(pushed.load(Ordering::Relaxed)) + self.load.events
                > self.load.under_way
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            shared.sent.fetch_add(self.load.events, Ordering::Relaxed);
            let first = (lane * self.load.requests + request) * self.load.events;
            let numbers: Vec<u64> = (first..first + self.load.events).collect();
            let sender = |number: u64| lane * SENDERS + (number - lane * self.load.requests * self.load.events) % SENDERS;
            self.post(shared, lane, "m", &numbers, sender).await?;
        }
        Ok(())
    }

    async fn post(&self, shared: &Shared, lane: u64, round: &str, numbers: &[u64], sender: impl Fn(u64) -> u64) -> Result<()> {
        let message = |number: &u64| {
            let sender = sender(*number);
            Incoming { id: format!("{round}-{number}"), sender, text: format!("{MARK}{number} {sender}") }
        };
        let messages: Vec<Incoming> = numbers.iter().map(message).collect();
        self.integrator.post(usize::try_from(lane)?, &messages).await?;
        let now = shared.now();
        for number in numbers {
            if let Some(slot) = usize::try_from(*number).ok().and_then(|number| shared.acknowledged.get(number)) {
                slot.store(now, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

impl Shared {
    fn new(total: u64) -> Self {
        Self { started: Instant::now(), acknowledged: (0..total).map(|_| AtomicU64::new(0)).collect(), sent: AtomicU64::new(0) }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// From the acknowledgement to the push, milliseconds, in order; 0 for what was pushed first.
    fn waits(&self, seen: &Pushed) -> Vec<f64> {
        let mut waits = Vec::with_capacity(self.acknowledged.len());
        for (acknowledged, pushed) in self.acknowledged.iter().zip(&seen.at) {
            if let Some(pushed) = pushed {
                let acknowledged = self.started + Duration::from_micros(acknowledged.load(Ordering::Relaxed));
                waits.push(pushed.saturating_duration_since(acknowledged).as_secs_f64() * 1000.0);
            }
        }
        waits.sort_by(f64::total_cmp);
        waits
    }
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let at = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// What has been used so far.
struct Counters {
    cpu: Duration,
    statements: f64,
    commits: f64,
}

impl Counters {
    async fn read(stand: &Stand, database: &DatabaseConnection, pid: u32) -> Result<Self> {
        // The database tells its counters late.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let metrics = http_client()?.get(stand.writer.url("/metrics")).send().await?.text().await?;
        let line = metrics.lines().find_map(|line| line.strip_prefix("tributary_database_statements_total "));
        let statements = line.context("the node tells no statements")?.trim().parse()?;
        let question = "SELECT xact_commit::double precision AS commits FROM pg_stat_database WHERE datname = current_database()";
        let row = database.query_one_raw(Statement::from_string(DbBackend::Postgres, question)).await?.context("no statistics")?;
        Ok(Self { cpu: cpu::time(pid)?, statements, commits: row.try_get("", "commits")? })
    }
}
