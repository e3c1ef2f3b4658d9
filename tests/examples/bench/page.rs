//! The inbox page: fifty interactions with what is shown of them, and the end of the first one's thread; ours against the
//! raw limit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::{Value, json};
use tributary_domain::{
    content::{RichContent, Text},
    ids::{InteractionId, WorkspaceId},
};
use tributary_tests::{
    client::http_client,
    postgres,
    process::{Launch, Process},
};
use uuid::Uuid;

use super::{
    cpu, page_limit, say,
    stand::{self, Stand},
};

pub(crate) const QUERY: &str = "query($id: ID!) { interactions(first: 50) { pageInfo { hasNextPage endCursor } nodes { \
    id reference status priority waitingSince lastActivityAt contact { id name } channel { id name kind } \
    lastMessage { id text direction at } } } \
    node(id: $id) { ... on Interaction { messages(last: 20) { pageInfo { hasPreviousPage } nodes { \
    id text direction at author { kind name } } } } } }";
/// Interactions, and messages of each; the newest hundred have [`LONG`].
const INTERACTIONS: usize = 20_000;
const MESSAGES: usize = 10;
const LONG: usize = 100;
/// Requests at the same time.
const CONCURRENCY: [usize; 3] = [1, 16, 64];
/// Requests per measurement, and how often each is measured in turn; the medians count.
const REQUESTS: usize = 1_500;
const ROUNDS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run() -> Result<()> {
    let stand = Stand::start().await?;
    let database = postgres::connect(&stand.admin_url()).await?;
    let (workspace, first) = seed(&database).await?;
    let (limit, _home, url) = launch_limit(&stand, workspace).await?;
    let token = stand.tokens().await?.swap_remove(0);
    let ours = Target::new(stand.measured.process()?, stand.measured.url("/graphql"), Some(token), first)?;
    let limit = Target::new(&limit, url, None, first)?;
    ours.check().await?;
    for target in [&limit, &ours] {
        target.measure(16, 300).await?;
    }
    let statements = statements(&stand, &ours).await?;
    let bytes = (limit.ask().await?.to_string().len(), ours.ask().await?.to_string().len());
    say(&format!(
        "\nPage: 50 interactions and 20 messages, of {INTERACTIONS} and {}; {} bytes from the raw limit and {} from us\n",
        messages(),
        bytes.0,
        bytes.1
    ))?;
    say("| server | at once | CPU µs per request | requests/s | p50 ms | p99 ms | SQL | CPU × limit | requests/s × limit |")?;
    say("|---|---|---|---|---|---|---|---|---|")?;
    for at_once in CONCURRENCY {
        let (mut of_limit, mut of_ours) = (Vec::new(), Vec::new());
        for _round in 0..ROUNDS {
            of_limit.push(limit.measure(at_once, REQUESTS).await?);
            of_ours.push(ours.measure(at_once, REQUESTS).await?);
        }
        let (limit, ours) = (Measured::median(&of_limit), Measured::median(&of_ours));
        row("raw limit", at_once, &limit, 2.0, &limit)?;
        row("tributary", at_once, &ours, statements, &limit)?;
    }
    Ok(())
}

fn row(server: &str, at_once: usize, measured: &Measured, statements: f64, limit: &Measured) -> Result<()> {
    let Measured { micros, per_second, p50, p99 } = measured;
    let (cpu, rate) = (micros / limit.micros, per_second / limit.per_second);
    say(&format!("| {server} | {at_once} | {micros:.0} | {per_second:.0} | {p50:.1} | {p99:.1} | {statements:.1} | {cpu:.2} | {rate:.2} |"))
}

fn messages() -> usize {
    (INTERACTIONS - LONG) * MESSAGES + LONG * LONG
}

/// What one measurement found.
struct Measured {
    micros: f64,
    per_second: f64,
    p50: f64,
    p99: f64,
}

impl Measured {
    fn median(all: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| {
            let mut figures: Vec<f64> = all.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        Self { micros: of(|one| one.micros), per_second: of(|one| one.per_second), p50: of(|one| one.p50), p99: of(|one| one.p99) }
    }
}

/// What is asked, and where.
#[derive(Clone)]
struct Target {
    pid: u32,
    url: String,
    token: Option<String>,
    body: Arc<str>,
    http: reqwest::Client,
}

impl Target {
    fn new(process: &Process, url: String, token: Option<String>, first: InteractionId) -> Result<Self> {
        let body = json!({ "query": QUERY, "variables": { "id": first } }).to_string().into();
        Ok(Self { pid: process.pid(), url, token, body, http: http_client()? })
    }

    async fn ask(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&self.fetch().await?)?)
    }

    async fn fetch(&self) -> Result<bytes::Bytes> {
        let request = self.http.post(&self.url).header("content-type", "application/json").body(self.body.to_string());
        let request = self.token.iter().fold(request, |request, token| request.bearer_auth(token));
        Ok(request.send().await?.error_for_status()?.bytes().await?)
    }

    /// The answer is the page.
    async fn check(&self) -> Result<()> {
        let answer = self.ask().await?;
        let length = |pointer: &str| answer.pointer(pointer).and_then(Value::as_array).map(Vec::len);
        let is_whole = length("/data/interactions/nodes") == Some(50) && length("/data/node/messages/nodes") == Some(20);
        ensure!(is_whole && answer["errors"].is_null(), "not the page: {answer:#}");
        Ok(())
    }

    async fn measure(&self, at_once: usize, requests: usize) -> Result<Measured> {
        let left = Arc::new(AtomicUsize::new(requests));
        let (used, since) = (cpu::time(self.pid)?, Instant::now());
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..at_once {
            let (left, target) = (Arc::clone(&left), self.clone());
            asking.spawn(async move {
                let mut waits = Vec::new();
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    let asked = Instant::now();
                    target.fetch().await?;
                    waits.push(asked.elapsed().as_secs_f64() * 1000.0);
                }
                anyhow::Ok(waits)
            });
        }
        let mut waits = Vec::with_capacity(requests);
        while let Some(done) = asking.join_next().await {
            waits.append(&mut done??);
        }
        let (took, used) = (since.elapsed(), cpu::time(self.pid)? - used);
        waits.sort_by(f64::total_cmp);
        #[expect(clippy::cast_precision_loss, reason = "far from the limit")]
        let count = requests as f64;
        Ok(Measured {
            micros: used.as_secs_f64() * 1e6 / count,
            per_second: count / took.as_secs_f64(),
            p50: waits[waits.len() / 2],
            p99: waits[waits.len() * 99 / 100],
        })
    }
}

