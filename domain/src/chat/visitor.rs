//! Who a visitor is to us, and what only visitors do.

use std::collections::BTreeMap;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    actor::{Actor, Identity},
    contact,
    entity::{
        attachment::{self, AttachmentState},
        channel, contact as contact_row, contact_identity, interaction, message,
    },
    error::{Error, Result},
    event::{ActorRef, EntityType, EventDraft, EventKind},
    ids::{AttachmentId, ChannelId, ContactId, ExternalUserId, InteractionId, MessageId},
    inbound::Sender,
    media::{StoredFile, safe_name},
    message::{Direction, EntryKind},
    state::InteractionStatus,
    store::{Scope, Tx},
};

/// Most interactions of one identity that are shown, newest first.
const MAX_INTERACTIONS: u64 = 200;
/// Longest value of a fact about the page, characters.
const MAX_FACT: usize = 500;

/// The visitor's side of the conversation, as far as there is one.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// The identity; `None` before the first message.
    pub identity: Option<contact_identity::Model>,
    /// Whose identity it is.
    pub contact: Option<contact_row::Model>,
    /// Its interactions, newest first.
    pub interactions: Vec<InteractionId>,
    /// The newest of them.
    pub newest: Option<interaction::Model>,
}

/// Loads the visitor's side.
///
/// # Errors
/// `Storage`.
pub async fn side(scope: &impl Scope, channel: ChannelId, visitor: &ExternalUserId) -> Result<Side> {
    let Some(identity) = contact_identity::by_external_id(scope.workspace(), channel, visitor).one(scope.conn()).await? else {
        return Ok(Side::default());
    };
    let contact = contact_row::by_id(scope.workspace(), identity.contact_id).one(scope.conn()).await?;
    let interactions = interaction::in_workspace(scope.workspace())
        .filter(interaction::Column::IdentityId.eq(identity.id))
        .order_by_desc(interaction::Column::CreatedAt)
        .order_by_desc(interaction::Column::Id)
        .limit(MAX_INTERACTIONS)
        .all(scope.conn())
        .await?;
    Ok(Side {
        interactions: interactions.iter().map(|found| found.id).collect(),
        newest: interactions.into_iter().next(),
        identity: Some(identity),
        contact,
    })
}

/// The message, if this side may see it.
///
/// # Errors
/// `NotFound` for everything else, whatever the reason; `Storage`.
pub async fn visible(scope: &impl Scope, side: &Side, id: MessageId) -> Result<message::Model> {
    let found = message::by_id(scope.workspace(), id)
        .filter(message::Column::InteractionId.is_in(side.interactions.iter().copied()))
        .one(scope.conn())
        .await?;
    found.filter(is_visible).ok_or(Error::NotFound("message"))
}

/// Whether the contact's side shows the entry: what they wrote, and what has been sent to them.
pub(super) fn is_visible(found: &message::Model) -> bool {
    found.entry == EntryKind::Message && (found.direction == Direction::In || found.sent_at.is_some())
}

/// Finds or makes the contact of a signed identity, and takes over what the same browser wrote before it signed in.
///
/// Only an identity that nobody vouched for is taken over: its interactions continue under the signed one, so that the
/// visitor goes on where they were. Harmless to run again.
///
/// # Errors
/// `Storage`.
pub async fn identify(
    tx: &mut Tx,
    channel: &channel::Model,
    signed: &Sender,
    before: Option<&ExternalUserId>,
) -> Result<contact_row::Model> {
    let (contact, identity) = contact::resolve(tx, channel, signed).await?;
    let Some(before) = before.filter(|before| **before != signed.external_id) else { return Ok(contact) };
    let former = contact_identity::by_external_id(tx.workspace(), channel.id, before).one(tx.conn()).await?;
    let Some(former) = former.filter(|former| !former.is_verified && former.id != identity.id) else { return Ok(contact) };
    let left = interaction::in_workspace(tx.workspace())
        .filter(interaction::Column::IdentityId.eq(former.id))
        .limit(MAX_INTERACTIONS)
        .all(tx.conn())
        .await?;
    for found in left {
        let mut change = found.into_active_model();
        change.identity_id = Set(identity.id);
        change.contact_id = Set(contact.id);
        let changed = change.update(tx.conn()).await?;
        crate::interaction::touch(tx, &changed, ActorRef::Contact(contact.id));
    }
    Ok(contact)
}

