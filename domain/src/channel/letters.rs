//! Dead letters as a list.

use sea_orm::{ColumnTrait, Condition, QueryFilter, sea_query::Order};

use crate::{
    actor::Actor,
    entity::dead_letter::{self, DeadLetterState},
    error::Result,
    ids::ChannelId,
    message::Direction,
    store::{
        Scope,
        page::{Page, PageRequest, Sort},
    },
};

/// Which letters; an absent part does not narrow.
#[derive(Debug, Clone, Default)]
pub struct LetterFilter {
    /// Of this channel.
    pub channel: Option<ChannelId>,
    /// That came in, or that could not go out.
    pub direction: Option<Direction>,
    /// In one of these states.
    pub states: Option<Vec<DeadLetterState>>,
}

/// A page of the dead letters, newest first.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` for a broken page cursor; `Storage`.
pub async fn page_of_letters(
    scope: &impl Scope,
    actor: &Actor,
    filter: &LetterFilter,
    request: &PageRequest,
) -> Result<Page<dead_letter::Model>> {
    actor.must_manage_channels()?;
    let mut all = Condition::all();
    if let Some(channel) = filter.channel {
        all = all.add(dead_letter::Column::ChannelId.eq(channel));
    }
    if let Some(direction) = filter.direction {
        all = all.add(dead_letter::Column::Direction.eq(direction));
    }
    if let Some(states) = &filter.states {
        all = all.add(dead_letter::Column::State.is_in(states.iter().copied()));
    }
    let newest = Sort::new("dead_letters", [(dead_letter::Column::CreatedAt, Order::Desc), (dead_letter::Column::Id, Order::Desc)]);
    newest.page(dead_letter::in_workspace(scope.workspace()).filter(all), request, scope.conn()).await
}
