//! Everything that has an id of its own, by that id.
//!
//! What the viewer may not see does not exist here: the answer is null either way. An interaction and what is in it is
//! seen with its inbox; what only admins manage is seen by admins.

use async_graphql::{Context, ID, Interface, Object};
use futures_util::future::try_join_all;
use tributary_domain::{
    Error,
    actor::{Actor, Scope},
    entity::{attachment, view},
    event::EntityType,
    ids::*,
};
use uuid::Uuid;

use super::{
    context::Cx,
    error::OrFieldError,
    types::{
        api_client::ApiClient, attachment::Attachment, channel::Channel, contact::Contact, dead_letter::DeadLetter, inbox::Inbox,
        interaction::Interaction, load_error, message::Message, person::Person, script::Script, skill::Skill, tag::Tag, team::Team,
        view::View,
    },
};

/// Most ids in one question.
const MAX_IDS: usize = 100;

/// Something with an id of its own.
#[expect(clippy::large_enum_variant, reason = "lives for one field of one answer; a box would cost more than it saves")]
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque id."))]
pub enum Node {
    /// An API client or bot.
    ApiClient(ApiClient),
    /// A file.
    Attachment(Attachment),
    /// A channel.
    Channel(Channel),
    /// A contact.
    Contact(Contact),
    /// A dead letter.
    DeadLetter(DeadLetter),
    /// An inbox.
    Inbox(Inbox),
    /// An interaction.
    Interaction(Interaction),
    /// A message, note or system line.
    Message(Message),
    /// A person.
    Person(Person),
    /// A script.
    Script(Script),
    /// A skill.
    Skill(Skill),
    /// A tag.
    Tag(Tag),
    /// A team.
    Team(Team),
    /// A saved view.
    View(View),
}

/// Looking things up by their ids.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with this id; null when it does not exist or may not be seen.
    async fn node(&self, cx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Node>> {
        by_id(cx, &id).await
    }

    /// At most 100 ids; in the order asked, null for what does not exist or may not be seen.
    #[graphql(complexity = "ids.len().max(1) * child_complexity")]
    async fn nodes(&self, cx: &Context<'_>, ids: Vec<ID>) -> async_graphql::Result<Vec<Option<Node>>> {
        if ids.len() > MAX_IDS {
            return Err(Error::invalid("ids", format!("at most {MAX_IDS} ids"))).or_field_error();
        }
        try_join_all(ids.iter().map(|id| by_id(cx, id))).await
    }
}

async fn by_id(cx: &Context<'_>, id: &ID) -> async_graphql::Result<Option<Node>> {
    cx.actor().or_field_error()?;
    match parse(id) {
        Some((entity_type, id)) => load(cx, entity_type, id).await,
        None => Ok(None),
    }
}

/// The entity as the viewer may see it now. Rows come through the loader, so that many at once are one statement per
/// kind.
///
/// # Errors
/// `UNAUTHENTICATED`; internal errors.
pub async fn load(cx: &Context<'_>, entity_type: EntityType, id: Uuid) -> async_graphql::Result<Option<Node>> {
    let actor = cx.actor().or_field_error()?;
    macro_rules! row {
        ($id:ty) => {
            cx.rows().load_one(<$id>::from(id)).await.map_err(load_error)?
        };
    }
    Ok(match entity_type {
        EntityType::Interaction => {
            row!(InteractionId).filter(|row| actor.may_see_inbox(row.inbox_id)).map(|row| Node::Interaction(Interaction(row)))
        }
        EntityType::Message => match row!(MessageId) {
            Some(row) if sees_interaction(cx, row.interaction_id).await? => Some(Node::Message(Message(row))),
            _ => None,
        },
        EntityType::Attachment => match row!(AttachmentId) {
            Some(row) if sees_file(cx, &row).await? => Some(Node::Attachment(Attachment(row))),
            _ => None,
        },
        EntityType::Contact => match actor.must_have(Scope::ReadInteractions) {
            Ok(()) => row!(ContactId).map(|row| Node::Contact(Contact(row))),
            Err(_) => None,
        },
        EntityType::Inbox => row!(InboxId).filter(|row| actor.inboxes.contains(row.id)).map(|row| Node::Inbox(Inbox(row))),
        EntityType::View => row!(ViewId).filter(|row| sees_view(actor, row)).map(|row| Node::View(View(row))),
        EntityType::ApiClient if actor.must_manage_workspace().is_ok() => row!(ApiClientId).map(|row| Node::ApiClient(ApiClient(row))),
        EntityType::DeadLetter if actor.must_manage_channels().is_ok() => row!(DeadLetterId).map(|row| Node::DeadLetter(DeadLetter(row))),
        EntityType::ApiClient | EntityType::DeadLetter => None,
        EntityType::Person => row!(PersonId).map(|row| Node::Person(Person(row))),
        EntityType::Team => row!(TeamId).map(|row| Node::Team(Team(row))),
        EntityType::Skill => row!(SkillId).map(|row| Node::Skill(Skill(row))),
        EntityType::Script => row!(ScriptId).map(|row| Node::Script(Script(row))),
        EntityType::Channel => row!(ChannelId).map(|row| Node::Channel(Channel(row))),
        EntityType::Tag => row!(TagId).map(|row| Node::Tag(Tag(row))),
        // Not nodes: there is one workspace per viewer, and sessions are nobody's business.
        EntityType::Workspace | EntityType::Session => None,
    })
}

