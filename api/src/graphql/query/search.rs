//! Full-text search over the workspace.

use std::collections::BTreeSet;

use async_graphql::{Context, Object};
use tributary_domain::search as rules;

use super::list::listed;
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, READS},
    types::search::{SearchConnection, SearchHit, SearchKind},
};

/// Full-text search.
#[derive(Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Messages, contacts and interactions that contain every word, or words beginning with it; newest first.
    #[graphql(guard = "Needs::scope(READS)")]
    async fn search(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Words, or beginnings of words, that must all be there.")] text: String,
        #[graphql(desc = "What is looked for; absent: everything.")] kinds: Option<Vec<SearchKind>>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<SearchConnection> {
        let actor = cx.actor().or_field_error()?;
        let kinds = kinds.unwrap_or_else(|| vec![SearchKind::Message, SearchKind::Contact, SearchKind::Interaction]);
        let kinds: BTreeSet<rules::SearchKind> = kinds.into_iter().map(Into::into).collect();
        listed!(cx, first, after, SearchConnection, SearchHit::from, |read, request| rules::find(&read, actor, &text, &kinds, &request))
    }
}
