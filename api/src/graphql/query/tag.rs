//! Lists of tags.

use async_graphql::{Context, Object};
use tributary_domain::tag as rules;

use super::list::{self, listed};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::SignedIn,
    types::tag::{Tag, TagConnection},
};

/// Queries of tags.
#[derive(Default)]
pub struct TagQuery;

#[Object]
impl TagQuery {
    /// Tags, by name.
    #[graphql(guard = "SignedIn", complexity = "list::cost(first, child_complexity)")]
    async fn tags(&self, cx: &Context<'_>, first: i32, after: Option<String>) -> async_graphql::Result<TagConnection> {
        listed!(cx, first, after, TagConnection, Tag, |read, request| rules::page(&read, &request))
    }
}
