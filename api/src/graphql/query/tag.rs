//! Lists of tags.

use async_graphql::{Context, Object};
use tributary_domain::tag as rules;

use super::list::listed;
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, REFERS},
    types::tag::{Tag, TagConnection},
};

/// Queries of tags.
#[derive(Default)]
pub struct TagQuery;

#[Object]
impl TagQuery {
    /// Tags, by name.
    #[graphql(guard = "Needs::scope(REFERS)")]
    async fn tags(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<TagConnection> {
        listed!(cx, first, after, TagConnection, Tag, |read, request| rules::page(&read, &request))
    }
}
