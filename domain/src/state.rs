//! The two state machines of the product, pure: [`InteractionStatus`] and [`DeliveryState`].

use sea_orm::{DeriveActiveEnum, EnumIter, sea_query::StringLen};
use serde::{Deserialize, Serialize};

/// Where an interaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InteractionStatus {
    /// Nobody has taken it yet.
    #[sea_orm(string_value = "new")]
    New,
    /// Being worked on.
    #[sea_orm(string_value = "open")]
    Open,
    /// Waiting for the contact or for something outside.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Handed to someone with more rights or knowledge.
    #[sea_orm(string_value = "escalated")]
    Escalated,
    /// Hidden until a time or until the contact writes.
    #[sea_orm(string_value = "snoozed")]
    Snoozed,
    /// Answered; a new message opens it again.
    #[sea_orm(string_value = "resolved")]
    Resolved,
    /// Ended for good; a new message starts another interaction.
    #[sea_orm(string_value = "closed")]
    Closed,
    /// Thrown away; kept until retention ends.
    #[sea_orm(string_value = "trashed")]
    Trashed,
}

impl InteractionStatus {
    /// Whether a person may move an interaction from this state to `next`.
    ///
    /// A trashed one can only be restored to open; a closed one stays closed or is trashed; nothing returns to new.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use InteractionStatus::{Closed, Escalated, New, Open, Pending, Resolved, Snoozed, Trashed};
        match (self, next) {
            (_, New) | (Closed, Open | Pending | Escalated | Snoozed | Resolved) => false,
            (Trashed, other) => matches!(other, Open),
            (New | Open | Pending | Escalated | Snoozed | Resolved, Open | Pending | Escalated | Snoozed | Resolved | Closed | Trashed)
            | (Closed, Closed | Trashed) => true,
        }
    }

    /// The state after a message of the contact, or `None` when the message must start a new interaction.
    #[must_use]
    pub fn after_inbound(self, is_automatic: bool) -> Option<Self> {
        match self {
            Self::Closed | Self::Trashed => None,
            other if is_automatic => Some(other),
            Self::Pending | Self::Snoozed | Self::Resolved => Some(Self::Open),
            other => Some(other),
        }
    }

    /// Whether somebody still has to do something about it.
    #[must_use]
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Resolved | Self::Closed | Self::Trashed)
    }
}

/// How far an outbound message has come. The order is the rank: it only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryState {
    /// Waiting to be sent.
    #[sea_orm(string_value = "queued")]
    Queued,
    /// Taken back before it left.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
    /// Being handed to the platform.
    #[sea_orm(string_value = "sending")]
    Sending,
    /// The platform may or may not have it; a person decides.
    #[sea_orm(string_value = "unconfirmed")]
    Unconfirmed,
    /// The platform has it.
    #[sea_orm(string_value = "sent")]
    Sent,
    /// The platform refused it or gave up.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// It reached the contact's device.
    #[sea_orm(string_value = "delivered")]
    Delivered,
    /// The contact has seen it.
    #[sea_orm(string_value = "read")]
    Read,
}

impl DeliveryState {
    /// The state after hearing `heard`: never backwards; failure only from at most sent.
    #[must_use]
    pub fn after(self, heard: Self) -> Self {
        use DeliveryState::{Cancelled, Delivered, Failed, Queued, Read, Sending, Sent, Unconfirmed};
        let moves = match (self, heard) {
            (Cancelled | Read, _) => false,
            (Queued, _) => true,
            // Cancelled: while it waits for another attempt.
            (Sending, next) => !matches!(next, Queued),
            (Unconfirmed, next) => matches!(next, Queued | Sent | Failed | Delivered | Read),
            (Sent, next) => matches!(next, Failed | Delivered | Read),
            (Failed, next) => matches!(next, Queued | Delivered | Read),
            (Delivered, next) => matches!(next, Read),
        };
        if moves { heard } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::{DeliveryState as D, InteractionStatus as S};

    #[test]
    fn delivery_never_moves_back() {
        let cases = [
            (D::Queued, D::Sending, D::Sending),
            (D::Sending, D::Queued, D::Sending),
            (D::Sending, D::Cancelled, D::Cancelled),
            (D::Unconfirmed, D::Cancelled, D::Unconfirmed),
            (D::Read, D::Delivered, D::Read),
            (D::Read, D::Failed, D::Read),
            (D::Delivered, D::Failed, D::Delivered),
            (D::Sent, D::Failed, D::Failed),
            (D::Delivered, D::Sent, D::Delivered),
            (D::Unconfirmed, D::Queued, D::Queued),
            (D::Cancelled, D::Sent, D::Cancelled),
            (D::Failed, D::Delivered, D::Delivered),
        ];
        for (from, heard, expected) in cases {
            assert_eq!(from.after(heard), expected, "{from:?} after {heard:?}");
        }
    }

    #[test]
    fn closed_and_trashed_are_left_only_as_allowed() {
        assert!(!S::Closed.may_become(S::Open));
        assert!(S::Closed.may_become(S::Trashed));
        assert!(S::Trashed.may_become(S::Open));
        assert!(!S::Trashed.may_become(S::Resolved));
        assert!(!S::Open.may_become(S::New));
    }

    #[test]
    fn a_message_reopens_unless_a_machine_wrote_it() {
        assert_eq!(S::Resolved.after_inbound(false), Some(S::Open));
        assert_eq!(S::Resolved.after_inbound(true), Some(S::Resolved));
        assert_eq!(S::Snoozed.after_inbound(false), Some(S::Open));
        assert_eq!(S::New.after_inbound(false), Some(S::New));
        assert_eq!(S::Closed.after_inbound(false), None);
    }
}
