//! Lists of skills.

use async_graphql::{Context, Object};
use tributary_domain::skill as rules;

use super::list::{self, listed};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::SignedIn,
    types::skill::{Skill, SkillConnection},
};

/// Queries of skills.
#[derive(Default)]
pub struct SkillQuery;

#[Object]
impl SkillQuery {
    /// Skills, by name.
    #[graphql(guard = "SignedIn", complexity = "list::cost(first, child_complexity)")]
    async fn skills(&self, cx: &Context<'_>, first: i32, after: Option<String>) -> async_graphql::Result<SkillConnection> {
        listed!(cx, first, after, SkillConnection, Skill, |read, request| rules::page(&read, &request))
    }
}
