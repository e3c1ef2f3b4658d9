//! What people and rules do to an interaction: assign, move through the states, tag, mark read.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};

use super::Priority;
use crate::{
    actor::Actor,
    audit,
    entity::{channel, inbox, interaction, interaction_tag, message, person, read_mark, skill, tag},
    error::{Error, Result},
    event::{ActorRef, Audience, EntityType, EventDraft, EventKind, Patch, Seq},
    ids::{ExternalThreadId, InboxId, InteractionId, MessageId, PersonId, SkillId, TagId},
    message::{Direction, EntryKind, Received, SystemLine, add_system_line},
    state::InteractionStatus,
    store::Tx,
};

/// Who may hear about an interaction.
pub(crate) fn audience(interaction: &interaction::Model) -> Audience {
    Audience::Inbox(interaction.inbox_id)
}

/// Says in the log that an interaction changed.
pub(crate) fn touch(tx: &mut Tx, interaction: &interaction::Model, by: ActorRef) {
    tx.emit(event(EventKind::InteractionChanged, interaction, by));
}

/// An event about an interaction, for those who see its inbox.
pub(crate) fn event(kind: EventKind, interaction: &interaction::Model, by: ActorRef) -> EventDraft {
    EventDraft::new(kind, EntityType::Interaction, interaction.id.uuid()).within(interaction.id).to(audience(interaction)).by(by)
}

/// The interaction, seen by the actor, manageable, and in the version the actor knows.
async fn manageable(tx: &Tx, actor: &Actor, id: InteractionId, expected: Option<Seq>) -> Result<interaction::Model> {
    let found = super::must_see_locked(tx, actor, id).await?;
    actor.must_manage_interactions()?;
    crate::store::must_be_version(found.version, expected)?;
    Ok(found)
}

/// Gives the interaction to a person, or to nobody.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Conflict` on another version, `Invalid` when the person is gone or may not see the inbox.
pub async fn assign(tx: &mut Tx, actor: &Actor, id: InteractionId, to: Option<PersonId>, expected: Option<Seq>) -> Result<()> {
    let found = manageable(tx, actor, id, expected).await?;
    if found.assignee_id == to {
        return Ok(());
    }
    if let Some(person) = to {
        let person = person::by_id(tx.workspace(), person).filter(person::Column::IsActive.eq(true)).one(tx.conn()).await?;
        let person = person.ok_or_else(|| Error::invalid("assigneeId", "no active person of this workspace"))?;
        let rights = crate::agent::actor_of(tx.conn(), &person).await?;
        if !rights.may_see_inbox(found.inbox_id) {
            return Err(Error::invalid("assigneeId", "the person does not see this inbox"));
        }
    }
    let mut change = found.clone().into_active_model();
    change.assignee_id = Set(to);
    if found.status == InteractionStatus::New && to.is_some() {
        change.status = Set(InteractionStatus::Open);
    }
    let changed = change.update(tx.conn()).await?;
    let line = to.map_or(SystemLine::Unassigned, |person| SystemLine::Assigned { person });
    add_system_line(tx, actor, &changed, line).await?;
    audit::note(tx, actor, "interaction.assign", EntityType::Interaction, id.uuid(), to.map(|person| person.to_string())).await?;
    touch(tx, &changed, actor.reference());
    Ok(())
}

/// Moves the interaction to another state.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Conflict` on another version and when the state machine does not allow it.
pub async fn set_status(tx: &mut Tx, actor: &Actor, id: InteractionId, status: InteractionStatus, expected: Option<Seq>) -> Result<()> {
    let found = manageable(tx, actor, id, expected).await?;
    if status == InteractionStatus::Snoozed {
        return Err(Error::invalid("status", "to snooze, say until when"));
    }
    move_to(tx, actor, found, status, None).await
}

/// Hides the interaction until a time, or until the contact writes.
///
/// # Errors
/// As [`set_status`]; `Invalid` when the time has passed.
pub async fn snooze(tx: &mut Tx, actor: &Actor, id: InteractionId, until: DateTime<Utc>, expected: Option<Seq>) -> Result<()> {
    let found = manageable(tx, actor, id, expected).await?;
    if until <= tx.now() {
        return Err(Error::invalid("until", "must be in the future"));
    }
    move_to(tx, actor, found, InteractionStatus::Snoozed, Some(until)).await
}

