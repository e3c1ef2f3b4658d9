//! [`Read`] and [`Tx`]: transactions bound to a workspace.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter, SqliteTransactionMode, Statement,
    TransactionOptions,
    prelude::Uuid,
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
        let inner = &store.0;
        let conn = match inner.backend {
            DbBackend::Postgres => Conn::snapshot(&inner.reader, workspace, &inner.statements).await?,
            _ => Conn::begin(&inner.reader, TransactionOptions::default()).await?,
        };
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
    /// Those that have their numbers and stand in the log.
    numbered: Vec<Event>,
    position: Option<Position>,
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
        Ok(Self { conn, workspace, now, drafts: Vec::new(), numbered: Vec::new(), position: None, store })
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

    /// The numbers of the next interactions; they count up within the workspace and have holes where transactions failed.
    ///
    /// # Errors
    /// Storage.
    pub async fn next_interaction_numbers(&self, count: u32) -> Result<Range<i64>> {
        use crate::entity::interaction_counter::{Column, Entity};
        let raised = Entity::update_many()
            .col_expr(Column::Next, Expr::col(Column::Next).add(i64::from(count)))
            .filter(Column::WorkspaceId.eq(self.workspace))
            .exec_with_returning(&self.conn)
            .await?;
        let next = raised.first().ok_or(Error::NotFound("workspace"))?.next;
        Ok(next - i64::from(count)..next)
    }

    /// Lets no other transaction of any node hold one of the same keys until this one ends: for a decision about rows that
    /// are not there yet and so cannot be locked. On SQLite nobody else writes meanwhile.
    ///
    /// # Errors
    /// Storage.
    pub(crate) async fn lock_keys<const N: usize>(&self, keys: &[[&str; N]]) -> Result<()> {
        if self.store.0.backend != DbBackend::Postgres {
            return Ok(());
        }
        let mut keys: Vec<String> = keys.iter().map(|parts| serde_json::json!([self.workspace, parts.as_slice()]).to_string()).collect();
        // Everybody takes them in the same order, so nobody waits in a circle.
        keys.sort_unstable();
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest($1::text[]) AS key";
        self.conn.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [keys.into()])).await?;
        Ok(())
    }

    /// Events emitted so far.
    #[must_use]
    pub fn emitted(&self) -> &[EventDraft] {
        &self.drafts
    }

    /// Numbers the events, gives the changed rows their versions, commits, and tells the bus.
    ///
    /// The counter's row stays locked from its update to the commit, so the order of numbers is the order of commits and
    /// a rollback leaves no hole. Nothing but these statements should come in between, except after [`Self::number`].
    ///
    /// # Errors
    /// Storage; nothing has happened then, unless the connection broke during the commit itself.
    pub async fn commit(mut self) -> Result<Committed> {
        if !self.drafts.is_empty() {
            self.number(&HashSet::new()).await?;
        }
        let Self { conn, workspace, numbered, position, store, .. } = self;
        if let (Some(_), Some(pause)) = (position, &store.0.before_commit) {
            pause(workspace).await;
        }
        conn.commit().await?;
        if let Some(position) = position {
            store.0.bus.publish_head(workspace, position.seq);
        }
        Ok(Committed { workspace, position, events: numbered.into() })
    }

    /// Numbers the events that were emitted so far, writes them to the log, and gives the changed rows their versions; those
    /// of `unwritten` entities are returned, and the caller writes the rows with them now, once instead of twice.
    ///
    /// The counter's row stays locked from here to the commit: to be called when little is left to be done, and by
    /// transactions of many changes only.
    ///
    /// # Errors
    /// Storage.
    pub(crate) async fn number(&mut self, unwritten: &HashSet<Uuid>) -> Result<HashMap<Uuid, Seq>> {
        let drafts = std::mem::take(&mut self.drafts);
        let count = i64::try_from(drafts.len()).expect("events of one transaction fit into memory");
        let asked = std::time::Instant::now();
        let raised = workspace_head::Entity::update_many()
            .col_expr(workspace_head::Column::Head, Expr::col(workspace_head::Column::Head).add(count))
            .filter(workspace_head::Column::WorkspaceId.eq(self.workspace))
            .exec_with_returning(&self.conn)
            .await?;
        metrics::histogram!("tributary_counter_lock_wait_seconds").record(asked.elapsed());
        let head = raised.first().ok_or(Error::NotFound("workspace"))?;
        let base = Seq(head.head.0 - count);
        self.position = Some(Position { epoch: head.epoch, seq: head.head });
        let versions = version::raise(&self.conn, self.workspace, base, &drafts, unwritten).await?;
        let events = log::number(drafts, base, self.now);
        log::append(&self.conn, self.workspace, &events).await?;
        self.numbered.extend(events);
        Ok(versions)
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
    Conn::begin(writer, options).await
}
