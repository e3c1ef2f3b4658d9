//! Interactions and whether we may answer.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tributary_domain::{Error, entity::interaction, ids::InteractionId, interaction as rules, spec::Audience, store::page::PageRequest};

use super::{
    channel::Channel,
    contact::{Contact, ContactIdentity},
    enums::{InteractionStatus, Priority, RichKind},
    inbox::Inbox,
    load_error,
    message::{Message, MessageConnection},
    page::{MAX_PAGE, connection},
    person::Person,
    skill::Skill,
    tag::Tag,
};
use crate::graphql::{
    context::Cx,
    error::{OrFieldError, field_error},
    loader::{ReadBy, RelatedTo, TagsOn},
    query::list::paged,
    scalars::{Long, node_id},
};

/// The whole conversation of a contact with us on one channel.
#[derive(async_graphql::Description)]
pub struct Interaction(pub interaction::Model);

connection!(InteractionConnection, InteractionEdge, Interaction, "interactions");

impl Interaction {
    /// An interaction that something visible belongs to.
    pub async fn load(cx: &Context<'_>, id: InteractionId) -> async_graphql::Result<Self> {
        let found = cx.rows().load_one(id).await.map_err(load_error)?;
        found.map(Self).ok_or_else(|| field_error(Error::NotFound("interaction")))
    }
}

