//! Lists of interactions.

use async_graphql::{Context, ID, InputObject, Object};
use tributary_domain::{
    Error, Result,
    ids::ViewId,
    inbox::{self, InteractionSort as Sort},
    interaction as rules,
    store::page::PageRequest,
};

use crate::graphql::{
    ahead,
    context::Cx,
    error::OrFieldError,
    guard::{Needs, READS},
    scalars::{decode, decode_all},
    types::{
        channel_kind::ChannelKind,
        enums::{Assignment, InteractionSort, InteractionStatus, Priority},
        interaction::{Interaction, InteractionConnection},
        page::MAX_PAGE,
    },
};

/// Which interactions; an absent part does not narrow, an empty list matches nothing.
#[derive(InputObject, Default)]
pub struct InteractionFilter {
    /// In one of these states; absent: in any but trashed.
    pub statuses: Option<Vec<InteractionStatus>>,
    /// Whose.
    pub assignment: Option<Assignment>,
    /// Of one of these people.
    pub assignee_ids: Option<Vec<ID>>,
    /// On one of these channels.
    pub channel_ids: Option<Vec<ID>>,
    /// On a channel of one of these kinds.
    pub channel_kinds: Option<Vec<ChannelKind>>,
    /// In one of these inboxes.
    pub inbox_ids: Option<Vec<ID>>,
    /// With at least one of these tags.
    pub tag_ids: Option<Vec<ID>>,
    /// Needing one of these skills.
    pub skill_ids: Option<Vec<ID>>,
    /// Of one of these priorities.
    pub priorities: Option<Vec<Priority>>,
    /// With (or without) messages that the viewer has not seen.
    pub is_unread: Option<bool>,
    /// With (or without) a message that could not be sent.
    pub has_failed: Option<bool>,
}

impl InteractionFilter {
    /// The filter that is meant.
    ///
    /// # Errors
    /// `Invalid` for ids of another type.
    pub fn into_filter(self) -> Result<inbox::InteractionFilter> {
        Ok(inbox::InteractionFilter {
            statuses: self.statuses.map(|all| all.into_iter().map(Into::into).collect()),
            assignment: self.assignment.map(Into::into),
            assignees: self.assignee_ids.map(|ids| decode_all(&ids, "filter.assigneeIds")).transpose()?,
            channels: self.channel_ids.map(|ids| decode_all(&ids, "filter.channelIds")).transpose()?,
            channel_kinds: self.channel_kinds.map(|all| all.into_iter().map(Into::into).collect()),
            inboxes: self.inbox_ids.map(|ids| decode_all(&ids, "filter.inboxIds")).transpose()?,
            tags: self.tag_ids.map(|ids| decode_all(&ids, "filter.tagIds")).transpose()?,
            skills: self.skill_ids.map(|ids| decode_all(&ids, "filter.skillIds")).transpose()?,
            priorities: self.priorities.map(|all| all.into_iter().map(Into::into).collect()),
            is_unread: self.is_unread,
            has_failed: self.has_failed,
        })
    }
}

/// Queries of interactions.
#[derive(Default)]
pub struct InteractionQuery;

#[Object]
impl InteractionQuery {
    /// Interactions that the viewer may see: of a view, or of a filter in an order; neither: all but the trashed.
    #[graphql(guard = "Needs::scope(READS)")]
    async fn interactions(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Of this saved view; not together with `filter`.")] view_id: Option<ID>,
        #[graphql(desc = "Which interactions; not together with `viewId`.")] filter: Option<InteractionFilter>,
        #[graphql(desc = "In which order; absent: that of the view, or what moved last comes first.")] sort: Option<InteractionSort>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<InteractionConnection> {
        let actor = cx.actor().or_field_error()?;
        let request = PageRequest::new(Some(first), after, None, None, MAX_PAGE).or_field_error()?;
        let read = cx.read().await.or_field_error()?;
        let (filter, order) = match (view_id, filter) {
            (Some(_), Some(_)) => return Err(Error::invalid("filter", "give a view or a filter, not both")).or_field_error(),
            (Some(id), None) => {
                let id: ViewId = decode(&id, "viewId").or_field_error()?;
                let found = inbox::view::by_id(read.conn(), actor, id).await.or_field_error()?;
                let found = found.ok_or(Error::NotFound("view")).or_field_error()?;
                (inbox::view::filter_of(&found), found.sort)
            }
            (None, filter) => (filter.unwrap_or_default().into_filter().or_field_error()?, Sort::default()),
        };
        let order = sort.map_or(order, Into::into);
        let (page, position) = ahead::page(cx, (&filter, order), &request, &read).await.or_field_error()?;
        drop(read);
        Ok(InteractionConnection::new(page, cx.cursor(position).or_field_error()?, Interaction))
    }

    /// An interaction by its short reference, such as T-1042.
    #[graphql(guard = "Needs::scope(READS)")]
    async fn interaction_by_reference(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "The reference, such as T-1042; upper and lower case are the same.")] reference: String,
    ) -> async_graphql::Result<Option<Interaction>> {
        let Some(number) = rules::parse_reference(&reference) else { return Ok(None) };
        let read = cx.read().await.or_field_error()?;
        let found = rules::by_reference(read.conn(), cx.actor().or_field_error()?, number).await.or_field_error()?;
        Ok(found.map(Interaction))
    }
}
