//! The workspace's settings.

use async_graphql::{Context, InputObject, Object};
use tributary_domain::{
    actor::Role,
    workspace::{self as rules, WorkspaceChange},
};

use super::payload::payload;
use crate::graphql::{
    context::{Cx, command, expected},
    error::OrFieldError,
    guard::{Needs, WORKSPACE},
    scalars::{LanguageTag, Long},
    types::workspace::Workspace,
};

payload! {
    /// The workspace whose settings were to be changed.
    WorkspacePayload { workspace: Workspace }
}

/// What to change about the workspace; what is left out stays.
#[derive(InputObject)]
pub struct UpdateWorkspaceInput {
    /// Name for people.
    name: Option<String>,
    /// Language of what the server writes to contacts, where nothing else is known; BCP 47.
    default_language: Option<LanguageTag>,
    /// Days after resolving in which a new message opens the same interaction again; 0 to 365.
    reopen_days: Option<i32>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Mutations of the workspace.
#[derive(Default)]
pub struct WorkspaceMutation;

#[Object]
impl WorkspaceMutation {
    /// Changes the workspace's settings.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn update_workspace(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What to change about the workspace; what is left out stays.")] input: UpdateWorkspaceInput,
    ) -> async_graphql::Result<WorkspacePayload> {
        let change =
            WorkspaceChange { name: input.name, default_language: input.default_language.map(|tag| tag.0), reopen_days: input.reopen_days };
        let version = expected(input.expected_version);
        let run = command(cx, move |tx, actor| Box::pin(rules::update(tx, actor, change.clone(), version))).await;
        let read = cx.read().await.or_field_error()?;
        let present = rules::get(&read).await.or_field_error()?;
        WorkspacePayload::of(run.map(|((), cursor)| cursor), Some(Workspace(present)))
    }
}
