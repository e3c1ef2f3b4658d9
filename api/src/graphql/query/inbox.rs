//! Lists of inboxes and views.

use async_graphql::{Context, Object};
use tributary_domain::inbox as rules;

use super::list::listed;
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, READS, REFERS},
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
    #[graphql(guard = "Needs::scope(REFERS)")]
    async fn inboxes(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<InboxConnection> {
        let actor = cx.actor().or_field_error()?;
        listed!(cx, first, after, InboxConnection, Inbox, |read, request| rules::page(&read, actor, &request))
    }

    /// Saved views, shared ones and the viewer's own, by position.
    #[graphql(guard = "Needs::scope(READS)")]
    async fn views(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<ViewConnection> {
        let actor = cx.actor().or_field_error()?;
        listed!(cx, first, after, ViewConnection, View, |read, request| rules::view::page(&read, actor, &request))
    }
}