/// Statements per request, by the node's own count, rights included.
async fn statements(stand: &Stand, ours: &Target) -> Result<f64> {
    const ASKED: u32 = 100;
    let before = stand.statements().await?;
    for _ in 0..ASKED {
        ours.fetch().await?;
    }
    Ok((stand.statements().await? - before) / f64::from(ASKED))
}

async fn launch_limit(stand: &Stand, workspace: WorkspaceId) -> Result<(Process, tempfile::TempDir, String)> {
    let home = tempfile::tempdir()?;
    let port = tributary_tests::host::free_port();
    let arguments = [page_limit::ROLE, &stand.admin_url(), &workspace.uuid().to_string(), &port.to_string()];
    let process = Launch::new("raw-page", std::env::current_exe()?, home.path()).args(arguments).spawn()?;
    process.wait_for_port(port, PATIENCE).await?;
    cpu::bind(process.pid(), stand::MEASURED)?;
    Ok((process, home, format!("http://127.0.0.1:{port}/")))
}

/// Fills the demo's workspace; returns it and its newest interaction. Ids are made of numbers, so that rows find each other.
async fn seed(database: &DatabaseConnection) -> Result<(WorkspaceId, InteractionId)> {
    let body = serde_json::to_string(&RichContent::Text(Text { text: "BODY".to_owned() }))?;
    let id = |noun: &str, number: &str| format!("md5('bench {noun} ' || {number})::uuid");
    let (contact, identity, interaction) = (id("contact", "n"), id("identity", "n"), id("interaction", "n"));
    let (newest, message) = (id("message", "n || ' ' || 1"), id("message", "n || ' ' || k"));
    let text = "'Message ' || k || ' of ' || n || ': could you tell me where the parcel is that I ordered last week, please?'";
    // The k-th newest message of the n-th newest interaction.
    let activity = "now() - n * interval '0.1 s'";
    let sql = format!(
        "CREATE TEMP TABLE place AS
            SELECT w.id AS workspace, c.id AS channel, c.inbox_id AS inbox, p.id AS person, row_number() OVER (ORDER BY c.id) - 1 AS number
            FROM workspace w JOIN channel c ON c.workspace_id = w.id
            CROSS JOIN LATERAL (SELECT id FROM person WHERE workspace_id = w.id ORDER BY id LIMIT 1) p;
        CREATE TEMP TABLE seeded AS
            SELECT n, place.* FROM generate_series(1, {INTERACTIONS}) n
            JOIN place ON place.number = n % (SELECT count(*) FROM place);
        INSERT INTO contact (workspace_id, id, name, name_folded, fields, is_blocked, version, created_at)
            SELECT workspace, {contact}, 'Customer ' || n, 'customer ' || n, '{{}}', false, 0, now() FROM seeded;
        INSERT INTO contact_identity (workspace_id, id, contact_id, channel_id, external_id, is_verified, created_at)
            SELECT workspace, {identity}, {contact}, channel, 'bench ' || n, false, now() FROM seeded;
        INSERT INTO interaction (workspace_id, id, number, inbox_id, channel_id, contact_id, identity_id, status, priority, assignee_id,
                is_automatic, inbound_count, message_count, last_message_id, last_activity_at, waiting_since, has_failed, version, created_at)
            SELECT workspace, {interaction}, 1000000 + n, inbox, channel, {contact}, {identity}, 'open', 2, person,
                false, 5, 10, {newest}, {activity}, {activity}, false, 0, {activity} FROM seeded;
        INSERT INTO message (workspace_id, id, interaction_id, channel_id, direction, entry, author_kind, author_id, content, text, part,
                mentions, is_automatic, at, created_at, version)
            SELECT workspace, {message}, {interaction}, channel, CASE k % 2 WHEN 1 THEN 'in' ELSE 'out' END, 'message',
                CASE k % 2 WHEN 1 THEN 'contact' ELSE 'person' END, CASE k % 2 WHEN 1 THEN {contact} ELSE person END,
                replace('{body}', 'BODY', {text})::jsonb, {text}, 0, '[]', false, at, at, 0
            FROM seeded, generate_series(1, CASE WHEN n <= {LONG} THEN {LONG} ELSE {MESSAGES} END) k,
                LATERAL (SELECT {activity} - (k - 1) * interval '1 min' AS at) past;
        ANALYZE;"
    );
    database.execute_unprepared(&sql).await?;
    let row = database.query_one_raw(sea_orm::Statement::from_string(
        sea_orm::DbBackend::Postgres,
        format!("SELECT workspace, {interaction} AS first FROM seeded WHERE n = 1"),
    ));
    let row = row.await?.context("nothing was seeded")?;
    Ok((row.try_get::<Uuid>("", "workspace")?.into(), row.try_get::<Uuid>("", "first")?.into()))
}
