//! How tables are written down once for both databases.
//!
//! Column types that differ stand in braces (`{uuid}`, `{time}`, `{json}`, `{bytes}`) and are replaced per database.
//! SQLite's names follow what the driver reads back: ids as 16 bytes, times as RFC 3339 in UTC, documents as text.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::SchemaManager;

/// Role of the running server on PostgreSQL, if the operator created it: neither owner nor superuser.
pub(crate) const APP_ROLE: &str = "tributary_app";

/// Who can reach the rows of a table on PostgreSQL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wall {
    /// Only transactions that are bound to the row's workspace.
    Workspace,
    /// Those, and workers that look for something to do in any workspace.
    WorkspaceOrWorker,
    /// Everyone: the few tables from which a workspace is found in the first place.
    Open,
}

/// Runs statements for the database at hand.
pub(crate) struct Ddl<'a> {
    manager: &'a SchemaManager<'a>,
    is_postgres: bool,
}

impl<'a> Ddl<'a> {
    pub(crate) fn new(manager: &'a SchemaManager<'a>) -> Self {
        Self { manager, is_postgres: manager.get_database_backend() == DbBackend::Postgres }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.is_postgres
    }

    /// Runs one statement after putting in the types.
    pub(crate) async fn run(&self, statement: &str) -> Result<(), DbErr> {
        let [uuid, time, json, bytes] =
            if self.is_postgres { ["uuid", "timestamptz", "jsonb", "bytea"] } else { ["blob", "text", "text", "blob"] };
        let statement = statement.replace("{uuid}", uuid).replace("{time}", time).replace("{json}", json).replace("{bytes}", bytes);
        self.manager.get_connection().execute_unprepared(&statement).await.map(|_| ())
    }

    /// Creates a table with its wall, its grants and its indices (each given as `name ON columns`, `UNIQUE` before it if so).
    pub(crate) async fn table(&self, name: &str, wall: Wall, body: &str, indices: &[&str]) -> Result<(), DbErr> {
        self.create(name, wall, &format!("({body})"), indices).await
    }

    /// As [`Self::table`]; on PostgreSQL cut into partitions by ranges of `column`, beginning with one for everything that has
    /// none. Partitions are reached through the table only, so that its wall stands before them too.
    pub(crate) async fn partitioned(&self, name: &str, column: &str, wall: Wall, body: &str, indices: &[&str]) -> Result<(), DbErr> {
        if !self.is_postgres {
            return self.table(name, wall, body, indices).await;
        }
        self.create(name, wall, &format!("({body}) PARTITION BY RANGE ({column})"), indices).await?;
        self.run(&format!("CREATE TABLE {name}_default PARTITION OF {name} DEFAULT")).await?;
        self.run(&format!("ALTER TABLE {name}_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")).await?;
        self.run(&revoke(&format!("{name}_default"))).await
    }

    async fn create(&self, name: &str, wall: Wall, body: &str, indices: &[&str]) -> Result<(), DbErr> {
        self.run(&format!("CREATE TABLE {name} {body}")).await?;
        for index in indices {
            let (unique, index) = index.strip_prefix("UNIQUE ").map_or(("", *index), |rest| ("UNIQUE ", rest));
            let (suffix, columns) = index.split_once(" ON ").unwrap_or(("key", index));
            self.run(&format!("CREATE {unique}INDEX {name}_{suffix} ON {name} {columns}")).await?;
        }
        if self.is_postgres { self.protect(name, wall).await } else { Ok(()) }
    }

    async fn protect(&self, name: &str, wall: Wall) -> Result<(), DbErr> {
        if wall != Wall::Open {
            let mine = "workspace_id = nullif(current_setting('tributary.workspace', true), '')::uuid";
            self.run(&format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")).await?;
            self.run(&format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY")).await?;
            self.run(&format!("CREATE POLICY {name}_workspace ON {name} USING ({mine}) WITH CHECK ({mine})")).await?;
        }
        if wall == Wall::WorkspaceOrWorker {
            let worker = "current_setting('tributary.scope', true) = 'worker'";
            self.run(&format!("CREATE POLICY {name}_worker_reads ON {name} FOR SELECT USING ({worker})")).await?;
            self.run(&format!("CREATE POLICY {name}_worker_claims ON {name} FOR UPDATE USING ({worker}) WITH CHECK ({worker})")).await?;
        }
        self.run(&grant("SELECT, INSERT, UPDATE, DELETE", name)).await
    }

    /// Drops tables, given in the order in which they were created.
    pub(crate) async fn drop_tables(&self, names: &[&str]) -> Result<(), DbErr> {
        for name in names.iter().rev() {
            self.run(&format!("DROP TABLE IF EXISTS {name}")).await?;
        }
        Ok(())
    }
}

/// Gives rights on a table to the running server's role, if the operator created it.
pub(crate) fn grant(rights: &str, table: &str) -> String {
    format!(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN \
         GRANT {rights} ON {table} TO {APP_ROLE}; END IF; END $$"
    )
}

/// Takes from the running server's role what default privileges may have given it on a table.
fn revoke(table: &str) -> String {
    format!(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN \
         REVOKE ALL ON {table} FROM {APP_ROLE}; END IF; END $$"
    )
}

/// A migration that creates `TABLES` in an `async fn up(ddl)` beside it.
macro_rules! migration {
    ($tables:expr) => {
        #[derive(sea_orm_migration::prelude::DeriveMigrationName)]
        pub(crate) struct Migration;

        #[async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for Migration {
            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }

            async fn up(&self, manager: &sea_orm_migration::SchemaManager) -> Result<(), sea_orm::DbErr> {
                create(&crate::ddl::Ddl::new(manager)).await
            }

            async fn down(&self, manager: &sea_orm_migration::SchemaManager) -> Result<(), sea_orm::DbErr> {
                crate::ddl::Ddl::new(manager).drop_tables($tables).await
            }
        }
    };
}
pub(crate) use migration;
