//! The event log, on PostgreSQL in daily partitions: a day that nobody may ask for any more goes as a whole.
//!
//! The server's role owns nothing, so what makes and drops the days are two functions with the owner's rights. Each locks as
//! little as it can and gives up after 2 s rather than let others wait: what has no partition goes to the default one,
//! and the next hour tries again.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationTrait, SchemaManager, prelude::DeriveMigrationName};

use crate::ddl::{APP_ROLE, Ddl, Wall, grant};

/// Number of the advisory lock that keeps two nodes from doing the same work. Arbitrary, but never to be changed.
const DAYS_LOCK: i64 = 7_310_427_183_552_012;
/// The functions with the types of their arguments.
const FUNCTIONS: [&str; 2] = ["event_log_make_days(date, integer)", "event_log_drop_days(date)"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let ddl = Ddl::new(manager);
        log(&ddl).await?;
        if ddl.is_postgres() { days(&ddl).await } else { Ok(()) }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let ddl = Ddl::new(manager);
        if ddl.is_postgres() {
            for function in FUNCTIONS {
                ddl.run(&format!("DROP FUNCTION {function}")).await?;
            }
        }
        ddl.drop_tables(&["event_log"]).await
    }
}

async fn log(ddl: &Ddl<'_>) -> Result<(), DbErr> {
    // A partitioned table's key must contain the column by which it is cut. That (workspace_id, seq) is unique all the same is
    // the work of the counter's row: numbers are drawn under its lock, which is held until they are committed.
    let key = if ddl.is_postgres() { "workspace_id, seq, at" } else { "workspace_id, seq" };
    // No foreign key: one lookup less on the path that every change takes; the counter's row vouches for the workspace.
    let body = format!(
        "workspace_id {{uuid}} NOT NULL,
         seq bigint NOT NULL,
         at {{time}} NOT NULL,
         kind text NOT NULL,
         entity_type text NOT NULL,
         entity_id {{uuid}} NOT NULL,
         entity_version bigint,
         interaction_id {{uuid}},
         audience text NOT NULL,
         actor text NOT NULL,
         patch {{json}},
         PRIMARY KEY ({key})"
    );
    ddl.partitioned("event_log", "at", Wall::Workspace, &body, &["age ON (workspace_id, at)"]).await
}

async fn days(ddl: &Ddl<'_>) -> Result<(), DbErr> {
    // Attaching leaves the log open to readers and writers. It fails while the default partition has events of that day, which
    // then stay there, as does everything else of that day.
    ddl.run(&format!(
        "CREATE FUNCTION event_log_make_days(first date, days integer) RETURNS integer
         LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '2s' AS $$
         DECLARE
           day date;
           part text;
           made integer := 0;
         BEGIN
           IF NOT pg_try_advisory_xact_lock({DAYS_LOCK}) THEN RETURN 0; END IF;
           FOR n IN 0 .. least(days, 31) - 1 LOOP
             day := first + n;
             part := 'event_log_' || to_char(day, 'YYYYMMDD');
             CONTINUE WHEN to_regclass(part) IS NOT NULL;
             BEGIN
               EXECUTE format('CREATE TABLE %I (LIKE event_log INCLUDING ALL)', part);
               EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
               IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
                 EXECUTE format('REVOKE ALL ON %I FROM {APP_ROLE}', part);
               END IF;
               EXECUTE format('ALTER TABLE event_log ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                              part, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
               made := made + 1;
             EXCEPTION WHEN check_violation OR lock_not_available THEN
               NULL;
             END;
           END LOOP;
           RETURN made;
         END $$"
    ))
    .await?;
    // Dropping takes the log for itself, the table first and its partition after it, as everybody does who reads it.
    ddl.run(&format!(
        "CREATE FUNCTION event_log_drop_days(before date) RETURNS integer
         LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '2s' AS $$
         DECLARE
           part text;
           dropped integer := 0;
         BEGIN
           IF NOT pg_try_advisory_xact_lock({DAYS_LOCK}) THEN RETURN 0; END IF;
           FOR part IN
             SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = 'event_log'::regclass AND c.relname <> 'event_log_default'
               AND to_date(right(c.relname, 8), 'YYYYMMDD') < before
             ORDER BY c.relname
           LOOP
             EXECUTE format('DROP TABLE %I', part);
             dropped := dropped + 1;
           END LOOP;
           RETURN dropped;
         EXCEPTION WHEN lock_not_available THEN
           RETURN 0;
         END $$"
    ))
    .await?;
    for function in FUNCTIONS {
        // With the owner's rights only names of the system, which come first anyway, and of this schema count.
        ddl.run(&format!(
            "DO $$ BEGIN EXECUTE format('ALTER FUNCTION {function} SET search_path = %I, pg_temp', current_schema()); \
             END $$"
        ))
        .await?;
        ddl.run(&format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC")).await?;
        ddl.run(&grant("EXECUTE", &format!("FUNCTION {function}"))).await?;
    }
    Ok(())
}
