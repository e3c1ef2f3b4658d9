//! Many subscribers: CPU per delivery, waits, memory; ours against the raw limit. All of the same events, in as many rooms as
//! there are interactions, or all coming at once.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tributary_api::open_files;
use tributary_tests::{
    client::GraphqlClient,
    node::Node,
    process::{Launch, Process},
};

use super::{
    cpu, raw,
    reader::{Address, Clock, MARK, Readers, SUBSCRIPTION, Seen},
    say,
    stand::{self, Stand},
};

/// The events that are followed, and how one is made.
pub(crate) const NOTES: &str = "NOTE_ADDED";
const NOTE: &str = "mutation($input: AddNoteInput!) { addNote(input: $input) { message { id } errors { code message } } }";
/// How many subscribers, one after the other; the most as far as the system lets one process have so many connections.
const SUBSCRIBERS: [usize; 4] = [500, 2_000, 8_000, 20_000];
/// Files that a process has open besides.
const OTHER_FILES: usize = 500;
/// How many subscribers over TLS.
const OVER_TLS: usize = 2_000;
/// How many subscribers, shared by one node, by two and by three.
const OF_NODES: usize = 3_000;
const NODES: usize = 3;
/// Deliveries per measurement, about: fewer texts to more subscribers.
const DELIVERIES: usize = 400_000;
/// Texts per second; at most so many deliveries per second that one core is not full.
const PER_SECOND: u32 = 20;
const DELIVERIES_PER_SECOND: usize = 20_000;
/// Subscribers of each room, texts to each, and texts per second to all of them.
const IN_ROOM: usize = 10;
const TO_ROOM: u64 = 6;
const TO_ROOMS_PER_SECOND: u32 = 100;
/// Subscribers who come at once, and how many of them are on their way at the same time.
const STORM: usize = 5_000;
const STORM_ABREAST: usize = 500;
/// Sockets opened at the same time otherwise.
const ABREAST: usize = 50;
const PATIENCE: Duration = Duration::from_secs(120);

/// What one measurement found.
pub(crate) struct Measured {
    pub(crate) seen: Seen,
    micros_per_delivery: f64,
    micros_per_connection: f64,
    /// Until everybody was there and had got the first text.
    came_in: Duration,
    bytes_per_connection: u64,
}

/// Everybody follows the same.
pub(crate) async fn run() -> Result<()> {
    let bench = Bench::start().await?;
    head(&format!("Fan-out: one text at a time to N subscribers; {} bytes each", bench.example.len()))?;
    let most = usize::try_from(open_files::limit())?.saturating_sub(OTHER_FILES);
    for count in SUBSCRIBERS {
        bench.compare(&Plan::of_one_room(count.min(most))).await?;
    }
    Ok(())
}

/// The same over TLS, which the nodes speak themselves.
pub(crate) async fn tls() -> Result<()> {
    let bench = Bench::start().await?;
    head("Fan-out over TLS 1.3: one text at a time to N subscribers")?;
    bench.compare(&Plan { is_tls: true, ..Plan::of_one_room(OVER_TLS) }).await
}

/// The same subscribers shared by more and more nodes.
pub(crate) async fn nodes() -> Result<()> {
    let bench = Bench::start().await?;
    say(&format!("\nNodes: one text at a time to {OF_NODES} subscribers, shared by the nodes\n"))?;
    say(
        "| nodes | delivered | lost | doubled | out of order | p50 ms | p99 ms | CPU µs per delivery, of all | CPU ms per text, of each | deliveries/s that they could do |",
    )?;
    say("|---|---|---|---|---|---|---|---|---|---|")?;
    let mut others = Vec::new();
    for count in 1..=NODES {
        if count > 1 {
            others.push(bench.stand.another().await?);
        }
        let plan = Plan::of_one_room(OF_NODES);
        let nodes: Vec<&Node> = std::iter::once(&bench.stand.measured).chain(&others).collect();
        let mut measured = bench.of_nodes(&plan, &nodes).await?;
        let (p50, p99) = (measured.seen.percentile(0.5), measured.seen.percentile(0.99));
        let Seen { delivered, lost, doubled, out_of_order, .. } = &measured.seen;
        #[expect(clippy::cast_precision_loss, reason = "far from the limit")]
        let (all, each) = (count as f64, OF_NODES as f64 / count as f64);
        let micros = measured.micros_per_delivery;
        say(&format!(
            "| {count} | {delivered} | {lost} | {doubled} | {out_of_order} | {p50:.1} | {p99:.1} | {micros:.1} | {:.1} | {:.0} |",
            micros * each / 1000.0,
            all * 1e6 / micros,
        ))?;
    }
    Ok(())
}

