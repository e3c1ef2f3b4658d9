//! The workspace of the viewer.

use async_graphql::{Context, Object};
use tributary_domain::workspace as rules;

use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, REFERS},
    types::workspace::Workspace,
};

/// Queries of the workspace.
#[derive(Default)]
pub struct WorkspaceQuery;

#[Object]
impl WorkspaceQuery {
    /// The viewer's workspace.
    #[graphql(guard = "Needs::scope(REFERS)")]
    async fn workspace(&self, cx: &Context<'_>) -> async_graphql::Result<Workspace> {
        let read = cx.read().await.or_field_error()?;
        rules::get(&read).await.map(Workspace).or_field_error()
    }
}
