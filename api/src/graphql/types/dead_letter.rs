//! Dead letters, as administrators read them.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use tributary_domain::{
    Result,
    channel::{LetterFilter, excerpt_of},
    entity::dead_letter,
};

use super::{channel::Channel, enums::Direction, interaction::must_load, load_error, message::Message, page::connection};
use crate::graphql::{
    context::Cx,
    node,
    scalars::{Long, decode_opt, node_id},
};

/// An item that could not be processed or sent, and waits for a person.
#[derive(async_graphql::Description)]
pub struct DeadLetter(pub dead_letter::Model);

connection!(DeadLetterConnection, DeadLetterEdge, DeadLetter, "dead letters");

/// What became of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "dead_letter::DeadLetterState")]
pub enum DeadLetterState {
    /// Waits for a person.
    Open,
    /// Was given another try.
    Replayed,
    /// Was thrown away.
    Dropped,
}

/// Why something became a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "dead_letter::DeadLetterCause")]
pub enum DeadLetterCause {
    /// What came in cannot be read.
    Unreadable,
    /// What came in can be read, but not be accepted.
    Refused,
    /// What should go out was not delivered: the message's own error code says why.
    NotDelivered,
}

#[Object(use_type_description)]
impl DeadLetter {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// The channel it came from or should go to.
    async fn channel(&self, cx: &Context<'_>) -> async_graphql::Result<Channel> {
        Ok(Channel(must_load!(cx, self.0.channel_id, "channel")))
    }

    /// Whether it came in or could not go out.
    async fn direction(&self) -> Direction {
        self.0.direction.into()
    }

    /// Which kind of thing went wrong; null for letters from before it was noted.
    async fn cause(&self) -> Option<DeadLetterCause> {
        self.0.cause.map(Into::into)
    }

    /// What went wrong, in English, for people.
    async fn error(&self) -> &str {
        &self.0.error
    }

    /// What became of it.
    async fn state(&self) -> DeadLetterState {
        self.0.state.into()
    }

    /// The message that could not be sent; null for what came in and for what the viewer may not see.
    async fn message(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Message>> {
        let Some(work) = self.0.outbound_id else { return Ok(None) };
        let work = cx.rows().load_one(work).await.map_err(load_error)?;
        let Some(id) = work.and_then(|work| work.message_id) else { return Ok(None) };
        node::message(cx, id).await
    }

    /// Which item of which request: the id with which its sender was answered, a stroke, and its position there from 0; null
    /// for what could not go out.
    async fn reference(&self) -> Option<String> {
        Some(format!("{}/{}", self.0.raw_id?, self.0.item))
    }

    /// Beginning of the raw request without what looks like a secret; null for what could not go out and for what is no text.
    async fn excerpt(&self, cx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        let Some(raw) = self.0.raw_id else { return Ok(None) };
        let raw = cx.rows().load_one(raw).await.map_err(load_error)?;
        Ok(raw.and_then(|raw| excerpt_of(&raw.body)))
    }

    /// When it was buried.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When a person decided about it.
    async fn resolved_at(&self) -> Option<DateTime<Utc>> {
        self.0.resolved_at
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }
}

/// Which dead letters; an absent part does not narrow.
#[derive(InputObject)]
pub struct DeadLetterFilter {
    /// Of this channel.
    channel_id: Option<ID>,
    /// That came in, or that could not go out.
    direction: Option<Direction>,
    /// In one of these states.
    states: Option<Vec<DeadLetterState>>,
}

impl DeadLetterFilter {
    /// As the domain reads it.
    ///
    /// # Errors
    /// `Invalid` for an id of another type.
    pub fn into_filter(self) -> Result<LetterFilter> {
        Ok(LetterFilter {
            channel: decode_opt(self.channel_id.as_ref(), "filter.channelId")?,
            direction: self.direction.map(|direction| match direction {
                Direction::Inbound => dead_letter::Direction::In,
                Direction::Outbound => dead_letter::Direction::Out,
            }),
            states: self.states.map(|states| states.into_iter().map(Into::into).collect()),
        })
    }
}
