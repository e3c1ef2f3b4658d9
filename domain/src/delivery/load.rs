//! From a row of outbound work to everything that its adapter needs.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use super::OutboundAction;
use crate::{
    content::Language,
    entity::{attachment, contact, contact_identity, interaction, message, outbound},
    error::{Error, Result},
    ids::{ExternalMessageId, MessageId},
    message::{AuthorKind, ChangeKind, Direction, EntryKind},
    outbound::{Action, Destination, Outbound, OutboundAttachment, OutboundMessage},
    store::Scope,
};

/// Most earlier messages that are named to the platform.
const MAX_REFERENCES: u64 = 100;

/// Loads the work; `None` when it has become pointless (the message is gone, the target never reached the platform).
///
/// # Errors
/// `NotFound` when a row that must be there is not; `Storage`.
pub async fn load(scope: &impl Scope, row: &outbound::Model) -> Result<Option<Outbound>> {
    let interaction =
        interaction::by_id(scope.workspace(), row.interaction_id).one(scope.conn()).await?.ok_or(Error::NotFound("interaction"))?;
    let Some(action) = action(scope, row).await? else { return Ok(None) };
    let to = destination(scope, &interaction).await?;
    Ok(Some(Outbound { id: row.id, to, action }))
}

/// Where on its platform an interaction is.
///
/// # Errors
/// `NotFound` when a row that must be there is not; `Storage`.
pub async fn destination(scope: &impl Scope, interaction: &interaction::Model) -> Result<Destination> {
    let identity =
        contact_identity::by_id(scope.workspace(), interaction.identity_id).one(scope.conn()).await?.ok_or(Error::NotFound("identity"))?;
    let contact = contact::by_id(scope.workspace(), interaction.contact_id).one(scope.conn()).await?.ok_or(Error::NotFound("contact"))?;
    let references = message::in_workspace(scope.workspace())
        .filter(message::Column::InteractionId.eq(interaction.id))
        .filter(message::Column::ExternalId.is_not_null())
        .order_by_desc(message::Column::At)
        .order_by_desc(message::Column::Id)
        .limit(MAX_REFERENCES)
        .select_only()
        .column(message::Column::ExternalId)
        .into_tuple::<ExternalMessageId>()
        .all(scope.conn())
        .await?;
    let inbound = || {
        let found = message::in_workspace(scope.workspace())
            .filter(message::Column::InteractionId.eq(interaction.id))
            .filter(message::Column::Direction.eq(Direction::In))
            .filter(message::Column::ExternalId.is_not_null());
        found.order_by_desc(message::Column::At).order_by_desc(message::Column::Id)
    };
    let answers = inbound().one(scope.conn()).await?.and_then(|found| found.external_id);
    // The contact alone says where answers go, not whoever else writes in the same conversation.
    let of_contact = inbound().filter(message::Column::AuthorId.eq(interaction.contact_id.uuid())).one(scope.conn()).await?;
    let wanted = of_contact.and_then(|found| found.reply_to);
    let is_elsewhere = wanted.as_ref().is_some_and(|wanted| wanted.as_str().to_lowercase() != identity.external_id.as_str().to_lowercase());
    Ok(Destination {
        interaction: interaction.id,
        number: interaction.number,
        language: contact.language.as_deref().map_or(Language::En, Language::from_tag),
        user: wanted.unwrap_or(identity.external_id),
        // The name belongs to the identity; it must not vouch for another address.
        user_name: identity.display_name.or(Some(contact.name)).filter(|_| !is_elsewhere),
        thread: interaction.external_thread.clone(),
        subject: interaction.subject.clone(),
        references: references.into_iter().rev().collect(),
        answers,
    })
}

async fn action(scope: &impl Scope, row: &outbound::Model) -> Result<Option<Action>> {
    let found = match row.message_id {
        Some(id) => message::by_id(scope.workspace(), id).one(scope.conn()).await?,
        None => None,
    };
    Ok(match (&row.action.0, found) {
        (OutboundAction::Send, Some(found)) => Some(Action::Send(Box::new(body(scope, found).await?))),
        (OutboundAction::Edit { content, rendered }, Some(found)) if !is_being_deleted(&found) => match found.external_id.clone() {
            Some(target) => {
                let text = content.fallback();
                let edited =
                    message::Model { content: (**content).clone().into(), rendered_as: Some((**rendered).clone().into()), text, ..found };
                Some(Action::Edit { target, message: Box::new(body(scope, edited).await?) })
            }
            None => None,
        },
        (OutboundAction::Delete, Some(found)) => found.external_id.map(|target| Action::Delete { target }),
        (OutboundAction::React { emoji, is_added }, Some(found)) => {
            found.external_id.map(|target| Action::React { target, emoji: emoji.clone(), is_added: *is_added })
        }
        (OutboundAction::MarkRead { up_to }, _) => external_id(scope, *up_to).await?.map(|target| Action::MarkRead { target }),
        (OutboundAction::Close, _) => Some(Action::Close),
        _ => None,
    })
}

fn is_being_deleted(found: &message::Model) -> bool {
    found.deleted_at.is_some() || found.last_change.as_ref().is_some_and(|change| change.is_pending(ChangeKind::Delete))
}

async fn body(scope: &impl Scope, found: message::Model) -> Result<OutboundMessage> {
    debug_assert!(found.entry == EntryKind::Message, "notes and system lines never become outbound work");
    let files = attachment::in_workspace(scope.workspace())
        .filter(attachment::Column::MessageId.eq(found.id))
        .order_by_asc(attachment::Column::Id)
        .all(scope.conn())
        .await?;
    let quoted = match found.quoted_id {
        Some(quoted) => external_id(scope, quoted).await?,
        None => None,
    };
    // What the body shows by itself is no file beside it.
    let shown = found.content.0.images();
    let content = found.rendered_as.as_ref().map_or_else(|| found.content.0.clone(), |rendered| rendered.content.clone());
    Ok(OutboundMessage {
        id: found.id,
        asked: found.content.0,
        content,
        fallback: found.text,
        attachments: files
            .into_iter()
            .filter(|file| !shown.iter().any(|(_, image)| *image == file.id))
            .map(|file| OutboundAttachment { id: file.id, name: file.name, mime: file.mime, bytes: u64::try_from(file.bytes).unwrap_or(0) })
            .collect(),
        quoted,
        author_name: found.author_name,
        is_automatic: found.is_automatic || matches!(found.author_kind, AuthorKind::Script | AuthorKind::Bot),
        at: found.at,
    })
}

async fn external_id(scope: &impl Scope, id: MessageId) -> Result<Option<ExternalMessageId>> {
    Ok(message::by_id(scope.workspace(), id).one(scope.conn()).await?.and_then(|found| found.external_id))
}
