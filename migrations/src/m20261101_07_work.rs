//! Work to be done: outbound lanes, raw inbound requests, poll positions, dead letters, parked and seen events.

use sea_orm::DbErr;

use crate::ddl::{Ddl, Wall, migration};

migration!(&["outbound", "lane", "raw_inbound", "dead_letter", "ingress_position", "parked_event", "seen_event"]);

async fn create(ddl: &Ddl<'_>) -> Result<(), DbErr> {
    ddl.table(
        "outbound",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         id {uuid} NOT NULL,
         interaction_id {uuid} NOT NULL,
         channel_id {uuid} NOT NULL,
         n bigint NOT NULL,
         action {json} NOT NULL,
         message_id {uuid},
         state text NOT NULL,
         idem_key text NOT NULL,
         attempts integer NOT NULL,
         not_before {time} NOT NULL,
         first_tried_at {time},
         provider_id text,
         error_code text,
         error_detail text,
         done {json} NOT NULL,
         fence bigint NOT NULL,
         created_at {time} NOT NULL,
         updated_at {time} NOT NULL,
         deadline {time},
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, interaction_id) REFERENCES interaction (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id) ON DELETE NO ACTION,
         FOREIGN KEY (workspace_id, message_id) REFERENCES message (workspace_id, id) ON DELETE CASCADE",
        &[
            "UNIQUE n ON (workspace_id, interaction_id, n)",
            "open ON (workspace_id, interaction_id, n) WHERE state IN ('queued', 'sending', 'unconfirmed')",
            "message ON (workspace_id, message_id)",
            "channel ON (workspace_id, channel_id, state)",
            "done ON (workspace_id, updated_at) WHERE state IN ('sent', 'cancelled')",
        ],
    )
    .await?;
    ddl.table(
        "lane",
        Wall::WorkspaceOrWorker,
        "workspace_id {uuid} NOT NULL,
         interaction_id {uuid} NOT NULL,
         channel_id {uuid} NOT NULL,
         pending integer NOT NULL,
         owner text,
         fence bigint NOT NULL,
         lease_until {time},
         next_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, interaction_id),
         FOREIGN KEY (workspace_id, interaction_id) REFERENCES interaction (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id) ON DELETE CASCADE",
        // A worker asks for what is due anywhere; lanes with nothing to do are not looked at.
        &["due ON (workspace_id, channel_id, next_at) WHERE pending > 0", "channel ON (workspace_id, channel_id)"],
    )
    .await?;
    ddl.table(
        "raw_inbound",
        Wall::WorkspaceOrWorker,
        "workspace_id {uuid} NOT NULL,
         id {uuid} NOT NULL,
         channel_id {uuid} NOT NULL,
         dedupe_key text NOT NULL,
         form text NOT NULL,
         headers {json} NOT NULL,
         body {bytes} NOT NULL,
         body_hash text NOT NULL,
         received_at {time} NOT NULL,
         state text NOT NULL,
         owner text,
         lease_until {time},
         items integer NOT NULL,
         only_items {json},
         is_replay boolean NOT NULL,
         error text,
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id) ON DELETE CASCADE",
        &[
            "UNIQUE dedupe ON (workspace_id, channel_id, dedupe_key)",
            "age ON (workspace_id, received_at)",
            // A worker asks for what is due anywhere; what is done is not looked at.
            "due ON (workspace_id, channel_id, is_replay, id) WHERE state = 'received'",
        ],
    )
    .await?;
    ddl.table(
        "dead_letter",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         id {uuid} NOT NULL,
         channel_id {uuid} NOT NULL,
         direction text NOT NULL,
         raw_id {uuid},
         item integer NOT NULL,
         outbound_id {uuid},
         error text NOT NULL,
         cause text,
         state text NOT NULL,
         created_at {time} NOT NULL,
         resolved_at {time},
         version bigint NOT NULL,
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id) ON DELETE CASCADE,
         FOREIGN KEY (workspace_id, raw_id) REFERENCES raw_inbound (workspace_id, id) ON DELETE NO ACTION,
         FOREIGN KEY (workspace_id, outbound_id) REFERENCES outbound (workspace_id, id) ON DELETE CASCADE",
        &[
            "channel ON (workspace_id, channel_id)",
            "raw ON (workspace_id, raw_id, item)",
            "outbound ON (workspace_id, outbound_id)",
            "state ON (workspace_id, state, created_at DESC, id DESC)",
        ],
    )
    .await?;
    ddl.table(
        "ingress_position",
        Wall::WorkspaceOrWorker,
        "workspace_id {uuid} NOT NULL,
         channel_id {uuid} NOT NULL,
         cursor {json},
         owner text,
         fence bigint NOT NULL,
         lease_until {time},
         next_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, channel_id),
         FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id) ON DELETE CASCADE",
        &["due ON (next_at)"],
    )
    .await?;
    ddl.table(
        "parked_event",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         id {uuid} NOT NULL,
         channel_id {uuid} NOT NULL,
         external_id text NOT NULL,
         event {json} NOT NULL,
         received_at {time} NOT NULL,
         PRIMARY KEY (workspace_id, id),
         FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id) ON DELETE CASCADE",
        &["external ON (workspace_id, channel_id, external_id)", "age ON (workspace_id, received_at)"],
    )
    .await?;
    ddl.table(
        "seen_event",
        Wall::Workspace,
        "workspace_id {uuid} NOT NULL,
         channel_id {uuid} NOT NULL,
         key_hash text NOT NULL,
         at {time} NOT NULL,
         PRIMARY KEY (workspace_id, channel_id, key_hash),
         FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id) ON DELETE CASCADE",
        &["age ON (workspace_id, at)"],
    )
    .await
}
