//! Storing what happened on a platform: one item, one transaction, exactly once.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, sea_query::OnConflict,
};

use uuid::Uuid;

use super::{AuthorKind, Direction, EntryKind};
use crate::{
    contact,
    content::{RichContent, match_answer},
    delivery,
    entity::{channel, contact as contact_row, interaction as interaction_row, message},
    error::{Error, Result},
    event::{ActorRef, EntityType, EventKind},
    ids::{ExternalMessageId, MessageId},
    inbound::{InboundEvent, InboundMessage, Sender},
    interaction::{self, Target, open_or_continue},
    media::ReadyAttachment,
    script,
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
    /// Without effect.
    Ignored,
}

/// Stores one item with the files that came with it.
///
/// Idempotent: the unique key (channel, external id, part) decides about messages, ranks decide about receipts, keys
/// about reactions. Typing is not stored; the caller passes it on.
///
/// # Errors
/// `Storage`; `Invalid` when the content breaks its own rules.
pub async fn receive(
    tx: &mut Tx,
    spec: &ChannelSpec,
    capabilities: &Capabilities,
    channel: &channel::Model,
    event: InboundEvent,
    files: Vec<ReadyAttachment>,
) -> Result<Received> {
    match event {
        InboundEvent::Message(inbound) if inbound.is_echo => echo(tx, spec, channel, *inbound, files).await,
        InboundEvent::Message(inbound) => message_in(tx, spec, capabilities, channel, *inbound, files).await,
        InboundEvent::Edited { message, content, at } => {
            let content = content.sanitised();
            let Some(found) = locked(tx, channel, &message).await? else { return Ok(Received::Ignored) };
            let is_older = found.edited_at.is_some_and(|edited| edited > at);
            if is_older || found.deleted_at.is_some() || found.content.0 == content {
                return Ok(Received::Duplicate);
            }
            let text = content.fallback();
            let mut change = found.clone().into_active_model();
            change.content = Set(content.into());
            change.text = Set(text.clone());
            change.edited_at = Set(Some(at));
            change.update(tx.conn()).await?;
            crate::search::put(tx, EntityType::Message, found.id.uuid(), Some(found.interaction_id), &text).await?;
            changed(tx, &found).await
        }
        InboundEvent::Deleted { message, at } => {
            let Some(found) = locked(tx, channel, &message).await? else { return Ok(Received::Ignored) };
            if found.deleted_at.is_some() {
                return Ok(Received::Duplicate);
            }
            super::erase(tx, &found, at).await?;
            changed(tx, &found).await
        }
        InboundEvent::Reaction { message, author, emoji, is_added } => react(tx, channel, &message, &author, emoji, is_added).await,
        InboundEvent::Receipt(receipt) => delivery::hear(tx, channel, receipt).await,
        InboundEvent::ContactChanged(sender) => {
            contact::resolve(tx, channel, &sender).await?;
            Ok(Received::Changed)
        }
        InboundEvent::ThreadClosed { thread } => interaction::thread_closed(tx, channel, &thread).await,
        InboundEvent::Typing { .. } | InboundEvent::Ignored { .. } => Ok(Received::Ignored),
    }
}

async fn message_in(
    tx: &mut Tx,
    spec: &ChannelSpec,
    capabilities: &Capabilities,
    channel: &channel::Model,
    inbound: InboundMessage,
    files: Vec<ReadyAttachment>,
) -> Result<Received> {
    if is_known(tx, channel, &inbound).await? {
        return Ok(Received::Duplicate);
    }
    let (contact, identity) = contact::resolve(tx, channel, &inbound.contact).await?;
    let by = ActorRef::Contact(contact.id);
    // Asked again: the identity is locked now, and its other copy may have been stored while this one waited for that.
    if is_known(tx, channel, &inbound).await? {
        return Ok(Received::Duplicate);
    }
    if contact.is_blocked {
        return Ok(Received::Ignored);
    }
    let target = Target {
        channel,
        class: spec.class,
        contact: &contact,
        identity: &identity,
        thread: inbound.thread.as_ref(),
        in_reply_to: &inbound.in_reply_to,
        subject: inbound.subject.as_deref(),
        is_automatic: inbound.is_automatic,
    };
    let (interaction, is_new) = open_or_continue(tx, &target).await?;
    let content = answered(tx, &interaction, inbound.content.clone().sanitised()).await?;
    let row = Row {
        interaction: &interaction,
        direction: Direction::In,
        author: AuthorKind::Contact,
        author_id: Some(contact.id.uuid()),
        author_name: contact.name.clone(),
    };
    let id = insert(tx, channel, row, &inbound, content, files).await?;
    let mut change = interaction.clone().into_active_model();
    change.inbound_count = Set(interaction.inbound_count + 1);
    change.message_count = Set(interaction.message_count + 1);
    change.last_message_id = Set(Some(id));
    change.last_inbound_at = Set(Some(inbound.at.max(interaction.last_inbound_at.unwrap_or(inbound.at))));
    change.last_activity_at = Set(tx.now());
    if !inbound.is_automatic && interaction.waiting_since.is_none() {
        change.waiting_since = Set(Some(tx.now()));
    }
    if interaction.subject.is_none() && inbound.subject.is_some() {
        change.subject = Set(inbound.subject.clone());
    }
    let interaction = change.update(tx.conn()).await?;
    if !is_new {
        interaction::touch(tx, &interaction, by);
    }
    super::log(tx, EventKind::MessageReceived, id, &interaction, by);
    if is_new && !inbound.is_automatic {
        script::start(tx, capabilities, channel, &interaction).await?;
    }
    Ok(Received::Stored(id))
}

