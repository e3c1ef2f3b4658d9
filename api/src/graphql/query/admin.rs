//! What administrators look after: dead letters and the audit trail.

use async_graphql::{Context, Object};
use tributary_domain::{actor::Role, audit, channel};

use super::list::listed;
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{CHANNELS, Needs, WORKSPACE},
    types::{
        audit::{AuditEntry, AuditEntryConnection, AuditFilter},
        dead_letter::{DeadLetter, DeadLetterConnection, DeadLetterFilter},
    },
};

/// Queries of dead letters and of the audit trail.
#[derive(Default)]
pub struct AdminQuery;

#[Object]
impl AdminQuery {
    /// Items that could not be processed or sent, newest first. Admins only.
    #[graphql(guard = "Needs::role(Role::Admin, CHANNELS)")]
    async fn dead_letters(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Which ones; absent: all that the viewer may see.")] filter: Option<DeadLetterFilter>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<DeadLetterConnection> {
        let actor = cx.actor().or_field_error()?;
        let filter = filter.map(DeadLetterFilter::into_filter).transpose().or_field_error()?.unwrap_or_default();
        listed!(cx, first, after, DeadLetterConnection, DeadLetter, |read, request| channel::page_of_letters(
            &read, actor, &filter, &request
        ))
    }

    /// Who did what to what, newest first. Admins only.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn audit_entries(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Which ones; absent: all that the viewer may see.")] filter: Option<AuditFilter>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<AuditEntryConnection> {
        let actor = cx.actor().or_field_error()?;
        let filter = filter.map(AuditFilter::into_filter).transpose().or_field_error()?.unwrap_or_default();
        listed!(cx, first, after, AuditEntryConnection, AuditEntry, |read, request| audit::page(&read, actor, &filter, &request))
    }
}
