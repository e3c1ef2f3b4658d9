//! Internal notes: what only we see.

use std::collections::BTreeSet;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, QueryFilter};

use super::{
    Direction, EntryKind,
    send::{hang_on, own_files},
};
use crate::{
    actor::Actor,
    content::{RichContent, Text},
    entity::{message, person},
    error::{Error, Result},
    event::{EntityType, EventKind},
    ids::{AttachmentId, InteractionId, MessageId, PersonId},
    interaction,
    store::{Tx, storable},
};

/// Longest note, characters.
const MAX_NOTE: usize = 10_000;

/// A note to be written.
#[derive(Debug, Clone)]
pub struct NewNote {
    /// On which interaction.
    pub interaction: InteractionId,
    /// Made by the client; the same one again returns the first result.
    pub client_id: String,
    /// The text.
    pub text: String,
    /// People whose attention it wants.
    pub mentions: BTreeSet<PersonId>,
    /// Files to go with it.
    pub attachments: Vec<AttachmentId>,
}

/// Writes a note.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Invalid` for an empty or too long text and for mentions of unknown people.
pub async fn add_note(tx: &mut Tx, actor: &Actor, new: NewNote) -> Result<MessageId> {
    let interaction = interaction::must_see(tx.conn(), actor, new.interaction).await?;
    actor.must_send()?;
    if let Some(known) = crate::idempotency::find(tx, actor, &new.client_id, "add_note").await? {
        return Ok(known.into());
    }
    let text = storable(new.text.trim());
    let text = text.as_ref();
    if text.is_empty() {
        return Err(Error::invalid("text", "must not be empty"));
    }
    if text.chars().count() > MAX_NOTE {
        return Err(Error::invalid("text", format!("at most {MAX_NOTE} characters")));
    }
    let known = person::in_workspace(tx.workspace()).filter(person::Column::Id.is_in(new.mentions.iter().copied())).all(tx.conn()).await?;
    if known.len() != new.mentions.len() {
        return Err(Error::invalid("mentionIds", "no such person"));
    }
    let files = own_files(tx, actor, &new.attachments).await?;
    let (author_kind, author_id, author_name) = super::author(actor);
    let inserted = message::ActiveModel {
        interaction_id: Set(interaction.id),
        channel_id: Set(interaction.channel_id),
        direction: Set(Direction::Out),
        author_kind: Set(author_kind),
        author_id: Set(author_id),
        author_name: Set(author_name),
        content: Set(RichContent::Text(Text { text: text.to_owned() }).into()),
        text: Set(text.to_owned()),
        mentions: Set(new.mentions.into_iter().collect::<Vec<_>>().into()),
        client_id: Set(Some(new.client_id.clone())),
        ..super::blank(tx, EntryKind::Note)
    }
    .insert(tx.conn())
    .await?;
    hang_on(tx, inserted.id, files.into_iter()).await?;
    crate::search::put(tx, EntityType::Message, inserted.id.uuid(), Some(interaction.id), text).await?;
    crate::idempotency::keep(tx, actor, &new.client_id, "add_note", inserted.id.uuid()).await?;
    super::log(tx, EventKind::NoteAdded, inserted.id, &interaction, actor.reference());
    Ok(inserted.id)
}