async fn sees_interaction(cx: &Context<'_>, id: InteractionId) -> async_graphql::Result<bool> {
    let actor = cx.actor().or_field_error()?;
    Ok(cx.rows().load_one(id).await.map_err(load_error)?.is_some_and(|row| actor.may_see_inbox(row.inbox_id)))
}

/// A file is seen with its message; one that is not used yet, by whoever brought it.
async fn sees_file(cx: &Context<'_>, row: &attachment::Model) -> async_graphql::Result<bool> {
    let Some(message) = row.message_id else { return Ok(row.uploader == cx.actor().or_field_error()?.reference()) };
    match cx.rows().load_one(message).await.map_err(load_error)? {
        Some(message) => sees_interaction(cx, message.interaction_id).await,
        None => Ok(false),
    }
}

/// As [`tributary_domain::inbox::view::by_id`] asks of the database: shared ones and own ones over visible inboxes.
fn sees_view(actor: &Actor, row: &view::Model) -> bool {
    row.owner_id.is_none_or(|owner| actor.person() == Some(owner)) && row.inbox_id.is_none_or(|inbox| actor.inboxes.contains(inbox))
}

macro_rules! prefixes {
    ($($entity_type:ident => $id:ident,)*) => {
        /// What an id says about itself; `None` for a text that is no id of ours.
        fn parse(id: &ID) -> Option<(EntityType, Uuid)> {
            match id.split_once('_')?.0 {
                $($id::PREFIX => id.parse::<$id>().ok().map(|id| (EntityType::$entity_type, id.uuid())),)*
                _ => None,
            }
        }

        /// The id of an entity as clients know it.
        #[must_use]
        pub fn print(entity_type: EntityType, id: Uuid) -> ID {
            match entity_type {
                $(EntityType::$entity_type => ID($id::from(id).to_string()),)*
            }
        }
    };
}

prefixes! {
    ApiClient => ApiClientId,
    Attachment => AttachmentId,
    Channel => ChannelId,
    Contact => ContactId,
    DeadLetter => DeadLetterId,
    Inbox => InboxId,
    Interaction => InteractionId,
    Message => MessageId,
    Person => PersonId,
    Script => ScriptId,
    Session => SessionId,
    Skill => SkillId,
    Tag => TagId,
    Team => TeamId,
    View => ViewId,
    Workspace => WorkspaceId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_say_what_they_are() {
        for entity_type in <EntityType as sea_orm::Iterable>::iter() {
            let id = print(entity_type, Uuid::from_u128(7));
            assert_eq!(parse(&id), Some((entity_type, Uuid::from_u128(7))), "{id:?}");
        }
    }

    #[test]
    fn what_is_no_id_of_ours_leads_nowhere() {
        let uuid = Uuid::from_u128(7).simple();
        for text in ["", "_", "int", "int_", "int_7", "🙂_🙂", &format!("xyz_{uuid}"), &format!("int_{uuid}0"), &uuid.to_string()] {
            assert_eq!(parse(&ID(text.to_owned())), None, "{text}");
        }
    }
}
