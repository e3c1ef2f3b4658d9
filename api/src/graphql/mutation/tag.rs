//! Mutations of tags.

use async_graphql::{Context, ID, InputObject, Object};
use tributary_domain::{
    actor::Role,
    entity::tag,
    ids::TagId,
    tag::{self as rules, NewTag, TagChange},
};

use super::{
    channel::{DeleteInput, DeletePayload},
    interaction::or_refuse,
    payload::payload,
    run::{created, deleted, present, updated},
};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, WORKSPACE},
    scalars::{Long, decode},
    types::tag::Tag,
};

payload! {
    /// A tag that was to be added or changed.
    TagPayload { tag: Tag }
}

/// A tag to be added.
#[derive(InputObject)]
pub struct CreateTagInput {
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result.
    client_id: String,
    /// Name, unique without regard to case and accents.
    name: String,
    /// Colour as `#rrggbb`.
    colour: String,
}

/// What to change about a tag; what is left out stays.
#[derive(InputObject)]
pub struct UpdateTagInput {
    /// Which tag.
    tag_id: ID,
    /// Name, unique without regard to case and accents.
    name: Option<String>,
    /// Colour as `#rrggbb`.
    colour: Option<String>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Mutations of tags.
#[derive(Default)]
pub struct TagMutation;

present!(tag, TagId, Tag);

#[Object]
impl TagMutation {
    /// Adds a tag.
    #[graphql(guard = "Needs::role(Role::Supervisor, WORKSPACE)")]
    async fn create_tag(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A tag to be added.")] input: CreateTagInput,
    ) -> async_graphql::Result<TagPayload> {
        let new = NewTag { client_id: input.client_id, name: input.name, colour: input.colour };
        created!(cx, TagPayload, present, rules::create, new)
    }

    /// Changes a tag.
    #[graphql(guard = "Needs::role(Role::Supervisor, WORKSPACE)")]
    async fn update_tag(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What to change about a tag; what is left out stays.")] input: UpdateTagInput,
    ) -> async_graphql::Result<TagPayload> {
        let id: TagId = or_refuse!(TagPayload, decode(&input.tag_id, "tagId"));
        let to = TagChange { name: input.name, colour: input.colour };
        updated!(cx, TagPayload, present, rules::update, id, to, input.expected_version)
    }

    /// Removes a tag, from all interactions too.
    #[graphql(guard = "Needs::role(Role::Supervisor, WORKSPACE)")]
    async fn delete_tag(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Something to be deleted.")] input: DeleteInput,
    ) -> async_graphql::Result<DeletePayload> {
        deleted!(cx, rules::delete, input)
    }
}