async fn move_to(
    tx: &mut Tx,
    actor: &Actor,
    found: interaction::Model,
    status: InteractionStatus,
    until: Option<DateTime<Utc>>,
) -> Result<()> {
    if found.status == status && found.snoozed_until == until {
        return Ok(());
    }
    if !found.status.may_become(status) {
        return Err(Error::Conflict(format!("{:?} cannot become {status:?}", found.status)));
    }
    let now = tx.now();
    let mut change = found.clone().into_active_model();
    change.status = Set(status);
    change.snoozed_until = Set(until);
    change.resolved_at = Set((status == InteractionStatus::Resolved).then_some(now).or(found.resolved_at.filter(|_| !status.is_active())));
    change.closed_at = Set((status == InteractionStatus::Closed).then_some(now));
    if !status.is_active() {
        change.waiting_since = Set(None);
    }
    let changed = change.update(tx.conn()).await?;
    let line = until.map_or(SystemLine::StatusChanged { status }, |until| SystemLine::Snoozed { until });
    add_system_line(tx, actor, &changed, line).await?;
    if status == InteractionStatus::Closed {
        crate::delivery::enqueue(tx, &changed, None, crate::delivery::OutboundAction::Close).await?;
    }
    audit::note(tx, actor, "interaction.status", EntityType::Interaction, changed.id.uuid(), Some(format!("{status:?}"))).await?;
    touch(tx, &changed, actor.reference());
    Ok(())
}

/// Opens snoozed interactions whose time has come; at most 100 in a call. Returns how many.
///
/// # Errors
/// `Storage`.
pub async fn wake_snoozed(tx: &mut Tx) -> Result<usize> {
    use sea_orm::QuerySelect;
    let actor = Actor::system(tx.workspace());
    let due = interaction::in_workspace(tx.workspace())
        .filter(interaction::Column::Status.eq(InteractionStatus::Snoozed))
        .filter(interaction::Column::SnoozedUntil.lte(tx.now()))
        .limit(100)
        .all(tx.conn())
        .await?;
    let count = due.len();
    for found in due {
        // The contact, or a person, may have been faster.
        let found = super::lock(tx, found.id).await?;
        if found.status != InteractionStatus::Snoozed || found.snoozed_until.is_none_or(|until| until > tx.now()) {
            continue;
        }
        move_to(tx, &actor, found, InteractionStatus::Open, None).await?;
    }
    Ok(count)
}

/// The platform closed the conversation.
pub(crate) async fn thread_closed(tx: &mut Tx, channel: &channel::Model, thread: &ExternalThreadId) -> Result<Received> {
    let found = interaction::in_workspace(tx.workspace())
        .filter(interaction::Column::ChannelId.eq(channel.id))
        .filter(interaction::Column::ExternalThread.eq(thread.clone()))
        .filter(interaction::Column::Status.is_not_in([InteractionStatus::Closed, InteractionStatus::Trashed]))
        .one(tx.conn())
        .await?;
    let Some(found) = found else { return Ok(Received::Ignored) };
    let found = super::lock(tx, found.id).await?;
    if !found.status.is_active() {
        return Ok(Received::Duplicate);
    }
    let actor = Actor::system(tx.workspace());
    move_to(tx, &actor, found, InteractionStatus::Resolved, None).await?;
    Ok(Received::Changed)
}

/// Sets how urgent the interaction is.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Conflict` on another version.
pub async fn set_priority(tx: &mut Tx, actor: &Actor, id: InteractionId, priority: Priority, expected: Option<Seq>) -> Result<()> {
    let found = manageable(tx, actor, id, expected).await?;
    if found.priority == priority {
        return Ok(());
    }
    let mut change = found.into_active_model();
    change.priority = Set(priority);
    let changed = change.update(tx.conn()).await?;
    add_system_line(tx, actor, &changed, SystemLine::PriorityChanged { priority }).await?;
    audit::note(tx, actor, "interaction.priority", EntityType::Interaction, id.uuid(), Some(format!("{priority:?}"))).await?;
    touch(tx, &changed, actor.reference());
    Ok(())
}

