//! Messages, notes and system lines.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Duration, Utc};
use tributary_domain::{
    content::{Formatted, Language, Markup, RichContent as Content, remote_images},
    entity::{message, outbound},
    ids::ExternalUserId,
    inbound,
    message::SystemLine as Line,
};

use super::{
    actor::ActorRef,
    attachment::{Attachment, VALID_MINUTES},
    contact::Contact,
    content::RichContent,
    enums::{
        DeliveryState, Direction, InteractionStatus, LossNote, MessageChangeKind, MessageChangeState, MessageEntry, Priority,
        RecipientKind, Support,
    },
    interaction::Interaction,
    load_error,
    page::{MAX_SHORT_LIST, connection},
    person::Person,
};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    loader::{FilesOf, ReactionsOn, SendOf},
    scalars::{Long, WebUrl, node_id},
};

/// One entry of an interaction: something said, an internal note or a system line.
#[derive(async_graphql::Description)]
pub struct Message(pub message::Model);

connection!(MessageConnection, MessageEdge, Message, "messages");

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl Message {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// The interaction that it belongs to.
    async fn interaction(&self, cx: &Context<'_>) -> async_graphql::Result<Interaction> {
        Interaction::load(cx, self.0.interaction_id).await
    }

    /// Which way it went.
    async fn direction(&self) -> Direction {
        self.0.direction.into()
    }

    /// Whether it is a message, a note or a system line.
    async fn entry(&self) -> MessageEntry {
        self.0.entry.into()
    }

    /// Who wrote it.
    async fn author(&self) -> ActorRef {
        ActorRef::author(&self.0)
    }

    /// The body.
    async fn content(&self) -> RichContent {
        self.0.content.0.clone().into()
    }

    /// Readable text of the whole message, whatever its kind.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Subject, where the channel has one.
    async fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// Its files, without the images that its content shows by itself.
    async fn attachments(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<Attachment>> {
        if self.0.deleted_at.is_some() {
            return Ok(Vec::new());
        }
        let mut files = cx.rows().load_one(FilesOf(self.0.id)).await.map_err(load_error)?.unwrap_or_default();
        let shown = self.0.content.0.images();
        files.retain(|file| !shown.iter().any(|(_, image)| *image == file.id));
        files.sort_unstable_by_key(|file| file.id);
        Ok(files.into_iter().map(Attachment).collect())
    }

    /// The message as it came (the whole mail, headers and all), to download: nothing is left out or made harmless in it.
    /// Null where the channel gives none.
    async fn original(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Attachment>> {
        // What was taken back is not to be read by this door either.
        let Some(id) = self.0.raw_attachment_id.filter(|_| self.0.deleted_at.is_none()) else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Attachment))
    }

    /// Pictures on other hosts that its HTML shows, with the addresses under which we hand them out: a reader's browser asks
    /// us, never the other host. Ask for them when the reader agrees to see them; empty for other kinds of body.
    async fn remote_pictures(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<RemotePicture>> {
        cx.actor().or_field_error()?;
        let Content::Formatted(Formatted { markup: Markup::Html, source }) = &self.0.content.0 else { return Ok(Vec::new()) };
        let app = cx.app();
        let expires = app.store.clock().now() + Duration::minutes(VALID_MINUTES);
        let pictures = remote_images(source).into_iter();
        Ok(pictures.map(|source| RemotePicture { url: WebUrl(app.links.picture_url(&app.public_url, &source, expires)), source }).collect())
    }

    /// The message that it quotes.
    async fn quoted(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Message>> {
        let Some(id) = self.0.quoted_id else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Message))
    }

    /// Reactions on it, oldest first, at most 200.
    async fn reactions(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<Reaction>> {
        // Only then does the answer depend on who asks.
        let me = if cx.look_ahead().field("isMine").exists() { cx.actor().or_field_error()?.person() } else { None };
        let mut reactions = cx.rows().load_one(ReactionsOn(self.0.id)).await.map_err(load_error)?.unwrap_or_default();
        reactions.sort_by(|one, other| one.at.cmp(&other.at).then_with(|| one.author_id.cmp(&other.author_id)));
        Ok(reactions
            .into_iter()
            .take(MAX_SHORT_LIST)
            .map(|row| Reaction {
                is_mine: me.is_some_and(|me| row.author_id == me.uuid().to_string()),
                author: ActorRef::reactor(&row),
                emoji: row.emoji,
                at: row.at,
            })
            .collect())
    }

    /// People mentioned in a note.
    async fn mentions(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<Person>> {
        let found = cx.rows().load_many(self.0.mentions.0.iter().copied()).await.map_err(load_error)?;
        Ok(self.0.mentions.iter().filter_map(|id| found.get(id).cloned()).map(Person).collect())
    }

    /// What a system line says; null for messages and notes.
    async fn system(&self) -> Option<SystemLine> {
        self.0.system.as_ref().map(|line| SystemLine(line.0.clone()))
    }

    /// How far it has come; null for inbound messages and notes.
    async fn delivery(&self) -> Option<Delivery> {
        self.0.delivery.map(|_| Delivery(self.0.clone()))
    }

    /// What was really sent; null for inbound messages, notes and system lines.
    async fn rendered_as(&self) -> Option<RenderedContent> {
        self.0.rendered_as.as_ref().map(|rendered| RenderedContent::new(rendered.0.clone(), Language::En))
    }

    /// The id that the sender's client gave it.
    async fn client_id(&self) -> Option<&str> {
        self.0.client_id.as_deref()
    }

    /// To whom it was sent, ourselves included; empty where the channel does not say, and for messages of ours.
    async fn recipients(&self) -> Vec<Recipient> {
        self.0.recipients.iter().flat_map(|known| known.0.iter().cloned()).map(Recipient::from).collect()
    }

    /// Where its writer wants the answer, where that is not simply the address that it came from; our answers go there.
    async fn reply_to(&self) -> Option<&str> {
        self.0.reply_to.as_ref().map(ExternalUserId::as_str)
    }

    /// Written by a machine.
    async fn is_automatic(&self) -> bool {
        self.0.is_automatic
    }

    /// When it was written, by the platform's clock.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// When it was stored.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last edited.
    async fn edited_at(&self) -> Option<DateTime<Utc>> {
        self.0.edited_at
    }

    /// When it was taken back.
    async fn deleted_at(&self) -> Option<DateTime<Utc>> {
        self.0.deleted_at
    }

    /// The last edit or deletion, while it is on its way to the platform or after the platform refused it; null when what is
    /// shown is what the contact sees.
    async fn change(&self) -> Option<MessageChange> {
        let change = self.0.last_change.as_ref()?;
        Some(MessageChange {
            kind: change.kind.into(),
            state: change.state.into(),
            error_code: change.code.clone(),
            error_detail: change.detail.clone(),
        })
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }
}

/// Somebody to whom a message was sent.
#[derive(SimpleObject)]
pub struct Recipient {
    /// Whether it was meant for them.
    kind: RecipientKind,
    /// Their address.
    address: String,
    /// Their name, as the writer gave it.
    name: Option<String>,
}

impl From<inbound::Recipient> for Recipient {
    fn from(recipient: inbound::Recipient) -> Self {
        Self { kind: recipient.kind.into(), address: recipient.address.as_str().to_owned(), name: recipient.name }
    }
}

/// A picture on another host.
#[derive(SimpleObject)]
pub struct RemotePicture {
    /// Its address as the HTML names it, in `src` or `data-remote-src`.
    source: String,
    /// Signed address under which we fetch and hand out the picture, valid for 15 minutes.
    url: WebUrl,
}

/// An edit or a deletion of a message that the platform has not carried out.
#[derive(SimpleObject)]
pub struct MessageChange {
    /// What it does.
    kind: MessageChangeKind,
    /// How far it has come.
    state: MessageChangeState,
    /// Why it was refused: our code.
    error_code: Option<String>,
    /// Why it was refused: the platform's own words.
    error_detail: Option<String>,
}

/// A reaction on a message.
#[derive(SimpleObject)]
pub struct Reaction {
    /// The emoji or the platform's word for it.
    emoji: String,
    /// Who reacted.
    author: ActorRef,
    /// Whether it was the viewer.
    is_mine: bool,
    /// When.
    at: DateTime<Utc>,
}

/// How far a message of ours has come.
#[derive(async_graphql::Description)]
pub struct Delivery(message::Model);

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl Delivery {
    /// The furthest state heard of.
    async fn state(&self) -> DeliveryState {
        self.0.delivery.unwrap_or(tributary_domain::state::DeliveryState::Queued).into()
    }

    /// Why it failed, or, beside a state that is no failure, what there is to know of it (DELAYED, COMPLAINT): our code.
    async fn error_code(&self) -> Option<&str> {
        self.0.error_code.as_deref()
    }

    /// The platform's own words to `errorCode`.
    async fn error_detail(&self) -> Option<&str> {
        self.0.error_detail.as_deref()
    }

    /// When it was queued.
    async fn queued_at(&self) -> DateTime<Utc> {
        // What another application sent never waited here: it is heard of when it is out.
        self.0.queued_at.unwrap_or(self.0.created_at)
    }

    /// When it was first handed to the platform.
    async fn sending_at(&self) -> Option<DateTime<Utc>> {
        self.0.sending_at
    }

    /// When the platform took it.
    async fn sent_at(&self) -> Option<DateTime<Utc>> {
        self.0.sent_at
    }

    /// When it reached the contact's device.
    async fn delivered_at(&self) -> Option<DateTime<Utc>> {
        self.0.delivered_at
    }

    /// When the contact saw it.
    async fn read_at(&self) -> Option<DateTime<Utc>> {
        self.0.read_at
    }

    /// When it failed.
    async fn failed_at(&self) -> Option<DateTime<Utc>> {
        self.0.failed_at
    }

    /// Attempts made so far.
    async fn attempts(&self, cx: &Context<'_>) -> async_graphql::Result<i32> {
        Ok(self.row(cx).await?.map_or(0, |row| row.attempts))
    }

    /// When the next attempt is due; null when none is.
    async fn next_attempt_at(&self, cx: &Context<'_>) -> async_graphql::Result<Option<DateTime<Utc>>> {
        let row = self.row(cx).await?;
        Ok(row.filter(|row| row.state == outbound::OutboundState::Queued && row.attempts > 0).map(|row| row.not_before))
    }
}

impl Delivery {
    async fn row(&self, cx: &Context<'_>) -> async_graphql::Result<Option<outbound::Model>> {
        cx.rows().load_one(SendOf(self.0.id)).await.map_err(load_error)
    }
}

/// A body as the customer gets it.
#[derive(async_graphql::Description)]
pub struct RenderedContent {
    rendered: tributary_domain::content::Rendered,
    language: Language,
}

impl RenderedContent {
    /// The rendered body, with fallback text in `language`.
    pub fn new(rendered: tributary_domain::content::Rendered, language: Language) -> Self {
        Self { rendered, language }
    }
}

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl RenderedContent {
    /// The body.
    async fn content(&self) -> RichContent {
        self.rendered.content.clone().into()
    }

    /// Readable text of the body.
    async fn text(&self) -> String {
        self.rendered.content.fallback_in(self.language)
    }

    /// How much of what was asked arrives.
    async fn support(&self) -> Support {
        self.rendered.support.into()
    }

    /// What became different.
    async fn notes(&self) -> Vec<LossNote> {
        self.rendered.notes.iter().copied().map(Into::into).collect()
    }
}

/// Kind of a system line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SystemLineKind {
    /// Somebody took it or was given it.
    Assigned,
    /// Nobody has it any more.
    Unassigned,
    /// Its status changed.
    StatusChanged,
    /// It was put off.
    Snoozed,
    /// Its priority changed.
    PriorityChanged,
    /// Another skill is needed.
    SkillChanged,
    /// It moved to another inbox.
    InboxChanged,
    /// The contact was merged with another.
    ContactsMerged,
    /// Somebody else wrote in the conversation for the first time.
    ParticipantJoined,
    /// The receiving server could not confirm that a message comes from whom it says.
    SenderDoubtful,
    /// A step of the script could not be run.
    ScriptFailed,
}

/// What happened to the interaction.
#[derive(async_graphql::Description)]
pub struct SystemLine(Line);

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl SystemLine {
    /// What kind of thing.
    async fn kind(&self) -> SystemLineKind {
        match &self.0 {
            Line::Assigned { .. } => SystemLineKind::Assigned,
            Line::Unassigned => SystemLineKind::Unassigned,
            Line::StatusChanged { .. } => SystemLineKind::StatusChanged,
            Line::Snoozed { .. } => SystemLineKind::Snoozed,
            Line::PriorityChanged { .. } => SystemLineKind::PriorityChanged,
            Line::SkillChanged { .. } => SystemLineKind::SkillChanged,
            Line::InboxChanged { .. } => SystemLineKind::InboxChanged,
            Line::ContactsMerged { .. } => SystemLineKind::ContactsMerged,
            Line::ParticipantJoined { .. } => SystemLineKind::ParticipantJoined,
            Line::SenderDoubtful { .. } => SystemLineKind::SenderDoubtful,
            Line::ScriptFailed { .. } => SystemLineKind::ScriptFailed,
        }
    }

    /// Who was assigned.
    async fn person(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Person>> {
        let Line::Assigned { person } = &self.0 else { return Ok(None) };
        Ok(cx.rows().load_one(*person).await.map_err(load_error)?.map(Person))
    }

    /// The new status.
    async fn status(&self) -> Option<InteractionStatus> {
        match &self.0 {
            Line::StatusChanged { status } => Some((*status).into()),
            Line::Snoozed { .. } => Some(InteractionStatus::Snoozed),
            _ => None,
        }
    }

    /// The new priority.
    async fn priority(&self) -> Option<Priority> {
        match &self.0 {
            Line::PriorityChanged { priority } => Some((*priority).into()),
            _ => None,
        }
    }

    /// Until when it was put off.
    async fn until(&self) -> Option<DateTime<Utc>> {
        match &self.0 {
            Line::Snoozed { until } => Some(*until),
            _ => None,
        }
    }

    /// The message that it is about.
    async fn message(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Message>> {
        let Line::SenderDoubtful { message, .. } = &self.0 else { return Ok(None) };
        Ok(cx.rows().load_one(*message).await.map_err(load_error)?.map(Message))
    }

    /// The contact that joined.
    async fn contact(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Contact>> {
        let Line::ParticipantJoined { contact, .. } = &self.0 else { return Ok(None) };
        Ok(cx.rows().load_one(*contact).await.map_err(load_error)?.map(Contact))
    }

    /// Name of the skill, the inbox or the other contact; reason of a failure; the proofs of the sender that failed.
    async fn text(&self) -> Option<String> {
        match &self.0 {
            Line::SkillChanged { skill } => skill.clone(),
            Line::InboxChanged { inbox } => Some(inbox.clone()),
            Line::ContactsMerged { name } | Line::ParticipantJoined { name, .. } => Some(name.clone()),
            Line::SenderDoubtful { failed, .. } => Some(failed.join(", ")),
            Line::ScriptFailed { reason } => Some(reason.clone()),
            _ => None,
        }
    }
}
