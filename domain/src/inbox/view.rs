//! Saved views: a person's own, and shared ones that supervisors keep.

use std::collections::BTreeSet;

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    Select, sea_query::Order,
};

use super::{InteractionFilter, InteractionSort};
use crate::{
    actor::{Actor, VisibleInboxes},
    entity::{channel, inbox, person, skill, tag, view},
    error::{Error, Result},
    event::{Audience, EntityType, EventKind, Seq},
    idempotency,
    ids::{InboxId, PersonId, ViewId},
    input,
    record::Noun,
    store::{
        Scope, Tx, must_be_version,
        page::{Page, PageRequest, Sort},
    },
};

/// Most values of one part of a filter: they become one list of a statement.
const MAX_VALUES: usize = 100;
/// Highest position.
const MAX_POSITION: i32 = 10_000;

const VIEW: Noun = Noun { name: "view", kind: EventKind::ViewChanged, entity: EntityType::View };

/// A view to be saved.
#[derive(Debug, Clone)]
pub struct NewView {
    /// Made by the client; the same one again returns the first result.
    pub client_id: String,
    /// Name for people.
    pub name: String,
    /// Over which inbox; `None`: over all.
    pub inbox: Option<InboxId>,
    /// For everybody instead of for the person alone.
    pub is_shared: bool,
    /// Which interactions.
    pub filter: InteractionFilter,
    /// In which order.
    pub sort: InteractionSort,
}

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct ViewChange {
    /// Name for people.
    pub name: Option<String>,
    /// Over which inbox; `Some(None)`: over all.
    pub inbox: Option<Option<InboxId>>,
    /// For everybody instead of for the person alone.
    pub is_shared: Option<bool>,
    /// Which interactions.
    pub filter: Option<InteractionFilter>,
    /// In which order.
    pub sort: Option<InteractionSort>,
    /// Place in the list, from 0.
    pub position: Option<i32>,
}

/// Saves a view behind the others.
///
/// # Errors
/// `Forbidden` for a shared one by an agent and for an own one by a program; `Invalid` with the path of the field.
pub async fn create(tx: &mut Tx, actor: &Actor, new: NewView) -> Result<ViewId> {
    let owner = owner_for(actor, new.is_shared)?;
    if let Some(known) = idempotency::find(tx, actor, &new.client_id, "create_view").await? {
        return Ok(known.into());
    }
    let name = input::name(&new.name)?;
    must_see_inbox(tx, actor, new.inbox).await?;
    must_be_known(tx, actor, &new.filter).await?;
    let last = seen_by(actor).order_by_desc(view::Column::Position).one(tx.conn()).await?;
    let id: ViewId = crate::random::id();
    view::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        inbox_id: Set(new.inbox),
        owner_id: Set(owner),
        name: Set(name),
        filter: Set(new.filter.into()),
        sort: Set(new.sort),
        position: Set(last.map_or(0, |last| (last.position + 1).min(MAX_POSITION))),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    idempotency::keep(tx, actor, &new.client_id, "create_view", id.uuid()).await?;
    VIEW.changed_for(tx, actor, "create", id, audience(owner)).await?;
    Ok(id)
}

/// Changes a view.
///
/// # Errors
/// As [`create`]; `NotFound`, also for another person's own view; `Conflict` on another version.
pub async fn update(tx: &mut Tx, actor: &Actor, id: ViewId, change: ViewChange, expected: Option<Seq>) -> Result<()> {
    let found = manageable(tx, actor, id, expected).await?;
    let before = found.owner_id;
    let owner = match change.is_shared {
        Some(is_shared) => owner_for(actor, is_shared)?,
        None => before,
    };
    let mut row = found.into_active_model();
    row.owner_id = Set(owner);
    if let Some(name) = &change.name {
        row.name = Set(input::name(name)?);
    }
    if let Some(inbox) = change.inbox {
        must_see_inbox(tx, actor, inbox).await?;
        row.inbox_id = Set(inbox);
    }
    if let Some(filter) = change.filter {
        must_be_known(tx, actor, &filter).await?;
        row.filter = Set(filter.into());
    }
    if let Some(sort) = change.sort {
        row.sort = Set(sort);
    }
    if let Some(position) = change.position {
        if !(0..=MAX_POSITION).contains(&position) {
            return Err(Error::invalid("position", format!("0 to {MAX_POSITION}")));
        }
        row.position = Set(position);
    }
    row.update(tx.conn()).await?;
    // Whoever loses a view that is no longer shared must hear of it, so the wider circle is told.
    let widest = if before.is_none() { None } else { owner };
    VIEW.changed_for(tx, actor, "update", id, audience(widest)).await
}

/// Removes a view.
///
/// # Errors
/// `Forbidden` for a shared one by an agent; `NotFound`, also for another person's own view; `Conflict` on another version.
pub async fn delete(tx: &mut Tx, actor: &Actor, id: ViewId, expected: Option<Seq>) -> Result<()> {
    let found = manageable(tx, actor, id, expected).await?;
    remove(tx, actor, &found).await
}

/// Removes all views over an inbox that goes.
pub(super) async fn delete_of_inbox(tx: &mut Tx, actor: &Actor, inbox: InboxId) -> Result<()> {
    for found in view::in_workspace(tx.workspace()).filter(view::Column::InboxId.eq(inbox)).all(tx.conn()).await? {
        remove(tx, actor, &found).await?;
    }
    Ok(())
}