/// Sets which skill the interaction needs.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Conflict` on another version, `Invalid` for an unknown skill.
pub async fn set_skill(tx: &mut Tx, actor: &Actor, id: InteractionId, to: Option<SkillId>, expected: Option<Seq>) -> Result<()> {
    let found = manageable(tx, actor, id, expected).await?;
    if found.skill_id == to {
        return Ok(());
    }
    let skill = match to {
        Some(id) => {
            let found = skill::by_id(tx.workspace(), id).one(tx.conn()).await?;
            Some(found.ok_or_else(|| Error::invalid("skillId", "no skill of this workspace"))?.name)
        }
        None => None,
    };
    let mut change = found.into_active_model();
    change.skill_id = Set(to);
    let changed = change.update(tx.conn()).await?;
    add_system_line(tx, actor, &changed, SystemLine::SkillChanged { skill }).await?;
    audit::note(tx, actor, "interaction.skill", EntityType::Interaction, id.uuid(), to.map(|skill| skill.to_string())).await?;
    touch(tx, &changed, actor.reference());
    Ok(())
}

/// Moves the interaction to another inbox. Who no longer sees it hears that it left.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Conflict` on another version, `Invalid` for an unknown inbox.
pub async fn move_to_inbox(tx: &mut Tx, actor: &Actor, id: InteractionId, to: InboxId, expected: Option<Seq>) -> Result<()> {
    let found = manageable(tx, actor, id, expected).await?;
    if found.inbox_id == to {
        return Ok(());
    }
    let inbox =
        inbox::by_id(tx.workspace(), to).one(tx.conn()).await?.ok_or_else(|| Error::invalid("inboxId", "no inbox of this workspace"))?;
    let before = found.inbox_id;
    let mut change = found.into_active_model();
    change.inbox_id = Set(to);
    let changed = change.update(tx.conn()).await?;
    add_system_line(tx, actor, &changed, SystemLine::InboxChanged { inbox: inbox.name }).await?;
    audit::note(tx, actor, "interaction.inbox", EntityType::Interaction, id.uuid(), Some(to.to_string())).await?;
    // Those who saw it in the old inbox must hear that it left, those of the new one that it came.
    let left = Patch { inbox_before: Some(before), ..Patch::default() };
    tx.emit(event(EventKind::InteractionChanged, &changed, actor.reference()).to(Audience::Inbox(before)).with(left));
    touch(tx, &changed, actor.reference());
    Ok(())
}

/// Puts tags on and takes tags off.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Conflict` on another version, `Invalid` for an unknown tag.
pub async fn set_tags(
    tx: &mut Tx,
    actor: &Actor,
    id: InteractionId,
    add: BTreeSet<TagId>,
    remove: BTreeSet<TagId>,
    expected: Option<Seq>,
) -> Result<()> {
    let found = manageable(tx, actor, id, expected).await?;
    let known = tag::in_workspace(tx.workspace()).filter(tag::Column::Id.is_in(add.iter().copied())).all(tx.conn()).await?;
    if known.len() != add.len() {
        return Err(Error::invalid("add", "no such tag"));
    }
    let signed = |sign: char, tags: &BTreeSet<TagId>| tags.iter().map(|tag| format!("{sign}{tag}")).collect::<Vec<_>>();
    let detail = [signed('+', &add), signed('-', &remove)].concat().join(" ");
    if !remove.is_empty() {
        interaction_tag::deletes(tx.workspace())
            .filter(interaction_tag::Column::InteractionId.eq(id))
            .filter(interaction_tag::Column::TagId.is_in(remove))
            .exec(tx.conn())
            .await?;
    }
    if !add.is_empty() {
        let rows = add.into_iter().map(|tag| interaction_tag::ActiveModel {
            workspace_id: Set(tx.workspace()),
            interaction_id: Set(id),
            tag_id: Set(tag),
        });
        interaction_tag::Entity::insert_many(rows)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(tx.conn())
            .await?;
    }
    audit::note(tx, actor, "interaction.tags", EntityType::Interaction, id.uuid(), Some(detail)).await?;
    touch(tx, &found, actor.reference());
    Ok(())
}

