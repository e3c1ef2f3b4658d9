//! Messages: send, note, edit, delete, react, cancel, retry, decide.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use tributary_domain::{
    Error, Result, delivery,
    entity::{channel, interaction as interaction_row, message as row},
    ids::{InteractionId, MessageId},
    interaction,
    message::{self as rules, NewMessage, NewNote, Sent},
    spec::Capabilities,
};

use crate::graphql::{
    context::{Cx, command, expected},
    error::{OrFieldError, UserError, refusals},
    guard::{Needs, SENDS},
    scalars::{LogCursor, Long, decode, decode_all, decode_opt},
    types::{content_input::RichContentInput, enums::InteractionStatus, message::Message},
};

/// A message that was to be written or changed.
#[derive(SimpleObject)]
pub struct MessagePayload {
    /// The message as it is now; null when there is none that the viewer may see.
    message: Option<Message>,
    /// Messages of the contact that the writer had not seen, for a `CONFLICT`.
    newer: Vec<Message>,
    /// Why it was refused; empty when it was done.
    errors: Vec<UserError>,
    /// End of the change in the event log; null when nothing changed.
    cursor: Option<LogCursor>,
}

/// A message to be sent.
#[derive(InputObject)]
pub struct SendMessageInput {
    /// In which interaction.
    interaction_id: ID,
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result.
    client_id: String,
    /// What to send.
    content: RichContentInput,
    /// Uploaded files to go with it.
    #[graphql(default)]
    attachment_ids: Vec<ID>,
    /// Message that it quotes.
    quoted_id: Option<ID>,
    /// What the writer had seen: newer messages of the contact are a `CONFLICT`, unless forced.
    seen: Option<LogCursor>,
    /// Send whatever the contact wrote meanwhile.
    #[graphql(default)]
    force: bool,
    /// State that the interaction takes with it.
    then_status: Option<InteractionStatus>,
}

/// An internal note to be written.
#[derive(InputObject)]
pub struct AddNoteInput {
    /// On which interaction.
    interaction_id: ID,
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result.
    client_id: String,
    /// The text, up to 10 000 characters.
    text: String,
    /// People whose attention it wants.
    #[graphql(default)]
    mention_ids: Vec<ID>,
    /// Uploaded files to go with it.
    #[graphql(default)]
    attachment_ids: Vec<ID>,
}

