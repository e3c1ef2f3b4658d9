//! Sending: check, store, queue. The sending itself happens after the commit, in the worker.

use chrono::{DateTime, Duration, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use super::{AuthorKind, Direction, EntryKind};
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
    store::{Scope, Tx},
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
    let images = own_images(tx, actor, &content, "content", None).await?;
    let id = enqueue(tx, actor, &interaction, capabilities, content, &new).await?;
    hang_on(tx, id, files.into_iter().chain(images)).await?;
    crate::idempotency::keep(tx, actor, &new.client_id, "send_message", id.uuid()).await?;
    if let Some(status) = new.then_status {
        interaction::set_status(tx, actor, interaction.id, status, None).await?;
    }
    Ok(Sent::Queued(id))
}

/// Stores a checked message with its outbound work. Also the way of scripts, which need no right and no client id.
///
/// # Errors
/// `RateLimited` for a script or bot that has written to the person too often; `Storage`.
pub(crate) async fn enqueue(
    tx: &mut Tx,
    actor: &Actor,
    interaction: &interaction_row::Model,
    capabilities: &Capabilities,
    content: RichContent,
    new: &NewMessage,
) -> Result<MessageId> {
    if let (Some(most), AuthorKind::Script | AuthorKind::Bot) = (capabilities.automatic_per_hour, super::author(actor).0) {
        must_not_circle(tx, interaction, most).await?;
    }
    let quoted = match new.quoted {
        Some(quoted) => Some(quoted_in(tx, interaction.id, quoted).await?),
        None => None,
    };
    crate::media::keep_shown(tx, &content).await?;
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
        is_automatic: Set(actor.is_automatic()),
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

/// Stops a machine of ours that answers a machine of theirs.
async fn must_not_circle(tx: &Tx, interaction: &interaction_row::Model, most: u32) -> Result<()> {
    let hour = Duration::hours(1);
    let of_the_same = interaction_row::in_workspace(tx.workspace())
        .filter(interaction_row::Column::IdentityId.eq(interaction.identity_id))
        .select_only()
        .column(interaction_row::Column::Id)
        .into_query();
    let recent: Vec<DateTime<Utc>> = message::in_workspace(tx.workspace())
        .filter(message::Column::InteractionId.in_subquery(of_the_same))
        .filter(message::Column::AuthorKind.is_in([AuthorKind::Script, AuthorKind::Bot]))
        .filter(message::Column::Entry.eq(EntryKind::Message))
        .filter(message::Column::CreatedAt.gt(tx.now() - hour))
        .order_by_desc(message::Column::CreatedAt)
        .limit(u64::from(most))
        .select_only()
        .column(message::Column::CreatedAt)
        .into_tuple()
        .all(tx.conn())
        .await?;
    match recent.last() {
        Some(oldest) if recent.len() >= most as usize => {
            Err(Error::RateLimited { retry_after: (*oldest + hour - tx.now()).to_std().unwrap_or_default() })
        }
        _ => Ok(()),
    }
}

/// The language of the phrases that we add: the contact's.
pub(super) async fn language(tx: &Tx, interaction: &interaction_row::Model) -> Result<Language> {
    let contact = contact::by_id(tx.workspace(), interaction.contact_id).one(tx.conn()).await?;
    Ok(contact.and_then(|found| found.language).map_or(Language::En, |tag| Language::from_tag(&tag)))
}

async fn quoted_in(tx: &Tx, interaction: InteractionId, quoted: MessageId) -> Result<MessageId> {
    let count = message::by_id(tx.workspace(), quoted).filter(message::Column::InteractionId.eq(interaction)).count(tx.conn()).await?;
    if count == 1 { Ok(quoted) } else { Err(Error::invalid("quotedId", "no message of this interaction")) }
}

/// Hangs files on a message: they are seen with it from then on.
pub(crate) async fn hang_on(tx: &Tx, id: MessageId, files: impl Iterator<Item = attachment::Model> + Send) -> Result<()> {
    for file in files {
        let mut change = file.into_active_model();
        change.message_id = Set(Some(id));
        change.update(tx.conn()).await?;
    }
    Ok(())
}

/// The files of ours that a body at `path` shows by itself: the actor's own uploads that hang on no message yet, and those
/// that `also` says.
///
/// # Errors
/// `Invalid` with the path of the first other one; `Storage`.
pub(crate) async fn own_images(
    tx: &Tx,
    actor: &Actor,
    content: &RichContent,
    path: &str,
    also: Option<Condition>,
) -> Result<Vec<attachment::Model>> {
    let images = content.images();
    if images.is_empty() {
        return Ok(Vec::new());
    }
    let found = attachment::in_workspace(tx.workspace())
        .filter(attachment::Column::Id.is_in(images.iter().map(|(_, id)| *id)))
        .filter(Condition::any().add(is_free(actor)).add_option(also))
        .all(tx.conn())
        .await?;
    match images.iter().find(|(_, id)| !found.iter().any(|file| file.id == *id)) {
        Some((place, _)) => Err(Error::invalid(format!("{path}.{place}"), NOT_FREE)),
        None => Ok(found),
    }
}

const NOT_FREE: &str = "no uploaded file of yours that is still free";

fn is_free(actor: &Actor) -> Condition {
    Condition::all()
        .add(attachment::Column::MessageId.is_null())
        .add(attachment::Column::State.eq(attachment::AttachmentState::Stored))
        .add(attachment::Column::Uploader.eq(actor.reference()))
}

/// The actor's own uploaded files that hang on no message yet, in the order asked.
///
/// # Errors
/// `Invalid` with the position of the first other one; `Storage`.
pub async fn own_files(scope: &impl Scope, actor: &Actor, ids: &[AttachmentId]) -> Result<Vec<attachment::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut free = attachment::in_workspace(scope.workspace())
        .filter(attachment::Column::Id.is_in(ids.iter().copied()))
        .filter(is_free(actor))
        .all(scope.conn())
        .await?;
    ids.iter()
        .enumerate()
        .map(|(position, id)| {
            let found = free.iter().position(|file| file.id == *id);
            let found = found.ok_or_else(|| Error::invalid(format!("attachmentIds.{position}"), NOT_FREE))?;
            Ok(free.swap_remove(found))
        })
        .collect()
}
