//! Changing what was said: edits, deletions, reactions.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::OnConflict};
use uuid::Uuid;

use super::{AuthorKind, Direction, EntryKind};
use crate::{
    actor::Actor,
    audit,
    content::{self, RichContent},
    delivery::{self, OutboundAction},
    entity::{interaction as interaction_row, message, reaction},
    error::{Error, Result},
    event::{EntityType, EventKind, Seq},
    ids::MessageId,
    interaction,
    spec::{Audience, Capabilities},
    state::DeliveryState,
    store::Tx,
};

/// Longest reaction, characters: an emoji with its modifiers, or a platform's word.
const MAX_REACTION: usize = 32;

async fn visible(tx: &Tx, actor: &Actor, id: MessageId, expected: Option<Seq>) -> Result<(message::Model, interaction_row::Model)> {
    let found = message::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("message"))?;
    let interaction = interaction::lock(tx, found.interaction_id).await?;
    if !actor.may_see_inbox(interaction.inbox_id) {
        return Err(Error::NotFound("message"));
    }
    let found = message::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("message"))?;
    actor.must_send()?;
    crate::store::must_be_version(found.version, expected)?;
    if found.deleted_at.is_some() || found.entry == EntryKind::System {
        return Err(Error::Conflict("the message can no longer be changed".into()));
    }
    Ok((found, interaction))
}

/// Whether the message has reached the platform, so that a change must follow it there.
fn is_out_there(found: &message::Model) -> bool {
    matches!(found.delivery, Some(DeliveryState::Sent | DeliveryState::Delivered | DeliveryState::Read))
}

/// Replaces the body of a note or of a sent message.
///
/// # Errors
/// `NotFound`, `Forbidden` for what others wrote, `Conflict` on another version or while it is on its way,
/// `Unsupported` where the channel cannot edit or no longer, `Invalid` with the path in the content.
pub async fn edit(
    tx: &mut Tx,
    actor: &Actor,
    capabilities: &Capabilities,
    id: MessageId,
    new: RichContent,
    expected: Option<Seq>,
) -> Result<()> {
    let (found, interaction) = visible(tx, actor, id, expected).await?;
    must_be_own(actor, &found)?;
    let new = super::check::prepare(&new)?;
    if found.entry == EntryKind::Message {
        let Some(rule) = capabilities.edit else { return Err(Error::Unsupported { capability: "editing".into() }) };
        if !is_out_there(&found) {
            return Err(Error::Conflict("the message is on its way or was not sent".into()));
        }
        let age = (tx.now() - found.sent_at.unwrap_or(found.created_at)).num_seconds();
        if rule.max_age_s.is_some_and(|max| age > i64::from(max)) {
            return Err(Error::Unsupported { capability: "editing a message this old".into() });
        }
        let audience = if actor.is_machine() { Audience::Machine } else { Audience::Agent };
        super::check::must_pass(&new, &[], capabilities, audience)?;
        delivery::enqueue(tx, &interaction, Some(id), OutboundAction::Edit).await?;
    } else if !matches!(new, RichContent::Text(_)) {
        return Err(Error::invalid("content", "a note is text"));
    }
    let text = new.fallback();
    let mut change = found.clone().into_active_model();
    if found.entry == EntryKind::Message {
        change.rendered_as = Set(Some(content::degrade(&new, capabilities, content::Language::En).into()));
    }
    change.content = Set(new.into());
    change.text = Set(text.clone());
    change.edited_at = Set(Some(tx.now()));
    change.update(tx.conn()).await?;
    crate::search::put(tx, EntityType::Message, id.uuid(), Some(interaction.id), &text).await?;
    audit::note(tx, actor, "message.edit", EntityType::Message, id.uuid(), None).await?;
    super::log(tx, EventKind::MessageChanged, id, &interaction, actor.reference());
    Ok(())
}

/// Takes back a note or a sent message.
///
/// # Errors
/// As [`edit`].
pub async fn delete(tx: &mut Tx, actor: &Actor, capabilities: &Capabilities, id: MessageId, expected: Option<Seq>) -> Result<()> {
    let (found, interaction) = visible(tx, actor, id, expected).await?;
    must_be_own(actor, &found)?;
    if found.entry == EntryKind::Message {
        if !is_out_there(&found) {
            return Err(Error::Conflict("the message is on its way or was not sent".into()));
        }
        if !capabilities.delete {
            return Err(Error::Unsupported { capability: "deleting".into() });
        }
        delivery::enqueue(tx, &interaction, Some(id), OutboundAction::Delete).await?;
    }
    super::erase(tx, &found, tx.now()).await?;
    audit::note(tx, actor, "message.delete", EntityType::Message, id.uuid(), None).await?;
    super::log(tx, EventKind::MessageChanged, id, &interaction, actor.reference());
    Ok(())
}

/// Puts a reaction on a message or takes it off.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Invalid` for an empty or long reaction, `Unsupported` where the channel has none.
pub async fn react(tx: &mut Tx, actor: &Actor, capabilities: &Capabilities, id: MessageId, emoji: &str, is_added: bool) -> Result<()> {
    let (found, interaction) = visible(tx, actor, id, None).await?;
    let emoji = emoji.trim();
    if emoji.is_empty() || emoji.chars().count() > MAX_REACTION {
        return Err(Error::invalid("emoji", format!("1 to {MAX_REACTION} characters")));
    }
    if found.entry == EntryKind::Message && !capabilities.reactions {
        return Err(Error::Unsupported { capability: "reactions".into() });
    }
    let (kind, author, _) = super::author(actor);
    let author = author.ok_or(Error::Forbidden("only people and programs react"))?;
    if !set_reaction(tx, &found, kind, author, emoji, is_added).await? {
        return Ok(());
    }
    if found.entry == EntryKind::Message && found.external_id.is_some() {
        delivery::enqueue(tx, &interaction, Some(id), OutboundAction::React { emoji: emoji.to_owned(), is_added }).await?;
    }
    super::log(tx, EventKind::MessageChanged, id, &interaction, actor.reference());
    Ok(())
}

/// Writes or removes the reaction; `false` when that changed nothing.
pub(crate) async fn set_reaction(
    tx: &Tx,
    found: &message::Model,
    kind: AuthorKind,
    author: Uuid,
    emoji: &str,
    is_added: bool,
) -> Result<bool> {
    let touched = if is_added {
        reaction::Entity::insert(reaction::ActiveModel {
            workspace_id: Set(tx.workspace()),
            message_id: Set(found.id),
            author_kind: Set(kind),
            author_id: Set(author.to_string()),
            emoji: Set(emoji.to_owned()),
            at: Set(tx.now()),
        })
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?
    } else {
        reaction::deletes(tx.workspace())
            .filter(reaction::Column::MessageId.eq(found.id))
            .filter(reaction::Column::AuthorKind.eq(kind))
            .filter(reaction::Column::AuthorId.eq(author.to_string()))
            .filter(reaction::Column::Emoji.eq(emoji))
            .exec(tx.conn())
            .await?
            .rows_affected
    };
    Ok(touched > 0)
}

fn must_be_own(actor: &Actor, found: &message::Model) -> Result<()> {
    let (_, author, _) = super::author(actor);
    let is_own = found.direction == Direction::Out && author.is_some() && found.author_id == author;
    if is_own || actor.role >= crate::actor::Role::Supervisor && found.direction == Direction::Out {
        Ok(())
    } else {
        Err(Error::Forbidden("only its author or a supervisor may change a message"))
    }
}
