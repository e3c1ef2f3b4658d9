//! Lists of inboxes and views.

use async_graphql::{Context, Object};
use tributary_domain::inbox as rules;

use super::list::{self, listed};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::SignedIn,
    types::{
        inbox::{Inbox, InboxConnection},
        view::{View, ViewConnection},
    },
};

/// Queries of inboxes and views.
#[derive(Default)]
pub struct InboxQuery;

#[Object]
impl InboxQuery {
    /// Inboxes that the viewer sees, by position.
    #[graphql(guard = "SignedIn", complexity = "list::cost(first, child_complexity)")]
    async fn inboxes(&self, cx: &Context<'_>, first: i32, after: Option<String>) -> async_graphql::Result<InboxConnection> {
        let actor = cx.actor().or_field_error()?;
        listed!(cx, first, after, InboxConnection, Inbox, |read, request| rules::page(&read, actor, &request))
    }

    /// Saved views, shared ones and the viewer's own, by position.
    #[graphql(guard = "SignedIn", complexity = "list::cost(first, child_complexity)")]
    async fn views(&self, cx: &Context<'_>, first: i32, after: Option<String>) -> async_graphql::Result<ViewConnection> {
        let actor = cx.actor().or_field_error()?;
        listed!(cx, first, after, ViewConnection, View, |read, request| rules::view::page(&read, actor, &request))
    }
}
