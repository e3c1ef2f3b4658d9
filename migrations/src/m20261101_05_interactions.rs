//! Interactions, their numbers, tags and read marks. The indices are those of the lists, column for column.

use sea_orm::DbErr;

use crate::ddl::{Ddl, Wall, migration};

migration!(&["interaction_counter", "interaction", "interaction_tag", "interaction_relation", "read_mark"]);

async fn create(ddl: &Ddl<'_>) -> Result<(), DbErr> {
    ddl.table(
        "interaction_counter",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL PRIMARY KEY REFERENCES workspace (id) ON DELETE CASCADE,
         next bigint NOT NULL",
        &[],
    )
    .await?;
    ddl.table(
        "interaction",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         id {uuid} NOT NULL,
         number bigint NOT NULL,
         inbox_id {uuid} NOT NULL,
         channel_id {uuid} NOT NULL,
         contact_id {uuid} NOT NULL,
         identity_id {uuid} NOT NULL,
         external_thread text,
         subject text,
         status text NOT NULL,
         priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 4),
         assignee_id {uuid},
         skill_id {uuid},
         snoozed_until {time},
         is_automatic boolean NOT NULL,
         inbound_count integer NOT NULL,
         message_count integer NOT NULL,
         last_message_id {uuid},
         last_inbound_at {time},
         last_activity_at {time} NOT NULL,
         waiting_since {time},
         linked_to {uuid},
         has_failed boolean NOT NULL,
         script_state {json},
         version bigint NOT NULL,
         created_at {time} NOT NULL,
         resolved_at {time},
         closed_at {time},
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, id) ON DELETE NO ACTION,
         FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id) ON DELETE NO ACTION,
         FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id) ON DELETE NO ACTION,
         FOREIGN KEY (workspace_id, identity_id) REFERENCES contact_identity (workspace_id, id) ON DELETE NO ACTION,
         FOREIGN KEY (workspace_id, assignee_id) REFERENCES person (workspace_id, id) ON DELETE NO ACTION,
         FOREIGN KEY (workspace_id, skill_id) REFERENCES skill (workspace_id, id) ON DELETE NO ACTION",
        &[
            "UNIQUE number ON (workspace_id, number)",
            "activity ON (workspace_id, last_activity_at DESC, id DESC)",
            "priority ON (workspace_id, priority DESC, last_activity_at DESC, id DESC)",
            "waiting ON (workspace_id, waiting_since, id) WHERE waiting_since IS NOT NULL",
            "inbox ON (workspace_id, inbox_id, status, last_activity_at DESC, id DESC)",
            "assignee ON (workspace_id, assignee_id, status, last_activity_at DESC, id DESC)",
            "contact ON (workspace_id, contact_id, last_activity_at DESC, id DESC)",
            "thread ON (workspace_id, channel_id, external_thread)",
            "identity ON (workspace_id, identity_id, last_activity_at DESC, id DESC)",
            "skill ON (workspace_id, skill_id)",
            "linked ON (workspace_id, linked_to) WHERE linked_to IS NOT NULL",
            "snoozed ON (workspace_id, status, snoozed_until)",
        ],
    )
    .await?;
    ddl.table(
        "interaction_tag",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         interaction_id {uuid} NOT NULL,
         tag_id {uuid} NOT NULL,
         PRIMARY KEY (workspace_id, interaction_id, tag_id),
         FOREIGN KEY (workspace_id, interaction_id) REFERENCES interaction (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, tag_id) REFERENCES tag (workspace_id, id) ON DELETE CASCADE",
        &["tag ON (workspace_id, tag_id, interaction_id)"],
    )
    .await?;
    // Interactions of several channels that hold the same message.
    ddl.table(
        "interaction_relation",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         interaction_id {uuid} NOT NULL,
         related_id {uuid} NOT NULL,
         PRIMARY KEY (workspace_id, interaction_id, related_id),
         FOREIGN KEY (workspace_id, interaction_id) REFERENCES interaction (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, related_id) REFERENCES interaction (workspace_id, id) ON DELETE CASCADE",
        &["related ON (workspace_id, related_id)"],
    )
    .await?;
    ddl.table(
        "read_mark",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         interaction_id {uuid} NOT NULL,
         person_id {uuid} NOT NULL,
         inbound_seen integer NOT NULL,
         up_to {uuid},
         at {time} NOT NULL,
         PRIMARY KEY (workspace_id, interaction_id, person_id),
         FOREIGN KEY (workspace_id, interaction_id) REFERENCES interaction (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, person_id) REFERENCES person (workspace_id, id) ON DELETE CASCADE",
        &["person ON (workspace_id, person_id, interaction_id)"],
    )
    .await
}
