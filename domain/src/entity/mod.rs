//! One entity per table: columns and scoped finders, no rules.
//!
//! Every table that belongs to a workspace has `workspace_id` in its key, so `insert`, `update` and `delete` of one row
//! are scoped by themselves. For everything else a module offers `in_workspace`, `by_id`, `updates` and `deletes`, which
//! begin with the scope; a bare `find()` outside this folder is a mistake.
//!
//! `version` is the number of the entity's last event. Commands insert [`Seq::UNNUMBERED`](crate::event::Seq) and never write it again;
//! [`crate::store::Tx::commit`] does.
#![expect(missing_docs, reason = "a column's name says what it holds; what is not evident is written beside it")]

mod stored;

pub mod api_client;
pub mod attachment;
pub mod audit;
pub mod channel;
pub mod contact;
pub mod contact_identity;
pub mod contact_merge;
pub mod data_key;
pub mod dead_letter;
pub mod directory;
pub mod event_log;
pub mod idempotency;
pub mod inbox;
pub mod ingress_position;
pub mod interaction;
pub mod interaction_counter;
pub mod interaction_relation;
pub mod interaction_tag;
pub mod lane;
pub mod message;
pub mod outbound;
pub mod parked_event;
pub mod person;
pub mod person_skill;
pub mod raw_inbound;
pub mod reaction;
pub mod read_mark;
pub mod script;
pub mod search_document;
pub mod seen_event;
pub mod session;
pub mod skill;
pub mod tag;
pub mod team;
pub mod team_member;
pub mod view;
pub mod workspace;
pub mod workspace_head;

pub use stored::Stored;

/// What every entity file needs.
mod prelude {
    pub(super) use sea_orm::{DeleteMany, UpdateMany, entity::prelude::*};
    pub(super) use serde::{Deserialize, Serialize};

    pub(super) use super::{Stored, scoped};
    pub(super) use crate::{
        event::{ActorRef, Seq},
        ids::*,
    };
}

/// The finders of a scoped entity; with the type of its id also `by_id`.
macro_rules! scoped {
    ($id:ty) => {
        scoped!();

        /// One row, if it is in that workspace.
        #[must_use]
        pub fn by_id(workspace: WorkspaceId, id: $id) -> Select<Entity> {
            in_workspace(workspace).filter(Column::Id.eq(id))
        }

        /// As [`by_id`], locked until the transaction ends: the version that is compared is the one that is overwritten.
        /// Not the strongest lock: rows that refer to this one may still be inserted.
        #[must_use]
        pub fn to_change(workspace: WorkspaceId, id: $id) -> Select<Entity> {
            sea_orm::QuerySelect::lock(by_id(workspace, id), sea_orm::sea_query::LockType::NoKeyUpdate)
        }
    };
    () => {
        /// None: relations are not used.
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}

        /// The rows of a workspace.
        #[must_use]
        pub fn in_workspace(workspace: WorkspaceId) -> Select<Entity> {
            Entity::find().filter(Column::WorkspaceId.eq(workspace))
        }

        /// Changes rows of a workspace only.
        #[must_use]
        pub fn updates(workspace: WorkspaceId) -> UpdateMany<Entity> {
            Entity::update_many().filter(Column::WorkspaceId.eq(workspace))
        }

        /// Deletes rows of a workspace only.
        #[must_use]
        pub fn deletes(workspace: WorkspaceId) -> DeleteMany<Entity> {
            Entity::delete_many().filter(Column::WorkspaceId.eq(workspace))
        }
    };
}
use scoped;
