//! Who views, replies and types. Best effort and never in the log; when the bus is broken, nobody knows.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    actor::Actor,
    bus::{Bus, Member, Unreachable},
    entity::{channel, contact_identity, interaction},
    error::Result,
    ids::{ExternalThreadId, ExternalUserId, InteractionId, PersonId, WorkspaceId},
    store::Store,
};

/// How long a sign of presence holds; tabs renew it every 15 s.
const PRESENT_FOR: Duration = Duration::from_secs(45);
/// How long a sign of typing holds; it is renewed every 3 s.
const TYPING_FOR: Duration = Duration::from_secs(6);
/// Name of the contact in a set.
const CONTACT: &str = "contact";

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// The tab is open but not looked at.
    Away,
    /// Looks at the interaction.
    Viewing,
    /// Writes an answer.
    Replying,
}

/// Who is on an interaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    /// People, each with the most that one of their tabs does.
    pub people: Vec<(PersonId, Activity)>,
    /// Whether the contact is typing.
    pub contact_is_typing: bool,
}

/// The set and topic of an interaction.
fn topic(workspace: WorkspaceId, interaction: InteractionId) -> String {
    format!("presence:{}:{}", workspace.uuid().simple(), interaction.uuid().simple())
}

/// Says what a person does in one tab; `None`: it was closed. Tells those who listen.
///
/// # Errors
/// `NotFound` when the interaction may not be seen; `Storage`. A broken bus is no error.
pub async fn set(store: &Store, actor: &Actor, interaction: InteractionId, tab: &str, activity: Option<Activity>) -> Result<()> {
    let read = store.read(actor.workspace).await?;
    crate::interaction::must_see(read.conn(), actor, interaction).await?;
    drop(read);
    let Some(person) = actor.person() else { return Ok(()) };
    let topic = topic(actor.workspace, interaction);
    let name = format!("{person}:{tab}");
    let told = match activity {
        Some(activity) => {
            let ttl = if activity == Activity::Replying { TYPING_FOR * 2 } else { PRESENT_FOR };
            let value = format!("{activity:?}").to_lowercase();
            store.bus().put(&topic, Member { name, value }, ttl).await
        }
        None => store.bus().remove(&topic, &name).await,
    };
    if told.is_ok() {
        store.bus().publish(&topic, bytes::Bytes::new());
    }
    Ok(())
}

/// The contact types (or stopped) in the newest interaction of the identity or thread.
///
/// # Errors
/// `Storage`. A broken bus is no error.
pub async fn contact_typing(
    store: &Store,
    channel: &channel::Model,
    author: &ExternalUserId,
    thread: Option<&ExternalThreadId>,
    is_typing: bool,
) -> Result<()> {
    use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
    let read = store.read(channel.workspace_id).await?;
    let Some(identity) = contact_identity::by_external_id(read.workspace(), channel.id, author).one(read.conn()).await? else {
        return Ok(());
    };
    let mut newest = interaction::in_workspace(read.workspace()).filter(interaction::Column::IdentityId.eq(identity.id));
    if let Some(thread) = thread {
        newest = newest.filter(interaction::Column::ExternalThread.eq(thread.clone()));
    }
    let newest = newest.order_by_desc(interaction::Column::CreatedAt).one(read.conn()).await?;
    drop(read);
    let Some(newest) = newest else { return Ok(()) };
    let topic = topic(channel.workspace_id, newest.id);
    let told = if is_typing {
        let member = Member { name: CONTACT.to_owned(), value: String::new() };
        store.bus().put(&topic, member, TYPING_FOR).await
    } else {
        store.bus().remove(&topic, CONTACT).await
    };
    if told.is_ok() {
        store.bus().publish(&topic, bytes::Bytes::new());
    }
    Ok(())
}

/// Who is on the interaction now.
///
/// # Errors
/// [`Unreachable`]: nobody knows.
pub async fn look(bus: &dyn Bus, workspace: WorkspaceId, interaction: InteractionId) -> Result<Presence, Unreachable> {
    let mut presence = Presence::default();
    for member in bus.list(&topic(workspace, interaction)).await? {
        if member.name == CONTACT {
            presence.contact_is_typing = true;
            continue;
        }
        let Some(person) = member.name.split(':').next().and_then(|text| text.parse::<PersonId>().ok()) else { continue };
        let activity = match member.value.as_str() {
            "replying" => Activity::Replying,
            "viewing" => Activity::Viewing,
            _ => Activity::Away,
        };
        match presence.people.iter_mut().find(|(known, _)| *known == person) {
            Some((_, known)) => *known = (*known).max(activity),
            None => presence.people.push((person, activity)),
        }
    }
    presence.people.sort_unstable_by_key(|(person, _)| *person);
    Ok(presence)
}

/// Hears when somebody's presence on the interaction changed; look again then, and every few seconds, because leaving
/// by time-out says nothing.
#[must_use]
pub fn listen(bus: &dyn Bus, workspace: WorkspaceId, interaction: InteractionId) -> crate::bus::Subscription<bytes::Bytes> {
    bus.subscribe(&topic(workspace, interaction))
}
