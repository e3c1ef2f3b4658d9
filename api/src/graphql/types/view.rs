//! Saved views, as they are read.

use async_graphql::{Context, ID, Object, SimpleObject};
use tributary_domain::{
    entity::view,
    inbox::{self, view::filter_of},
};

use super::{
    channel_kind::ChannelKind,
    enums::{Assignment, InteractionSort, InteractionStatus, Priority},
    inbox::Inbox,
    load_error,
    page::connection,
};
use crate::graphql::{
    context::Cx,
    loader::CountOf,
    scalars::{Long, node_id},
};

/// A saved filter over inboxes.
#[derive(async_graphql::Description)]
pub struct View(pub view::Model);

connection!(ViewConnection, ViewEdge, View, "views");

impl View {
    async fn counted(&self, cx: &Context<'_>, filter: inbox::InteractionFilter) -> async_graphql::Result<i32> {
        let count = cx.rows().load_one(CountOf(filter, self.0.sort)).await.map_err(load_error)?.unwrap_or_default();
        // The count is capped far below.
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }
}

#[Object(use_type_description)]
impl View {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Name for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The inbox it is over; null: all inboxes.
    async fn inbox(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Inbox>> {
        let Some(id) = self.0.inbox_id else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Inbox))
    }

    /// Whether everybody sees it, or only the viewer.
    async fn is_shared(&self) -> bool {
        self.0.owner_id.is_none()
    }

    /// Which interactions.
    async fn filter(&self) -> SavedFilter {
        SavedFilter::from(&self.0.filter.0)
    }

    /// In which order.
    async fn sort(&self) -> InteractionSort {
        self.0.sort.into()
    }

    /// Place in the list, from 0.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// How many interactions the viewer sees in it; 1001 stands for more than 1000.
    async fn count(&self, cx: &Context<'_>) -> async_graphql::Result<i32> {
        self.counted(cx, filter_of(&self.0)).await
    }

    /// How many of them hold something that the viewer has not seen; 1001 stands for more than 1000.
    async fn unread_count(&self, cx: &Context<'_>) -> async_graphql::Result<i32> {
        let filter = filter_of(&self.0);
        if filter.is_unread == Some(false) {
            return Ok(0);
        }
        self.counted(cx, inbox::InteractionFilter { is_unread: Some(true), ..filter }).await
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }
}

/// Which interactions a view shows; an absent part does not narrow.
#[derive(SimpleObject)]
pub struct SavedFilter {
    /// In one of these states.
    statuses: Option<Vec<InteractionStatus>>,
    /// Whose.
    assignment: Option<Assignment>,
    /// Of one of these people.
    assignee_ids: Option<Vec<ID>>,
    /// On one of these channels.
    channel_ids: Option<Vec<ID>>,
    /// On a channel of one of these kinds.
    channel_kinds: Option<Vec<ChannelKind>>,
    /// In one of these inboxes.
    inbox_ids: Option<Vec<ID>>,
    /// With at least one of these tags.
    tag_ids: Option<Vec<ID>>,
    /// Needing one of these skills.
    skill_ids: Option<Vec<ID>>,
    /// Of one of these priorities.
    priorities: Option<Vec<Priority>>,
    /// With, or without, messages that the viewer has not seen.
    is_unread: Option<bool>,
    /// With, or without, a message that could not be sent.
    has_failed: Option<bool>,
}

impl From<&inbox::InteractionFilter> for SavedFilter {
    fn from(filter: &inbox::InteractionFilter) -> Self {
        fn ids<I: Copy + std::fmt::Display>(ids: &Option<Vec<I>>) -> Option<Vec<ID>> {
            ids.as_ref().map(|ids| ids.iter().map(node_id).collect())
        }
        fn all<T: Copy + Into<U>, U>(values: &Option<Vec<T>>) -> Option<Vec<U>> {
            values.as_ref().map(|values| values.iter().map(|value| (*value).into()).collect())
        }
        Self {
            statuses: all(&filter.statuses),
            assignment: filter.assignment.map(Into::into),
            assignee_ids: ids(&filter.assignees),
            channel_ids: ids(&filter.channels),
            channel_kinds: all(&filter.channel_kinds),
            inbox_ids: ids(&filter.inboxes),
            tag_ids: ids(&filter.tags),
            skill_ids: ids(&filter.skills),
            priorities: all(&filter.priorities),
            is_unread: filter.is_unread,
            has_failed: filter.has_failed,
        }
    }
}
