//! Lists of interactions: filter, rights, order and keyset in one statement.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Asterisk, Expr, ExprTrait, Func, Order, Query, SelectStatement, UnionType},
};

use crate::{
    actor::{self, Actor, VisibleInboxes},
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
/// Counts in one statement: SQLite takes 500 parts of a `UNION` (SQLite limits, checked 2026-11).
const MAX_COUNTS: usize = 400;
/// Parameters of one statement: SQLite takes 32 766, PostgreSQL 65 535 (their limits, checked 2026-11).
const MAX_PARAMETERS: usize = 30_000;

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
    order(sort).page(selected(actor, filter, sort), request, scope.conn()).await
}

/// The same page of several contacts' interactions that the actor sees, newest first.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn pages_of_contacts(
    scope: &impl Scope,
    actor: &Actor,
    contacts: &[ContactId],
    request: &PageRequest,
) -> Result<HashMap<ContactId, Page<interaction::Model>>> {
    let newest = order(InteractionSort::NewestActivity);
    let rows = visible(actor).filter(interaction::Column::ContactId.is_in(contacts.iter().copied()));
    if let [one] = contacts {
        return Ok(HashMap::from([(*one, newest.page(rows, request, scope.conn()).await?)]));
    }
    let of = (interaction::Entity, interaction::Column::ContactId);
    let pages = newest.pages(interaction::in_workspace(actor.workspace), rows, of, request, scope.conn()).await?;
    Ok(pages.into_iter().map(|(id, page)| (id.into(), page)).collect())
}

/// Which of these interactions stand now in the list that [`page`] pages through.
///
/// # Errors
/// `Storage`.
pub async fn matching(
    scope: &impl Scope,
    actor: &Actor,
    filter: &InteractionFilter,
    sort: InteractionSort,
    ids: &[InteractionId],
) -> Result<Vec<interaction::Model>> {
    let rows = selected(actor, filter, sort).filter(interaction::Column::Id.is_in(ids.iter().copied()));
    Ok(rows.all(scope.conn()).await?)
}

/// How many interactions stand in the list that [`page`] pages through, at most [`COUNT_CAP`] + 1.
///
/// # Errors
/// `Storage`.
pub async fn count(scope: &impl Scope, actor: &Actor, filter: &InteractionFilter, sort: InteractionSort) -> Result<u64> {
    Ok(counts(scope, actor, &[(filter, sort)]).await?.first().copied().unwrap_or_default())
}

/// What [`count`] says of each list, in one statement for as many as fit into one.
///
/// # Errors
/// `Storage`.
pub async fn counts(scope: &impl Scope, actor: &Actor, lists: &[(&InteractionFilter, InteractionSort)]) -> Result<Vec<u64>> {
    let mut counts = Vec::with_capacity(lists.len());
    while counts.len() < lists.len() {
        let mut values = 0;
        let fit = lists[counts.len()..].iter().take(MAX_COUNTS).take_while(|(filter, _)| {
            values += weight(actor, filter);
            values <= MAX_PARAMETERS
        });
        // One that is too long by itself is left to the database to refuse.
        let fit = fit.count().max(1);
        let mut part = vec![0; fit];
        let mut statement: Option<SelectStatement> = None;
        for (place, (filter, sort)) in lists[counts.len()..][..fit].iter().enumerate() {
            let one = counting(selected(actor, filter, *sort), place);
            match &mut statement {
                None => statement = Some(one),
                Some(all) => drop(all.union(UnionType::All, one)),
            }
        }
        if let Some(statement) = statement {
            for row in scope.conn().query_all(&statement).await? {
                let (place, count): (i32, i64) = (row.try_get("", "place")?, row.try_get("", "found")?);
                if let Some(slot) = usize::try_from(place).ok().and_then(|place| part.get_mut(place)) {
                    *slot = u64::try_from(count).unwrap_or_default();
                }
            }
        }
        counts.append(&mut part);
    }
    Ok(counts)
}

/// `place` and how many rows, counted to the cap only.
fn counting(list: Select<interaction::Entity>, place: usize) -> SelectStatement {
    let rows = list.select_only().column(interaction::Column::Id).limit(COUNT_CAP + 1).into_query();
    Query::select()
        .expr_as(Expr::cust(place.to_string()), "place")
        .expr_as(Func::count(Expr::col(Asterisk)), "found")
        .from_subquery(rows, "rows_of_it")
        .to_owned()
}

/// About how many parameters a filter takes.
fn weight(actor: &Actor, filter: &InteractionFilter) -> usize {
    fn length<T>(part: &Option<Vec<T>>) -> usize {
        part.as_ref().map_or(0, Vec::len)
    }
    let seen = match &actor.inboxes {
        VisibleInboxes::All => 0,
        VisibleInboxes::Only(inboxes) => inboxes.len(),
    };
    // The rest: workspaces, the person, single values, the limit.
    let rest = 12;
    seen + rest
        + length(&filter.statuses)
        + length(&filter.assignees)
        + length(&filter.channels)
        + length(&filter.channel_kinds)
        + length(&filter.inboxes)
        + length(&filter.tags)
        + length(&filter.skills)
        + length(&filter.priorities)
}

/// What a list holds. In the order of waiting only who waits has a place.
pub(super) fn selected(actor: &Actor, filter: &InteractionFilter, sort: InteractionSort) -> Select<interaction::Entity> {
    let rows = visible(actor).filter(condition(actor, filter));
    match sort {
        InteractionSort::OldestWaiting => rows.filter(interaction::Column::WaitingSince.is_not_null()),
        InteractionSort::NewestActivity | InteractionSort::Priority => rows,
    }
}

/// The interactions of the actor's workspace that the actor sees: what [`Actor::may_see_inbox`] says, as a statement.
pub(super) fn visible(actor: &Actor) -> Select<interaction::Entity> {
    let rows = interaction::in_workspace(actor.workspace);
    if actor.must_have(actor::Scope::ReadInteractions).is_err() {
        return rows.filter(Expr::val(1).eq(0));
    }
    match &actor.inboxes {
        VisibleInboxes::All => rows,
        VisibleInboxes::Only(inboxes) => rows.filter(interaction::Column::InboxId.is_in(inboxes.iter().copied())),
    }
}

pub(super) fn order(sort: InteractionSort) -> Sort<interaction::Entity> {
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
        all = match assignment {
            // Programs own nothing.
            Assignment::Mine => all.add(actor.person().map_or_else(|| Expr::val(1).eq(0), |person| Column::AssigneeId.eq(person))),
            Assignment::Unassigned => all.add(Column::AssigneeId.is_null()),
            Assignment::Assigned => all.add(Column::AssigneeId.is_not_null()),
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
    if let Some(is_unread) = filter.is_unread
        && let Some(person) = actor.person()
    {
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