/// A new body for a message or note.
#[derive(InputObject)]
pub struct EditMessageInput {
    /// Which message.
    message_id: ID,
    /// The new body.
    content: RichContentInput,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// A message or note to be taken back.
#[derive(InputObject)]
pub struct DeleteMessageInput {
    /// Which message.
    message_id: ID,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// A reaction to be put on or taken off.
#[derive(InputObject)]
pub struct ReactInput {
    /// On which message.
    message_id: ID,
    /// The emoji, or the platform's word for it.
    emoji: String,
    /// `false`: take it off.
    #[graphql(default = true)]
    is_added: bool,
}

/// A message of ours to do something about.
#[derive(InputObject)]
pub struct MessageActionInput {
    /// Which message.
    message_id: ID,
}

/// A decision about a message of which nobody knows whether it was sent.
#[derive(InputObject)]
pub struct ResolveUnconfirmedInput {
    /// Which message.
    message_id: ID,
    /// The decision.
    action: UnconfirmedAction,
}

/// What to do about a message of which nobody knows whether it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum UnconfirmedAction {
    /// Send it again; the contact may get it twice.
    SendAgain,
    /// It was sent.
    MarkSent,
}

/// Mutations of messages.
#[derive(Default)]
pub struct MessageMutation;

impl MessagePayload {
    async fn of(cx: &Context<'_>, outcome: Result<Option<LogCursor>>, id: Option<MessageId>) -> async_graphql::Result<Self> {
        let (cursor, errors) = match outcome {
            Ok(cursor) => (cursor, Vec::new()),
            Err(error) => (None, refusals(error)?),
        };
        let message = match id {
            Some(id) => visible(cx, id).await.or_field_error()?.map(|(found, _)| Message(found)),
            None => None,
        };
        Ok(Self { message, newer: Vec::new(), errors, cursor })
    }
}

/// The message and its interaction, if the viewer sees them.
async fn visible(cx: &Context<'_>, id: MessageId) -> Result<Option<(row::Model, interaction_row::Model)>> {
    let actor = cx.actor()?;
    let read = cx.read().await?;
    let Some(found) = row::by_id(actor.workspace, id).one(read.conn()).await? else { return Ok(None) };
    let interaction = interaction::by_id(read.conn(), actor, found.interaction_id).await?;
    Ok(interaction.map(|interaction| (found, interaction)))
}

/// What the interaction's channel can do.
async fn capabilities(cx: &Context<'_>, id: InteractionId) -> Result<Arc<Capabilities>> {
    let actor = cx.actor()?;
    let read = cx.read().await?;
    let interaction = interaction::must_see(read.conn(), actor, id).await?;
    let found = channel::by_id(actor.workspace, interaction.channel_id).one(read.conn()).await?.ok_or(Error::NotFound("channel"))?;
    Ok(Arc::new(cx.app().registry.capabilities(&found).into_owned()))
}

async fn capabilities_of(cx: &Context<'_>, id: MessageId) -> Result<Arc<Capabilities>> {
    let (_, interaction) = visible(cx, id).await?.ok_or(Error::NotFound("message"))?;
    capabilities(cx, interaction.id).await
}

impl SendMessageInput {
    fn into_new(self, cx: &Context<'_>) -> Result<NewMessage> {
        let seen = self.seen.as_ref().filter(|_| !self.force).map(|seen| cx.position(seen)).transpose()?;
        Ok(NewMessage {
            interaction: decode(&self.interaction_id, "interactionId")?,
            client_id: self.client_id,
            content: self.content.into_content()?,
            attachments: decode_all(&self.attachment_ids, "attachmentIds")?,
            quoted: decode_opt(self.quoted_id.as_ref(), "quotedId")?,
            seen: seen.map(|position| position.seq),
            then_status: self.then_status.map(Into::into),
        })
    }
}

async fn send(cx: &Context<'_>, input: SendMessageInput) -> Result<(Sent, Option<LogCursor>)> {
    let new = input.into_new(cx)?;
    let capabilities = capabilities(cx, new.interaction).await?;
    command(cx, move |tx, actor| {
        let (new, capabilities) = (new.clone(), capabilities.clone());
        Box::pin(async move { rules::send(tx, actor, &capabilities, new).await })
    })
    .await
}

async fn note(cx: &Context<'_>, input: AddNoteInput) -> Result<(MessageId, Option<LogCursor>)> {
    let new = NewNote {
        interaction: decode(&input.interaction_id, "interactionId")?,
        client_id: input.client_id,
        text: input.text,
        mentions: decode_all(&input.mention_ids, "mentionIds")?.into_iter().collect(),
        attachments: decode_all(&input.attachment_ids, "attachmentIds")?,
    };
    command(cx, move |tx, actor| Box::pin(rules::add_note(tx, actor, new.clone()))).await
}

async fn edit(cx: &Context<'_>, id: MessageId, input: EditMessageInput) -> Result<Option<LogCursor>> {
    let (content, version) = (input.content.into_content()?, expected(input.expected_version));
    let capabilities = capabilities_of(cx, id).await?;
    let run = command(cx, move |tx, actor| {
        let (content, capabilities) = (content.clone(), capabilities.clone());
        Box::pin(async move { rules::edit(tx, actor, &capabilities, id, content, version).await })
    })
    .await;
    run.map(|((), cursor)| cursor)
}

async fn delete(cx: &Context<'_>, id: MessageId, version: Option<Long>) -> Result<Option<LogCursor>> {
    let capabilities = capabilities_of(cx, id).await?;
    let run = command(cx, move |tx, actor| {
        let capabilities = capabilities.clone();
        Box::pin(async move { rules::delete(tx, actor, &capabilities, id, expected(version)).await })
    })
    .await;
    run.map(|((), cursor)| cursor)
}

async fn react(cx: &Context<'_>, id: MessageId, input: &ReactInput) -> Result<Option<LogCursor>> {
    let capabilities = capabilities_of(cx, id).await?;
    let (emoji, is_added) = (input.emoji.clone(), input.is_added);
    let run = command(cx, move |tx, actor| {
        let (emoji, capabilities) = (emoji.clone(), capabilities.clone());
        Box::pin(async move { rules::react(tx, actor, &capabilities, id, &emoji, is_added).await })
    })
    .await;
    run.map(|((), cursor)| cursor)
}

#[Object]
impl MessageMutation {
    /// Sends a message: it is checked, stored and queued; its delivery state follows in the event log.
    #[graphql(guard = "Needs::scope(SENDS)")]
    async fn send_message(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A message to be sent.")] input: SendMessageInput,
    ) -> async_graphql::Result<MessagePayload> {
        match send(cx, input).await {
            Ok((Sent::Queued(id), cursor)) => MessagePayload::of(cx, Ok(cursor), Some(id)).await,
            Ok((Sent::Newer(ids), _)) => {
                let conflict = Error::Conflict("the contact has written meanwhile".into());
                let found = cx.rows().load_many(ids.iter().copied()).await.map_err(crate::graphql::types::load_error)?;
                let newer = ids.iter().filter_map(|id| found.get(id).cloned()).map(Message).collect();
                Ok(MessagePayload { newer, ..MessagePayload::of(cx, Err(conflict), None).await? })
            }
            Err(error) => MessagePayload::of(cx, Err(error), None).await,
        }
    }

