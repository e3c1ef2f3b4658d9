//! Events of the log, as readers get them.

use std::{collections::HashSet, hash::Hash, str::FromStr, sync::Arc};

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tributary_domain::{Error, Result, event, ids::InvalidId};

use super::{actor::ActorRef, enums::EventKind};
use crate::graphql::{
    event::Wanted,
    node::{self, Node},
    scalars::{LogCursor, Long, decode_all, node_id},
};

/// Most values in one part of a filter.
const MAX_VALUES: usize = 100;

/// Something that happened.
#[derive(async_graphql::Description)]
pub struct Event(pub Arc<event::Event>);

#[Object(use_type_description)]
impl Event {
    /// Position in the log; grows by one per event of the workspace.
    async fn seq(&self) -> Long {
        Long(self.0.seq.0)
    }

    /// When the change began.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// What happened.
    async fn kind(&self) -> EventKind {
        self.0.kind.into()
    }

    /// Who did it.
    async fn actor(&self) -> ActorRef {
        ActorRef::of(self.0.actor)
    }

    /// The changed object as it is now, which is as of this event or newer; null when it is gone, when the viewer may not
    /// see it (any more), and for sessions.
    async fn entity(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Node>> {
        node::load(cx, self.0.entity_type, self.0.entity_id).await
    }

    /// Id of the changed object.
    async fn entity_id(&self) -> ID {
        node::print(self.0.entity_type, self.0.entity_id)
    }

    /// The object's version after this event; 0 when the object itself did not change.
    async fn entity_version(&self) -> Long {
        Long(self.0.entity_version.map_or(0, |version| version.0))
    }

    /// The interaction that it belongs to.
    async fn interaction_id(&self) -> Option<ID> {
        self.0.interaction_id.map(node_id)
    }
}

/// Events that follow directly on what the reader has.
#[derive(SimpleObject)]
pub struct EventBatch {
    /// Cursor before this batch: must equal the reader's own. If it does not, something was missed.
    pub prev: LogCursor,
    /// Cursor after this batch, also past events that were left out.
    pub cursor: LogCursor,
    /// The events, in the order in which they were committed. Empty in a heartbeat, which comes at least every 20 s.
    pub events: Vec<Event>,
}

/// A page of the log.
#[derive(SimpleObject)]
pub struct EventPage {
    /// Cursor before this page.
    pub prev: LogCursor,
    /// Cursor after this page, also past events that were left out; the next page begins there.
    pub cursor: LogCursor,
    /// The events, in the order in which they were committed. May be empty although more follow.
    pub events: Vec<Event>,
    /// Whether the log goes on after this page.
    pub has_more: bool,
}

/// Which events; an absent part does not narrow, an empty list matches nothing, and all parts must agree.
#[derive(InputObject, Default)]
pub struct EventFilter {
    /// Of one of these kinds.
    kinds: Option<Vec<EventKind>>,
    /// About one of these interactions or something in it.
    interaction_ids: Option<Vec<ID>>,
    /// About one of these channels or an interaction on it.
    channel_ids: Option<Vec<ID>>,
    /// About one of these contacts or an interaction of it.
    contact_ids: Option<Vec<ID>>,
}

impl EventFilter {
    /// The filter that is meant.
    ///
    /// # Errors
    /// `Invalid` for ids of another type and for more than 100 values.
    pub fn into_wanted(self) -> Result<Wanted> {
        Ok(Wanted {
            kinds: self.kinds.map(|kinds| kinds.into_iter().map(Into::into).collect()),
            interactions: ids(self.interaction_ids, "filter.interactionIds")?,
            channels: ids(self.channel_ids, "filter.channelIds")?,
            contacts: ids(self.contact_ids, "filter.contactIds")?,
        })
    }
}

fn ids<I: FromStr<Err = InvalidId> + Hash + Eq>(ids: Option<Vec<ID>>, field: &str) -> Result<Option<HashSet<I>>> {
    let Some(ids) = ids else { return Ok(None) };
    if ids.len() > MAX_VALUES {
        return Err(Error::invalid(field, format!("at most {MAX_VALUES} values")));
    }
    Ok(Some(decode_all(&ids, field)?.into_iter().collect()))
}
