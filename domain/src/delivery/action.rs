//! What a row of outbound work asks for, in our own ids. [`crate::delivery::load`] makes an
//! [`crate::outbound::Outbound`] of it when it is sent.

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

use crate::ids::MessageId;

/// What is to be done on the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum OutboundAction {
    /// Send the message.
    Send,
    /// Send the message's new body.
    Edit,
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
