//! The workspace, and who is asking in it.

use async_graphql::{Context, Object};
use tributary_domain::workspace as rules;

use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::SignedIn,
    types::workspace::{Viewer, Workspace},
};

/// Queries of the workspace.
#[derive(Default)]
pub struct WorkspaceQuery;

#[Object]
impl WorkspaceQuery {
    /// Who is asking; null when nobody is signed in.
    async fn viewer(&self, cx: &Context<'_>) -> Option<Viewer> {
        cx.actor().ok().cloned().map(Viewer)
    }

    /// The viewer's workspace.
    #[graphql(guard = "SignedIn")]
    async fn workspace(&self, cx: &Context<'_>) -> async_graphql::Result<Workspace> {
        let read = cx.read().await.or_field_error()?;
        rules::get(&read).await.map(Workspace).or_field_error()
    }
}
