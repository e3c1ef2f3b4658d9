//! Contacts, their identities on channels, merges.

use sea_orm::DbErr;

use crate::ddl::{Ddl, Wall, migration};

migration!(&["contact", "contact_identity", "contact_merge"]);

async fn create(ddl: &Ddl<'_>) -> Result<(), DbErr> {
    ddl.table(
        "contact",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         name text NOT NULL,
         name_folded text NOT NULL,
         email text,
         phone text,
         language text,
         avatar_url text,
         fields {json} NOT NULL,
         notes text,
         merged_into {uuid},
         is_blocked boolean NOT NULL,
         version bigint NOT NULL,
         created_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, merged_into) REFERENCES contact (workspace_id, id) ON DELETE NO ACTION",
        &[
            "name ON (workspace_id, name_folded, id)",
            "email ON (workspace_id, email)",
            "phone ON (workspace_id, phone)",
            "merged_into ON (workspace_id, merged_into)",
        ],
    )
    .await?;
    ddl.table(
        "contact_identity",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         id {uuid} NOT NULL,
         contact_id {uuid} NOT NULL,
         channel_id {uuid} NOT NULL,
         external_id text NOT NULL,
         display_name text,
         is_verified boolean NOT NULL,
         created_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id) ON DELETE CASCADE",
        &["UNIQUE external ON (workspace_id, channel_id, external_id)", "contact ON (workspace_id, contact_id)"],
    )
    .await?;
    ddl.table(
        "contact_merge",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         id {uuid} NOT NULL,
         winner_id {uuid} NOT NULL,
         loser_id {uuid} NOT NULL,
         moved {json} NOT NULL,
         actor text NOT NULL,
         created_at {time} NOT NULL,
         undone_at {time},
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, winner_id) REFERENCES contact (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, loser_id) REFERENCES contact (workspace_id, id) ON DELETE CASCADE",
        &["winner ON (workspace_id, winner_id)", "loser ON (workspace_id, loser_id)"],
    )
    .await
}