/// Ten follow each interaction; every text concerns ten of all.
pub(crate) async fn rooms() -> Result<()> {
    let bench = Bench::start().await?;
    let rooms = bench.sender.on.len();
    head(&format!("Rooms: one text at a time to the {IN_ROOM} subscribers of one of {rooms} interactions"))?;
    let plan = Plan { count: rooms * IN_ROOM, rooms, abreast: ABREAST, texts: TO_ROOM, per_second: TO_ROOMS_PER_SECOND, is_tls: false };
    bench.compare(&plan).await
}

/// All come at once, as after the end of another node.
pub(crate) async fn storm() -> Result<()> {
    let bench = Bench::start().await?;
    let plan = Plan { count: STORM, rooms: 1, abreast: STORM_ABREAST, texts: 1, per_second: 1, is_tls: false };
    say(&format!("\nStorm: {STORM} subscribers connect, sign in and subscribe, {STORM_ABREAST} at a time, until each has got a text\n"))?;
    say("| server | connections | seconds | CPU µs per connection | SQL statements | × limit |")?;
    say("|---|---|---|---|---|---|")?;
    let limit = bench.of_limit(&plan).await?;
    say(&format!("| raw limit | {STORM} | {:.1} | {:.0} | 0 | 1.00 |", limit.came_in.as_secs_f64(), limit.micros_per_connection))?;
    let before = bench.stand.statements().await?;
    let ours = bench.of_ours(&plan).await?;
    let (statements, ratio) = (bench.stand.statements().await? - before, ours.micros_per_connection / limit.micros_per_connection);
    say(&format!(
        "| tributary | {STORM} | {:.1} | {:.0} | {statements:.0} | {ratio:.2} |",
        ours.came_in.as_secs_f64(),
        ours.micros_per_connection
    ))
}

fn head(title: &str) -> Result<()> {
    say(&format!("\n{title}\n"))?;
    say(
        "| server | N | delivered | lost | doubled | out of order | p50 ms | p99 ms | CPU µs per delivery | KB per connection | × limit |",
    )?;
    say("|---|---|---|---|---|---|---|---|---|---|---|")
}

/// Texts per second to so many subscribers.
fn per_second(count: usize) -> u32 {
    u32::try_from(DELIVERIES_PER_SECOND / count).unwrap_or(1).clamp(1, PER_SECOND)
}

/// What is to be measured.
pub(crate) struct Plan {
    pub(crate) count: usize,
    /// Subscribers are spread over them.
    pub(crate) rooms: usize,
    pub(crate) abreast: usize,
    /// To each room.
    pub(crate) texts: u64,
    pub(crate) per_second: u32,
    pub(crate) is_tls: bool,
}

impl Plan {
    fn of_one_room(count: usize) -> Self {
        let texts = (DELIVERIES / count).max(20) as u64;
        Self { count, rooms: 1, abreast: ABREAST, texts, per_second: per_second(count), is_tls: false }
    }
}

pub(crate) struct Bench {
    pub(crate) stand: Stand,
    pub(crate) tokens: Vec<String>,
    pub(crate) sender: Sender,
    /// The payload of a text.
    example: String,
}

impl Bench {
    pub(crate) async fn start() -> Result<Self> {
        let stand = Stand::start().await?;
        let tokens = stand.tokens().await?;
        let sender = Sender::new(&stand).await?;
        let example = sender.example(&stand, &tokens[0]).await?;
        Ok(Self { stand, tokens, sender, example })
    }

