//! Messages: the entries of an interaction. One command per file.

mod arrive;
mod asked;
mod change;
mod check;
mod note;
mod parked;
mod receive;
mod send;
mod system;
pub(crate) mod thread;

pub use crate::entity::message::{AuthorKind, Direction, EntryKind};
pub(crate) use change::set_reaction;
pub use change::{ChangeKind, ChangeState, LastChange, delete, edit, react};
pub(crate) use change::{change_refused, change_requeued, change_sent};
pub use note::{NewNote, add_note};
pub(crate) use parked::apply_parked;
pub(crate) use receive::by_external_id;
pub use receive::{Item, Received, Source, receive, receive_all};
pub use send::{NewMessage, Sent, own_files, send};
pub(crate) use send::{enqueue, own_images};
pub use system::SystemLine;
pub use thread::pages;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};

use uuid::Uuid;

use crate::{
    actor::{Actor, Identity},
    content::{RichContent, Text},
    entity::{interaction, message},
    error::Result,
    event::{ActorRef, EntityType, EventDraft, EventKind, Seq},
    ids::MessageId,
    store::Tx,
};

/// A row with everything empty that an entry may lack.
pub(crate) fn blank(tx: &Tx, entry: EntryKind) -> message::ActiveModel {
    message::ActiveModel {
        id: Set(crate::random::id()),
        workspace_id: Set(tx.workspace()),
        entry: Set(entry),
        author_id: Set(None),
        author_name: Set(None),
        content: Set(RichContent::Text(Text { text: String::new() }).into()),
        text: Set(String::new()),
        external_id: Set(None),
        part: Set(0),
        quoted_id: Set(None),
        mentions: Set(Default::default()),
        client_id: Set(None),
        subject: Set(None),
        is_automatic: Set(false),
        reply_to: Set(None),
        recipients: Set(None),
        at: Set(tx.now()),
        created_at: Set(tx.now()),
        delivery: Set(None),
        error_code: Set(None),
        error_detail: Set(None),
        queued_at: Set(None),
        sending_at: Set(None),
        sent_at: Set(None),
        delivered_at: Set(None),
        read_at: Set(None),
        failed_at: Set(None),
        rendered_as: Set(None),
        edited_at: Set(None),
        last_change: Set(None),
        deleted_at: Set(None),
        system: Set(None),
        raw_attachment_id: Set(None),
        version: Set(Seq::UNNUMBERED),
        ..Default::default()
    }
}

/// Empties a message that was taken back, and takes its files away; the row stays, so that order and quotes hold.
pub(crate) async fn erase(tx: &mut Tx, found: &message::Model, at: DateTime<Utc>) -> Result<()> {
    let mut change = found.clone().into_active_model();
    change.content = Set(RichContent::Text(Text { text: String::new() }).into());
    change.text = Set(String::new());
    change.rendered_as = Set(None);
    change.last_change = Set(None);
    change.deleted_at = Set(Some(at));
    change.update(tx.conn()).await?;
    crate::media::remove_files(tx, found.id).await?;
    crate::search::remove(tx, EntityType::Message, found.id.uuid()).await
}

/// Says in the log that something happened to a message.
pub(crate) fn log(tx: &mut Tx, kind: EventKind, id: MessageId, interaction: &interaction::Model, by: ActorRef) {
    let audience = crate::interaction::audience(interaction);
    tx.emit(EventDraft::new(kind, EntityType::Message, id.uuid()).within(interaction.id).to(audience).by(by));
}

/// As [`log`], when only the message is at hand.
pub(crate) async fn log_of(tx: &mut Tx, kind: EventKind, found: &message::Model, by: ActorRef) -> Result<()> {
    let interaction =
        interaction::by_id(tx.workspace(), found.interaction_id).one(tx.conn()).await?.ok_or(crate::Error::NotFound("interaction"))?;
    log(tx, kind, found.id, &interaction, by);
    Ok(())
}

/// Puts a line into the thread that says what happened to the interaction.
pub(crate) async fn add_system_line(tx: &mut Tx, actor: &Actor, interaction: &interaction::Model, line: SystemLine) -> Result<MessageId> {
    let (author_kind, author_id, author_name) = author(actor);
    let inserted = message::ActiveModel {
        interaction_id: Set(interaction.id),
        channel_id: Set(interaction.channel_id),
        direction: Set(Direction::Out),
        author_kind: Set(author_kind),
        author_id: Set(author_id),
        author_name: Set(author_name),
        system: Set(Some(line.into())),
        ..blank(tx, EntryKind::System)
    }
    .insert(tx.conn())
    .await?;
    log(tx, EventKind::SystemLineAdded, inserted.id, interaction, actor.reference());
    Ok(inserted.id)
}

/// How an actor is written down as an author: kind, id, name.
pub(crate) fn author(actor: &Actor) -> (AuthorKind, Option<Uuid>, Option<String>) {
    match &actor.identity {
        Identity::Person { id, name } => (AuthorKind::Person, Some(id.uuid()), Some(name.clone())),
        Identity::ApiClient { id, name, is_bot } => {
            (if *is_bot { AuthorKind::Bot } else { AuthorKind::ApiClient }, Some(id.uuid()), Some(name.clone()))
        }
        Identity::Contact(id) => (AuthorKind::Contact, Some(id.uuid()), None),
        Identity::Script(id) => (AuthorKind::Script, Some(id.uuid()), None),
        // Anyone only reads.
        Identity::System | Identity::Anyone(_) => (AuthorKind::System, None, None),
    }
}
