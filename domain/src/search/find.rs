//! Finding messages, contacts and interactions that the actor may see.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect, QueryTrait, sea_query::Order};
use uuid::Uuid;

use super::excerpt::excerpt;
use crate::{
    actor::{Actor, Scope as TokenScope, VisibleInboxes},
    entity::{contact, interaction, message, search_document as document},
    error::Result,
    event::EntityType,
    ids::{ContactId, InteractionId, MessageId},
    store::{
        Scope,
        page::{Page, PageRequest, Sort},
        search::matching,
    },
};

/// What can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SearchKind {
    /// Messages and notes, by their text.
    Message,
    /// Contacts, by name, address and number.
    Contact,
    /// Interactions, by reference and subject.
    Interaction,
}

/// Something found.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchHit {
    /// A message or note.
    Message {
        /// Which one.
        message: Box<message::Model>,
        /// Words around the first hit; hits stand between U+2068 and U+2069.
        excerpt: String,
    },
    /// A contact.
    Contact(Box<contact::Model>),
    /// An interaction.
    Interaction(Box<interaction::Model>),
}

/// A page of what contains every word of `question`, newest first: contacts, and messages and interactions of inboxes
/// that the actor sees.
///
/// # Errors
/// `Forbidden` for a token that may not read interactions; `Invalid` for a broken page cursor; `Storage`.
pub async fn find(
    scope: &impl Scope,
    actor: &Actor,
    question: &str,
    kinds: &BTreeSet<SearchKind>,
    request: &PageRequest,
) -> Result<Page<SearchHit>> {
    actor.must_have(TokenScope::ReadInteractions)?;
    let Some(found) = matching(scope, question) else {
        return Ok(Page { items: Vec::new(), cursors: Vec::new(), has_next: false, has_previous: false });
    };
    let types = kinds.iter().map(|kind| match kind {
        SearchKind::Message => EntityType::Message,
        SearchKind::Contact => EntityType::Contact,
        SearchKind::Interaction => EntityType::Interaction,
    });
    let mut found = found.filter(document::Column::EntityType.is_in(types));
    if let VisibleInboxes::Only(seen) = &actor.inboxes {
        let visible = interaction::in_workspace(scope.workspace())
            .filter(interaction::Column::InboxId.is_in(seen.iter().copied()))
            .select_only()
            .column(interaction::Column::Id)
            .into_query();
        let may_see = Condition::any()
            .add(document::Column::EntityType.eq(EntityType::Contact))
            .add(document::Column::InteractionId.in_subquery(visible));
        found = found.filter(may_see);
    }
    let newest = Sort::new("search", [(document::Column::At, Order::Desc), (document::Column::EntityId, Order::Desc)]);
    let page = newest.page(found, request, scope.conn()).await?;
    let mut hits = load(scope, question, &page.items).await?;
    let (items, cursors) =
        page.items.iter().zip(page.cursors).filter_map(|(row, cursor)| Some((hits.remove(&row.entity_id)?, cursor))).unzip();
    Ok(Page { items, cursors, has_next: page.has_next, has_previous: page.has_previous })
}

/// The things behind the documents: one statement per kind.
async fn load(scope: &impl Scope, question: &str, documents: &[document::Model]) -> Result<HashMap<Uuid, SearchHit>> {
    let ids = |wanted: EntityType| documents.iter().filter(move |row| row.entity_type == wanted).map(|row| row.entity_id);
    let workspace = scope.workspace();
    let messages = message::in_workspace(workspace)
        .filter(message::Column::Id.is_in(ids(EntityType::Message).map(MessageId::from)))
        .filter(message::Column::DeletedAt.is_null())
        .all(scope.conn())
        .await?;
    let contacts = contact::in_workspace(workspace)
        .filter(contact::Column::Id.is_in(ids(EntityType::Contact).map(ContactId::from)))
        .all(scope.conn())
        .await?;
    let interactions = interaction::in_workspace(workspace)
        .filter(interaction::Column::Id.is_in(ids(EntityType::Interaction).map(InteractionId::from)))
        .all(scope.conn())
        .await?;
    let mut hits = HashMap::new();
    for found in messages {
        let excerpt = excerpt(&found.text, question);
        hits.insert(found.id.uuid(), SearchHit::Message { message: Box::new(found), excerpt });
    }
    hits.extend(contacts.into_iter().map(|found| (found.id.uuid(), SearchHit::Contact(Box::new(found)))));
    hits.extend(interactions.into_iter().map(|found| (found.id.uuid(), SearchHit::Interaction(Box::new(found)))));
    Ok(hits)
}
