//! Lists of skills.

use async_graphql::{Context, Object};
use tributary_domain::skill as rules;

use super::list::listed;
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, REFERS},
    types::skill::{Skill, SkillConnection},
};

/// Queries of skills.
#[derive(Default)]
pub struct SkillQuery;

#[Object]
impl SkillQuery {
    /// Skills, by name.
    #[graphql(guard = "Needs::scope(REFERS)")]
    async fn skills(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<SkillConnection> {
        listed!(cx, first, after, SkillConnection, Skill, |read, request| rules::page(&read, &request))
    }
}