/// A page of the views that the actor sees, shared ones and own ones, by position.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn page(scope: &impl Scope, actor: &Actor, request: &PageRequest) -> Result<Page<view::Model>> {
    let by_position = Sort::new("views", [(view::Column::Position, Order::Asc), (view::Column::Id, Order::Asc)]);
    by_position.page(seen_by(actor), request, scope.conn()).await
}

/// One view, if the actor sees it.
///
/// # Errors
/// `Storage`.
pub async fn by_id(conn: &impl ConnectionTrait, actor: &Actor, id: ViewId) -> Result<Option<view::Model>> {
    Ok(seen_by(actor).filter(view::Column::Id.eq(id)).one(conn).await?)
}

/// The filter of a view together with its inbox: what lists and counts of it are made of.
#[must_use]
pub fn filter_of(view: &view::Model) -> InteractionFilter {
    let mut filter = view.filter.0.clone();
    if let Some(inbox) = view.inbox_id {
        let both = filter.inboxes.is_none_or(|inboxes| inboxes.contains(&inbox));
        filter.inboxes = Some(if both { vec![inbox] } else { Vec::new() });
    }
    filter
}

/// Shared views and the actor's own, without those over inboxes that the actor does not see.
fn seen_by(actor: &Actor) -> Select<view::Entity> {
    let mut owned = Condition::any().add(view::Column::OwnerId.is_null());
    if let Some(person) = actor.owner() {
        owned = owned.add(view::Column::OwnerId.eq(person));
    }
    let rows = view::in_workspace(actor.workspace).filter(owned);
    match &actor.inboxes {
        VisibleInboxes::All => rows,
        VisibleInboxes::Only(seen) => {
            rows.filter(Condition::any().add(view::Column::InboxId.is_null()).add(view::Column::InboxId.is_in(seen.iter().copied())))
        }
    }
}

async fn remove(tx: &mut Tx, actor: &Actor, found: &view::Model) -> Result<()> {
    view::Entity::delete_by_id((tx.workspace(), found.id)).exec(tx.conn()).await?;
    VIEW.removed(tx, actor, found.id, audience(found.owner_id)).await
}

async fn manageable(tx: &Tx, actor: &Actor, id: ViewId, expected: Option<Seq>) -> Result<view::Model> {
    by_id(tx.conn(), actor, id).await?.ok_or(Error::NotFound("view"))?;
    let found = view::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("view"))?;
    if found.owner_id.is_none() {
        actor.must_supervise()?;
    }
    must_be_version(found.version, expected)?;
    Ok(found)
}

fn owner_for(actor: &Actor, is_shared: bool) -> Result<Option<PersonId>> {
    if is_shared {
        actor.must_supervise()?;
        return Ok(None);
    }
    actor.person().map(Some).ok_or(Error::Forbidden("only people have views of their own"))
}

fn audience(owner: Option<PersonId>) -> Audience {
    owner.map_or(Audience::Everyone, Audience::Person)
}

async fn must_see_inbox(tx: &Tx, actor: &Actor, inbox: Option<InboxId>) -> Result<()> {
    let Some(inbox) = inbox else { return Ok(()) };
    let found = inbox::by_id(tx.workspace(), inbox).one(tx.conn()).await?.filter(|found| actor.inboxes.contains(found.id));
    found.map(|_| ()).ok_or_else(|| Error::invalid("inboxId", "no inbox of this workspace"))
}

/// Refuses ids that are not of this workspace. What is removed later simply matches nothing.
async fn must_be_known(tx: &Tx, actor: &Actor, filter: &InteractionFilter) -> Result<()> {
    macro_rules! known {
        ($part:ident, $entity:ident, $field:literal) => {
            if let Some(ids) = &filter.$part {
                let ids: BTreeSet<_> = ids.iter().copied().collect();
                must_be_few(ids.len(), $field)?;
                let rows = $entity::in_workspace(tx.workspace()).filter($entity::Column::Id.is_in(ids.iter().copied()));
                if rows.all(tx.conn()).await?.len() != ids.len() {
                    return Err(Error::invalid($field, "not of this workspace"));
                }
            }
        };
    }
    known!(assignees, person, "filter.assigneeIds");
    known!(channels, channel, "filter.channelIds");
    known!(tags, tag, "filter.tagIds");
    known!(skills, skill, "filter.skillIds");
    known!(inboxes, inbox, "filter.inboxIds");
    if filter.inboxes.iter().flatten().any(|inbox| !actor.inboxes.contains(*inbox)) {
        return Err(Error::invalid("filter.inboxIds", "not of this workspace"));
    }
    must_be_few(filter.statuses.as_ref().map_or(0, Vec::len), "filter.statuses")?;
    must_be_few(filter.channel_kinds.as_ref().map_or(0, Vec::len), "filter.channelKinds")?;
    must_be_few(filter.priorities.as_ref().map_or(0, Vec::len), "filter.priorities")
}

fn must_be_few(count: usize, field: &str) -> Result<()> {
    if count <= MAX_VALUES { Ok(()) } else { Err(Error::invalid(field, format!("at most {MAX_VALUES} values"))) }
}
