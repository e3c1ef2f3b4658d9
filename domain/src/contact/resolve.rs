//! Finding or making the contact behind a platform's person.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel, QuerySelect, sea_query::LockType};

use crate::{
    entity::{channel, contact, contact_identity},
    error::Result,
    event::{ActorRef, EntityType, EventDraft, EventKind, Seq},
    ids::{ContactId, ExternalUserId, IdentityId},
    inbound::Sender,
    store::Tx,
};

/// Finds the identity and its contact, or makes both. What the platform newly tells fills gaps and never overwrites.
///
/// Called inside the transaction that stores the item; a concurrent first message of the same person makes one of
/// the two transactions fail on the unique key and be repeated.
///
/// # Errors
/// `Storage`.
pub async fn resolve(tx: &mut Tx, channel: &channel::Model, sender: &Sender) -> Result<(contact::Model, contact_identity::Model)> {
    // Locked, so that two messages of one person that come at the same time do not open two interactions.
    let known = contact_identity::by_external_id(tx.workspace(), channel.id, &sender.external_id);
    let known = known.lock(LockType::NoKeyUpdate).one(tx.conn()).await?;
    match known {
        Some(identity) => {
            let contact =
                contact::by_id(tx.workspace(), identity.contact_id).one(tx.conn()).await?.ok_or(crate::Error::NotFound("contact"))?;
            fill_gaps(tx, contact, identity, sender).await
        }
        None => create(tx, channel, sender).await,
    }
}

async fn create(tx: &mut Tx, channel: &channel::Model, sender: &Sender) -> Result<(contact::Model, contact_identity::Model)> {
    let name = sender
        .name
        .clone()
        .or_else(|| sender.email.clone())
        .or_else(|| sender.phone.clone())
        .unwrap_or_else(|| nameless(&sender.external_id));
    let contact = contact::ActiveModel {
        id: Set(crate::random::id::<ContactId>()),
        workspace_id: Set(tx.workspace()),
        name_folded: Set(name.to_lowercase()),
        name: Set(name.clone()),
        email: Set(sender.email.clone()),
        phone: Set(sender.phone.clone()),
        language: Set(sender.locale.clone()),
        avatar_url: Set(sender.avatar.as_ref().map(ToString::to_string)),
        fields: Set(Default::default()),
        notes: Set(None),
        merged_into: Set(None),
        is_blocked: Set(false),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    let identity = contact_identity::ActiveModel {
        id: Set(crate::random::id::<IdentityId>()),
        workspace_id: Set(tx.workspace()),
        contact_id: Set(contact.id),
        channel_id: Set(channel.id),
        external_id: Set(sender.external_id.clone()),
        display_name: Set(sender.name.clone()),
        is_verified: Set(sender.is_verified),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    index(tx, &contact).await?;
    tx.emit(EventDraft::new(EventKind::ContactCreated, EntityType::Contact, contact.id.uuid()).by(ActorRef::Contact(contact.id)));
    Ok((contact, identity))
}

/// What somebody without a name is called: the platform's id, or its end when nobody could read it out.
#[must_use]
pub fn nameless(id: &ExternalUserId) -> String {
    const READABLE: usize = 24;
    const END: usize = 6;
    let length = id.0.chars().count();
    if length <= READABLE {
        return id.0.clone();
    }
    format!("#{}", id.0.chars().skip(length - END).collect::<String>().to_uppercase())
}

async fn fill_gaps(
    tx: &mut Tx,
    contact: contact::Model,
    identity: contact_identity::Model,
    sender: &Sender,
) -> Result<(contact::Model, contact_identity::Model)> {
    let identity = if (sender.is_verified && !identity.is_verified) || (identity.display_name.is_none() && sender.name.is_some()) {
        let mut change = identity.clone().into_active_model();
        change.is_verified = Set(identity.is_verified || sender.is_verified);
        change.display_name = Set(identity.display_name.clone().or_else(|| sender.name.clone()));
        change.update(tx.conn()).await?
    } else {
        identity
    };
    let mut change = contact.clone().into_active_model();
    if contact.email.is_none() && sender.email.is_some() {
        change.email = Set(sender.email.clone());
    }
    if contact.phone.is_none() && sender.phone.is_some() {
        change.phone = Set(sender.phone.clone());
    }
    if contact.language.is_none() && sender.locale.is_some() {
        change.language = Set(sender.locale.clone());
    }
    if let Some(name) = sender.name.as_ref().filter(|name| contact.name == nameless(&identity.external_id) && **name != contact.name) {
        change.name = Set(name.clone());
        change.name_folded = Set(name.to_lowercase());
    }
    if !change.is_changed() {
        return Ok((contact, identity));
    }
    let contact = change.update(tx.conn()).await?;
    index(tx, &contact).await?;
    tx.emit(EventDraft::new(EventKind::ContactChanged, EntityType::Contact, contact.id.uuid()).by(ActorRef::Contact(contact.id)));
    Ok((contact, identity))
}

/// Puts the contact's words into the full-text index.
pub(super) async fn index(tx: &mut Tx, contact: &contact::Model) -> Result<()> {
    let text = [Some(contact.name.as_str()), contact.email.as_deref(), contact.phone.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    crate::search::put(tx, EntityType::Contact, contact.id.uuid(), None, &text).await
}
