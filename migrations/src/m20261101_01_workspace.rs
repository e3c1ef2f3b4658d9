//! Workspaces with the counter of their log, the directory that finds a workspace, audit trail, idempotency.

use sea_orm::DbErr;

use crate::ddl::{Ddl, Wall, migration};

migration!(&["workspace", "workspace_head", "directory", "audit", "idempotency"]);

async fn create(ddl: &Ddl<'_>) -> Result<(), DbErr> {
    ddl.table(
        "workspace",
        Wall::Open,
        "id {uuid} NOT NULL PRIMARY KEY,
         name text NOT NULL,
         slug text NOT NULL,
         default_language text NOT NULL,
         reopen_days integer NOT NULL,
         version bigint NOT NULL,
         created_at {time} NOT NULL",
        &["UNIQUE slug ON (slug)"],
    )
    .await?;
    ddl.table(
        "workspace_head",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL PRIMARY KEY REFERENCES workspace (id) ON DELETE CASCADE,
         head bigint NOT NULL,
         epoch bigint NOT NULL",
        &[],
    )
    .await?;
    ddl.table(
        "directory",
        Wall::Open,
        "kind text NOT NULL,
         key_hash text NOT NULL,
         workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         target_id {uuid} NOT NULL,
         expires_at {time},
         PRIMARY KEY (kind, key_hash)",
        &["target ON (workspace_id, target_id)", "expiry ON (expires_at)"],
    )
    .await?;
    ddl.table(
        "audit",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         at {time} NOT NULL,
         actor text NOT NULL,
         action text NOT NULL,
         entity_type text NOT NULL,
         entity_id {uuid} NOT NULL,
         detail text,
         PRIMARY KEY (workspace_id, id)",
        &["time ON (workspace_id, at DESC, id DESC)", "entity ON (workspace_id, entity_id, at DESC, id DESC)"],
    )
    .await?;
    ddl.table(
        "idempotency",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         actor text NOT NULL,
         client_id text NOT NULL,
         operation text NOT NULL,
         result_id {uuid} NOT NULL,
         at {time} NOT NULL,
         PRIMARY KEY (workspace_id, actor, client_id)",
        &["age ON (workspace_id, at)"],
    )
    .await
}
