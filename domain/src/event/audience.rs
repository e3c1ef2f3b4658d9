//! Who may hear of an event at most.

use std::{fmt, str::FromStr};

use super::EntityType;
use crate::ids::{InboxId, InvalidId, PersonId};

/// The widest circle for an event. Rights on the entity are checked besides, at the time of delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub enum Audience {
    /// Everyone in the workspace.
    Everyone,
    /// Whoever may see contacts: everyone but tokens without the scope.
    Contacts,
    /// Those who may see the inbox.
    Inbox(InboxId),
    /// One person, and nobody else.
    Person(PersonId),
    /// Supervisors and admins.
    Supervisors,
    /// Admins.
    Admins,
}

impl Audience {
    /// Who may hear of a change to an entity of this type unless the change itself says otherwise.
    #[must_use]
    pub const fn of(entity: EntityType) -> Self {
        match entity {
            EntityType::Contact => Self::Contacts,
            _ => Self::Everyone,
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Contacts => f.write_str("contacts"),
            Self::Inbox(id) => id.fmt(f),
            Self::Person(id) => id.fmt(f),
            Self::Supervisors => f.write_str("supervisors"),
            Self::Admins => f.write_str("admins"),
        }
    }
}

impl FromStr for Audience {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once('_').map_or(text, |(prefix, _)| prefix) {
            "everyone" => Ok(Self::Everyone),
            "contacts" => Ok(Self::Contacts),
            InboxId::PREFIX => text.parse().map(Self::Inbox),
            PersonId::PREFIX => text.parse().map(Self::Person),
            "supervisors" => Ok(Self::Supervisors),
            "admins" => Ok(Self::Admins),
            _ => Err(InvalidId { expected: "audience" }),
        }
    }
}
