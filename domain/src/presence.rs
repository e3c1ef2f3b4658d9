//! Who views, replies and types. Best effort and never in the log; when the bus is broken, nobody knows.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use sea_orm::DbBackend;
use serde::{Deserialize, Serialize};

use crate::{
    actor::Actor,
    bus::{Bus, Member, Reach, Unreachable},
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
    match activity {
        Some(activity) => {
            let ttl = if activity == Activity::Replying { TYPING_FOR } else { PRESENT_FOR };
            let value = format!("{activity:?}").to_lowercase();
            tell(store, &topic, name, Some((value, ttl))).await;
        }
        None => tell(store, &topic, name, None).await,
    }
    Ok(())
}

/// Puts a member into a set, or takes it out, and tells those who listen: at once when that is news, otherwise at most
/// every [`TELL_EVERY`]. A broken bus is no error.
async fn tell(store: &Store, topic: &str, name: String, sign: Option<(String, Duration)>) {
    let bus = store.bus();
    let is_due = store.signs().is_due(topic, &name, sign.as_ref().map(|(value, _)| value.as_str()), store.clock().now());
    let told = match sign {
        Some((value, ttl)) => bus.put(topic, Member { name, value }, ttl).await,
        None => bus.remove(topic, &name).await,
    };
    if told.is_ok() && is_due {
        bus.publish(topic, bytes::Bytes::new());
    }
}

/// Shortest time between two publications of the same sign of one member.
const TELL_EVERY: chrono::Duration = chrono::Duration::seconds(3);
/// Members remembered before those that were last told long ago are forgotten.
const MANY_MEMBERS: usize = 10_000;

/// What this process last told of whom, and when.
#[derive(Debug, Default)]
pub struct Signs(Mutex<HashMap<(String, String), Sign>>);

/// What was told last, and when.
type Sign = (Option<String>, DateTime<Utc>);

impl Signs {
    /// Whether a sign is to be told; notes that it is.
    fn is_due(&self, topic: &str, name: &str, value: Option<&str>, now: DateTime<Utc>) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() > MANY_MEMBERS {
            told.retain(|_, (_, at)| now - *at < TELL_EVERY);
        }
        let key = (topic.to_owned(), name.to_owned());
        if told.get(&key).is_some_and(|(known, at)| known.as_deref() == value && now - *at < TELL_EVERY) {
            return false;
        }
        told.insert(key, (value.map(ToOwned::to_owned), now));
        true
    }
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
    tell(store, &topic, CONTACT.to_owned(), is_typing.then(|| (String::new(), TYPING_FOR))).await;
    Ok(())
}

/// Who is on the interaction now.
///
/// # Errors
/// [`Unreachable`]: nobody knows. So it is while the bus is broken, and always where other nodes may share the database but
/// not the bus.
pub async fn look(store: &Store, workspace: WorkspaceId, interaction: InteractionId) -> Result<Presence, Unreachable> {
    let bus = store.bus();
    if store.backend() == DbBackend::Postgres && *bus.reach().borrow() == Reach::Process {
        return Err(Unreachable);
    }
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

#[cfg(test)]
mod tests {
    use super::{DateTime, Signs};

    #[test]
    fn the_same_sign_is_told_every_three_seconds_and_news_at_once() {
        let signs = Signs::default();
        let at = |second: i64| DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap();
        let due = |name: &str, value: Option<&str>, second| signs.is_due("topic", name, value, at(second));
        assert!(due("ada", Some("replying"), 0));
        assert!(!due("ada", Some("replying"), 2));
        assert!(due("bob", Some("replying"), 2), "everybody counts for themselves");
        assert!(due("ada", Some("replying"), 3));
        assert!(due("ada", Some("viewing"), 4), "news");
        assert!(due("ada", None, 4));
        assert!(!due("ada", None, 5));
        assert!(due("ada", Some("replying"), 5));
    }
}
