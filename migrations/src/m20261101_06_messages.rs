//! Messages, reactions and attachments.

use sea_orm::DbErr;

use crate::ddl::{Ddl, Wall, migration};

migration!(&["message", "reaction", "attachment"]);

async fn create(ddl: &Ddl<'_>) -> Result<(), DbErr> {
    ddl.table(
        "message",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         id {uuid} NOT NULL,
         interaction_id {uuid} NOT NULL,
         channel_id {uuid} NOT NULL,
         direction text NOT NULL,
         entry text NOT NULL,
         author_kind text NOT NULL,
         author_id {uuid},
         author_name text,
         content {json} NOT NULL,
         text text NOT NULL,
         external_id text,
         part integer NOT NULL,
         quoted_id {uuid},
         mentions {json} NOT NULL,
         client_id text,
         subject text,
         is_automatic boolean NOT NULL,
         at {time} NOT NULL,
         created_at {time} NOT NULL,
         delivery text,
         error_code text,
         error_detail text,
         queued_at {time},
         sending_at {time},
         sent_at {time},
         delivered_at {time},
         read_at {time},
         failed_at {time},
         rendered_as {json},
         edited_at {time},
         last_change {json},
         deleted_at {time},
         system {json},
         raw_attachment_id {uuid},
         reply_to text,
         recipients {json},
         version bigint NOT NULL,
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, interaction_id) REFERENCES interaction (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id) ON DELETE NO ACTION",
        &[
            "UNIQUE external ON (workspace_id, channel_id, external_id, part) WHERE external_id IS NOT NULL",
            "thread ON (workspace_id, interaction_id, at, id)",
            "channel ON (workspace_id, channel_id)",
        ],
    )
    .await?;
    ddl.table(
        "reaction",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         message_id {uuid} NOT NULL,
         author_kind text NOT NULL,
         author_id text NOT NULL,
         emoji text NOT NULL,
         at {time} NOT NULL,
         PRIMARY KEY (workspace_id, message_id, author_kind, author_id, emoji),
         FOREIGN KEY (workspace_id, message_id) REFERENCES message (workspace_id, id) ON DELETE CASCADE",
        &[],
    )
    .await?;
    ddl.table(
        "attachment",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
         id {uuid} NOT NULL,
         message_id {uuid},
         uploader text NOT NULL,
         name text NOT NULL,
         mime text NOT NULL,
         bytes bigint NOT NULL,
         sha256 text,
         state text NOT NULL,
         content_id text,
         source {json},
         width integer,
         height integer,
         error text,
         is_shown boolean NOT NULL,
         next_try_at {time},
         created_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, message_id) REFERENCES message (workspace_id, id) ON DELETE CASCADE",
        &[
            "message ON (workspace_id, message_id)",
            "due ON (workspace_id, next_try_at) WHERE next_try_at IS NOT NULL",
            "unused ON (workspace_id, created_at) WHERE message_id IS NULL",
            "removed ON (workspace_id) WHERE state = 'removed'",
        ],
    )
    .await
}
