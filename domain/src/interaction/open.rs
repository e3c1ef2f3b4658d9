//! Which interaction a message of the contact belongs to, or a new one.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::Priority;
use crate::{
    entity::{channel, contact, contact_identity, interaction, message},
    error::Result,
    event::{ActorRef, EntityType, EventKind, Seq},
    ids::{ExternalMessageId, ExternalThreadId, InteractionId},
    spec::ChannelClass,
    state::InteractionStatus,
    store::Tx,
};

/// Where a message of the contact wants to go.
pub(crate) struct Target<'a> {
    pub channel: &'a channel::Model,
    pub class: ChannelClass,
    pub contact: &'a contact::Model,
    pub identity: &'a contact_identity::Model,
    pub thread: Option<&'a ExternalThreadId>,
    pub in_reply_to: &'a [ExternalMessageId],
    pub subject: Option<&'a str>,
    pub is_automatic: bool,
}

/// The interaction and whether it was opened just now.
///
/// A known answered message decides, then the platform's thread, then (where a person has one running conversation)
/// the newest interaction of the identity. A closed or trashed one is continued by a new one that is linked to it.
///
/// # Errors
/// `Storage`.
pub(crate) async fn open_or_continue(tx: &mut Tx, target: &Target<'_>) -> Result<(interaction::Model, bool)> {
    let previous = find(tx, target).await?;
    if let Some(found) = &previous
        && let Some(status) = found.status.after_inbound(target.is_automatic)
    {
        let mut found = found.clone();
        if status != found.status {
            let mut change = found.clone().into_active_model();
            change.status = Set(status);
            change.snoozed_until = Set(None);
            change.resolved_at = Set(None);
            found = change.update(tx.conn()).await?;
        }
        return Ok((found, false));
    }
    let opened = open(tx, target, previous.map(|found| found.id)).await?;
    Ok((opened, true))
}

async fn find(tx: &Tx, target: &Target<'_>) -> Result<Option<interaction::Model>> {
    for known in target.in_reply_to {
        let answered = message::in_workspace(tx.workspace())
            .filter(message::Column::ChannelId.eq(target.channel.id))
            .filter(message::Column::ExternalId.eq(known.clone()))
            .one(tx.conn())
            .await?;
        if let Some(answered) = answered {
            return Ok(interaction::by_id(tx.workspace(), answered.interaction_id).one(tx.conn()).await?);
        }
    }
    let newest = interaction::in_workspace(tx.workspace())
        .filter(interaction::Column::ChannelId.eq(target.channel.id))
        .order_by_desc(interaction::Column::CreatedAt)
        .order_by_desc(interaction::Column::Id);
    Ok(match (target.thread, target.class) {
        (Some(thread), _) => newest.filter(interaction::Column::ExternalThread.eq(thread.clone())).one(tx.conn()).await?,
        // A mail that answers nothing starts something new, whoever wrote it.
        (None, ChannelClass::Email) => None,
        (None, _) => newest.filter(interaction::Column::IdentityId.eq(target.identity.id)).one(tx.conn()).await?,
    })
}

async fn open(tx: &mut Tx, target: &Target<'_>, continues: Option<InteractionId>) -> Result<interaction::Model> {
    let number = tx.next_interaction_number().await?;
    let opened = interaction::ActiveModel {
        id: Set(crate::random::id()),
        workspace_id: Set(tx.workspace()),
        number: Set(number),
        inbox_id: Set(target.channel.inbox_id),
        channel_id: Set(target.channel.id),
        contact_id: Set(target.contact.id),
        identity_id: Set(target.identity.id),
        external_thread: Set(target.thread.cloned()),
        subject: Set(target.subject.map(ToOwned::to_owned)),
        status: Set(InteractionStatus::New),
        priority: Set(Priority::Normal),
        assignee_id: Set(None),
        skill_id: Set(target.channel.default_skill_id),
        snoozed_until: Set(None),
        is_automatic: Set(target.is_automatic),
        inbound_count: Set(0),
        message_count: Set(0),
        last_message_id: Set(None),
        last_inbound_at: Set(None),
        last_activity_at: Set(tx.now()),
        waiting_since: Set(None),
        linked_to: Set(continues),
        has_failed: Set(false),
        script_state: Set(None),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
        resolved_at: Set(None),
        closed_at: Set(None),
    }
    .insert(tx.conn())
    .await?;
    let text = [Some(super::reference(number)), opened.subject.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    crate::search::put(tx, EntityType::Interaction, opened.id.uuid(), Some(opened.id), &text).await?;
    tx.emit(super::event(EventKind::InteractionOpened, &opened, ActorRef::Contact(target.contact.id)));
    Ok(opened)
}
