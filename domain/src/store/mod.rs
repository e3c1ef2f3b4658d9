//! The database: one [`Store`] per process, and three ways to use it.
//!
//! - [`Store::read`] gives a [`Read`]: one snapshot of one workspace.
//! - [`Store::write`] gives a [`Tx`]: changes of one workspace together with their events. [`Store::transact`] retries it.
//! - [`Store::work`] gives a [`Work`]: looks for something to do in any workspace, and claims it.
//!
//! Everything inside is bound to its workspace: by the finders of [`crate::entity`], and on PostgreSQL a second time by
//! row-level security, which the first statement of every transaction sets. Knows nothing of what the rows mean.

pub(crate) mod bulk;
pub(crate) mod bundle;
mod conn;
mod connect;
pub mod directory;
pub mod page;
mod retry;
pub mod search;
mod tx;
mod version;
mod work;

use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter, Statement};

pub use self::{
    conn::Conn,
    connect::{ConnectError, StoreConfig},
    directory::Directory,
    retry::{had_no_effect, is_contention, is_refusal},
    tx::{Committed, Read, Tx},
    work::Work,
};
use crate::{
    Result,
    bus::Bus,
    clock::Clock,
    entity::{workspace, workspace_head},
    event::{Position, Seq},
    ids::WorkspaceId,
};
pub(crate) use retry::{is_passing, is_unstorable_text};

/// Test hook, awaited after the log's counter was raised and before the commit; it gets the workspace.
pub type BeforeCommit = Arc<dyn Fn(WorkspaceId) -> BoxFuture<'static, ()> + Send + Sync>;

/// Test hook, called with each statement after it ran.
pub type OnStatement = Box<dyn Fn(&Statement) + Send + Sync>;

/// What has been asked of the database.
#[derive(Default)]
struct Statements {
    count: AtomicU64,
    watcher: OnceLock<OnStatement>,
}

impl Statements {
    fn note(&self, statement: &Statement) {
        self.count.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("tributary_database_statements_total").increment(1);
        if let Some(watcher) = self.watcher.get() {
            watcher(statement);
        }
    }
}

/// A transaction bound to a workspace: what reading functions take, so that they serve [`Read`] and [`Tx`] alike.
pub trait Scope: Sync {
    /// Where statements run.
    fn conn(&self) -> &Conn;
    /// The workspace that every statement is bound to.
    fn workspace(&self) -> WorkspaceId;
}

