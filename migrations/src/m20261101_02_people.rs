//! People, their sessions, teams and skills, API clients.

use sea_orm::DbErr;

use crate::ddl::{Ddl, Wall, migration};

migration!(&["person", "session", "team", "team_member", "skill", "person_skill", "api_client"]);

async fn create(ddl: &Ddl<'_>) -> Result<(), DbErr> {
    ddl.table(
        "person",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         email text NOT NULL,
         email_folded text NOT NULL,
         name text NOT NULL,
         role text NOT NULL,
         password_hash text,
         is_active boolean NOT NULL,
         language text NOT NULL,
         version bigint NOT NULL,
         created_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id)",
        &["UNIQUE email ON (workspace_id, email_folded)", "name ON (workspace_id, name, id)"],
    )
    .await?;
    ddl.table(
        "session",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         id {uuid} NOT NULL,
         person_id {uuid} NOT NULL,
         refresh_hash text NOT NULL,
         previous_hash text,
         rotated_at {time},
         expires_at {time} NOT NULL,
         revoked_at {time},
         user_agent text,
         created_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, person_id) REFERENCES person (workspace_id, id) ON DELETE CASCADE",
        &[
            "person ON (workspace_id, person_id)",
            "UNIQUE refresh ON (workspace_id, refresh_hash)",
            "previous ON (workspace_id, previous_hash)",
            "expiry ON (workspace_id, expires_at)",
        ],
    )
    .await?;
    ddl.table(
        "team",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         name text NOT NULL,
         version bigint NOT NULL,
         PRIMARY KEY (workspace_id, id)",
        &["UNIQUE name ON (workspace_id, name)"],
    )
    .await?;
    ddl.table(
        "team_member",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         team_id {uuid} NOT NULL,
         person_id {uuid} NOT NULL,
         PRIMARY KEY (workspace_id, team_id, person_id),
         FOREIGN KEY (workspace_id, team_id) REFERENCES team (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, person_id) REFERENCES person (workspace_id, id) ON DELETE CASCADE",
        &["person ON (workspace_id, person_id)"],
    )
    .await?;
    ddl.table(
        "skill",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         name text NOT NULL,
         description text,
         version bigint NOT NULL,
         PRIMARY KEY (workspace_id, id)",
        &["UNIQUE name ON (workspace_id, name)"],
    )
    .await?;
    ddl.table(
        "person_skill",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         person_id {uuid} NOT NULL,
         skill_id {uuid} NOT NULL,
         proficiency smallint NOT NULL CHECK (proficiency BETWEEN 1 AND 5),
         PRIMARY KEY (workspace_id, person_id, skill_id),
         FOREIGN KEY (workspace_id, person_id) REFERENCES person (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, skill_id) REFERENCES skill (workspace_id, id) ON DELETE CASCADE",
        &["skill ON (workspace_id, skill_id)"],
    )
    .await?;
    ddl.table(
        "api_client",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         name text NOT NULL,
         kind text NOT NULL,
         scopes {json} NOT NULL,
         token_hash text NOT NULL,
         role text NOT NULL,
         created_by {uuid},
         expires_at {time},
         revoked_at {time},
         last_used_at {time},
         version bigint NOT NULL,
         created_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id)",
        &["UNIQUE token ON (workspace_id, token_hash)", "name ON (workspace_id, name, id)"],
    )
    .await
}
