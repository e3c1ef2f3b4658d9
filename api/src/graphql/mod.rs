//! The schema: objects, queries, mutations and subscriptions, one file per noun, joined here.

pub mod ahead;
pub mod common;
pub mod context;
pub mod cost;
pub mod course;
pub mod error;
pub mod event;
pub mod guard;
pub mod loader;
pub mod mutation;
pub mod node;
pub mod query;
pub mod rows;
pub mod scalars;
pub mod sight;
pub mod stream;
pub mod subscription;
pub mod types;
pub mod walk;

use std::sync::Arc;

use async_graphql::MergedObject;
use tributary_domain::actor::Actor;

use crate::{app::App, gatekeeper::Gate};

/// The whole schema.
pub type Schema = async_graphql::Schema<Query, Mutation, subscription::Subscription>;

/// What can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    query::admin::AdminQuery,
    query::channel::ChannelQuery,
    query::contact::ContactQuery,
    query::events::EventQuery,
    query::inbox::InboxQuery,
    query::interaction::InteractionQuery,
    query::person::PersonQuery,
    query::script::ScriptQuery,
    query::search::SearchQuery,
    query::skill::SkillQuery,
    query::tag::TagQuery,
    query::viewer::ViewerQuery,
    query::workspace::WorkspaceQuery,
);

/// What can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    mutation::api_client::ApiClientMutation,
    mutation::channel::ChannelMutation,
    mutation::contact::ContactMutation,
    mutation::inbox::InboxMutation,
    mutation::interaction::InteractionMutation,
    mutation::message::MessageMutation,
    mutation::person::PersonMutation,
    mutation::script::ScriptMutation,
    mutation::session::SessionMutation,
    mutation::skill::SkillMutation,
    mutation::tag::TagMutation,
    mutation::team::TeamMutation,
    mutation::view::ViewMutation,
    mutation::workspace::WorkspaceMutation,
);

/// The schema over an app.
#[must_use]
pub fn schema(app: App, gate: Arc<Gate>) -> Schema {
    let schema = Schema::build(Query::default(), Mutation::default(), subscription::Subscription::default());
    // No extension, ever: with one the engine boxes a future per field.
    schema.data(app).data(gate).finish()
}

/// The schema's text, as `schema.graphql` holds it.
#[must_use]
pub fn sdl() -> String {
    let schema = Schema::build(Query::default(), Mutation::default(), subscription::Subscription::default()).finish();
    schema.sdl_with_options(async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items())
}

/// What a request of this actor carries.
#[must_use]
pub fn request_data(app: &App, actor: Arc<Actor>) -> rows::Rows {
    rows::Rows::new(app.store.clone(), actor)
}

#[cfg(test)]
mod tests;
