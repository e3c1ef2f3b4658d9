//! Changing what was said: edits, deletions, reactions.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, sea_query::OnConflict,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AuthorKind, Direction, EntryKind};
use crate::{
    actor::Actor,
    audit,
    content::{self, Rendered, RichContent},
    delivery::{self, OutboundAction},
    entity::{attachment, interaction as interaction_row, message, outbound, reaction},
    error::{Error, Result},
    event::{ActorRef, EntityType, EventKind, Seq},
    ids::{MessageId, OutboundId},
    interaction,
    spec::{Audience, Capabilities},
    state::DeliveryState,
    store::Tx,
};

/// What a change does to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Gives it another body.
    Edit,
    /// Takes it back.
    Delete,
}

/// How far a change has come; one that is done leaves no trace but the message itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// On its way to the platform.
    Pending,
    /// Not carried out.
    Refused,
}

/// The last edit or deletion of a message that was asked for and is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastChange {
    /// What it does.
    pub kind: ChangeKind,
    /// How far it has come.
    pub state: ChangeState,
    /// The work that carries it out.
    pub outbound: OutboundId,
    /// Why it was refused: our code.
    pub code: Option<String>,
    /// Why it was refused: the platform's own words.
    pub detail: Option<String>,
}

impl LastChange {
    /// Whether it is of this kind and on its way.
    #[must_use]
    pub fn is_pending(&self, kind: ChangeKind) -> bool {
        self.kind == kind && self.state == ChangeState::Pending
    }
}

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
    let is_going = found.last_change.as_ref().is_some_and(|change| change.is_pending(ChangeKind::Delete));
    if is_going || found.deleted_at.is_some() || found.entry == EntryKind::System {
        return Err(Error::Conflict("the message can no longer be changed".into()));
    }
    Ok((found, interaction))
}

/// Whether the message has reached the platform, so that a change must follow it there.
fn is_out_there(found: &message::Model) -> bool {
    matches!(found.delivery, Some(DeliveryState::Sent | DeliveryState::Delivered | DeliveryState::Read))
}

/// Replaces the body of a note at once, that of a sent message when the platform has taken the new one.
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
    let before = Condition::all().add(attachment::Column::MessageId.eq(id));
    let images = super::send::own_images(tx, actor, &new, "content", Some(before)).await?;
    super::send::hang_on(tx, id, images.into_iter()).await?;
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
        crate::media::keep_shown(tx, &new).await?;
        let rendered = content::degrade(&new, capabilities, super::send::language(tx, &interaction).await?);
        let action = OutboundAction::Edit { content: Box::new(new), rendered: Box::new(rendered) };
        let outbound = delivery::enqueue(tx, &interaction, Some(id), action).await?;
        set_pending(tx, found, ChangeKind::Edit, outbound).await?;
    } else if !matches!(new, RichContent::Text(_)) {
        return Err(Error::invalid("content", "a note is text"));
    } else {
        replace_body(tx, found, new, None).await?;
    }
    audit::note(tx, actor, "message.edit", EntityType::Message, id.uuid(), None).await?;
    super::log(tx, EventKind::MessageChanged, id, &interaction, actor.reference());
    Ok(())
}

async fn replace_body(tx: &Tx, found: message::Model, new: RichContent, rendered: Option<Rendered>) -> Result<()> {
    let (id, interaction, text) = (found.id, found.interaction_id, new.fallback());
    let mut change = found.into_active_model();
    change.rendered_as = Set(rendered.map(Into::into));
    change.content = Set(new.into());
    change.text = Set(text.clone());
    change.edited_at = Set(Some(tx.now()));
    change.update(tx.conn()).await?;
    crate::search::put(tx, EntityType::Message, id.uuid(), Some(interaction), &text).await
}

/// Takes back a note at once, a sent message when the platform has taken it back.
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
        let outbound = delivery::enqueue(tx, &interaction, Some(id), OutboundAction::Delete).await?;
        set_pending(tx, found, ChangeKind::Delete, outbound).await?;
    } else {
        super::erase(tx, &found, tx.now()).await?;
    }
    audit::note(tx, actor, "message.delete", EntityType::Message, id.uuid(), None).await?;
    super::log(tx, EventKind::MessageChanged, id, &interaction, actor.reference());
    Ok(())
}

async fn set_pending(tx: &Tx, found: message::Model, kind: ChangeKind, outbound: OutboundId) -> Result<()> {
    let mut change = found.into_active_model();
    change.last_change = Set(Some(LastChange { kind, state: ChangeState::Pending, outbound, code: None, detail: None }.into()));
    change.update(tx.conn()).await?;
    Ok(())
}

/// The message that a row of outbound work changes, what it does to it, and whether nothing was asked for after that.
async fn changed_by(tx: &Tx, row: &outbound::Model) -> Result<Option<(message::Model, ChangeKind, bool)>> {
    let kind = match row.action.0 {
        OutboundAction::Edit { .. } => ChangeKind::Edit,
        OutboundAction::Delete => ChangeKind::Delete,
        _ => return Ok(None),
    };
    let Some(id) = row.message_id else { return Ok(None) };
    let found = message::by_id(tx.workspace(), id).one(tx.conn()).await?.filter(|found| found.deleted_at.is_none());
    Ok(found.map(|found| {
        let is_last = found.last_change.as_ref().is_some_and(|change| change.outbound == row.id);
        (found, kind, is_last)
    }))
}

/// The platform has carried out an edit or a deletion: so does the message.
///
/// # Errors
/// `Storage`.
pub(crate) async fn change_sent(tx: &mut Tx, row: &outbound::Model) -> Result<()> {
    let Some((found, kind, is_last)) = changed_by(tx, row).await? else { return Ok(()) };
    match &row.action.0 {
        OutboundAction::Edit { content, rendered } => {
            // Nobody edits what is being taken back, and this edit was left out.
            if found.last_change.as_ref().is_some_and(|change| change.is_pending(ChangeKind::Delete)) {
                return Ok(());
            }
            replace_body(tx, found.clone(), (**content).clone(), Some((**rendered).clone())).await?;
        }
        _ => super::erase(tx, &found, tx.now()).await?,
    }
    if is_last && kind == ChangeKind::Edit {
        let done =
            message::ActiveModel { workspace_id: Set(tx.workspace()), id: Set(found.id), last_change: Set(None), ..Default::default() };
        done.update(tx.conn()).await?;
    }
    super::log_of(tx, EventKind::MessageChanged, &found, ActorRef::System).await
}

/// The platform did not carry out an edit or a deletion, or nobody knows: the message says so and stays as it is.
///
/// # Errors
/// `Storage`.
pub(crate) async fn change_refused(tx: &mut Tx, row: &outbound::Model) -> Result<()> {
    set_state(tx, row, ChangeState::Refused).await
}

/// An edit or a deletion that was refused gets another try.
///
/// # Errors
/// `Storage`.
pub(crate) async fn change_requeued(tx: &mut Tx, row: &outbound::Model) -> Result<()> {
    set_state(tx, row, ChangeState::Pending).await
}

async fn set_state(tx: &mut Tx, row: &outbound::Model, state: ChangeState) -> Result<()> {
    let Some((found, kind, true)) = changed_by(tx, row).await? else { return Ok(()) };
    let (code, detail) = (row.error_code.clone(), row.error_detail.clone());
    let mut change = found.clone().into_active_model();
    change.last_change = Set(Some(LastChange { kind, state, outbound: row.id, code, detail }.into()));
    change.update(tx.conn()).await?;
    super::log_of(tx, EventKind::MessageChanged, &found, ActorRef::System).await
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
