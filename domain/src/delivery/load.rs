//! From a row of outbound work to everything that its adapter needs.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use super::OutboundAction;
use crate::{
    entity::{attachment, contact, contact_identity, interaction, message, outbound},
    error::{Error, Result},
    ids::{ExternalMessageId, MessageId},
    message::{AuthorKind, EntryKind},
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
    let Some(action) = action(scope, row).await? else { return Ok(None) };
    let to = Destination {
        interaction: interaction.id,
        user: identity.external_id,
        user_name: identity.display_name.or(Some(contact.name)),
        thread: interaction.external_thread,
        subject: interaction.subject,
        references: references.into_iter().rev().collect(),
    };
    Ok(Some(Outbound { id: row.id, to, action }))
}

async fn action(scope: &impl Scope, row: &outbound::Model) -> Result<Option<Action>> {
    let found = match row.message_id {
        Some(id) => message::by_id(scope.workspace(), id).one(scope.conn()).await?,
        None => None,
    };
    Ok(match (&row.action.0, found) {
        (OutboundAction::Send, Some(found)) => Some(Action::Send(Box::new(body(scope, found).await?))),
        (OutboundAction::Edit, Some(found)) if found.deleted_at.is_none() => match found.external_id.clone() {
            Some(target) => Some(Action::Edit { target, message: Box::new(body(scope, found).await?) }),
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
    let content = found.rendered_as.as_ref().map_or_else(|| found.content.0.clone(), |rendered| rendered.content.clone());
    Ok(OutboundMessage {
        id: found.id,
        asked: found.content.0,
        content,
        fallback: found.text,
        attachments: files
            .into_iter()
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
