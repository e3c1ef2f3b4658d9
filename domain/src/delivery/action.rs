//! What a row of outbound work asks for, in our own ids. [`crate::delivery::load`] makes an
//! [`crate::outbound::Outbound`] of it when it is sent.

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

use crate::{
    content::{Rendered, RichContent},
    ids::MessageId,
};

/// What is to be done on the platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum OutboundAction {
    /// Send the message.
    Send,
    /// Replace the message's body by this one. The message keeps its own until the platform has taken the new one.
    Edit {
        /// The body as it was asked for.
        content: Box<RichContent>,
        /// The body as the channel takes it.
        rendered: Box<Rendered>,
    },
    /// Take the message back.
    Delete,
    /// Put a reaction on the message or take it off.
    React {
        /// Which.
        emoji: String,
        /// `false`: take off.
        is_added: bool,
    },
    /// Tell the platform that we have read up to this message.
    MarkRead {
        /// Newest message read.
        up_to: MessageId,
    },
    /// Tell the platform that the interaction was closed.
    Close,
}
