//! Which interaction a message of the contact belongs to, or a new one.

use chrono::Duration;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::Priority;
use crate::{
    entity::{channel, contact, contact_identity, interaction, message, workspace},
    error::{Error, Result},
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
/// the newest interaction of the identity. A closed or trashed one, and one that was resolved longer ago than the
/// workspace re-opens, is continued by a new one that is linked to it. What a machine wrote changes no state and opens
/// nothing beside an interaction that it answers.
///
/// # Errors
/// `Storage`.
pub(crate) async fn open_or_continue(tx: &mut Tx, target: &Target<'_>) -> Result<(interaction::Model, bool)> {
    let previous = match find(tx, target).await? {
        Some(found) => Some(super::lock(tx, found.id).await?),
        None => None,
    };
    if let Some(found) = &previous
        && let Some(status) = continued(tx, found, target.is_automatic).await?
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

/// The state of an interaction after this message, or `None` when the message must start a new one.
async fn continued(tx: &Tx, found: &interaction::Model, is_automatic: bool) -> Result<Option<InteractionStatus>> {
    if is_automatic {
        return Ok(Some(found.status));
    }
    if let (InteractionStatus::Resolved, Some(resolved)) = (found.status, found.resolved_at) {
        let workspace = workspace::Entity::find_by_id(tx.workspace()).one(tx.conn()).await?.ok_or(Error::NotFound("workspace"))?;
        if tx.now() - resolved > Duration::days(i64::from(workspace.reopen_days)) {
            return Ok(None);
        }
    }
    Ok(found.status.after_inbound(is_automatic))
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
