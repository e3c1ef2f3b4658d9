//! Following the whole log, and one interaction.

use std::sync::Arc;

use async_graphql::{Context, ID, Subscription};
use futures_util::stream::{BoxStream, StreamExt};
use tokio::time::Instant;
use tributary_domain::{Error, Result, actor::Actor, event::Event as LogEvent, ids::InteractionId, interaction};

use crate::graphql::{
    error::{OrFieldError, field_error},
    event::Wanted,
    guard::{EVENTS, Needs},
    scalars::{LogCursor, decode},
    stream::{Follow, HEARTBEAT, InNameOf, Patience},
    types::event::{Event, EventBatch, EventFilter},
};

type Batches = BoxStream<'static, async_graphql::Result<InNameOf<EventBatch>>>;

/// Following the log.
#[derive(Default)]
pub struct EventsSubscription;

#[Subscription]
impl EventsSubscription {
    /// Everything the viewer may see, in commit order. Ends with code `STREAM_RESET` when the cursor cannot be resumed:
    /// take a snapshot then.
    #[graphql(guard = "Needs::scope(EVENTS)")]
    async fn workspace_events(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Cursor to follow from, of a snapshot or of the last batch.")] after: LogCursor,
        #[graphql(desc = "Which events; absent: all that the viewer may see.")] filter: Option<EventFilter>,
    ) -> async_graphql::Result<Batches> {
        let wanted = filter.unwrap_or_default().into_wanted().or_field_error()?;
        let follow = Follow::open(cx, &after).await.or_field_error()?;
        Ok(Reader::new(follow, wanted).batches())
    }

    /// One interaction: itself and its messages. Ends with code `NOT_FOUND` when the viewer may no longer see it.
    #[graphql(guard = "Needs::scope(EVENTS)")]
    async fn interaction(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Which interaction.")] id: ID,
        #[graphql(desc = "Cursor to follow from, of a snapshot or of the last batch.")] after: LogCursor,
    ) -> async_graphql::Result<Batches> {
        let id = decode::<InteractionId>(&id, "id").or_field_error()?;
        let follow = Follow::open(cx, &after).await.or_field_error()?;
        must_see(&follow, id).await.or_field_error()?;
        Ok(Reader { only: Some(id), ..Reader::new(follow, Wanted::of_interaction(id)) }.batches())
    }
}

/// One subscriber of events.
struct Reader {
    follow: Follow,
    wanted: Wanted,
    /// The only interaction that this is about, which must stay visible.
    only: Option<InteractionId>,
    /// The rights with which it was last looked at.
    seen_as: Arc<Actor>,
    patience: Patience,
}

/// What a reader hears next.
#[derive(Default)]
struct Heard {
    events: Vec<Arc<LogEvent>>,
    /// The reader has lost sight of the interaction: these are the last events, one of which may say why.
    is_last: bool,
}

impl Reader {
    fn new(mut follow: Follow, wanted: Wanted) -> Self {
        let among = wanted.clone();
        follow.narrow(move |event| among.may_admit(event));
        Self { seen_as: Arc::clone(follow.actor()), follow, wanted, only: None, patience: Patience::default() }
    }

    fn batches(mut self) -> Batches {
        async_stream::try_stream! {
            while !self.follow.is_over() {
                let Heard { events, is_last } = self.heard().await.map_err(field_error)?;
                let (prev, cursor) = self.follow.advance(!events.is_empty());
                let batch = EventBatch { prev, cursor, events: events.into_iter().map(Event).collect() };
                yield self.follow.tell(batch);
                if is_last {
                    Err(field_error(Error::NotFound("interaction")))?;
                }
            }
        }
        .boxed()
    }

    /// The next events that the reader may hear of and wants; none after a silence of [`HEARTBEAT`].
    async fn heard(&mut self) -> Result<Heard> {
        let beat = Instant::now() + HEARTBEAT;
        while Instant::now() < beat && !self.follow.is_at_end() {
            match tokio::time::timeout_at(beat, self.step()).await {
                Err(_elapsed) => break,
                Ok(Err(error)) => self.patience.bear(error, beat).await?,
                Ok(Ok(heard)) => {
                    self.patience.restore();
                    if heard.is_last || !heard.events.is_empty() {
                        return Ok(heard);
                    }
                    // Much may be passed over without waiting for anything.
                    tokio::task::yield_now().await;
                }
            }
        }
        Ok(Heard::default())
    }

    async fn step(&mut self) -> Result<Heard> {
        let events = self.follow.events().await?;
        let events = self.wanted.select(&self.follow.app().store, self.follow.actor(), events).await?;
        let is_last = self.has_lost_sight(&events).await?;
        self.seen_as = Arc::clone(self.follow.actor());
        self.follow.done();
        Ok(Heard { events, is_last })
    }

    /// Looks only when the rights are others than before, or the interaction has moved.
    async fn has_lost_sight(&self, events: &[Arc<LogEvent>]) -> Result<bool> {
        let Some(id) = self.only else { return Ok(false) };
        let has_moved = events.iter().any(|event| event.patch.as_ref().is_some_and(|patch| patch.inbox_before.is_some()));
        if !has_moved && self.seen_as == *self.follow.actor() {
            return Ok(false);
        }
        match must_see(&self.follow, id).await {
            Ok(()) => Ok(false),
            Err(Error::NotFound(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

async fn must_see(follow: &Follow, id: InteractionId) -> Result<()> {
    let actor = follow.actor();
    let read = follow.app().store.read(actor.workspace).await?;
    interaction::must_see(read.conn(), actor, id).await.map(|_| ())
}
