//! Lists of scripts.

use async_graphql::{Context, Object};
use tributary_domain::script as rules;

use super::list::{self, listed};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::SignedIn,
    types::script::{Script, ScriptConnection},
};

/// Queries of scripts.
#[derive(Default)]
pub struct ScriptQuery;

#[Object]
impl ScriptQuery {
    /// Scripts, by name.
    #[graphql(guard = "SignedIn", complexity = "list::cost(first, child_complexity)")]
    async fn scripts(&self, cx: &Context<'_>, first: i32, after: Option<String>) -> async_graphql::Result<ScriptConnection> {
        listed!(cx, first, after, ScriptConnection, Script, |read, request| rules::page(&read, &request))
    }
}
