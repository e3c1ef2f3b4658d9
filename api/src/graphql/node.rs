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
    event::{ActorRef, EntityType},
    ids::*,
};
use uuid::Uuid;

use super::{
    ahead,
    context::Cx,
    error::OrFieldError,
    guard::Needs,
    types::{
        api_client::ApiClient, attachment::Attachment, channel::Channel, contact::Contact, dead_letter::DeadLetter, inbox::Inbox,
        interaction::Interaction, load_error, message::Message, person::Person, script::Script, skill::Skill, tag::Tag, team::Team,
        view::View, workspace::Workspace,
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
    /// The workspace.
    Workspace(Workspace),
}

/// Looking things up by their ids.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with this id; null when it does not exist or may not be seen.
    #[graphql(guard = "Needs::sign_in()")]
    async fn node(&self, cx: &Context<'_>, #[graphql(desc = "Of what.")] id: ID) -> async_graphql::Result<Option<Node>> {
        if let Some((EntityType::Interaction, id)) = parse(&id) {
            return Ok(ahead::one(cx, id.into()).await.or_field_error()?.map(|row| Node::Interaction(Interaction(row))));
        }
        by_id(cx, &id).await
    }

    /// At most 100 ids; in the order asked, null for what does not exist or may not be seen.
    #[graphql(guard = "Needs::sign_in()")]
    async fn nodes(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Of what, at most 100.")] ids: Vec<ID>,
    ) -> async_graphql::Result<Vec<Option<Node>>> {
        if ids.len() > MAX_IDS {
            return Err(Error::invalid("ids", format!("at most {MAX_IDS} ids"))).or_field_error();
        }
        try_join_all(ids.iter().map(|id| by_id(cx, id))).await
    }
}

/// The object with this id, if the viewer may see it.
///
/// # Errors
/// As [`load`].
pub async fn by_id(cx: &Context<'_>, id: &ID) -> async_graphql::Result<Option<Node>> {
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
        EntityType::Message => message(cx, id.into()).await?.map(Node::Message),
        EntityType::Attachment => file(cx, id.into()).await?.map(Node::Attachment),
        EntityType::Contact => contact(cx, id.into()).await?.map(Node::Contact),
        EntityType::Inbox => inbox(cx, id.into()).await?.map(Node::Inbox),
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
        EntityType::Workspace => workspace(cx, id.into()).await?.map(Node::Workspace),
        // No node: sessions are nobody's business.
        EntityType::Session => None,
    })
}

/// A message, if the viewer may see its interaction.
///
/// # Errors
/// As [`load`].
pub async fn message(cx: &Context<'_>, id: MessageId) -> async_graphql::Result<Option<Message>> {
    match cx.rows().load_one(id).await.map_err(load_error)? {
        Some(row) if sees_interaction(cx, row.interaction_id).await? => Ok(Some(Message(row))),
        _ => Ok(None),
    }
}

/// A file, if the viewer may see it.
///
/// # Errors
/// As [`load`].
pub async fn file(cx: &Context<'_>, id: AttachmentId) -> async_graphql::Result<Option<Attachment>> {
    match cx.rows().load_one(id).await.map_err(load_error)? {
        Some(row) if sees_file(cx, &row).await? => Ok(Some(Attachment(row))),
        _ => Ok(None),
    }
}

/// A contact, if the viewer may see contacts.
///
/// # Errors
/// As [`load`].
pub async fn contact(cx: &Context<'_>, id: ContactId) -> async_graphql::Result<Option<Contact>> {
    if cx.actor().or_field_error()?.must_have(Scope::ReadInteractions).is_err() {
        return Ok(None);
    }
    Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Contact))
}

/// An inbox, if the viewer sees it.
///
/// # Errors
/// As [`load`].
pub async fn inbox(cx: &Context<'_>, id: InboxId) -> async_graphql::Result<Option<Inbox>> {
    let actor = cx.actor().or_field_error()?;
    let row = cx.rows().load_one(id).await.map_err(load_error)?;
    Ok(row.filter(|row| actor.inboxes.contains(row.id)).map(Inbox))
}

/// The workspace, if it is the viewer's own.
async fn workspace(cx: &Context<'_>, id: WorkspaceId) -> async_graphql::Result<Option<Workspace>> {
    if cx.actor().or_field_error()?.workspace != id {
        return Ok(None);
    }
    let read = cx.read().await.or_field_error()?;
    tributary_domain::workspace::get(&read).await.map(|row| Some(Workspace(row))).or_field_error()
}

async fn sees_interaction(cx: &Context<'_>, id: InteractionId) -> async_graphql::Result<bool> {
    let actor = cx.actor().or_field_error()?;
    Ok(cx.rows().load_one(id).await.map_err(load_error)?.is_some_and(|row| actor.may_see_inbox(row.inbox_id)))
}

/// A file is seen with its message; one of a script, by everyone; one that is not used yet, by whoever brought it.
async fn sees_file(cx: &Context<'_>, row: &attachment::Model) -> async_graphql::Result<bool> {
    let Some(message) = row.message_id else {
        return Ok(matches!(row.uploader, ActorRef::Script(_)) || row.uploader == cx.actor().or_field_error()?.reference());
    };
    match cx.rows().load_one(message).await.map_err(load_error)? {
        Some(message) => sees_interaction(cx, message.interaction_id).await,
        None => Ok(false),
    }
}

/// As [`tributary_domain::inbox::view::by_id`] asks of the database: shared ones and own ones over visible inboxes.
fn sees_view(actor: &Actor, row: &view::Model) -> bool {
    row.owner_id.is_none_or(|owner| actor.is(owner)) && row.inbox_id.is_none_or(|inbox| actor.inboxes.contains(inbox))
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