/// The database of this process. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    /// SQLite: only reads. PostgreSQL: the one pool.
    reader: DatabaseConnection,
    /// SQLite: exactly one connection. PostgreSQL: the one pool.
    writer: DatabaseConnection,
    backend: DbBackend,
    clock: Arc<dyn Clock>,
    bus: Arc<dyn Bus>,
    signs: crate::presence::Signs,
    statements: Arc<Statements>,
    before_commit: Option<BeforeCommit>,
    lock: Option<connect::FileLock>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("backend", &self.0.backend).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database. The schema must be there already.
    ///
    /// # Errors
    /// See [`ConnectError`]; above all a SQLite file that another process has open.
    pub async fn connect(config: StoreConfig, clock: Arc<dyn Clock>, bus: Arc<dyn Bus>) -> Result<Self, ConnectError> {
        connect::connect(config, clock, bus).await.map(|inner| Self(Arc::new(inner)))
    }

    /// A snapshot of one workspace: everything read through it is from the same moment.
    ///
    /// # Errors
    /// Storage.
    pub async fn read(&self, workspace: WorkspaceId) -> Result<Read> {
        Read::begin(self, workspace).await
    }

    /// A transaction for changes in one workspace. Dropped without [`Tx::commit`], it leaves no trace.
    ///
    /// # Errors
    /// Storage.
    pub async fn write(&self, workspace: WorkspaceId) -> Result<Tx> {
        Tx::begin(self.clone(), workspace).await
    }

    /// A transaction over the work tables of all workspaces, for claiming.
    ///
    /// # Errors
    /// Storage.
    pub async fn work(&self) -> Result<Work> {
        Work::begin(self).await
    }

    /// Runs `change` in a [`Tx`] and commits it; runs it again when another transaction was in its way or was
    /// faster to take a unique key, at most 5 times.
    ///
    /// `change` must have no effect outside the transaction.
    ///
    /// # Errors
    /// What `change` returns, or storage.
    pub async fn transact<T, F>(&self, workspace: WorkspaceId, change: F) -> Result<(T, Committed)>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T>> + Send + Sync,
        T: Send,
    {
        retry::transact(self, workspace, change).await
    }

    /// Finds the workspace of something that arrives without one.
    #[must_use]
    pub fn directory(&self) -> Directory<'_> {
        Directory::new(self)
    }

    /// Every workspace, oldest first.
    ///
    /// # Errors
    /// Storage.
    pub async fn workspaces(&self) -> Result<Vec<workspace::Model>> {
        use sea_orm::QueryOrder;
        Ok(workspace::all().order_by_asc(workspace::Column::CreatedAt).order_by_asc(workspace::Column::Id).all(&self.0.reader).await?)
    }

    /// Raises a workspace's epoch after its database was restored: every cursor handed out before is void.
    ///
    /// Epochs follow the clock, so that two restores of the same backup do not get the same one.
    ///
    /// # Errors
    /// Storage.
    pub async fn raise_epoch(&self, workspace: WorkspaceId) -> Result<Position> {
        let tx = self.write(workspace).await?;
        let head = crate::event::log::head(&tx).await?;
        let epoch = tx.now().timestamp_micros().max(head.epoch + 1);
        workspace_head::Entity::update_many()
            .filter(workspace_head::Column::WorkspaceId.eq(workspace))
            .set(workspace_head::ActiveModel { epoch: Set(epoch), ..Default::default() })
            .exec(tx.conn())
            .await?;
        tx.commit().await?;
        self.0.bus.publish_head(workspace, head.seq);
        Ok(Position { epoch, seq: head.seq })
    }

    /// The time by the clock that all nodes of this store share: for leases, and only for them.
    ///
    /// # Errors
    /// Storage.
    pub async fn lease_now(&self) -> Result<DateTime<Utc>> {
        work::lease_now(&self.0.writer, self).await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Storage.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.0.reader.ping().await?)
    }

    /// Statements run so far, without `BEGIN`, `COMMIT` and the scope's setting. For tests that hold a number of them.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.0.statements.count.load(Ordering::Relaxed)
    }

    /// Calls `watcher` with each of them from now on; the first watcher stays. For tests that look at how they are run.
    pub fn watch_statements(&self, watcher: OnStatement) {
        // Refused when there is one already, as said.
        let _ = self.0.statements.watcher.set(watcher);
    }

    /// What this process last told of people's presence.
    #[must_use]
    pub(crate) fn signs(&self) -> &crate::presence::Signs {
        &self.0.signs
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.0.backend
    }

    /// The clock of this store.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// The bus that is told of every commit.
    #[must_use]
    pub fn bus(&self) -> &Arc<dyn Bus> {
        &self.0.bus
    }

    /// Closes all connections and gives a SQLite file free, even while clones of this value live.
    ///
    /// # Errors
    /// Storage.
    pub async fn close(&self) -> Result<()> {
        self.0.reader.close_by_ref().await?;
        self.0.writer.close_by_ref().await?;
        if let Some(lock) = &self.0.lock {
            lock.release();
        }
        Ok(())
    }
}

/// A text as both databases can keep it: U+0000, which PostgreSQL refuses, becomes U+FFFD. For text from outside.
#[must_use]
pub fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// What a new workspace starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWorkspace {
    /// Its id; the transaction must be bound to it.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Its name in addresses; unique.
    pub slug: String,
    /// BCP 47.
    pub default_language: String,
    /// Days in which a new message re-opens a resolved interaction.
    pub reopen_days: i32,
}

/// Adds a workspace with an empty log, in a transaction that is bound to its id.
///
/// # Errors
/// [`crate::Error::Conflict`] when the slug is taken, otherwise storage.
pub async fn create_workspace(tx: &mut Tx, new: NewWorkspace) -> Result<workspace::Model> {
    use crate::entity::interaction_counter;

    let row = workspace::ActiveModel {
        id: Set(tx.workspace()),
        name: Set(new.name),
        slug: Set(new.slug),
        default_language: Set(new.default_language),
        reopen_days: Set(new.reopen_days),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    };
    let row = workspace::Entity::insert(row).exec_with_returning(tx.conn()).await.map_err(|error| {
        if matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_))) {
            crate::Error::Conflict("the slug is taken".to_owned())
        } else {
            error.into()
        }
    })?;
    let head = workspace_head::ActiveModel { workspace_id: Set(row.id), head: Set(Seq::UNNUMBERED), epoch: Set(1) };
    workspace_head::Entity::insert(head).exec_without_returning(tx.conn()).await?;
    let counter = interaction_counter::ActiveModel { workspace_id: Set(row.id), next: Set(1) };
    interaction_counter::Entity::insert(counter).exec_without_returning(tx.conn()).await?;
    Ok(row)
}

/// Refuses a change that was made against another version than the present one; no version asks for nothing.
///
/// # Errors
/// [`crate::Error::Conflict`].
pub fn must_be_version(present: Seq, expected: Option<Seq>) -> Result<()> {
    match expected {
        Some(expected) if expected != present => Err(crate::Error::Conflict("it has changed meanwhile".to_owned())),
        _ => Ok(()),
    }
}
