//! The raw limit of the ingest scenario: rows of messages and of the log, a hundred of each in a transaction with the
//! workspace's counter, and nothing else: nobody is looked up, nothing is searchable, no interaction changes.

use std::{fmt::Write as _, path::Path, time::Instant};

use anyhow::{Context, Result};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait, Value};
use tributary_domain::clock::{Clock, SystemClock};
use tributary_tests::postgres;
use uuid::Uuid;

use super::cpu;

/// The first argument of the process that does this.
pub(crate) const ROLE: &str = "raw-rows";
/// Messages of one transaction.
const ROWS: usize = 100;
const TRANSACTIONS: u32 = 600;
/// Not measured: what is prepared once.
const WARM: u32 = 50;

/// What it came to.
pub(crate) struct Told {
    pub(crate) messages: u64,
    pub(crate) per_second: f64,
    /// CPU of the process per message, microseconds.
    pub(crate) micros: f64,
    pub(crate) statements: f64,
    pub(crate) commits: f64,
}

impl Told {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let (messages, rest) = text.split_once(' ').context("half a line")?;
        let (per_second, micros) = rest.split_once(' ').context("half a line")?;
        let share = 1.0 / f64::from(u32::try_from(ROWS)?);
        Ok(Self {
            messages: messages.parse()?,
            per_second: per_second.parse()?,
            micros: micros.trim().parse()?,
            statements: 3.0 * share,
            commits: share,
        })
    }
}

/// Writes rows into the workspace of the demo and tells in a file how fast.
pub(crate) async fn run(url: &str, told: &Path) -> Result<()> {
    let database = postgres::connect(url).await?;
    let sql = |sql: &str| Statement::from_string(DbBackend::Postgres, sql.to_owned());
    let workspace: Uuid =
        database.query_one_raw(sql("SELECT id FROM workspace LIMIT 1")).await?.context("no workspace")?.try_get("", "id")?;
    let scope = format!("SELECT set_config('tributary.workspace', '{workspace}', true)");
    let tx = database.begin().await?;
    tx.execute_unprepared(&scope).await?;
    let on = tx.query_one_raw(sql("SELECT id, channel_id FROM interaction LIMIT 1")).await?.context("no interaction")?;
    let (interaction, channel): (Uuid, Uuid) = (on.try_get("", "id")?, on.try_get("", "channel_id")?);
    tx.commit().await?;
    let messages = values(
        "INSERT INTO message (workspace_id, id, interaction_id, channel_id, direction, entry, author_kind, content, text, external_id, part, \
         mentions, is_automatic, at, created_at, version)",
        16,
    )?;
    let events = values(
        "INSERT INTO event_log (workspace_id, seq, at, kind, entity_type, entity_id, entity_version, interaction_id, audience, actor)",
        10,
    )?;
    let (mut started, mut used) = (Instant::now(), cpu::time(std::process::id())?);
    for transaction in 0..WARM + TRANSACTIONS {
        if transaction == WARM {
            (started, used) = (Instant::now(), cpu::time(std::process::id())?);
        }
        let now = SystemClock.now();
        let tx = database.begin().await?;
        tx.execute_unprepared(&scope).await?;
        let (mut rows, mut told) = (Vec::<Value>::with_capacity(ROWS * 16), Vec::<Value>::with_capacity(ROWS * 10));
        let ids: Vec<Uuid> = (0..ROWS).map(|_| Uuid::now_v7()).collect();
        for (number, id) in ids.iter().enumerate() {
            let text = format!("text {number} of {transaction}");
            let content = serde_json::json!({ "kind": "text", "text": text });
            rows.extend::<[Value; 16]>([
                workspace.into(),
                (*id).into(),
                interaction.into(),
                channel.into(),
                "in".into(),
                "message".into(),
                "contact".into(),
                content.into(),
                text.into(),
                format!("raw-{id}").into(),
                0_i32.into(),
                serde_json::json!([]).into(),
                false.into(),
                now.into(),
                now.into(),
                0_i64.into(),
            ]);
        }
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, &messages, rows)).await?;
        let count = i64::try_from(ROWS)?;
        let raise = "UPDATE workspace_head SET head = head + $1 WHERE workspace_id = $2 RETURNING head";
        let raised = Statement::from_sql_and_values(DbBackend::Postgres, raise, [count.into(), workspace.into()]);
        let head: i64 = tx.query_one_raw(raised).await?.context("no counter")?.try_get("", "head")?;
        for (seq, id) in (head - count + 1..).zip(&ids) {
            told.extend::<[Value; 10]>([
                workspace.into(),
                seq.into(),
                now.into(),
                "MESSAGE_RECEIVED".into(),
                "message".into(),
                (*id).into(),
                seq.into(),
                interaction.into(),
                "admins".into(),
                "system".into(),
            ]);
        }
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, &events, told)).await?;
        tx.commit().await?;
    }
    let seconds = started.elapsed().as_secs_f64();
    let used = cpu::time(std::process::id())? - used;
    let count = f64::from(TRANSACTIONS) * f64::from(u32::try_from(ROWS)?);
    std::fs::write(told, format!("{count} {} {}\n", count / seconds, used.as_secs_f64() * 1e6 / count))?;
    // Whoever reads that ends this process.
    std::future::pending().await
}

fn values(insert: &str, columns: usize) -> Result<String> {
    let mut sql = format!("{insert} VALUES ");
    for row in 0..ROWS {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=columns {
            write!(sql, "{}${}", if column == 1 { "" } else { ", " }, row * columns + column)?;
        }
        sql.push(')');
    }
    Ok(sql)
}
