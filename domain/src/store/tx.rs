//! [`Read`] and [`Tx`]: transactions bound to a workspace.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
    sea_query::{Expr, ExprTrait},
};

use super::{Conn, Scope, Store, version};
use crate::{
    Error, Result,
    entity::workspace_head,
    event::{Event, EventDraft, Position, Seq, log},
    ids::WorkspaceId,
};

/// A snapshot of one workspace. Writes through it fail. Dropping it ends it.
pub struct Read {
    conn: Conn,
    workspace: WorkspaceId,
}

impl Read {
    pub(super) async fn begin(store: &Store, workspace: WorkspaceId) -> Result<Self> {
        let conn = store.0.reader.begin().await?;
        if store.0.backend == DbBackend::Postgres {
            // One round trip. An id prints as hexadecimal digits, so nothing can break out of the text.
            let id = workspace.uuid();
            conn.execute_unprepared(&format!(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SELECT set_config('tributary.workspace', '{id}', true)"
            ))
            .await?;
        }
        Ok(Self { conn, workspace })
    }

    /// Where statements run.
    #[must_use]
    pub fn conn(&self) -> &Conn {
        &self.conn
    }

    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The log's end as of this snapshot: whoever follows the log from here misses nothing and repeats nothing.
    ///
    /// # Errors
    /// Storage.
    pub async fn position(&self) -> Result<Position> {
        log::head(self).await
    }
}

impl Scope for Read {
    fn conn(&self) -> &Conn {
        &self.conn
    }

    fn workspace(&self) -> WorkspaceId {
        self.workspace
    }
}

/// Changes of one workspace with the events that tell of them. Dropped without [`Tx::commit`], it leaves no trace.
///
/// No network call may happen while it is open.
pub struct Tx {
    conn: Conn,
    workspace: WorkspaceId,
    now: DateTime<Utc>,
    drafts: Vec<EventDraft>,
    store: Store,
}

/// What a commit led to.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The place of the last event; `None` when there was none.
    pub position: Option<Position>,
    /// The events with their numbers, in order.
    pub events: Arc<[Event]>,
}

impl Committed {
    /// The place before the first event; `None` when there was none.
    #[must_use]
    pub fn previous(&self) -> Option<Position> {
        let first = self.events.first()?;
        self.position.map(|position| Position { seq: Seq(first.seq.0 - 1), ..position })
    }
}

impl Tx {
    pub(super) async fn begin(store: Store, workspace: WorkspaceId) -> Result<Self> {
        let conn = begin_writing(&store.0.writer).await?;
        if store.0.backend == DbBackend::Postgres {
            let id = workspace.uuid();
            conn.execute_unprepared(&format!("SELECT set_config('tributary.workspace', '{id}', true)")).await?;
        }
        let now = store.0.clock.now();
        Ok(Self { conn, workspace, now, drafts: Vec::new(), store })
    }

    /// Where statements run.
    #[must_use]
    pub fn conn(&self) -> &Conn {
        &self.conn
    }

    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The time of everything in this transaction.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Tells of a change when (and only if) the transaction commits. Call it after the change itself, in the order of
    /// the changes.
    pub fn emit(&mut self, event: EventDraft) {
        self.drafts.push(event);
    }

    /// The number of the next interaction; counts up within the workspace and has holes where transactions failed.
    ///
    /// # Errors
    /// Storage.
    pub async fn next_interaction_number(&self) -> Result<i64> {
        use crate::entity::interaction_counter::{Column, Entity};
        let raised = Entity::update_many()
            .col_expr(Column::Next, Expr::col(Column::Next).add(1))
            .filter(Column::WorkspaceId.eq(self.workspace))
            .exec_with_returning(&self.conn)
            .await?;
        Ok(raised.first().ok_or(Error::NotFound("workspace"))?.next - 1)
    }

    /// Events emitted so far.
    #[must_use]
    pub fn emitted(&self) -> &[EventDraft] {
        &self.drafts
    }

    /// Numbers the events, gives the changed rows their versions, commits, and tells the bus.
    ///
    /// The counter's row stays locked from its update to the commit, so the order of numbers is the order of commits and
    /// a rollback leaves no hole. Nothing but these statements may come in between.
    ///
    /// # Errors
    /// Storage; nothing has happened then, unless the connection broke during the commit itself.
    pub async fn commit(self) -> Result<Committed> {
        let Self { conn, workspace, now, drafts, store } = self;
        if drafts.is_empty() {
            conn.commit().await?;
            return Ok(Committed { workspace, position: None, events: Arc::new([]) });
        }
        let count = i64::try_from(drafts.len()).expect("events of one transaction fit into memory");
        let raised = workspace_head::Entity::update_many()
            .col_expr(workspace_head::Column::Head, Expr::col(workspace_head::Column::Head).add(count))
            .filter(workspace_head::Column::WorkspaceId.eq(workspace))
            .exec_with_returning(&conn)
            .await?;
        let head = raised.first().ok_or(Error::NotFound("workspace"))?;
        let position = Position { epoch: head.epoch, seq: head.head };
        let base = Seq(head.head.0 - count);

        version::raise(&conn, workspace, base, &drafts).await?;
        let events: Arc<[Event]> = log::number(drafts, base, now).into();
        log::append(&conn, workspace, &events).await?;
        if let Some(pause) = &store.0.before_commit {
            pause(workspace).await;
        }
        conn.commit().await?;
        store.0.bus.publish_head(workspace, position.seq);
        Ok(Committed { workspace, position: Some(position), events })
    }

    /// Undoes everything now instead of when the connection is used next.
    ///
    /// # Errors
    /// Storage.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.conn.rollback().await?)
    }
}

impl Scope for Tx {
    fn conn(&self) -> &Conn {
        &self.conn
    }

    fn workspace(&self) -> WorkspaceId {
        self.workspace
    }
}

/// On SQLite the write lock is taken at once: a transaction that reads first and writes later would fail under load.
pub(super) async fn begin_writing(writer: &DatabaseConnection) -> Result<Conn> {
    let options = TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    Ok(writer.begin_with_options(options).await?)
}