/// A row that must be there, because a foreign key says so.
macro_rules! must_load {
    ($cx:expr, $id:expr, $what:literal) => {
        $cx.rows()
            .load_one($id)
            .await
            .map_err($crate::graphql::types::load_error)?
            .ok_or_else(|| $crate::graphql::error::field_error(tributary_domain::Error::NotFound($what)))?
    };
}
pub(crate) use must_load;

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl Interaction {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Short reference for people: T-1042.
    async fn reference(&self) -> String {
        rules::reference(self.0.number)
    }

    /// The channel it runs on.
    async fn channel(&self, cx: &Context<'_>) -> async_graphql::Result<Channel> {
        Ok(Channel(must_load!(cx, self.0.channel_id, "channel")))
    }

    /// The person who writes to us.
    async fn contact(&self, cx: &Context<'_>) -> async_graphql::Result<Contact> {
        Ok(Contact(must_load!(cx, self.0.contact_id, "contact")))
    }

    /// The address of the contact that it runs over.
    async fn identity(&self, cx: &Context<'_>) -> async_graphql::Result<ContactIdentity> {
        Ok(ContactIdentity(must_load!(cx, self.0.identity_id, "identity")))
    }

    /// The inbox it appears in.
    async fn inbox(&self, cx: &Context<'_>) -> async_graphql::Result<Inbox> {
        Ok(Inbox(must_load!(cx, self.0.inbox_id, "inbox")))
    }

    /// Subject, where the channel has one.
    async fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// Where it stands.
    async fn status(&self) -> InteractionStatus {
        self.0.status.into()
    }

    /// How urgent it is.
    async fn priority(&self) -> Priority {
        self.0.priority.into()
    }

    /// Its tags, by name.
    async fn tags(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<Tag>> {
        let on = cx.rows().load_one(TagsOn(self.0.id)).await.map_err(load_error)?.unwrap_or_default();
        let found = cx.rows().load_many(on.into_iter().map(|row| row.tag_id)).await.map_err(load_error)?;
        let mut tags: Vec<_> = found.into_values().collect();
        tags.sort_by(|one, other| one.name_folded.cmp(&other.name_folded));
        Ok(tags.into_iter().map(Tag).collect())
    }

    /// The person who has it.
    async fn assignee(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Person>> {
        let Some(id) = self.0.assignee_id else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Person))
    }

    /// The skill it needs.
    async fn skill(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Skill>> {
        let Some(id) = self.0.skill_id else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Skill))
    }

    /// Until when it is hidden.
    async fn snoozed_until(&self) -> Option<DateTime<Utc>> {
        self.0.snoozed_until
    }

    /// Messages of the contact that the viewer has not seen.
    async fn unread_count(&self, cx: &Context<'_>) -> async_graphql::Result<i32> {
        let seen = cx.rows().load_one(ReadBy(self.0.id)).await.map_err(load_error)?;
        Ok((self.0.inbound_count - seen.map_or(0, |mark| mark.inbound_seen)).max(0))
    }

    /// The newest message or note.
    async fn last_message(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Message>> {
        let Some(id) = self.0.last_message_id else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Message))
    }

    /// Messages, notes and system lines, oldest first: the first ones, or the last ones.
    async fn messages(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
        #[graphql(desc = "How many at most, counted from the end, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor of the row behind: the page ends before it.")] before: Option<String>,
    ) -> async_graphql::Result<MessageConnection> {
        let request = PageRequest::new(first, after, last, before, MAX_PAGE);
        paged!(cx, self.0.id, request, MessageConnection, Message)
    }

    /// Since when the contact waits for an answer; null when nobody waits.
    async fn waiting_since(&self) -> Option<DateTime<Utc>> {
        self.0.waiting_since
    }

    /// Whether one of its messages could not be sent.
    async fn has_failed_message(&self) -> bool {
        self.0.has_failed
    }

    /// Whether and how the viewer may answer now.
    async fn reply_policy(&self, cx: &Context<'_>) -> async_graphql::Result<ReplyPolicy> {
        let actor = cx.actor().or_field_error()?;
        let channel = must_load!(cx, self.0.channel_id, "channel");
        let contact = must_load!(cx, self.0.contact_id, "contact");
        let capabilities = cx.app().registry.capabilities(&channel);
        let audience = if actor.is_machine() { Audience::Machine } else { Audience::Agent };
        let now = cx.app().store.clock().now();
        let policy = rules::reply_policy(actor, &self.0, &channel, &contact, &capabilities, audience, now);
        Ok(ReplyPolicy {
            may_reply: policy.refusal.is_none(),
            until: policy.until,
            kinds: policy.kinds.into_iter().map(RichKind::from).collect(),
            reason: policy.refusal.map(ReplyRefusal::from),
        })
    }

    /// The earlier interaction that this one continues.
    async fn continues(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Interaction>> {
        let Some(id) = self.0.linked_to else { return Ok(None) };
        let found = cx.rows().load_one(id).await.map_err(load_error)?;
        let actor = cx.actor().or_field_error()?;
        Ok(found.filter(|found| actor.may_see_inbox(found.inbox_id)).map(Interaction))
    }

    /// Those of other channels that hold the same message, such as a mail to two of our addresses, as far as the viewer may
    /// see them; oldest first.
    async fn related(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<Interaction>> {
        let relations = cx.rows().load_one(RelatedTo(self.0.id)).await.map_err(load_error)?.unwrap_or_default();
        let found = cx.rows().load_many(relations.into_iter().map(|row| row.related_id)).await.map_err(load_error)?;
        let actor = cx.actor().or_field_error()?;
        let mut related: Vec<_> = found.into_values().filter(|found| actor.may_see_inbox(found.inbox_id)).collect();
        related.sort_by_key(|found| found.number);
        Ok(related.into_iter().map(Interaction).collect())
    }

    /// When something last happened in it.
    async fn last_activity_at(&self) -> DateTime<Utc> {
        self.0.last_activity_at
    }

    /// When it was opened.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was resolved.
    async fn resolved_at(&self) -> Option<DateTime<Utc>> {
        self.0.resolved_at
    }

    /// When it was closed.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }
}

/// Whether and how we may answer now.
#[derive(SimpleObject)]
pub struct ReplyPolicy {
    /// Whether we may.
    may_reply: bool,
    /// Until when; null: no end.
    until: Option<DateTime<Utc>>,
    /// Kinds that may be sent besides text.
    kinds: Vec<RichKind>,
    /// Why not; null when we may.
    reason: Option<ReplyRefusal>,
}

/// Why we may not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::ReplyRefusal")]
pub enum ReplyRefusal {
    /// It is closed or trashed.
    InteractionClosed,
    /// The platform's reply window has closed.
    WindowClosed,
    /// The window has closed, but approved templates may be sent.
    TemplatesOnly,
    /// The channel is switched off.
    ChannelDisabled,
    /// The channel's credentials are broken.
    ChannelNeedsSignIn,
    /// The contact is blocked.
    ContactBlocked,
    /// The viewer may not send.
    NotPermitted,
}
