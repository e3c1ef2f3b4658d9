//! Gives the rows of a played story their own times.
//!
//! Commands take the time of their transaction, and that is right for everything but an invented past. So this is the one
//! place that writes times itself: ids grow in the order in which they were made, so a row belongs to the last step that
//! began before its id. The event log and the audit trail keep the true time of seeding.

use chrono::{DateTime, Duration, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::OnConflict};
use tributary_domain::{
    Error, Result,
    actor::Actor,
    entity::{contact, contact_identity, interaction, message, outbound, reaction, read_mark, search_document},
    ids::{InteractionId, MessageId},
    message::{AuthorKind, Direction, EntryKind},
    state::InteractionStatus,
    store::Tx,
};

/// The beginning of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// Ids made by the step are greater.
    pub from: MessageId,
    /// When it happens.
    pub at: DateTime<Utc>,
}

fn moment(marks: &[Mark], id: MessageId) -> Option<DateTime<Utc>> {
    marks.iter().rev().find(|mark| mark.from < id).map(|mark| mark.at)
}

/// Puts the interaction back to when it happened; `readers` have seen all of it.
pub(super) async fn backdate(tx: &mut Tx, id: InteractionId, marks: &[Mark], readers: &[Actor]) -> Result<()> {
    let messages = message::of_interaction(tx.workspace(), id).order_by_asc(message::Column::Id).all(tx.conn()).await?;
    let found = interaction::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("interaction"))?;
    let (mut last, mut waiting, mut previous) = (found.created_at, None, DateTime::UNIX_EPOCH);
    for row in &messages {
        // Rows of one step follow each other within seconds.
        let at = moment(marks, row.id).unwrap_or(row.at).max(previous + Duration::seconds(2));
        previous = at;
        message(tx, row, at).await?;
        if row.entry == EntryKind::Message {
            last = at;
            match (row.direction, row.author_kind) {
                (Direction::In, _) if !row.is_automatic => waiting = waiting.or(Some(at)),
                (Direction::Out, AuthorKind::Person) => waiting = None,
                _ => {}
            }
        }
    }
    let begin = marks.first().map_or(found.created_at, |mark| mark.at);
    let is_closed = found.status == InteractionStatus::Closed;
    interaction::ActiveModel {
        workspace_id: Set(found.workspace_id),
        id: Set(found.id),
        created_at: Set(begin),
        last_activity_at: Set(last),
        waiting_since: Set(found.waiting_since.and(waiting)),
        resolved_at: Set(found.resolved_at.map(|_| previous)),
        closed_at: Set(found.closed_at.filter(|_| is_closed).map(|_| previous)),
        ..Default::default()
    }
    .update(tx.conn())
    .await?;
    people(tx, &found, begin).await?;
    work(tx, &found, last).await?;
    read(tx, &found, last, readers).await
}

async fn message(tx: &Tx, row: &message::Model, at: DateTime<Utc>) -> Result<()> {
    let after = |known: Option<DateTime<Utc>>, seconds| Set(known.map(|_| at + Duration::seconds(seconds)));
    let is_in = row.direction == Direction::In;
    message::ActiveModel {
        workspace_id: Set(row.workspace_id),
        id: Set(row.id),
        at: Set(at),
        created_at: Set(at),
        queued_at: after(row.queued_at, 0),
        sending_at: after(row.sending_at, 0),
        sent_at: after(row.sent_at, 1),
        // Receipts and changes of the contact carry their own times.
        delivered_at: Set(row.delivered_at),
        read_at: Set(row.read_at),
        failed_at: after(row.failed_at, 2),
        edited_at: if is_in { Set(row.edited_at) } else { after(row.edited_at, 90) },
        deleted_at: if is_in { Set(row.deleted_at) } else { after(row.deleted_at, 90) },
        ..Default::default()
    }
    .update(tx.conn())
    .await?;
    reaction::updates(tx.workspace())
        .filter(reaction::Column::MessageId.eq(row.id))
        .set(reaction::ActiveModel { at: Set(at + Duration::seconds(60)), ..Default::default() })
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The contact is as old as its first interaction.
async fn people(tx: &Tx, found: &interaction::Model, begin: DateTime<Utc>) -> Result<()> {
    contact::updates(tx.workspace())
        .filter(contact::Column::Id.eq(found.contact_id))
        .filter(contact::Column::CreatedAt.gt(begin))
        .set(contact::ActiveModel { created_at: Set(begin), ..Default::default() })
        .exec(tx.conn())
        .await?;
    contact_identity::updates(tx.workspace())
        .filter(contact_identity::Column::Id.eq(found.identity_id))
        .filter(contact_identity::Column::CreatedAt.gt(begin))
        .set(contact_identity::ActiveModel { created_at: Set(begin), ..Default::default() })
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn work(tx: &Tx, found: &interaction::Model, last: DateTime<Utc>) -> Result<()> {
    outbound::updates(tx.workspace())
        .filter(outbound::Column::InteractionId.eq(found.id))
        .set(outbound::ActiveModel {
            attempts: Set(1),
            not_before: Set(last),
            first_tried_at: Set(Some(last)),
            created_at: Set(last),
            updated_at: Set(last),
            ..Default::default()
        })
        .exec(tx.conn())
        .await?;
    search_document::updates(tx.workspace())
        .filter(search_document::Column::InteractionId.eq(found.id))
        .set(search_document::ActiveModel { at: Set(last), ..Default::default() })
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn read(tx: &Tx, found: &interaction::Model, last: DateTime<Utc>, readers: &[Actor]) -> Result<()> {
    read_mark::updates(tx.workspace())
        .filter(read_mark::Column::InteractionId.eq(found.id))
        .set(read_mark::ActiveModel { at: Set(last), ..Default::default() })
        .exec(tx.conn())
        .await?;
    let newest = message::of_interaction(tx.workspace(), found.id)
        .filter(message::Column::Direction.eq(Direction::In))
        .order_by_desc(message::Column::Id)
        .one(tx.conn())
        .await?;
    let rows: Vec<_> = readers
        .iter()
        .filter_map(Actor::person)
        .map(|person| read_mark::ActiveModel {
            workspace_id: Set(tx.workspace()),
            interaction_id: Set(found.id),
            person_id: Set(person),
            inbound_seen: Set(found.inbound_count),
            up_to: Set(newest.as_ref().map(|newest| newest.id)),
            at: Set(last),
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let key = [read_mark::Column::WorkspaceId, read_mark::Column::InteractionId, read_mark::Column::PersonId];
    read_mark::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns(key)
                .update_columns([read_mark::Column::InboundSeen, read_mark::Column::UpTo, read_mark::Column::At])
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}