    async fn compare(&self, plan: &Plan) -> Result<()> {
        let limit = self.of_limit(plan).await?;
        row("raw limit", plan.count, &limit, 1.0)?;
        let ours = self.of_ours(plan).await?;
        row("tributary", plan.count, &ours, ours.micros_per_delivery / limit.micros_per_delivery)
    }

    async fn of_limit(&self, plan: &Plan) -> Result<Measured> {
        let home = tempfile::tempdir()?;
        let port = tributary_tests::host::free_port();
        let program = std::env::current_exe()?;
        let mut launch = Launch::new("raw-limit", program, home.path()).args([raw::ROLE, &self.stand.redis.url(), &port.to_string()]);
        if plan.is_tls {
            launch = launch.args([self.stand.certificate.file(), self.stand.certificate.key_file()]);
        }
        let process = launch.spawn()?;
        process.wait_for_port(port, PATIENCE).await?;
        cpu::bind(process.pid(), stand::MEASURED)?;
        let redis = redis::Client::open(self.stand.redis.url())?.get_multiplexed_async_connection().await?;
        let clock = Clock::start();
        let send = async |number: u64, room: usize| -> Result<()> {
            let text = self.example.replace(&format!("{MARK}0 0"), &clock.text(number));
            let receivers: u32 =
                redis::cmd("PUBLISH").arg(raw::TOPIC).arg(format!("{room}\n{text}")).query_async(&mut redis.clone()).await?;
            ensure!(receivers == 1, "the raw limit has not subscribed");
            Ok(())
        };
        let payloads = (0..plan.rooms).map(|room| json!({ "room": room })).collect();
        let addresses = vec![self.address(port, plan)?];
        let target = Target { processes: vec![&process], addresses, tokens: &[String::new()], payloads };
        target.measure(plan, clock, send).await
    }

    pub(crate) async fn of_ours(&self, plan: &Plan) -> Result<Measured> {
        self.of_nodes(plan, &[&self.stand.measured]).await
    }

    async fn of_nodes(&self, plan: &Plan, nodes: &[&Node]) -> Result<Measured> {
        let port = |node: &&Node| if plan.is_tls { self.stand.tls_port } else { node.port() };
        let after = self.sender.cursor().await?;
        let on = |room: usize| if plan.rooms == 1 { Value::Null } else { json!([self.sender.on[room]]) };
        let payload = |room| json!({ "query": SUBSCRIPTION, "variables": { "after": after, "kinds": [NOTES], "on": on(room) } });
        let clock = Clock::start();
        let target = Target {
            processes: nodes.iter().map(|node| node.process()).collect::<Result<_>>()?,
            addresses: nodes.iter().map(|node| self.address(port(node), plan)).collect::<Result<_>>()?,
            tokens: &self.tokens,
            payloads: (0..plan.rooms).map(payload).collect(),
        };
        target.measure(plan, clock, async |number: u64, room| self.sender.send(room, &clock.text(number)).await).await
    }

    fn address(&self, port: u16, plan: &Plan) -> Result<Address> {
        let tls = if plan.is_tls { Some(self.stand.certificate.connector()?) } else { None };
        Ok(Address { port, tls })
    }
}

fn row(server: &str, count: usize, measured: &Measured, ratio: f64) -> Result<()> {
    let mut seen = Seen { waits: measured.seen.waits.clone(), ..Seen::default() };
    let (p50, p99) = (seen.percentile(0.5), seen.percentile(0.99));
    let Seen { delivered, lost, doubled, out_of_order, .. } = &measured.seen;
    let kilobytes = measured.bytes_per_connection / 1024;
    let micros = measured.micros_per_delivery;
    say(&format!(
        "| {server} | {count} | {delivered} | {lost} | {doubled} | {out_of_order} | {p50:.1} | {p99:.1} | {micros:.1} | {kilobytes} | {ratio:.2} |"
    ))
}