    /// Writes an internal note.
    #[graphql(guard = "Needs::scope(SENDS)")]
    async fn add_note(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "An internal note to be written.")] input: AddNoteInput,
    ) -> async_graphql::Result<MessagePayload> {
        match note(cx, input).await {
            Ok((id, cursor)) => MessagePayload::of(cx, Ok(cursor), Some(id)).await,
            Err(error) => MessagePayload::of(cx, Err(error), None).await,
        }
    }

    /// Replaces the body of a note or of a sent message.
    #[graphql(guard = "Needs::scope(SENDS)")]
    async fn edit_message(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A new body for a message or note.")] input: EditMessageInput,
    ) -> async_graphql::Result<MessagePayload> {
        match decode(&input.message_id, "messageId") {
            Ok(id) => MessagePayload::of(cx, edit(cx, id, input).await, Some(id)).await,
            Err(error) => MessagePayload::of(cx, Err(error), None).await,
        }
    }

    /// Takes back a note or a sent message.
    #[graphql(guard = "Needs::scope(SENDS)")]
    async fn delete_message(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A message or note to be taken back.")] input: DeleteMessageInput,
    ) -> async_graphql::Result<MessagePayload> {
        match decode(&input.message_id, "messageId") {
            Ok(id) => MessagePayload::of(cx, delete(cx, id, input.expected_version).await, Some(id)).await,
            Err(error) => MessagePayload::of(cx, Err(error), None).await,
        }
    }

    /// Puts a reaction on a message or takes it off.
    #[graphql(guard = "Needs::scope(SENDS)")]
    async fn react(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A reaction to be put on or taken off.")] input: ReactInput,
    ) -> async_graphql::Result<MessagePayload> {
        match decode(&input.message_id, "messageId") {
            Ok(id) => MessagePayload::of(cx, react(cx, id, &input).await, Some(id)).await,
            Err(error) => MessagePayload::of(cx, Err(error), None).await,
        }
    }

    /// Takes back a message that has not left yet.
    #[graphql(guard = "Needs::scope(SENDS)")]
    async fn cancel_message(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A message of ours to do something about.")] input: MessageActionInput,
    ) -> async_graphql::Result<MessagePayload> {
        let id: MessageId = match decode(&input.message_id, "messageId") {
            Ok(id) => id,
            Err(error) => return MessagePayload::of(cx, Err(error), None).await,
        };
        let run = command(cx, move |tx, actor| Box::pin(delivery::cancel(tx, actor, id))).await;
        MessagePayload::of(cx, run.map(|((), cursor)| cursor), Some(id)).await
    }

    /// Sends a failed message again.
    #[graphql(guard = "Needs::scope(SENDS)")]
    async fn retry_message(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A message of ours to do something about.")] input: MessageActionInput,
    ) -> async_graphql::Result<MessagePayload> {
        let id: MessageId = match decode(&input.message_id, "messageId") {
            Ok(id) => id,
            Err(error) => return MessagePayload::of(cx, Err(error), None).await,
        };
        let run = command(cx, move |tx, actor| Box::pin(delivery::retry(tx, actor, id))).await;
        MessagePayload::of(cx, run.map(|((), cursor)| cursor), Some(id)).await
    }

    /// Decides about a message of which nobody knows whether it was sent.
    #[graphql(guard = "Needs::scope(SENDS)")]
    async fn resolve_unconfirmed(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A decision about a message of which nobody knows whether it was sent.")] input: ResolveUnconfirmedInput,
    ) -> async_graphql::Result<MessagePayload> {
        let id: MessageId = match decode(&input.message_id, "messageId") {
            Ok(id) => id,
            Err(error) => return MessagePayload::of(cx, Err(error), None).await,
        };
        let again = input.action == UnconfirmedAction::SendAgain;
        let run = command(cx, move |tx, actor| Box::pin(delivery::resolve_unconfirmed(tx, actor, id, again))).await;
        MessagePayload::of(cx, run.map(|((), cursor)| cursor), Some(id)).await
    }
}
