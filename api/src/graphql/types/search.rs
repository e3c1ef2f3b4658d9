//! What full-text search finds.

use async_graphql::{Enum, SimpleObject, Union};
use tributary_domain::search as rules;

use super::{contact::Contact, interaction::Interaction, message::Message, page::connection};

connection!(SearchConnection, SearchEdge, SearchHit, "search hits");

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::SearchKind")]
pub enum SearchKind {
    /// Messages and notes, by their text.
    Message,
    /// Contacts, by name, address and number.
    Contact,
    /// Interactions, by reference and subject.
    Interaction,
}

/// Something found.
#[expect(clippy::large_enum_variant, reason = "lives for one field of one answer; a box would cost more than it saves")]
#[derive(Union)]
pub enum SearchHit {
    /// A message or note.
    Message(MessageHit),
    /// A contact.
    Contact(ContactHit),
    /// An interaction.
    Interaction(InteractionHit),
}

/// A message or note that was found.
#[derive(SimpleObject)]
pub struct MessageHit {
    /// Which one.
    message: Message,
    /// Words around the first hit; hits stand between U+2068 and U+2069.
    excerpt: String,
}

/// A contact that was found.
#[derive(SimpleObject)]
pub struct ContactHit {
    /// Which one.
    contact: Contact,
}

/// An interaction that was found.
#[derive(SimpleObject)]
pub struct InteractionHit {
    /// Which one.
    interaction: Interaction,
}

impl From<rules::SearchHit> for SearchHit {
    fn from(hit: rules::SearchHit) -> Self {
        match hit {
            rules::SearchHit::Message { message, excerpt } => Self::Message(MessageHit { message: Message(*message), excerpt }),
            rules::SearchHit::Contact(contact) => Self::Contact(ContactHit { contact: Contact(*contact) }),
            rules::SearchHit::Interaction(found) => Self::Interaction(InteractionHit { interaction: Interaction(*found) }),
        }
    }
}
