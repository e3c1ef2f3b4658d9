//! Inboxes, views, tags, scripts, channels and the keys that seal their secrets.

use sea_orm::DbErr;

use crate::ddl::{Ddl, Wall, migration};

migration!(&["inbox", "view", "tag", "script", "data_key", "channel"]);

async fn create(ddl: &Ddl<'_>) -> Result<(), DbErr> {
    ddl.table(
        "inbox",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         name text NOT NULL,
         team_id {uuid},
         position integer NOT NULL,
         version bigint NOT NULL,
         created_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, team_id) REFERENCES team (workspace_id, id) ON DELETE NO ACTION",
        &["team ON (workspace_id, team_id)", "position ON (workspace_id, position, id)"],
    )
    .await?;
    ddl.table(
        "view",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         inbox_id {uuid},
         owner_id {uuid},
         name text NOT NULL,
         filter {json} NOT NULL,
         sort text NOT NULL,
         position integer NOT NULL,
         version bigint NOT NULL,
         created_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, owner_id) REFERENCES person (workspace_id, id) ON DELETE CASCADE",
        &["inbox ON (workspace_id, inbox_id)", "owner ON (workspace_id, owner_id)", "position ON (workspace_id, position, id)"],
    )
    .await?;
    ddl.table(
        "tag",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         name text NOT NULL,
         name_folded text NOT NULL,
         colour text NOT NULL,
         version bigint NOT NULL,
         PRIMARY KEY (workspace_id, id)",
        &["UNIQUE name ON (workspace_id, name_folded)"],
    )
    .await?;
    ddl.table(
        "script",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         name text NOT NULL,
         steps {json} NOT NULL,
         version bigint NOT NULL,
         created_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id)",
        &["name ON (workspace_id, name, id)"],
    )
    .await?;
    ddl.table(
        "data_key",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         master_key_id text NOT NULL,
         wrapped {bytes} NOT NULL,
         created_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id)",
        &[],
    )
    .await?;
    ddl.table(
        "channel",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         kind text NOT NULL,
         name text NOT NULL,
         token text NOT NULL,
         inbox_id {uuid} NOT NULL,
         default_skill_id {uuid},
         default_script_id {uuid},
         settings {json} NOT NULL,
         sealed {json} NOT NULL,
         is_enabled boolean NOT NULL,
         health text NOT NULL,
         health_reason text,
         health_cause text,
         health_at {time},
         heartbeat_at {time},
         heartbeat_s integer,
         failing_since {time},
         first_event_at {time},
         last_event_at {time},
         paused_until {time},
         version bigint NOT NULL,
         created_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, id) ON DELETE NO ACTION,
         FOREIGN KEY (workspace_id, default_skill_id) REFERENCES skill (workspace_id, id) ON DELETE NO ACTION,
         FOREIGN KEY (workspace_id, default_script_id) REFERENCES script (workspace_id, id) ON DELETE NO ACTION",
        &[
            "inbox ON (workspace_id, inbox_id)",
            "skill ON (workspace_id, default_skill_id)",
            "script ON (workspace_id, default_script_id)",
            "UNIQUE token ON (workspace_id, token)",
            "name ON (workspace_id, name, id)",
        ],
    )
    .await
}
