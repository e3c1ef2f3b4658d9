//! One reader among a hundred that takes 1 KiB in a second: what the others wait beside it and without it.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use tributary_tests::{
    client::GraphqlSocket,
    proxy::{Mode, Proxy},
};

use super::{
    fanout::{Bench, NOTES, Plan},
    reader::{SUBSCRIPTION, Seen},
    say,
};

/// Of the same length each, in turn.
const ROUNDS: usize = 3;
const BYTES_PER_SECOND: u64 = 1024;
const PLAN: Plan = Plan { count: 100, rooms: 1, abreast: 50, texts: 300, per_second: 20, is_tls: false };
/// Before it knocks again.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) async fn run() -> Result<()> {
    let bench = Bench::start().await?;
    let (mut without, mut beside) = (Seen::default(), Seen::default());
    for _ in 0..ROUNDS {
        without.add(bench.of_ours(&PLAN).await?.seen);
        let _slow = Slow::begin(&bench).await?;
        beside.add(bench.of_ours(&PLAN).await?.seen);
    }
    say(&format!("\nSlow: {} readers, without and beside one that takes {BYTES_PER_SECOND} bytes in a second\n", PLAN.count))?;
    say("| readers | delivered | lost | doubled | out of order | p50 ms | p99 ms | p99 × without |")?;
    say("|---|---|---|---|---|---|---|---|")?;
    let alone = without.percentile(0.99);
    row("by themselves", &mut without, alone)?;
    row("beside a slow one", &mut beside, alone)
}

fn row(readers: &str, seen: &mut Seen, alone: f64) -> Result<()> {
    let (p50, p99) = (seen.percentile(0.5), seen.percentile(0.99));
    let Seen { delivered, lost, doubled, out_of_order, .. } = &*seen;
    say(&format!("| {readers} | {delivered} | {lost} | {doubled} | {out_of_order} | {p50:.1} | {p99:.1} | {:.2} |", p99 / alone))
}

/// The slow reader; it comes back from its cursor whenever the server has closed its socket. Gone when dropped.
struct Slow {
    _proxy: Proxy,
    _reading: AbortOnDropHandle<()>,
}

impl Slow {
    async fn begin(bench: &Bench) -> Result<Self> {
        let proxy = Proxy::to_port(bench.stand.measured.port()).await?;
        let (url, token, after) = (format!("http://{}/graphql", proxy.address()), bench.tokens[0].clone(), bench.sender.cursor().await?);
        let socket = GraphqlSocket::connect(&url, Some(&token)).await?;
        proxy.set(Mode::Trickle(BYTES_PER_SECOND));
        let reading = tokio::spawn(read(socket, url, token, after));
        Ok(Self { _proxy: proxy, _reading: AbortOnDropHandle::new(reading) })
    }
}

async fn read(mut socket: GraphqlSocket, url: String, token: String, mut after: Value) {
    loop {
        if let Ok(mut events) = socket.subscribe(SUBSCRIPTION, json!({ "after": after, "kinds": [NOTES] })) {
            while let Ok(mut batch) = events.data().await {
                after = batch["workspaceEvents"]["cursor"].take();
            }
        }
        // Until it is let in again.
        while let Err(_closed) = GraphqlSocket::connect(&url, Some(&token)).await.map(|open| socket = open) {
            sleep(PAUSE).await;
        }
    }
}
