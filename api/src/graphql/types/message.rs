//! Messages, notes and system lines.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tributary_domain::{
    content::{Language, LossNote},
    entity::{message, outbound},
    message::SystemLine as Line,
};

use super::{
    actor::ActorRef,
    attachment::Attachment,
    content::RichContent,
    enums::{DeliveryState, Direction, InteractionStatus, MessageEntry, Priority, Support},
    interaction::Interaction,
    load_error,
    page::connection,
    person::Person,
};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    loader::{FilesOf, ReactionsOn, SendOf},
    scalars::node_id,
};

/// One entry of an interaction: something said, an internal note or a system line.
pub struct Message(pub message::Model);

connection!(MessageConnection, MessageEdge, Message, "messages");

#[Object]
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

    /// Its files.
    async fn attachments(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<Attachment>> {
        let mut files = cx.rows().load_one(FilesOf(self.0.id)).await.map_err(load_error)?.unwrap_or_default();
        files.sort_unstable_by_key(|file| file.id);
        Ok(files.into_iter().map(Attachment).collect())
    }

    /// The message that it quotes.
    async fn quoted(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Message>> {
        let Some(id) = self.0.quoted_id else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Message))
    }

    /// Reactions on it, oldest first.
    async fn reactions(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<Reaction>> {
        let me = cx.actor().or_field_error()?.person();
        let mut reactions = cx.rows().load_one(ReactionsOn(self.0.id)).await.map_err(load_error)?.unwrap_or_default();
        reactions.sort_by(|one, other| one.at.cmp(&other.at).then_with(|| one.author_id.cmp(&other.author_id)));
        Ok(reactions
            .into_iter()
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

    /// Number of its last change in the event log.
    async fn version(&self) -> i64 {
        self.0.version.0
    }
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
pub struct Delivery(message::Model);

#[Object]
impl Delivery {
    /// The furthest state heard of.
    async fn state(&self) -> DeliveryState {
        self.0.delivery.unwrap_or(tributary_domain::state::DeliveryState::Queued).into()
    }

    /// Why it failed: our code.
    async fn error_code(&self) -> Option<&str> {
        self.0.error_code.as_deref()
    }

    /// Why it failed: the platform's own words.
    async fn error_detail(&self) -> Option<&str> {
        self.0.error_detail.as_deref()
    }

    /// When it was queued.
    async fn queued_at(&self) -> Option<DateTime<Utc>> {
        self.0.queued_at
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
pub struct RenderedContent {
    rendered: tributary_domain::content::Rendered,
    language: Language,
}

impl RenderedContent {
    /// The rendered body, with notes in `language`.
    pub fn new(rendered: tributary_domain::content::Rendered, language: Language) -> Self {
        Self { rendered, language }
    }
}

#[Object]
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

    /// What became different, one sentence each.
    async fn notes(&self) -> Vec<&'static str> {
        self.rendered.notes.iter().map(|note: &LossNote| note.message(self.language)).collect()
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
    /// A step of the script could not be run.
    ScriptFailed,
}

/// What happened to the interaction.
pub struct SystemLine(Line);

#[Object]
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

    /// Name of the skill, the inbox or the other contact; reason of a failure.
    async fn text(&self) -> Option<&str> {
        match &self.0 {
            Line::SkillChanged { skill } => skill.as_deref(),
            Line::InboxChanged { inbox } => Some(inbox),
            Line::ContactsMerged { name } => Some(name),
            Line::ScriptFailed { reason } => Some(reason),
            _ => None,
        }
    }
}
