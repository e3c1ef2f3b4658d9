//! What the reader of a view has of it.

use std::sync::Arc;

use tributary_domain::{
    Error, Result,
    actor::Actor,
    entity::view,
    ids::ViewId,
    inbox::{self, InteractionFilter, InteractionSort},
    interaction::rows,
    store::{Read, page::PageRequest},
};

use super::{
    counts::{Counted, Wanted},
    membership::{MOST_KEPT, Membership},
};
use crate::graphql::{course::Course, stream::Follow};

/// What the reader of a view has of it, and by which rules.
#[derive(Clone)]
pub struct Memory {
    pub(super) view: view::Model,
    pub(super) filter: InteractionFilter,
    /// With rights like those with which the membership was made.
    pub(super) seen_as: Arc<Actor>,
    pub(super) membership: Membership,
    /// What of it the reader has not seen to the end, when that is to be counted.
    pub(super) unread: Option<Membership>,
}

impl Memory {
    /// Of a view at the beginning. Nothing needs to be known of what is inside when the end of the course is known: up to
    /// there the log names what may have changed.
    pub(super) async fn load(follow: &Follow, id: ViewId, wanted: Wanted) -> Result<Self> {
        let actor = Arc::clone(follow.actor());
        let read = follow.app().store.read(actor.workspace).await?;
        let view = must_see(&read, &actor, id).await?;
        let filter = inbox::view::filter_of(&view);
        let (membership, unread) = match follow.course().and_then(Course::until) {
            Some(until) => (Membership::unknown(until), None),
            None => (load(&read, &actor, &filter, view.sort).await?, load_unread(&read, &actor, &filter, view.sort, wanted).await?),
        };
        Ok(Self { view, filter, seen_as: actor, membership, unread })
    }

    /// The counts, when they follow from what is known to be inside.
    pub(super) fn counts(&self, wanted: Wanted) -> Option<Counted> {
        let Self { filter, membership, unread, .. } = self;
        let all = membership.count(rows::COUNT_CAP + 1)?;
        let unread = match filter.is_unread {
            _ if !wanted.unread => 0,
            Some(true) => all,
            Some(false) => 0,
            None => unread.as_ref()?.count(rows::COUNT_CAP + 1)?,
        };
        Some(Counted { all, unread })
    }
}

pub(super) async fn must_see(read: &Read, actor: &Actor, id: ViewId) -> Result<view::Model> {
    inbox::view::by_id(read.conn(), actor, id).await?.ok_or(Error::NotFound("view"))
}

pub(super) async fn load(read: &Read, actor: &Actor, filter: &InteractionFilter, sort: InteractionSort) -> Result<Membership> {
    let most = u32::try_from(MOST_KEPT).expect("a few thousand fit") + 1;
    let page = rows::page(read, actor, filter, sort, &PageRequest::first(most)).await?;
    let known_at = read.position().await?.seq;
    Ok(Membership::new(page.items.into_iter().map(|row| row.id), known_at, MOST_KEPT))
}

/// What of a view its reader has not seen to the end; `None` when nobody asks, or the filter says it already.
pub(super) async fn load_unread(
    read: &Read,
    actor: &Actor,
    filter: &InteractionFilter,
    sort: InteractionSort,
    wanted: Wanted,
) -> Result<Option<Membership>> {
    if !wanted.unread || filter.is_unread.is_some() {
        return Ok(None);
    }
    load(read, actor, &unread_of(filter), sort).await.map(Some)
}

pub(super) fn unread_of(filter: &InteractionFilter) -> InteractionFilter {
    InteractionFilter { is_unread: Some(true), ..filter.clone() }
}