/// A message sent from our side: by ourselves (completes the row) or by another application (stored as external).
async fn echo(
    tx: &mut Tx,
    spec: &ChannelSpec,
    channel: &channel::Model,
    inbound: InboundMessage,
    files: Vec<ReadyAttachment>,
) -> Result<Received> {
    if is_known(tx, channel, &inbound).await? || delivery::echoed(tx, channel, &inbound).await? {
        return Ok(Received::Duplicate);
    }
    let (contact, identity) = contact::resolve(tx, channel, &inbound.contact).await?;
    if is_known(tx, channel, &inbound).await? {
        return Ok(Received::Duplicate);
    }
    let target = Target {
        channel,
        class: spec.class,
        contact: &contact,
        identity: &identity,
        thread: inbound.thread.as_ref(),
        in_reply_to: &inbound.in_reply_to,
        subject: inbound.subject.as_deref(),
        is_automatic: true,
    };
    let (interaction, is_new) = open_or_continue(tx, &target).await?;
    let row = Row {
        interaction: &interaction,
        direction: Direction::Out,
        author: AuthorKind::External,
        author_id: None,
        author_name: String::new(),
    };
    let id = insert(tx, channel, row, &inbound, inbound.content.clone().sanitised(), files).await?;
    let mut change = interaction.clone().into_active_model();
    change.message_count = Set(interaction.message_count + 1);
    change.last_message_id = Set(Some(id));
    change.last_activity_at = Set(tx.now());
    change.waiting_since = Set(None);
    let interaction = change.update(tx.conn()).await?;
    if !is_new {
        interaction::touch(tx, &interaction, ActorRef::System);
    }
    super::log(tx, EventKind::MessageReceived, id, &interaction, ActorRef::System);
    Ok(Received::Stored(id))
}

struct Row<'a> {
    interaction: &'a interaction_row::Model,
    direction: Direction,
    author: AuthorKind,
    author_id: Option<Uuid>,
    author_name: String,
}

/// Inserts the message and its files.
///
/// # Errors
/// `Conflict` when another transaction was faster: everything done on the way here must be undone with it.
async fn insert(
    tx: &mut Tx,
    channel: &channel::Model,
    row: Row<'_>,
    inbound: &InboundMessage,
    content: RichContent,
    files: Vec<ReadyAttachment>,
) -> Result<MessageId> {
    let quoted = match &inbound.quoted {
        Some(external) => by_external_id(tx, channel, external).await?.map(|found| found.id),
        None => None,
    };
    let text = content.fallback();
    let id: MessageId = crate::random::id();
    let inserted = message::Entity::insert(message::ActiveModel {
        id: Set(id),
        interaction_id: Set(row.interaction.id),
        channel_id: Set(channel.id),
        direction: Set(row.direction),
        author_kind: Set(row.author),
        author_id: Set(row.author_id),
        author_name: Set(Some(row.author_name)),
        content: Set(content.into()),
        text: Set(text.clone()),
        external_id: Set(Some(inbound.external_id.clone())),
        part: Set(inbound.part),
        quoted_id: Set(quoted),
        subject: Set(inbound.subject.clone()),
        is_automatic: Set(inbound.is_automatic),
        at: Set(inbound.at.min(tx.now())),
        ..super::blank(tx, EntryKind::Message)
    })
    .on_conflict(OnConflict::new().do_nothing().to_owned())
    .exec_without_returning(tx.conn())
    .await?;
    if inserted == 0 {
        return Err(Error::Conflict("the message was stored meanwhile".into()));
    }
    let words = [inbound.subject.as_deref().unwrap_or_default(), &text].join(" ");
    crate::search::put(tx, EntityType::Message, id.uuid(), Some(row.interaction.id), &words).await?;
    for file in files {
        crate::media::attach(tx, id, file).await?;
    }
    Ok(id)
}

/// Turns an answer typed by number or title into the typed answer, if the last thing we asked offers it.
async fn answered(tx: &Tx, interaction: &interaction_row::Model, content: RichContent) -> Result<RichContent> {
    let RichContent::Text(typed) = &content else {
        return Ok(content);
    };
    let asked = message::in_workspace(tx.workspace())
        .filter(message::Column::InteractionId.eq(interaction.id))
        .filter(message::Column::Entry.eq(EntryKind::Message))
        .filter(message::Column::DeletedAt.is_null())
        .order_by_desc(message::Column::At)
        .order_by_desc(message::Column::Id)
        .one(tx.conn())
        .await?;
    let Some(asked) = asked.filter(|last| last.direction == Direction::Out) else {
        return Ok(content);
    };
    Ok(match match_answer(&asked.content.0, &typed.text) {
        Some(answer) => answer.answering(asked.id),
        None => content,
    })
}

async fn is_known(tx: &Tx, channel: &channel::Model, inbound: &InboundMessage) -> Result<bool> {
    Ok(message::by_external_id(tx.workspace(), channel.id, &inbound.external_id, inbound.part).one(tx.conn()).await?.is_some())
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
    emoji: String,
    is_added: bool,
) -> Result<Received> {
    let (contact, _): (contact_row::Model, _) = contact::resolve(tx, channel, author).await?;
    let Some(found) = locked(tx, channel, target).await? else { return Ok(Received::Ignored) };
    if contact.is_blocked {
        return Ok(Received::Ignored);
    }
    if super::set_reaction(tx, &found, AuthorKind::Contact, contact.id.uuid(), &emoji, is_added).await? {
        return changed(tx, &found).await;
    }
    Ok(Received::Duplicate)
}
