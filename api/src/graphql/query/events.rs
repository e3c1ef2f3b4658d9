//! The event log in pages: the same log, rights and cursors as the subscriptions.

use std::sync::Arc;

use async_graphql::{Context, Object};
use tributary_domain::{
    Error, Result,
    actor::Scope,
    event::{Position, log},
    store::Read,
};

use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    event::Wanted,
    guard::{EVENTS, Needs},
    scalars::LogCursor,
    stream::BATCH,
    types::event::{Event, EventFilter, EventPage},
};

/// Most events that one page looks at while its filter finds nothing; the page then ends early.
const MOST_SEEN: usize = 2_000;

/// The event log.
#[derive(Default)]
pub struct EventQuery;

#[Object]
impl EventQuery {
    /// Current end of the event log: follow from here to hear of everything that happens from now on.
    #[graphql(guard = "Needs::scope(&[Scope::ReadEvents, Scope::ReadInteractions])")]
    async fn log_cursor(&self, cx: &Context<'_>) -> async_graphql::Result<LogCursor> {
        let read = cx.read().await.or_field_error()?;
        let position = read.position().await.or_field_error()?;
        cx.cursor(position).or_field_error()
    }

    /// The same log that the subscriptions follow, for reading it in pages of at most 200. `STREAM_RESET` when the cursor
    /// cannot be resumed.
    #[graphql(guard = "Needs::scope(EVENTS)")]
    async fn events(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Cursor to read on from.")] after: LogCursor,
        #[graphql(desc = "Which events; absent: all that the viewer may see.")] filter: Option<EventFilter>,
        #[graphql(desc = "How many events at most, 1 to 200.")] first: i32,
    ) -> async_graphql::Result<EventPage> {
        page(cx, after, filter.unwrap_or_default(), first).await.or_field_error()
    }
}

async fn page(cx: &Context<'_>, prev: LogCursor, filter: EventFilter, first: i32) -> Result<EventPage> {
    cx.actor()?.must_read_events()?;
    let wanted = filter.into_wanted()?;
    let first = usize::try_from(first).ok().filter(|first| (1..=BATCH).contains(first));
    let first = first.ok_or_else(|| Error::invalid("first", format!("must be from 1 to {BATCH}")))?;
    let after = cx.position(&prev)?;
    let read = cx.read().await?;
    log::check(&read, after).await?;
    let head = log::head(&read).await?;
    let (reached, events) = collect(cx, &read, &wanted, after, first).await?;
    Ok(EventPage { prev, cursor: cx.cursor(reached)?, events: events.into_iter().map(Event).collect(), has_more: reached.seq < head.seq })
}

type Found = Vec<Arc<tributary_domain::event::Event>>;

async fn collect(cx: &Context<'_>, read: &Read, wanted: &Wanted, after: Position, first: usize) -> Result<(Position, Found)> {
    let actor = cx.actor()?;
    let (mut reached, mut found, mut seen) = (after, Found::new(), 0);
    while found.len() < first && seen < MOST_SEEN {
        let events: Found = log::after(read, reached.seq, BATCH as u64).await?.into_iter().map(Arc::new).collect();
        let Some(last) = events.last().map(|event| event.seq) else { break };
        seen += events.len();
        reached.seq = last;
        found.extend(wanted.select_in(read, actor, events).await?);
    }
    if found.len() > first {
        found.truncate(first);
        // What was cut off is the beginning of the next page.
        reached.seq = found.last().map_or(reached.seq, |event| event.seq);
    }
    Ok((reached, found))
}
