//! Mutations of inboxes.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use tributary_domain::{
    actor::Role,
    entity::inbox,
    ids::InboxId,
    inbox::{self as rules, InboxChange, NewInbox},
};

use super::{
    channel::{DeleteInput, DeletePayload},
    interaction::{change_id, or_refuse},
    payload::payload,
    run::{created, deleted, present, updated},
};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, WORKSPACE},
    scalars::{Long, decode, decode_opt},
    types::inbox::Inbox,
};

payload! {
    /// An inbox that was to be added or changed.
    InboxPayload { inbox: Inbox }
}

/// An inbox to be added.
#[derive(InputObject)]
pub struct CreateInboxInput {
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result.
    client_id: String,
    /// Name for people.
    name: String,
    /// Agents of this team see it; absent: all agents do.
    team_id: Option<ID>,
}

/// What to change about an inbox; what is left out stays.
#[derive(InputObject)]
pub struct UpdateInboxInput {
    /// Which inbox.
    inbox_id: ID,
    /// Name for people.
    name: Option<String>,
    /// Agents of this team see it; null: all agents do.
    team_id: MaybeUndefined<ID>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Mutations of inboxes.
#[derive(Default)]
pub struct InboxMutation;

present!(inbox, InboxId, Inbox);

#[Object]
impl InboxMutation {
    /// Adds an inbox behind the others.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn create_inbox(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "An inbox to be added.")] input: CreateInboxInput,
    ) -> async_graphql::Result<InboxPayload> {
        let team = or_refuse!(InboxPayload, decode_opt(input.team_id.as_ref(), "teamId"));
        created!(cx, InboxPayload, present, rules::create, NewInbox { client_id: input.client_id, name: input.name, team })
    }

    /// Changes an inbox. With another team other people see its interactions.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn update_inbox(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What to change about an inbox; what is left out stays.")] input: UpdateInboxInput,
    ) -> async_graphql::Result<InboxPayload> {
        let id: InboxId = or_refuse!(InboxPayload, decode(&input.inbox_id, "inboxId"));
        let team = or_refuse!(InboxPayload, change_id(&input.team_id, "teamId"));
        let to = InboxChange { name: input.name, team };
        updated!(cx, InboxPayload, present, rules::update, id, to, input.expected_version)
    }

    /// Removes an inbox that is empty and that nothing leads to, with the views over it.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn delete_inbox(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Something to be deleted.")] input: DeleteInput,
    ) -> async_graphql::Result<DeletePayload> {
        deleted!(cx, rules::delete, input)
    }
}
