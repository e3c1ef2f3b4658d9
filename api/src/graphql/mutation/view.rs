//! Mutations of saved views.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use tributary_domain::{
    ids::ViewId,
    inbox::view::{self as rules, NewView, ViewChange},
};

use super::{
    channel::{DeleteInput, DeletePayload},
    interaction::{change_id, or_refuse},
    payload::payload,
    run::{created, deleted, updated},
};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, READS},
    query::interaction::InteractionFilter,
    scalars::{Long, decode, decode_opt},
    types::{enums::InteractionSort, view::View},
};

payload! {
    /// A view that was to be saved or changed.
    ViewPayload { view: View }
}

/// A view to be saved.
#[derive(InputObject)]
pub struct CreateViewInput {
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result.
    client_id: String,
    /// Name for people.
    name: String,
    /// Over which inbox; absent: over all.
    inbox_id: Option<ID>,
    /// For everybody instead of for the viewer alone; supervisors and admins only.
    #[graphql(default)]
    is_shared: bool,
    /// Which interactions.
    filter: InteractionFilter,
    /// In which order.
    #[graphql(default_with = "InteractionSort::NewestActivity")]
    sort: InteractionSort,
}

/// What to change about a view; what is left out stays.
#[derive(InputObject)]
pub struct UpdateViewInput {
    /// Which view.
    view_id: ID,
    /// Name for people.
    name: Option<String>,
    /// Over which inbox; null: over all.
    inbox_id: MaybeUndefined<ID>,
    /// For everybody instead of for the viewer alone; supervisors and admins only.
    is_shared: Option<bool>,
    /// Which interactions.
    filter: Option<InteractionFilter>,
    /// In which order.
    sort: Option<InteractionSort>,
    /// Place in the list, from 0.
    position: Option<i32>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Mutations of views.
#[derive(Default)]
pub struct ViewMutation;

async fn present(cx: &Context<'_>, id: ViewId) -> async_graphql::Result<Option<View>> {
    let read = cx.read().await.or_field_error()?;
    Ok(rules::by_id(read.conn(), cx.actor().or_field_error()?, id).await.or_field_error()?.map(View))
}

#[Object]
impl ViewMutation {
    /// Saves a view behind the others.
    #[graphql(guard = "Needs::scope(READS)")]
    async fn create_view(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A view to be saved.")] input: CreateViewInput,
    ) -> async_graphql::Result<ViewPayload> {
        let new = NewView {
            client_id: input.client_id,
            name: input.name,
            inbox: or_refuse!(ViewPayload, decode_opt(input.inbox_id.as_ref(), "inboxId")),
            is_shared: input.is_shared,
            filter: or_refuse!(ViewPayload, input.filter.into_filter()),
            sort: input.sort.into(),
        };
        created!(cx, ViewPayload, present, rules::create, new)
    }

    /// Changes a view.
    #[graphql(guard = "Needs::scope(READS)")]
    async fn update_view(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What to change about a view; what is left out stays.")] input: UpdateViewInput,
    ) -> async_graphql::Result<ViewPayload> {
        let id: ViewId = or_refuse!(ViewPayload, decode(&input.view_id, "viewId"));
        let to = ViewChange {
            name: input.name,
            inbox: or_refuse!(ViewPayload, change_id(&input.inbox_id, "inboxId")),
            is_shared: input.is_shared,
            filter: or_refuse!(ViewPayload, input.filter.map(InteractionFilter::into_filter).transpose()),
            sort: input.sort.map(Into::into),
            position: input.position,
        };
        updated!(cx, ViewPayload, present, rules::update, id, to, input.expected_version)
    }

    /// Removes a view.
    #[graphql(guard = "Needs::scope(READS)")]
    async fn delete_view(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Something to be deleted.")] input: DeleteInput,
    ) -> async_graphql::Result<DeletePayload> {
        deleted!(cx, rules::delete, input)
    }
}
