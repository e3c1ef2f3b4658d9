//! Storing what happened on a platform: items in their order, in one transaction, each exactly once.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::{
    AuthorKind, Direction,
    arrive::{Arrival, Entry, arrive, known, write},
};
use crate::{
    contact,
    content::RichContent,
    delivery,
    entity::{channel, contact as contact_row, message},
    error::{Error, Result},
    event::{ActorRef, EntityType, EventKind},
    ids::{ExternalMessageId, MessageId},
    inbound::{InboundEvent, InboundMessage, Receipt, Sender},
    interaction::{self, Places, Target},
    media::ReadyAttachment,
    spec::{Capabilities, ChannelSpec},
    store::Tx,
};

/// What storing an item came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A message was stored.
    Stored(MessageId),
    /// It was known already: nothing changed.
    Duplicate,
    /// Something known was changed.
    Changed,
    /// It is about a message that is not known yet: kept for it, at most 24 hours.
    Parked,
    /// Without effect.
    Ignored,
}

/// One item of a request, with what is known about it.
#[derive(Debug, Clone)]
pub struct Item {
    /// What happened.
    pub event: InboundEvent,
    /// The files that came with it.
    pub files: Vec<ReadyAttachment>,
    /// What makes it the same one as an item of another request, where anything does.
    pub key: Option<String>,
    /// It may have been read before. A known key then tells only that it was read, not that it was understood, so it counts
    /// for those alone that may not be read again.
    pub is_replay: bool,
}

/// Where items come from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What the kind of channel is.
    pub spec: &'a ChannelSpec,
    /// What the channel can do.
    pub capabilities: &'a Capabilities,
    /// The channel.
    pub channel: &'a channel::Model,
}

/// Stores one item with the files that came with it: a batch of one. More may be done in the transaction afterwards.
///
/// # Errors
/// See [`receive_all`].
pub async fn receive(tx: &mut Tx, from: Source<'_>, event: InboundEvent, files: Vec<ReadyAttachment>) -> Result<Received> {
    let item = Item { event, files, key: None, is_replay: false };
    store(tx, from, &[&item], false).await?.pop().ok_or(Error::NotFound("item"))
}

/// Stores items in their order, and says of each what it came to. New messages cost the same number of statements however
/// many of them follow each other; everything else goes one by one. The transaction is to be committed afterwards: the log's
/// counter may be locked already.
///
/// Idempotent: an item's own key decides, then for messages the unique key (channel, external id, part), for receipts their
/// ranks, for reactions their keys. Typing is not stored; the caller passes it on.
///
/// # Errors
/// `Storage`; `Invalid` when a content breaks its own rules; `Conflict` when another transaction was faster. All items must
/// be undone then: which of them it was is found out by trying fewer.
pub async fn receive_all(tx: &mut Tx, from: Source<'_>, items: &[&Item]) -> Result<Vec<Received>> {
    store(tx, from, items, true).await
}

async fn store(tx: &mut Tx, from: Source<'_>, items: &[&Item], is_last: bool) -> Result<Vec<Received>> {
    let keys: Vec<Option<&str>> = items.iter().map(|item| item.key.as_deref()).collect();
    let firsts = crate::channel::are_first(tx, from.channel.id, &keys).await?;
    let mut received = Vec::with_capacity(items.len());
    let mut messages = Vec::new();
    for (item, is_first) in items.iter().zip(firsts) {
        let is_new = is_first || (item.is_replay && item.event.may_be_read_again());
        match &item.event {
            _ if !is_new => received.push(Received::Duplicate),
            InboundEvent::Typing { .. } | InboundEvent::Ignored { .. } => received.push(Received::Ignored),
            InboundEvent::Message(inbound) if !inbound.is_echo => {
                messages.push(Arrival { place: received.len(), inbound, files: &item.files });
                // Until it is known what it came to.
                received.push(Received::Duplicate);
            }
            event => {
                arrive(tx, from, std::mem::take(&mut messages), &mut received, false).await?;
                received.push(one(tx, from, event, &item.files).await?);
            }
        }
    }
    arrive(tx, from, messages, &mut received, is_last).await?;
    Ok(received)
}

async fn one(tx: &mut Tx, from: Source<'_>, event: &InboundEvent, files: &[ReadyAttachment]) -> Result<Received> {
    let channel = from.channel;
    match event {
        InboundEvent::Message(inbound) => echo(tx, from, inbound, files).await,
        InboundEvent::Receipt(Receipt { message: about, .. })
        | InboundEvent::Edited { message: about, .. }
        | InboundEvent::Deleted { message: about, .. }
        | InboundEvent::Reaction { message: about, .. } => super::parked::apply_or_park(tx, channel, about, event.clone()).await,
        InboundEvent::ReadElsewhere { message } => match by_external_id(tx, channel, message).await? {
            Some(found) => interaction::read_elsewhere(tx, &found).await,
            None => Ok(Received::Ignored),
        },
        InboundEvent::ContactChanged(sender) => {
            let changed = contact::update_as_told(tx, channel, sender).await?;
            Ok(if changed { Received::Changed } else { Received::Ignored })
        }
        InboundEvent::Health { health, reason, interval_s } => {
            crate::channel::declared(tx, channel.id, *health, reason.clone(), *interval_s).await?;
            Ok(Received::Changed)
        }
        InboundEvent::ThreadClosed { thread } => interaction::thread_closed(tx, channel, thread).await,
        InboundEvent::Typing { .. } | InboundEvent::Ignored { .. } => Ok(Received::Ignored),
    }
}

