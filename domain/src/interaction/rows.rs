//! Lists of interactions: filter, rights, order and keyset in one statement.

use sea_orm::{
    ColumnTrait, Condition, QueryFilter, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};

use crate::{
    actor::{Actor, VisibleInboxes},
    entity::{channel, interaction, interaction_tag, read_mark},
    error::Result,
    ids::{ContactId, InteractionId, PersonId},
    inbox::{Assignment, InteractionFilter, InteractionSort},
    state::InteractionStatus,
    store::{
        Scope,
        page::{Page, PageRequest, Sort},
    },
};

/// Most that a view's count says; beyond it the client shows "1000+".
pub const COUNT_CAP: u64 = 1_000;

/// A page of the interactions that the actor sees and the filter lets through.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn page(
    scope: &impl Scope,
    actor: &Actor,
    filter: &InteractionFilter,
    sort: InteractionSort,
    request: &PageRequest,
) -> Result<Page<interaction::Model>> {
    let mut rows = visible(actor).filter(condition(actor, filter));
    if sort == InteractionSort::OldestWaiting {
        rows = rows.filter(interaction::Column::WaitingSince.is_not_null());
    }
    order(sort).page(rows, request, scope.conn()).await
}

/// A page of a contact's interactions that the actor sees, newest first.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn page_of_contact(
    scope: &impl Scope,
    actor: &Actor,
    contact: ContactId,
    request: &PageRequest,
) -> Result<Page<interaction::Model>> {
    let rows = visible(actor).filter(interaction::Column::ContactId.eq(contact));
    order(InteractionSort::NewestActivity).page(rows, request, scope.conn()).await
}

/// Which of these interactions the actor sees and the filter lets through now.
///
/// # Errors
/// `Storage`.
pub async fn matching(
    scope: &impl Scope,
    actor: &Actor,
    filter: &InteractionFilter,
    ids: &[InteractionId],
) -> Result<Vec<interaction::Model>> {
    let rows = visible(actor).filter(condition(actor, filter)).filter(interaction::Column::Id.is_in(ids.iter().copied()));
    Ok(rows.all(scope.conn()).await?)
}

/// How many interactions the filter lets through for the actor, at most [`COUNT_CAP`] + 1.
///
/// # Errors
/// `Storage`.
pub async fn count(scope: &impl Scope, actor: &Actor, filter: &InteractionFilter) -> Result<u64> {
    let rows = visible(actor)
        .filter(condition(actor, filter))
        .select_only()
        .column(interaction::Column::Id)
        .limit(COUNT_CAP + 1)
        .into_tuple::<InteractionId>()
        .all(scope.conn())
        .await?;
    Ok(rows.len() as u64)
}

/// The interactions of the actor's workspace in inboxes that the actor sees.
fn visible(actor: &Actor) -> Select<interaction::Entity> {
    let rows = interaction::in_workspace(actor.workspace);
    match &actor.inboxes {
        VisibleInboxes::All => rows,
        VisibleInboxes::Only(inboxes) => rows.filter(interaction::Column::InboxId.is_in(inboxes.iter().copied())),
    }
}

fn order(sort: InteractionSort) -> Sort<interaction::Entity> {
    use interaction::Column::{Id, LastActivityAt, Priority, WaitingSince};
    match sort {
        InteractionSort::NewestActivity => Sort::new("newest_activity", [(LastActivityAt, Order::Desc), (Id, Order::Desc)]),
        InteractionSort::OldestWaiting => Sort::new("oldest_waiting", [(WaitingSince, Order::Asc), (Id, Order::Asc)]),
        InteractionSort::Priority => Sort::new("priority", [(Priority, Order::Desc), (LastActivityAt, Order::Desc), (Id, Order::Desc)]),
    }
}

fn condition(actor: &Actor, filter: &InteractionFilter) -> Condition {
    use interaction::Column;
    let mut all = Condition::all();
    all = match &filter.statuses {
        Some(statuses) => all.add(Column::Status.is_in(statuses.iter().copied())),
        None => all.add(Column::Status.ne(InteractionStatus::Trashed)),
    };
    if let Some(assignment) = filter.assignment {
        all = match (assignment, actor.person()) {
            (Assignment::Mine, Some(person)) => all.add(Column::AssigneeId.eq(person)),
            // Programs own nothing.
            (Assignment::Mine, None) => all.add(Expr::val(1).eq(0)),
            (Assignment::Unassigned, _) => all.add(Column::AssigneeId.is_null()),
            (Assignment::Assigned, _) => all.add(Column::AssigneeId.is_not_null()),
        };
    }
    if let Some(assignees) = &filter.assignees {
        all = all.add(Column::AssigneeId.is_in(assignees.iter().copied()));
    }
    if let Some(channels) = &filter.channels {
        all = all.add(Column::ChannelId.is_in(channels.iter().copied()));
    }
    if let Some(kinds) = &filter.channel_kinds {
        let of_kind = Query::select()
            .column(channel::Column::Id)
            .from(channel::Entity)
            .and_where(channel::Column::WorkspaceId.eq(actor.workspace))
            .and_where(channel::Column::Kind.is_in(kinds.iter().copied()))
            .to_owned();
        all = all.add(Column::ChannelId.in_subquery(of_kind));
    }
    if let Some(inboxes) = &filter.inboxes {
        all = all.add(Column::InboxId.is_in(inboxes.iter().copied()));
    }
    if let Some(tags) = &filter.tags {
        let tagged = Query::select()
            .column(interaction_tag::Column::InteractionId)
            .from(interaction_tag::Entity)
            .and_where(interaction_tag::Column::WorkspaceId.eq(actor.workspace))
            .and_where(interaction_tag::Column::TagId.is_in(tags.iter().copied()))
            .to_owned();
        all = all.add(Column::Id.in_subquery(tagged));
    }
    if let Some(skills) = &filter.skills {
        all = all.add(Column::SkillId.is_in(skills.iter().copied()));
    }
    if let Some(priorities) = &filter.priorities {
        all = all.add(Column::Priority.is_in(priorities.iter().copied()));
    }
    if let (Some(is_unread), Some(person)) = (filter.is_unread, actor.person()) {
        let unread = Condition::all().add(Column::InboundCount.gt(0)).add(Expr::exists(read_to_the_end(actor, person)).not());
        all = all.add(if is_unread { unread } else { unread.not() });
    }
    if let Some(has_failed) = filter.has_failed {
        all = all.add(Column::HasFailed.eq(has_failed));
    }
    all
}

/// The person's read mark at the end of the outer statement's interaction.
fn read_to_the_end(actor: &Actor, person: PersonId) -> SelectStatement {
    let outer = |column| Expr::col((interaction::Entity, column));
    Query::select()
        .expr(Expr::val(1))
        .from(read_mark::Entity)
        .and_where(read_mark::Column::WorkspaceId.eq(actor.workspace))
        .and_where(read_mark::Column::PersonId.eq(person))
        .and_where(Expr::col((read_mark::Entity, read_mark::Column::InteractionId)).eq(outer(interaction::Column::Id)))
        .and_where(Expr::col((read_mark::Entity, read_mark::Column::InboundSeen)).gte(outer(interaction::Column::InboundCount)))
        .to_owned()
}
