//! Following who is on an interaction. Best effort: when the bus is broken, the truth is that nobody knows.

use std::time::Duration;

use async_graphql::{Context, ID, Subscription};
use futures_util::stream::{BoxStream, StreamExt};
use tokio::time::Instant;
use tributary_domain::{
    Result, bus,
    entity::person,
    event::Event,
    ids::{InteractionId, PersonId},
    interaction,
    presence::{self, Activity, Presence},
};

use crate::graphql::{
    context::Cx,
    error::{OrFieldError, field_error},
    guard::{Needs, READS},
    scalars::decode,
    sight::Sight,
    stream::{InNameOf, Patience},
    types::{
        person::Person,
        presence::{PersonPresence, PresenceState, PresenceUpdate},
    },
};

/// Leaving by time-out says nothing, so it is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

type Updates = BoxStream<'static, async_graphql::Result<InNameOf<PresenceUpdate>>>;

/// Following presence.
#[derive(Default)]
pub struct PresenceSubscription;

#[Subscription]
impl PresenceSubscription {
    /// Who views, replies and types, on both sides: now, and whenever it changes. Best effort, without cursor. Ends with
    /// code `NOT_FOUND` when the viewer may no longer see the interaction.
    #[graphql(guard = "Needs::scope(READS)")]
    async fn presence(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "On which interaction.")] interaction_id: ID,
    ) -> async_graphql::Result<Updates> {
        let id = decode::<InteractionId>(&interaction_id, "interactionId").or_field_error()?;
        let mut watcher = Watcher::open(cx, id).await.or_field_error()?;
        let updates = async_stream::try_stream! {
            loop {
                let (seen, people) = watcher.next().await.map_err(field_error)?;
                yield watcher.sight.tell(update(seen, people));
            }
        };
        Ok(updates.boxed())
    }
}

/// What was seen; `None`: nobody knows.
type Seen = Option<Presence>;

/// One subscriber of an interaction's presence, or all of a group: who is there is the same for all who may see it.
struct Watcher {
    sight: Sight,
    interaction: InteractionId,
    /// It may be where it is not seen.
    has_moved: bool,
    signs: bus::Subscription<bytes::Bytes>,
    look_at: Instant,
    told: Option<Seen>,
    patience: Patience,
}

impl Watcher {
    async fn open(cx: &impl Cx, interaction: InteractionId) -> Result<Self> {
        let sight = Sight::open(cx, move |event| has_moved(event, interaction)).await?;
        let signs = presence::listen(&**cx.app().store.bus(), sight.actor().workspace, interaction);
        let patience = Patience::default();
        let watcher = Self { sight, interaction, has_moved: false, signs, look_at: Instant::now(), told: None, patience };
        watcher.must_see().await?;
        Ok(watcher)
    }

    /// The next state that differs from the one told before.
    async fn next(&mut self) -> Result<(Seen, Vec<person::Model>)> {
        loop {
            match self.step().await {
                Ok(Some(news)) => {
                    self.patience.restore();
                    return Ok(news);
                }
                Ok(None) => self.patience.restore(),
                Err(error) => self.patience.bear(error, Instant::now() + LOOK_EVERY).await?,
            }
        }
    }

    async fn step(&mut self) -> Result<Option<(Seen, Vec<person::Model>)>> {
        if self.sight.renew().await? || self.has_moved {
            self.must_see().await?;
            self.has_moved = false;
        }
        // Members of a group must hear of what may be the end for them.
        let must_tell = self.sight.has_heard();
        if Instant::now() < self.look_at && !must_tell {
            self.wait().await?;
            return Ok(None);
        }
        let seen = presence::look(&self.sight.app().store, self.sight.actor().workspace, self.interaction).await.ok();
        let is_news = must_tell || self.told.as_ref() != Some(&seen);
        let people = if is_news { self.people(seen.as_ref()).await? } else { Vec::new() };
        self.look_at = Instant::now() + LOOK_EVERY;
        if !is_news {
            return Ok(None);
        }
        self.told = Some(seen.clone());
        Ok(Some((seen, people)))
    }

    /// Until it is time to look, or something says that it is.
    async fn wait(&mut self) -> Result<()> {
        tokio::select! {
            () = tokio::time::sleep_until(self.look_at) => {}
            _ = self.signs.next() => self.look_at = Instant::now(),
            events = self.sight.events() => self.has_moved |= events?.iter().any(|event| has_moved(event, self.interaction)),
        }
        Ok(())
    }

    async fn must_see(&self) -> Result<()> {
        let actor = self.sight.actor();
        let read = self.sight.app().store.read(actor.workspace).await?;
        interaction::must_see(read.conn(), actor, self.interaction).await.map(|_| ())
    }

    async fn people(&self, seen: Option<&Presence>) -> Result<Vec<person::Model>> {
        use sea_orm::{ColumnTrait, QueryFilter};
        let ids: Vec<PersonId> = seen.into_iter().flat_map(|seen| seen.people.iter().map(|(id, _)| *id)).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let workspace = self.sight.actor().workspace;
        let read = self.sight.app().store.read(workspace).await?;
        Ok(person::in_workspace(workspace).filter(person::Column::Id.is_in(ids)).all(read.conn()).await?)
    }
}

fn has_moved(event: &Event, interaction: InteractionId) -> bool {
    event.interaction_id == Some(interaction) && event.patch.as_ref().is_some_and(|patch| patch.inbox_before.is_some())
}

fn update(seen: Seen, mut people: Vec<person::Model>) -> PresenceUpdate {
    let is_known = seen.is_some();
    let seen = seen.unwrap_or_default();
    let present = seen.people.into_iter().filter_map(|(id, activity)| {
        // Who was removed meanwhile is not there.
        let at = people.iter().position(|person| person.id == id)?;
        Some(PersonPresence { person: Person(people.swap_remove(at)), state: state(activity) })
    });
    PresenceUpdate { is_known, people: present.collect(), contact_is_typing: seen.contact_is_typing }
}

fn state(activity: Activity) -> PresenceState {
    match activity {
        Activity::Away => PresenceState::Away,
        Activity::Viewing => PresenceState::Viewing,
        Activity::Replying => PresenceState::Replying,
    }
}
