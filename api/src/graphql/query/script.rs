//! Lists of scripts.

use async_graphql::{Context, Object};
use tributary_domain::script as rules;

use super::list::listed;
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, REFERS},
    types::script::{Script, ScriptConnection},
};

/// Queries of scripts.
#[derive(Default)]
pub struct ScriptQuery;

#[Object]
impl ScriptQuery {
    /// Scripts, by name.
    #[graphql(guard = "Needs::scope(REFERS)")]
    async fn scripts(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<ScriptConnection> {
        listed!(cx, first, after, ScriptConnection, Script, |read, request| rules::page(&read, &request))
    }
}
