//! Following who is on an interaction. Best effort: when the bus is broken, the truth is that nobody knows.

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, ID, Subscription};
use futures_util::stream::{BoxStream, StreamExt};
use tokio::time::Instant;
use tributary_domain::{
    Error, Result,
    actor::Actor,
    bus,
    entity::person,
    event::{Event, tail::Tail},
    ids::{InteractionId, PersonId},
    interaction,
    presence::{self, Activity, Presence},
};

use crate::{
    app::App,
    gatekeeper,
    graphql::{
        context::Cx,
        error::{OrFieldError, field_error},
        guard::{Needs, READS},
        scalars::decode,
        stream::{BATCH, InNameOf, Patience, may_change_rights},
        types::{
            person::Person,
            presence::{PersonPresence, PresenceState, PresenceUpdate},
        },
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
                yield InNameOf::new(&watcher.app, Arc::clone(&watcher.actor), update(seen, people));
            }
        };
        Ok(updates.boxed())
    }
}

/// What was seen; `None`: nobody knows.
type Seen = Option<Presence>;

/// One subscriber of an interaction's presence.
struct Watcher {
    app: App,
    actor: Arc<Actor>,
    interaction: InteractionId,
    /// Only for what may end it: rights and moves.
    tail: Tail,
    is_sight_in_doubt: bool,
    signs: bus::Subscription<bytes::Bytes>,
    look_at: Instant,
    told: Option<Seen>,
    patience: Patience,
}

impl Watcher {
    async fn open(cx: &impl Cx, interaction: InteractionId) -> Result<Self> {
        let app = cx.app().clone();
        let asking = cx.actor()?;
        let workspace = asking.workspace;
        // Begun before looking, so that nothing falls between.
        let tail = app.tailers.follow(workspace, None).await?;
        let signs = presence::listen(&**app.store.bus(), workspace, interaction);
        let mut watcher = Self {
            actor: Arc::clone(asking),
            app,
            interaction,
            tail,
            is_sight_in_doubt: true,
            signs,
            look_at: Instant::now(),
            told: None,
            patience: Patience::default(),
        };
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
        if self.is_sight_in_doubt {
            self.must_see().await?;
        }
        if Instant::now() < self.look_at {
            self.wait().await?;
            return Ok(None);
        }
        let seen = presence::look(&self.app.store, self.actor.workspace, self.interaction).await.ok();
        let people = if self.told.as_ref() == Some(&seen) { Vec::new() } else { self.people(seen.as_ref()).await? };
        self.look_at = Instant::now() + LOOK_EVERY;
        if self.told.as_ref() == Some(&seen) {
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
            events = self.tail.next(BATCH) => match events {
                Ok(events) => self.is_sight_in_doubt = events.iter().any(|event| self.may_end_sight(event)),
                // The log began anew: so does this, after a look at the rights.
                Err(Error::StreamReset) => {
                    self.is_sight_in_doubt = true;
                    self.tail = self.app.tailers.follow(self.actor.workspace, None).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn may_end_sight(&self, event: &Event) -> bool {
        let has_moved = || event.patch.as_ref().is_some_and(|patch| patch.inbox_before.is_some());
        may_change_rights(event, &self.actor) || event.interaction_id == Some(self.interaction) && has_moved()
    }

    async fn must_see(&mut self) -> Result<()> {
        let actor = gatekeeper::renewed(&self.app, &self.actor).await?;
        let read = self.app.store.read(actor.workspace).await?;
        interaction::must_see(read.conn(), &actor, self.interaction).await?;
        drop(read);
        self.actor = Arc::new(actor);
        self.is_sight_in_doubt = false;
        Ok(())
    }

    async fn people(&self, seen: Option<&Presence>) -> Result<Vec<person::Model>> {
        use sea_orm::{ColumnTrait, QueryFilter};
        let ids: Vec<PersonId> = seen.into_iter().flat_map(|seen| seen.people.iter().map(|(id, _)| *id)).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.app.store.read(self.actor.workspace).await?;
        Ok(person::in_workspace(self.actor.workspace).filter(person::Column::Id.is_in(ids)).all(read.conn()).await?)
    }
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
