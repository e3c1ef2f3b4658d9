//! The raw limit of a page: the same page from hand-written statements, row by row, over HTTP.
//!
//! Two statements that select what is shown and nothing else, each on a connection of a pool as it is: no transaction, no
//! rights, no GraphQL. What any server would have to do at the least.

use anyhow::Result;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use chrono::{DateTime, Utc};
use sea_orm::sqlx::{
    PgPool, Row,
    postgres::{PgPoolOptions, PgRow},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The first argument of the process that does this.
pub(crate) const ROLE: &str = "raw-page";
/// As many connections as a node has.
const CONNECTIONS: u32 = 16;

const LIST: &str = "SELECT i.id, i.number, i.status, i.priority, i.waiting_since, i.last_activity_at, \
    c.id AS contact_id, c.name AS contact_name, l.id AS channel_id, l.name AS channel_name, l.kind AS channel_kind, \
    m.id AS message_id, m.text, m.direction, m.at \
    FROM interaction i \
    JOIN contact c ON c.workspace_id = i.workspace_id AND c.id = i.contact_id \
    JOIN channel l ON l.workspace_id = i.workspace_id AND l.id = i.channel_id \
    LEFT JOIN message m ON m.workspace_id = i.workspace_id AND m.id = i.last_message_id \
    WHERE i.workspace_id = $1 AND i.status <> 'trashed' \
    ORDER BY i.last_activity_at DESC, i.id DESC LIMIT 51";
const THREAD: &str = "SELECT m.id, m.text, m.direction, m.at, m.author_kind, coalesce(m.author_name, p.name, c.name, '') AS author_name \
    FROM message m \
    LEFT JOIN person p ON m.author_kind = 'person' AND p.workspace_id = m.workspace_id AND p.id = m.author_id \
    LEFT JOIN contact c ON m.author_kind = 'contact' AND c.workspace_id = m.workspace_id AND c.id = m.author_id \
    WHERE m.workspace_id = $1 AND m.interaction_id = $2 \
    ORDER BY m.at DESC, m.id DESC LIMIT 21";

/// Serves until it is killed. Takes whatever is posted for the question after the page.
pub(crate) async fn serve(database: &str, workspace: Uuid, port: u16) -> Result<()> {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false).connect(database).await?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, Router::new().route("/", post(answer)).with_state((pool, workspace))).await?;
    Ok(())
}

async fn answer(State((pool, workspace)): State<(PgPool, Uuid)>, body: Bytes) -> Response {
    match page(&pool, workspace, &body).await {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[derive(Deserialize)]
struct Question {
    variables: Variables,
}

#[derive(Deserialize)]
struct Variables {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Interaction {
    id: String,
    reference: String,
    status: String,
    priority: i16,
    waiting_since: Option<DateTime<Utc>>,
    last_activity_at: DateTime<Utc>,
    contact: Named,
    channel: Channel,
    last_message: Option<Message>,
}

#[derive(Serialize)]
struct Named {
    id: String,
    name: String,
}

#[derive(Serialize)]
struct Channel {
    id: String,
    name: String,
    kind: String,
}

#[derive(Serialize)]
struct Message {
    id: String,
    text: String,
    direction: String,
    at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<Author>,
}

#[derive(Serialize)]
struct Author {
    kind: String,
    name: String,
}

#[derive(Serialize)]
struct Page {
    interactions: Vec<Interaction>,
    messages: Vec<Message>,
}

async fn page(pool: &PgPool, workspace: Uuid, body: &[u8]) -> Result<Vec<u8>> {
    let question: Question = serde_json::from_slice(body)?;
    let first = Uuid::parse_str(question.variables.id.trim_start_matches("int_"))?;
    let (list, thread) = tokio::try_join!(
        sea_orm::sqlx::query(LIST).bind(workspace).fetch_all(pool),
        sea_orm::sqlx::query(THREAD).bind(workspace).bind(first).fetch_all(pool),
    )?;
    let interactions = list.iter().take(50).map(interaction).collect::<Result<_, _>>()?;
    let mut messages: Vec<Message> = thread.iter().take(20).map(|row| message(row, "id", true)).collect::<Result<_, _>>()?;
    messages.reverse();
    Ok(serde_json::to_vec(&Page { interactions, messages })?)
}

fn id(prefix: &str, row: &PgRow, column: &str) -> Result<String, sea_orm::sqlx::Error> {
    Ok(format!("{prefix}_{}", row.try_get::<Uuid, _>(column)?.simple()))
}

fn interaction(row: &PgRow) -> Result<Interaction, sea_orm::sqlx::Error> {
    let has_message = row.try_get::<Option<Uuid>, _>("message_id")?.is_some();
    Ok(Interaction {
        id: id("int", row, "id")?,
        reference: format!("T-{}", row.try_get::<i64, _>("number")?),
        status: row.try_get("status")?,
        priority: row.try_get("priority")?,
        waiting_since: row.try_get("waiting_since")?,
        last_activity_at: row.try_get("last_activity_at")?,
        contact: Named { id: id("con", row, "contact_id")?, name: row.try_get("contact_name")? },
        channel: Channel { id: id("chn", row, "channel_id")?, name: row.try_get("channel_name")?, kind: row.try_get("channel_kind")? },
        last_message: if has_message { Some(message(row, "message_id", false)?) } else { None },
    })
}

fn message(row: &PgRow, column: &str, has_author: bool) -> Result<Message, sea_orm::sqlx::Error> {
    Ok(Message {
        id: id("msg", row, column)?,
        text: row.try_get("text")?,
        direction: row.try_get("direction")?,
        at: row.try_get("at")?,
        author: if has_author { Some(Author { kind: row.try_get("author_kind")?, name: row.try_get("author_name")? }) } else { None },
    })
}