/// Applies an event about a message that should be known; `None` when it is not.
///
/// # Errors
/// `Storage`.
pub(super) async fn change(tx: &mut Tx, channel: &channel::Model, event: &InboundEvent) -> Result<Option<Received>> {
    match event {
        InboundEvent::Receipt(receipt) => delivery::hear(tx, channel, receipt).await,
        InboundEvent::Edited { message, content, at } => edit(tx, channel, message, content, *at).await,
        InboundEvent::Deleted { message, at } => {
            let Some(found) = locked(tx, channel, message).await? else { return Ok(None) };
            if found.deleted_at.is_some() {
                return Ok(Some(Received::Duplicate));
            }
            super::erase(tx, &found, *at).await?;
            changed(tx, &found).await.map(Some)
        }
        InboundEvent::Reaction { message, author, emoji, is_added } => react(tx, channel, message, author, emoji, *is_added).await,
        InboundEvent::Message(_)
        | InboundEvent::ContactChanged(_)
        | InboundEvent::ReadElsewhere { .. }
        | InboundEvent::ThreadClosed { .. }
        | InboundEvent::Health { .. }
        | InboundEvent::Typing { .. }
        | InboundEvent::Ignored { .. } => Ok(Some(Received::Ignored)),
    }
}

async fn edit(
    tx: &mut Tx,
    channel: &channel::Model,
    message: &ExternalMessageId,
    content: &RichContent,
    at: DateTime<Utc>,
) -> Result<Option<Received>> {
    let content = content.clone().sanitised();
    let Some(found) = locked(tx, channel, message).await? else { return Ok(None) };
    let is_older = found.edited_at.is_some_and(|edited| edited > at);
    if is_older || found.deleted_at.is_some() || found.content.0 == content {
        return Ok(Some(Received::Duplicate));
    }
    let text = content.fallback();
    let mut change = found.clone().into_active_model();
    change.content = Set(content.into());
    change.text = Set(text.clone());
    change.edited_at = Set(Some(at));
    change.update(tx.conn()).await?;
    crate::search::put(tx, EntityType::Message, found.id.uuid(), Some(found.interaction_id), &text).await?;
    changed(tx, &found).await.map(Some)
}

/// A message sent from our side: by ourselves (completes the row) or by another application (stored as external).
async fn echo(tx: &mut Tx, from: Source<'_>, inbound: &InboundMessage, files: &[ReadyAttachment]) -> Result<Received> {
    let channel = from.channel;
    let external = [(&inbound.external_id, inbound.part)];
    if !known(tx, channel, &external).await?.is_empty() || delivery::echoed(tx, channel, inbound).await? {
        return Ok(Received::Duplicate);
    }
    let (contact, identity) = contact::resolve(tx, channel, &inbound.contact).await?;
    // Asked again: the identity is locked now, and its other copy may have been stored while this one waited for that.
    if !known(tx, channel, &external).await?.is_empty() {
        return Ok(Received::Duplicate);
    }
    let target = Target { contact: &contact, identity: &identity, message: inbound, is_automatic: true };
    let mut places = Places::look_up(tx, channel, from.spec.class, &[target]).await?;
    let (interaction, _) = places.open_or_continue(tx, &target).await?;
    let id: MessageId = crate::random::id();
    let now = tx.now();
    let change = places.change(interaction);
    change.message_count += 1;
    change.last_message_id = Some(id);
    change.last_activity_at = now;
    change.waiting_since = None;
    let entry = Entry {
        id,
        interaction,
        direction: Direction::Out,
        author: (AuthorKind::External, None, String::new()),
        by: ActorRef::System,
        content: inbound.content.clone().sanitised(),
        quoted: inbound.quoted.as_ref().and_then(|quoted| places.message(quoted)),
        inbound,
        files,
    };
    write(tx, channel, &mut places, vec![entry], false).await?;
    Ok(Received::Stored(id))
}

pub(crate) async fn by_external_id(tx: &Tx, channel: &channel::Model, id: &ExternalMessageId) -> Result<Option<message::Model>> {
    Ok(message::in_workspace(tx.workspace())
        .filter(message::Column::ChannelId.eq(channel.id))
        .filter(message::Column::ExternalId.eq(id.clone()))
        .order_by_asc(message::Column::Part)
        .one(tx.conn())
        .await?)
}

/// The message behind a platform's id, with its interaction locked.
async fn locked(tx: &Tx, channel: &channel::Model, id: &ExternalMessageId) -> Result<Option<message::Model>> {
    let Some(found) = by_external_id(tx, channel, id).await? else { return Ok(None) };
    interaction::lock(tx, found.interaction_id).await?;
    by_external_id(tx, channel, id).await
}

async fn changed(tx: &mut Tx, found: &message::Model) -> Result<Received> {
    super::log_of(tx, EventKind::MessageChanged, found, ActorRef::System).await?;
    Ok(Received::Changed)
}

async fn react(
    tx: &mut Tx,
    channel: &channel::Model,
    target: &ExternalMessageId,
    author: &Sender,
    emoji: &str,
    is_added: bool,
) -> Result<Option<Received>> {
    let (contact, _): (contact_row::Model, _) = contact::resolve(tx, channel, author).await?;
    if contact.is_blocked {
        return Ok(Some(Received::Ignored));
    }
    let Some(found) = locked(tx, channel, target).await? else { return Ok(None) };
    if super::set_reaction(tx, &found, AuthorKind::Contact, contact.id.uuid(), emoji, is_added).await? {
        return changed(tx, &found).await.map(Some);
    }
    Ok(Some(Received::Duplicate))
}