/// Keeps where the visitor wrote from as facts of the contact; what was known under the same names is replaced.
///
/// # Errors
/// `Storage`.
pub async fn note_context(tx: &mut Tx, contact: ContactId, facts: BTreeMap<String, String>) -> Result<()> {
    let found = contact_row::to_change(tx.workspace(), contact).one(tx.conn()).await?.ok_or(Error::NotFound("contact"))?;
    let mut fields = found.fields.0.clone();
    fields.extend(facts.into_iter().map(|(name, value)| (name, value.chars().take(MAX_FACT).collect())));
    if fields == found.fields.0 {
        return Ok(());
    }
    let mut change = found.into_active_model();
    change.fields = Set(fields.into());
    change.update(tx.conn()).await?;
    tx.emit(EventDraft::new(EventKind::ContactChanged, EntityType::Contact, contact.uuid()).by(ActorRef::Contact(contact)));
    Ok(())
}

/// A file that a visitor uploaded; its bytes are stored under `id` already.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Its id.
    pub id: AttachmentId,
    /// File name as the browser said it.
    pub name: Option<String>,
    /// Type as the browser said it.
    pub mime: Option<String>,
    /// What was learned while storing it.
    pub stored: StoredFile,
    /// Width and height of a picture, pixels.
    pub size: Option<(u32, u32)>,
}

/// Remembers an uploaded file for its visitor, who may hang it on a message later. Makes the contact if need be.
///
/// # Errors
/// `Forbidden` when the contact is blocked; `Storage`.
pub async fn add_upload(tx: &mut Tx, channel: &channel::Model, sender: &Sender, upload: NewUpload) -> Result<attachment::Model> {
    let (contact, _) = contact::resolve(tx, channel, sender).await?;
    if contact.is_blocked {
        return Err(Error::Forbidden("the contact is blocked"));
    }
    let claimed = upload.mime.unwrap_or_else(|| "application/octet-stream".to_owned());
    Ok(attachment::ActiveModel {
        id: Set(upload.id),
        workspace_id: Set(tx.workspace()),
        message_id: Set(None),
        uploader: Set(ActorRef::Contact(contact.id)),
        name: Set(safe_name(upload.name.as_deref())),
        mime: Set(upload.stored.mime(&claimed)),
        bytes: Set(i64::try_from(upload.stored.bytes).unwrap_or(i64::MAX)),
        sha256: Set(Some(upload.stored.sha256)),
        state: Set(AttachmentState::Stored),
        content_id: Set(None),
        source: Set(None),
        width: Set(upload.size.and_then(|(width, _)| i32::try_from(width).ok())),
        height: Set(upload.size.and_then(|(_, height)| i32::try_from(height).ok())),
        error: Set(None),
        is_shown: Set(false),
        next_try_at: Set(None),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?)
}

/// Which of these files the contact uploaded and has not sent yet, in the order asked.
///
/// # Errors
/// `NotFound` when one is not among them, whatever the reason; `Storage`.
pub async fn free_uploads(scope: &impl Scope, contact: ContactId, ids: &[AttachmentId]) -> Result<Vec<attachment::Model>> {
    let mut free = attachment::in_workspace(scope.workspace())
        .filter(attachment::Column::Id.is_in(ids.iter().copied()))
        .filter(attachment::Column::MessageId.is_null())
        .filter(attachment::Column::State.eq(AttachmentState::Stored))
        .filter(attachment::Column::Uploader.eq(ActorRef::Contact(contact)))
        .all(scope.conn())
        .await?;
    ids.iter()
        .map(|id| {
            let position = free.iter().position(|file| file.id == *id).ok_or(Error::NotFound("attachment"))?;
            Ok(free.swap_remove(position))
        })
        .collect()
}

/// The visitor ends the conversation; `false` when it had ended already.
///
/// # Errors
/// `NotFound` when there is none; `Storage`.
pub async fn end(tx: &mut Tx, channel: ChannelId, visitor: &ExternalUserId) -> Result<bool> {
    let newest = side(tx, channel, visitor).await?.newest.ok_or(Error::NotFound("interaction"))?;
    if !newest.status.is_active() {
        return Ok(false);
    }
    let actor = Actor { identity: Identity::Contact(newest.contact_id), ..Actor::system(tx.workspace()) };
    crate::interaction::set_status(tx, &actor, newest.id, InteractionStatus::Resolved, None).await?;
    Ok(true)
}