/// Marks what the contact wrote as seen by the person, or the last message as not seen.
///
/// # Errors
/// `NotFound`; `Forbidden` for anyone but a person.
pub async fn mark_read(tx: &mut Tx, actor: &Actor, id: InteractionId, is_read: bool) -> Result<()> {
    let found = super::must_see_locked(tx, actor, id).await?;
    let person = actor.person().ok_or(Error::Forbidden("only people read"))?;
    let seen = if is_read { found.inbound_count } else { (found.inbound_count - 1).max(0) };
    let before = read_mark::Entity::find_by_id((tx.workspace(), id, person)).one(tx.conn()).await?;
    if before.as_ref().is_some_and(|mark| mark.inbound_seen == seen) {
        return Ok(());
    }
    let is_first_reader = is_read
        && read_mark::in_workspace(tx.workspace())
            .filter(read_mark::Column::InteractionId.eq(id))
            .filter(read_mark::Column::InboundSeen.gte(seen))
            .one(tx.conn())
            .await?
            .is_none();
    let up_to = newest_inbound(tx, id, if is_read { 0 } else { 1 }).await?;
    put_mark(tx, &found, person, seen, up_to, actor.reference()).await?;
    if is_first_reader {
        tell_platform(tx, &found).await?;
    }
    Ok(())
}

async fn put_mark(
    tx: &mut Tx,
    found: &interaction::Model,
    person: PersonId,
    seen: i32,
    up_to: Option<MessageId>,
    by: ActorRef,
) -> Result<()> {
    read_mark::Entity::insert(read_mark::ActiveModel {
        workspace_id: Set(tx.workspace()),
        interaction_id: Set(found.id),
        person_id: Set(person),
        inbound_seen: Set(seen),
        up_to: Set(up_to),
        at: Set(tx.now()),
    })
    .on_conflict(
        OnConflict::columns([read_mark::Column::WorkspaceId, read_mark::Column::InteractionId, read_mark::Column::PersonId])
            .update_columns([read_mark::Column::InboundSeen, read_mark::Column::UpTo, read_mark::Column::At])
            .to_owned(),
    )
    .exec_without_returning(tx.conn())
    .await?;
    let reader = Patch { reader: Some(person), ..Patch::default() };
    tx.emit(event(EventKind::ReadChanged, found, by).to(Audience::Person(person)).with(reader));
    Ok(())
}

/// Somebody read this message in another application. Whose work it is, for them it is read up to there; of an interaction
/// that nobody has, nobody knows who read it, and it stays as it is.
pub(crate) async fn read_elsewhere(tx: &mut Tx, read: &message::Model) -> Result<Received> {
    let found = super::lock(tx, read.interaction_id).await?;
    let Some(assignee) = found.assignee_id.filter(|_| read.direction == Direction::In) else { return Ok(Received::Ignored) };
    // Marks count inbound messages in the order in which they came, which is the order of their ids.
    let count = message::of_interaction(tx.workspace(), found.id)
        .filter(message::Column::Entry.eq(EntryKind::Message))
        .filter(message::Column::Direction.eq(Direction::In))
        .filter(message::Column::Id.lte(read.id))
        .count(tx.conn())
        .await?;
    let seen = i32::try_from(count).unwrap_or(i32::MAX).min(found.inbound_count);
    let before = read_mark::Entity::find_by_id((tx.workspace(), found.id, assignee)).one(tx.conn()).await?;
    if before.is_some_and(|mark| mark.inbound_seen >= seen) {
        return Ok(Received::Duplicate);
    }
    put_mark(tx, &found, assignee, seen, Some(read.id), ActorRef::System).await?;
    Ok(Received::Changed)
}

/// The newest inbound message but for the last `skipped`, in the order in which they came, which is that of their ids.
async fn newest_inbound(tx: &Tx, id: InteractionId, skipped: usize) -> Result<Option<MessageId>> {
    let newest: Vec<MessageId> = message::in_workspace(tx.workspace())
        .filter(message::Column::InteractionId.eq(id))
        .filter(message::Column::Entry.eq(EntryKind::Message))
        .filter(message::Column::Direction.eq(Direction::In))
        .order_by_desc(message::Column::Id)
        .limit(skipped as u64 + 1)
        .select_only()
        .column(message::Column::Id)
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(newest.into_iter().nth(skipped))
}

/// Queues a read mark for the platform: the first of us to read tells the contact.
async fn tell_platform(tx: &mut Tx, found: &interaction::Model) -> Result<()> {
    let newest = message::in_workspace(tx.workspace())
        .filter(message::Column::InteractionId.eq(found.id))
        .filter(message::Column::Direction.eq(Direction::In))
        .filter(message::Column::ExternalId.is_not_null())
        .order_by_desc(message::Column::At)
        .one(tx.conn())
        .await?;
    if let Some(newest) = newest {
        crate::delivery::enqueue(tx, found, None, crate::delivery::OutboundAction::MarkRead { up_to: newest.id }).await?;
    }
    Ok(())
}
