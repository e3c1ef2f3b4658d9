//! A working day in small: agents who follow conversations and look at their inbox, and customers who write all the time.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tributary_tests::client::GraphqlClient;

use super::{
    cpu,
    integrator::{Incoming, Integrator, MESSAGES},
    page::QUERY,
    reader::{Address, Clock, Readers, SUBSCRIPTION},
    say,
    stand::Stand,
};

const AGENTS: usize = 500;
/// Customers; two agents follow the conversation of each.
const CUSTOMERS: u64 = 250;
const MESSAGES_PER_SECOND: u64 = 200;
/// Each agent opens the inbox that often.
const PAGE_EVERY_S: u64 = 10;
const LASTS: Duration = Duration::from_secs(600);
/// Senders of messages and of pages at the same time. What one lane sends is in order.
const LANES: u64 = 10;
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn run() -> Result<()> {
    let stand = Stand::start().await?;
    let admin = stand.admin().await?;
    let integrator = Integrator::open(&stand, &admin, "Bench", 1).await?;
    let cursor = async || anyhow::Ok(admin.post("{ logCursor }", json!({})).await?.ok()?["logCursor"].clone());
    let conversations = begin(&admin, &integrator, cursor().await?).await?;
    let (tokens, after) = (stand.tokens().await?, cursor().await?);

    let process = stand.measured.process()?;
    let address = Address { port: stand.measured.port(), tls: None };
    let payload = |on: &Value| json!({ "query": SUBSCRIPTION, "variables": { "after": after, "kinds": [MESSAGES], "on": [on] } });
    let payloads: Vec<Value> = conversations.iter().map(payload).collect();
    let clock = Clock::start();
    let rounds = LASTS.as_secs() * MESSAGES_PER_SECOND / CUSTOMERS;
    let readers = Readers { addresses: &[address], tokens: &tokens, payloads: &payloads, count: AGENTS, abreast: 50 };
    let reading = readers.open(clock, rounds).await?;
    let (memory, used, since) = (process.resident_bytes()?, cpu::time(process.pid())?, Instant::now());

    let mut sending = JoinSet::new();
    for lane in 0..LANES {
        sending.spawn(write(integrator.clone(), clock, lane, rounds));
    }
    let mut asking = JoinSet::new();
    for lane in 0..LANES {
        let agent = GraphqlClient::new(&stand.measured.url("/graphql"))?.with_token(&tokens[usize::try_from(lane)? % tokens.len()]);
        asking.spawn(look(agent, conversations[0].clone()));
    }
    while let Some(sent) = sending.join_next().await {
        sent??;
    }
    let (took, used) = (since.elapsed().as_secs_f64(), (cpu::time(process.pid())? - used).as_secs_f64());
    let mut pages = Vec::new();
    while let Some(asked) = asking.join_next().await {
        pages.append(&mut asked??);
    }
    pages.sort_unstable();
    let page = |share: usize| pages.get(pages.len() * share / 100).map_or(0.0, |wait| wait.as_secs_f64() * 1000.0);
    let mut seen = reading.end().await?;
    let (p50, p99) = (seen.percentile(0.5), seen.percentile(0.99));
    let megabytes = |bytes: u64| bytes >> 20;
    say(&format!("\nMixed: {AGENTS} agents, {MESSAGES_PER_SECOND} messages/s, for {took:.0} s\n"))?;
    say(
        "| messages | pushed | lost | doubled | out of order | p50 ms | p99 ms | pages | p50 ms | p99 ms | of a core | MB at first | MB in the end |",
    )?;
    say("|---|---|---|---|---|---|---|---|---|---|---|---|---|")?;
    say(&format!(
        "| {} | {} | {} | {} | {} | {p50:.1} | {p99:.1} | {} | {:.1} | {:.1} | {:.0} % | {} | {} |",
        rounds * CUSTOMERS,
        seen.delivered,
        seen.lost,
        seen.doubled,
        seen.out_of_order,
        pages.len(),
        page(50),
        page(99),
        used / took * 100.0,
        megabytes(memory),
        megabytes(process.resident_bytes()?),
    ))
}

/// Lets every customer write once; returns their conversations.
async fn begin(admin: &GraphqlClient, integrator: &Integrator, cursor: Value) -> Result<Vec<Value>> {
    let socket = admin.socket().await?;
    let mut events = socket.subscribe(SUBSCRIPTION, json!({ "after": cursor, "kinds": [MESSAGES] }))?;
    let first = |sender| Incoming { id: format!("first-{sender}"), sender, text: format!("first {sender}") };
    integrator.post(0, &(0..CUSTOMERS).map(first).collect::<Vec<_>>()).await?;
    let mut conversations = HashMap::new();
    while (conversations.len() as u64) < CUSTOMERS {
        let batch = tokio::time::timeout(PATIENCE, events.data()).await.context("not everybody has a conversation")??;
        for event in batch["workspaceEvents"]["events"].as_array().context("a batch without events")? {
            let text = event["entity"]["text"].as_str().context("a message without a text")?;
            conversations.insert(text.to_owned(), event["interactionId"].clone());
        }
    }
    let mut of = |sender| conversations.remove(&format!("first {sender}")).context("somebody is missing");
    (0..CUSTOMERS).map(&mut of).collect()
}

/// The customers of one lane write in turn.
async fn write(integrator: Integrator, clock: Clock, lane: u64, rounds: u64) -> Result<()> {
    let mut ticks = interval(Duration::from_secs(LANES) / u32::try_from(MESSAGES_PER_SECOND)?);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for round in 1..=rounds {
        for sender in (lane..CUSTOMERS).step_by(usize::try_from(LANES)?) {
            ticks.tick().await;
            integrator.post(0, &[Incoming { id: format!("{round}-{sender}"), sender, text: clock.text(round) }]).await?;
        }
    }
    Ok(())
}

/// The agents of one lane open the inbox in turn; returns how long each had to wait.
async fn look(agent: GraphqlClient, first: Value) -> Result<Vec<Duration>> {
    let per_second = AGENTS as u64 / PAGE_EVERY_S / LANES;
    let mut ticks = interval(Duration::from_secs(1) / u32::try_from(per_second)?);
    let mut waits = Vec::new();
    for _ in 0..LASTS.as_secs() * per_second {
        ticks.tick().await;
        let asked = Instant::now();
        let answer = agent.post(QUERY, json!({ "id": first })).await?.ok()?;
        waits.push(asked.elapsed());
        ensure!(answer["interactions"]["nodes"].as_array().map(Vec::len) == Some(50), "not the page: {answer}");
    }
    Ok(waits)
}
