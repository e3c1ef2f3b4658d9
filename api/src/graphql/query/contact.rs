//! Contacts, and what merging two of them would do.

use async_graphql::{Context, ID, Object};
use tributary_domain::{ErrorCode, contact as rules};

use super::list::listed;
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{CONTACTS, Needs, READS},
    scalars::decode,
    types::contact::{Contact, ContactConnection, ContactFilter, ContactMergePreview},
};

/// Queries of contacts.
#[derive(Default)]
pub struct ContactQuery;

#[Object]
impl ContactQuery {
    /// Contacts, by name; without those that became part of others.
    #[graphql(guard = "Needs::scope(READS)")]
    async fn contacts(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Which ones; absent: all that the viewer may see.")] filter: Option<ContactFilter>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<ContactConnection> {
        let actor = cx.actor().or_field_error()?;
        let filter = filter.map(ContactFilter::into_filter).transpose().or_field_error()?.unwrap_or_default();
        listed!(cx, first, after, ContactConnection, Contact, |read, request| rules::page(&read, actor, &filter, &request))
    }

    /// What a merge would do; nothing is changed. Null when one of the two does not exist.
    #[graphql(guard = "Needs::scope(CONTACTS)")]
    async fn contact_merge_preview(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "The contact that would remain.")] winner_id: ID,
        #[graphql(desc = "The contact that would become part of it.")] loser_id: ID,
    ) -> async_graphql::Result<Option<ContactMergePreview>> {
        let winner = decode(&winner_id, "winnerId").or_field_error()?;
        let loser = decode(&loser_id, "loserId").or_field_error()?;
        let read = cx.read().await.or_field_error()?;
        match rules::preview(&read, cx.actor().or_field_error()?, winner, loser).await {
            Ok(preview) => Ok(Some(preview.into())),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error).or_field_error(),
        }
    }
}