/// Writes texts.
pub(crate) struct Sender {
    admin: GraphqlClient,
    /// Interactions to write on.
    on: Vec<Value>,
}

impl Sender {
    async fn new(stand: &Stand) -> Result<Self> {
        let admin = stand.admin().await?;
        let list = "query($after: String) { interactions(first: 200, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }";
        let (mut on, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = admin.post(list, json!({ "after": after })).await?.ok()?["interactions"].clone();
            on.extend(page["nodes"].as_array().context("no list")?.iter().map(|node| node["id"].clone()));
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        Ok(Self { admin, on })
    }

    async fn send(&self, room: usize, text: &str) -> Result<()> {
        let input = json!({ "input": { "interactionId": self.on[room], "clientId": format!("{room} {text}"), "text": text } });
        let answer = self.admin.post(NOTE, input).await?.ok()?;
        ensure!(answer["addNote"]["errors"] == json!([]), "{answer}");
        Ok(())
    }

    pub(crate) async fn cursor(&self) -> Result<Value> {
        Ok(self.admin.post("{ logCursor }", json!({})).await?.ok()?["logCursor"].clone())
    }

    /// The payload of one real message, with the mark in it.
    async fn example(&self, stand: &Stand, token: &str) -> Result<String> {
        let client = GraphqlClient::new(&stand.measured.url("/graphql"))?.with_token(token);
        let socket = client.socket().await?;
        let mut subscription = socket.subscribe(SUBSCRIPTION, json!({ "after": self.cursor().await?, "kinds": [NOTES] }))?;
        self.send(0, &format!("{MARK}0 0")).await?;
        loop {
            let payload = json!({ "data": subscription.data().await? }).to_string();
            if payload.contains(MARK) {
                return Ok(payload);
            }
        }
    }
}

/// What is measured, and how its subscribers subscribe.
struct Target<'a> {
    /// Those who serve.
    processes: Vec<&'a Process>,
    addresses: Vec<Address>,
    tokens: &'a [String],
    /// One for each room.
    payloads: Vec<Value>,
}

impl Target<'_> {
    /// Used by all of them so far.
    fn time(&self) -> Result<Duration> {
        self.processes.iter().map(|process| cpu::time(process.pid())).sum()
    }

    fn resident_bytes(&self) -> Result<u64> {
        self.processes.iter().map(|process| process.resident_bytes()).sum()
    }

    async fn measure(self, plan: &Plan, clock: Clock, send: impl AsyncFn(u64, usize) -> Result<()>) -> Result<Measured> {
        let (before, came, idle) = (self.resident_bytes()?, Instant::now(), self.time()?);
        let Self { addresses, tokens, payloads, .. } = &self;
        let readers = Readers { addresses, tokens, payloads, count: plan.count, abreast: plan.abreast };
        let reading = readers.open(clock, plan.texts).await?;
        // The first text also tells that everybody is there; it is not measured.
        for room in 0..plan.rooms {
            send(1, room).await?;
        }
        let everybody = tokio::time::timeout(PATIENCE, async {
            while reading.arrived() < plan.count as u64 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        everybody.await.context("not everybody is subscribed")?;
        let (after, came_in, start) = (self.resident_bytes()?, came.elapsed(), self.time()?);
        for number in 2..=plan.texts {
            for room in 0..plan.rooms {
                stand::pace(plan.per_second).await;
                send(number, room).await?;
            }
        }
        let seen = reading.end().await?;
        let used = self.time()? - start;
        #[expect(clippy::cast_precision_loss, reason = "far from the limit")]
        let micros = |time: Duration, times: u64| time.as_secs_f64() * 1e6 / times.max(1) as f64;
        Ok(Measured {
            micros_per_delivery: micros(used, seen.delivered - plan.count as u64),
            micros_per_connection: micros(start - idle, plan.count as u64),
            came_in,
            bytes_per_connection: after.saturating_sub(before) / plan.count as u64,
            seen,
        })
    }
}
