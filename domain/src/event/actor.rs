//! Who did something, as the log and other tables keep it: one short text.

use std::{fmt, str::FromStr};

use crate::ids::{ApiClientId, ContactId, InvalidId, PersonId, ScriptId};

/// Who did something. Names the doer and says nothing about rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub enum ActorRef {
    /// The server itself: timers, receipts, retention.
    System,
    /// An agent, supervisor or admin.
    Person(PersonId),
    /// A program with a token.
    ApiClient(ApiClientId),
    /// A contact, through a channel.
    Contact(ContactId),
    /// A script.
    Script(ScriptId),
}

impl fmt::Display for ActorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::Person(id) => id.fmt(f),
            Self::ApiClient(id) => id.fmt(f),
            Self::Contact(id) => id.fmt(f),
            Self::Script(id) => id.fmt(f),
        }
    }
}

impl FromStr for ActorRef {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once('_').map_or(text, |(prefix, _)| prefix) {
            "system" => Ok(Self::System),
            PersonId::PREFIX => text.parse().map(Self::Person),
            ApiClientId::PREFIX => text.parse().map(Self::ApiClient),
            ContactId::PREFIX => text.parse().map(Self::Contact),
            ScriptId::PREFIX => text.parse().map(Self::Script),
            _ => Err(InvalidId { expected: "actor" }),
        }
    }
}

impl sea_orm::TryFromU64 for ActorRef {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("ActorRef"))
    }
}
