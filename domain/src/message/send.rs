//! Sending: check, store, queue. The sending itself happens after the commit, in the worker.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, PaginatorTrait, QueryFilter};

use super::{Direction, EntryKind};
use crate::{
    actor::Actor,
    content::{self, Language, Rendered, RichContent},
    delivery::{self, OutboundAction},
    entity::{attachment, channel, contact, interaction as interaction_row, message},
    error::{Error, Result},
    event::{EntityType, EventKind, Seq},
    ids::{AttachmentId, InteractionId, MessageId},
    interaction,
    spec::{Audience, Capabilities},
    state::{DeliveryState, InteractionStatus},
    store::Tx,
};

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// In which interaction.
    pub interaction: InteractionId,
    /// Made by the client; the same one again returns the first result.
    pub client_id: String,
    /// What to send.
    pub content: RichContent,
    /// Files to go with it.
    pub attachments: Vec<AttachmentId>,
    /// Message that it quotes.
    pub quoted: Option<MessageId>,
    /// What the writer had seen of the log; newer messages of the contact are a conflict.
    pub seen: Option<Seq>,
    /// Status the interaction takes with it.
    pub then_status: Option<InteractionStatus>,
}

impl NewMessage {
    /// What a script says in an interaction.
    pub(crate) fn of_script(interaction: InteractionId, content: RichContent) -> Self {
        Self { interaction, client_id: String::new(), content, attachments: Vec::new(), quoted: None, seen: None, then_status: None }
    }
}

/// What asking to send came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Queued now, or earlier under the same client id.
    Queued(MessageId),
    /// The contact wrote more than the writer had seen; nothing was sent.
    Newer(Vec<MessageId>),
}

/// Queues a message.
///
/// # Errors
/// `NotFound` when the interaction may not be seen, `Forbidden` without the right to send, `Invalid` with the path in
/// `content` for a content that breaks a limit, `Unsupported` when the channel or its reply window refuses.
pub async fn send(tx: &mut Tx, actor: &Actor, capabilities: &Capabilities, new: NewMessage) -> Result<Sent> {
    let interaction = interaction::must_see_locked(tx, actor, new.interaction).await?;
    actor.must_send()?;
    if let Some(known) = crate::idempotency::find(tx, actor, &new.client_id, "send_message").await? {
        return Ok(Sent::Queued(known.into()));
    }
    if let Some(seen) = new.seen {
        let newer = message::in_workspace(tx.workspace())
            .filter(message::Column::InteractionId.eq(interaction.id))
            .filter(message::Column::Direction.eq(Direction::In))
            .filter(message::Column::Version.gt(seen))
            .all(tx.conn())
            .await?;
        if !newer.is_empty() {
            return Ok(Sent::Newer(newer.into_iter().map(|found| found.id).collect()));
        }
    }
    let channel = channel::by_id(tx.workspace(), interaction.channel_id).one(tx.conn()).await?.ok_or(Error::NotFound("channel"))?;
    let contact = contact::by_id(tx.workspace(), interaction.contact_id).one(tx.conn()).await?.ok_or(Error::NotFound("contact"))?;
    let audience = if actor.is_machine() { Audience::Machine } else { Audience::Agent };
    let policy = interaction::reply_policy(actor, &interaction, &channel, &contact, capabilities, audience, tx.now());
    policy.must_allow(&new.content)?;
    let content = super::check::prepare(&new.content)?;
    let files = own_files(tx, actor, &new.attachments).await?;
    super::check::must_pass(&content, &files, capabilities, audience)?;
    let id = enqueue(tx, actor, &interaction, capabilities, content, &new).await?;
    for file in files {
        let mut change = file.into_active_model();
        change.message_id = Set(Some(id));
        change.update(tx.conn()).await?;
    }
    crate::idempotency::keep(tx, actor, &new.client_id, "send_message", id.uuid()).await?;
    if let Some(status) = new.then_status {
        interaction::set_status(tx, actor, interaction.id, status, None).await?;
    }
    Ok(Sent::Queued(id))
}

