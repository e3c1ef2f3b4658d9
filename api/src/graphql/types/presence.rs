//! Who views, replies and types.

use async_graphql::{Enum, SimpleObject};

use super::person::Person;

/// What somebody does on an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum PresenceState {
    /// Looks at it.
    Viewing,
    /// Writes an answer.
    Replying,
    /// Has it open but does not look.
    Away,
    /// Has closed it.
    Left,
}

/// Who is on an interaction now.
#[derive(SimpleObject)]
pub struct PresenceUpdate {
    /// `false`: nobody knows at the moment.
    pub is_known: bool,
    /// The people, each with the most that one of their tabs does.
    pub people: Vec<PersonPresence>,
    /// Whether the contact is typing.
    pub contact_is_typing: bool,
}

/// What one person does.
#[derive(SimpleObject)]
pub struct PersonPresence {
    /// Who.
    pub person: Person,
    /// What.
    pub state: PresenceState,
}