/// Stores a checked message with its outbound work. Also the way of scripts, which need no right and no client id.
pub(crate) async fn enqueue(
    tx: &mut Tx,
    actor: &Actor,
    interaction: &interaction_row::Model,
    capabilities: &Capabilities,
    content: RichContent,
    new: &NewMessage,
) -> Result<MessageId> {
    let quoted = match new.quoted {
        Some(quoted) => Some(quoted_in(tx, interaction.id, quoted).await?),
        None => None,
    };
    let rendered: Rendered = content::degrade(&content, capabilities, language(tx, interaction).await?);
    let (author_kind, author_id, author_name) = super::author(actor);
    let text = content.fallback();
    let audience = if actor.is_machine() { Audience::Machine } else { Audience::Agent };
    // Templates are what may be sent when the window has closed.
    let deadline = match &content {
        RichContent::Template(_) => None,
        _ => interaction::window_end(interaction, capabilities, audience),
    };
    let inserted = message::ActiveModel {
        interaction_id: Set(interaction.id),
        channel_id: Set(interaction.channel_id),
        direction: Set(Direction::Out),
        author_kind: Set(author_kind),
        author_id: Set(author_id),
        author_name: Set(author_name),
        content: Set(content.into()),
        text: Set(text.clone()),
        quoted_id: Set(quoted),
        client_id: Set(Some(new.client_id.clone()).filter(|id| !id.is_empty())),
        is_automatic: Set(actor.is_machine()),
        delivery: Set(Some(DeliveryState::Queued)),
        queued_at: Set(Some(tx.now())),
        rendered_as: Set(Some(rendered.into())),
        ..super::blank(tx, EntryKind::Message)
    }
    .insert(tx.conn())
    .await?;
    crate::search::put(tx, EntityType::Message, inserted.id.uuid(), Some(interaction.id), &text).await?;
    delivery::enqueue_until(tx, interaction, Some(inserted.id), OutboundAction::Send, deadline).await?;
    let mut change = interaction.clone().into_active_model();
    change.message_count = Set(interaction.message_count + 1);
    change.last_message_id = Set(Some(inserted.id));
    change.last_activity_at = Set(tx.now());
    if !actor.is_machine() {
        change.waiting_since = Set(None);
        if matches!(interaction.status, InteractionStatus::New | InteractionStatus::Resolved | InteractionStatus::Snoozed) {
            change.status = Set(InteractionStatus::Open);
            change.snoozed_until = Set(None);
            change.resolved_at = Set(None);
        }
        if interaction.assignee_id.is_none() {
            change.assignee_id = Set(actor.person());
        }
    }
    let interaction = change.update(tx.conn()).await?;
    interaction::touch(tx, &interaction, actor.reference());
    super::log(tx, EventKind::MessageQueued, inserted.id, &interaction, actor.reference());
    Ok(inserted.id)
}

/// The language of the phrases that we add: the contact's.
async fn language(tx: &Tx, interaction: &interaction_row::Model) -> Result<Language> {
    let contact = contact::by_id(tx.workspace(), interaction.contact_id).one(tx.conn()).await?;
    Ok(contact.and_then(|found| found.language).map_or(Language::En, |tag| Language::from_tag(&tag)))
}

async fn quoted_in(tx: &Tx, interaction: InteractionId, quoted: MessageId) -> Result<MessageId> {
    let count = message::by_id(tx.workspace(), quoted).filter(message::Column::InteractionId.eq(interaction)).count(tx.conn()).await?;
    if count == 1 { Ok(quoted) } else { Err(Error::invalid("quotedId", "no message of this interaction")) }
}

/// The actor's own uploaded files that hang on no message yet, in the order asked.
pub(crate) async fn own_files(tx: &Tx, actor: &Actor, ids: &[AttachmentId]) -> Result<Vec<attachment::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut free = attachment::in_workspace(tx.workspace())
        .filter(attachment::Column::Id.is_in(ids.iter().copied()))
        .filter(attachment::Column::MessageId.is_null())
        .filter(attachment::Column::Uploader.eq(actor.reference()))
        .all(tx.conn())
        .await?;
    ids.iter()
        .enumerate()
        .map(|(position, id)| {
            let found = free.iter().position(|file| file.id == *id);
            let found =
                found.ok_or_else(|| Error::invalid(format!("attachmentIds.{position}"), "no uploaded file of yours that is still free"))?;
            Ok(free.swap_remove(found))
        })
        .collect()
}
