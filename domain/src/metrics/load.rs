//! What a tally is made of, read from the database: all of it once, and then what the log names.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Duration, Utc};
use sea_orm::{
    ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait},
};

use super::{
    hour::Minute,
    tally::{Listing, Outgoing, Standing, Tally},
};
use crate::{
    entity::{channel, event_log, inbox, interaction, message, outbound, person, team, team_member},
    error::Result,
    event::{EntityType, Event, EventKind, Position, Seq, log},
    ids::{ChannelId, InboxId, InteractionId, MessageId, PersonId, TeamId, WorkspaceId},
    message::{Direction, EntryKind},
    state::{DeliveryState, InteractionStatus},
    store::{Scope, Store, bulk::among},
};

/// How much the time of an event may be before that of the one before it: no transaction takes longer.
const OVERLAP: Duration = Duration::minutes(2);
/// What is not over.
const ACTIVE: [InteractionStatus; 5] =
    [InteractionStatus::New, InteractionStatus::Open, InteractionStatus::Pending, InteractionStatus::Escalated, InteractionStatus::Snoozed];

/// What of an interaction counts.
#[derive(FromQueryResult)]
struct InteractionRow {
    id: InteractionId,
    inbox_id: InboxId,
    status: InteractionStatus,
    assignee_id: Option<PersonId>,
    waiting_since: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
}

impl InteractionRow {
    fn of(rows: Select<interaction::Entity>) -> sea_orm::Selector<sea_orm::SelectModel<Self>> {
        use interaction::Column::{AssigneeId, ClosedAt, CreatedAt, Id, InboxId, ResolvedAt, Status, WaitingSince};
        rows.select_only().columns([Id, InboxId, Status, AssigneeId, WaitingSince, CreatedAt, ResolvedAt, ClosedAt]).into_model()
    }

    fn standing(&self) -> Standing {
        let is_done = matches!(self.status, InteractionStatus::Resolved | InteractionStatus::Closed);
        Standing {
            inbox: self.inbox_id,
            assignee: self.assignee_id,
            status: self.status,
            waiting_since: self.waiting_since,
            began: Minute::of(self.created_at),
            resolved: self.resolved_at.or(self.closed_at).filter(|_| is_done).map(Minute::of),
        }
    }
}

/// What of a message counts.
#[derive(FromQueryResult)]
struct MessageRow {
    id: MessageId,
    channel_id: ChannelId,
    direction: Direction,
    created_at: DateTime<Utc>,
    delivery: Option<DeliveryState>,
}

impl MessageRow {
    fn of(rows: Select<message::Entity>) -> sea_orm::Selector<sea_orm::SelectModel<Self>> {
        use message::Column::{ChannelId, CreatedAt, Delivery, Direction, Entry, Id};
        let messages = rows.filter(Entry.eq(EntryKind::Message));
        messages.select_only().columns([Id, ChannelId, Direction, CreatedAt, Delivery]).into_model()
    }

    fn outgoing(&self) -> Outgoing {
        Outgoing { channel: self.channel_id, at: Minute::of(self.created_at), delivery: self.delivery }
    }
}

/// The tally of a snapshot, and its place in the log. However much there is, this many statements: one for the place, one for
/// where the last hour begins in the log, two for interactions, two for messages, and those of [`listing`].
///
/// What happened within the last hour is named by the log, so no table needs an index for it.
///
/// # Errors
/// Storage.
pub(super) async fn snapshot(scope: &impl Scope, now: DateTime<Utc>) -> Result<(Tally, Position)> {
    let (workspace, conn) = (scope.workspace(), scope.conn());
    let position = log::head(scope).await?;
    let hour = Minute::hour_before(now).start();
    let before: Option<Seq> = event_log::in_workspace(workspace)
        .filter(event_log::Column::At.lt(hour - OVERLAP))
        .order_by_desc(event_log::Column::Seq)
        .limit(1)
        .select_only()
        .column(event_log::Column::Seq)
        .into_tuple()
        .one(conn)
        .await?;
    let recent = event_log::in_workspace(workspace)
        .filter(event_log::Column::Seq.gt(before.unwrap_or(Seq::UNNUMBERED)))
        .select_only()
        .column(event_log::Column::EntityId);
    let mut tally = Tally::new(listing(scope, position.seq).await?, now);

    let active = interaction::in_workspace(workspace).filter(interaction::Column::Status.is_in(ACTIVE));
    let changed = recent.clone().filter(event_log::Column::EntityType.eq(EntityType::Interaction));
    let ended = interaction::in_workspace(workspace)
        .filter(interaction::Column::Status.is_not_in(ACTIVE))
        .filter(interaction::Column::Id.in_subquery(changed.into_query()));
    for rows in [active, ended] {
        for row in InteractionRow::of(rows).all(conn).await? {
            tally.put(row.id, Some(row.standing()));
        }
    }

    let written = recent.filter(event_log::Column::Kind.is_in([EventKind::MessageReceived, EventKind::MessageQueued]));
    let new = message::in_workspace(workspace)
        .filter(message::Column::CreatedAt.gte(hour))
        .filter(message::Column::Id.in_subquery(written.into_query()));
    // Written out, not bound: it must be recognised as the condition of the index.
    let open = [Expr::cust("'queued'"), Expr::cust("'sending'"), Expr::cust("'unconfirmed'")];
    let waiting = outbound::in_workspace(workspace)
        .filter(Expr::col(outbound::Column::State).is_in(open))
        .filter(outbound::Column::MessageId.is_not_null())
        .select_only()
        .column(outbound::Column::MessageId);
    let on_its_way = message::in_workspace(workspace)
        .filter(message::Column::CreatedAt.lt(hour))
        .filter(message::Column::Delivery.is_in([DeliveryState::Queued, DeliveryState::Sending]))
        .filter(message::Column::Id.in_subquery(waiting.into_query()));
    for rows in [new, on_its_way] {
        for row in MessageRow::of(rows).all(conn).await? {
            match row.direction {
                Direction::In => tally.receive(row.channel_id, Minute::of(row.created_at)),
                Direction::Out => tally.put_outgoing(row.id, Some(row.outgoing())),
            }
        }
    }
    Ok((tally, position))
}

/// What the events of a batch lead to.
#[derive(Default)]
pub(super) struct Changes {
    interactions: Vec<(InteractionId, Option<Standing>)>,
    received: Vec<(ChannelId, Minute)>,
    outgoing: Vec<(MessageId, Option<Outgoing>)>,
    listing: Option<Listing>,
}

impl Changes {
    /// Moves a tally on. What was loaded may be newer than the events; the later ones then change nothing any more.
    pub(super) fn apply(self, tally: &mut Tally) {
        for (id, standing) in self.interactions {
            tally.put(id, standing);
        }
        for (channel, at) in self.received {
            tally.receive(channel, at);
        }
        for (id, message) in self.outgoing {
            tally.put_outgoing(id, message);
        }
        if let Some(listing) = self.listing {
            tally.list(listing);
        }
    }
}

/// Reads what the events name: one statement for all interactions, one for all messages, and those of [`listing`] when
/// something changed that is listed; none when the events are about other things.
///
/// # Errors
/// Storage.
pub(super) async fn changes(store: &Store, workspace: WorkspaceId, events: &[Arc<Event>]) -> Result<Changes> {
    let mut changes = Changes::default();
    let named = Named::by(events);
    if named.is_nothing() {
        return Ok(changes);
    }
    let read = store.read(workspace).await?;
    let conn = read.conn();
    if !named.interactions.is_empty() {
        let ids = among(conn, interaction::Column::Id, named.interactions.iter().copied());
        let rows = InteractionRow::of(interaction::in_workspace(workspace).filter(ids)).all(conn).await?;
        let mut standings: HashMap<_, _> = rows.iter().map(|row| (row.id, row.standing())).collect();
        changes.interactions = named.interactions.iter().map(|id| (*id, standings.remove(id))).collect();
    }
    if !named.messages.is_empty() {
        let ids = among(conn, message::Column::Id, named.messages.iter().copied());
        let rows = MessageRow::of(message::in_workspace(workspace).filter(ids)).all(conn).await?;
        // Each has come in once. What else happens to a message of a contact does not count.
        let received = rows.iter().filter(|row| row.direction == Direction::In && named.received.contains(&row.id));
        changes.received = received.map(|row| (row.channel_id, Minute::of(row.created_at))).collect();
        let ours = rows.iter().filter(|row| row.direction == Direction::Out);
        let mut ours: HashMap<_, _> = ours.map(|row| (row.id, row.outgoing())).collect();
        changes.outgoing = named.messages.iter().map(|id| (*id, ours.remove(id))).collect();
    }
    if let Some(at) = named.listed {
        changes.listing = Some(listing(&read, at).await?);
    }
    Ok(changes)
}

/// What the events of a batch name.
#[derive(Default)]
struct Named {
    interactions: HashSet<InteractionId>,
    messages: HashSet<MessageId>,
    /// Those of the messages that have just been stored.
    received: HashSet<MessageId>,
    /// The last change of something that is listed.
    listed: Option<Seq>,
}

impl Named {
    fn by(events: &[Arc<Event>]) -> Self {
        use EventKind::{
            ChannelChanged, ChannelHealthChanged, DeliveryChanged, InboxChanged, InteractionChanged, InteractionOpened, MessageChanged,
            MessageQueued, MessageReceived, PersonChanged, TeamChanged,
        };
        let mut named = Self::default();
        for event in events {
            match event.kind {
                InteractionOpened | InteractionChanged => drop(named.interactions.insert(event.entity_id.into())),
                MessageReceived => {
                    named.messages.insert(event.entity_id.into());
                    named.received.insert(event.entity_id.into());
                }
                MessageQueued | DeliveryChanged => drop(named.messages.insert(event.entity_id.into())),
                // Whatever else becomes of a message, it stays one.
                MessageChanged if event.patch.as_ref().is_some_and(|patch| patch.is_removed) => {
                    named.messages.insert(event.entity_id.into());
                }
                ChannelChanged | ChannelHealthChanged | InboxChanged | PersonChanged | TeamChanged => named.listed = Some(event.seq),
                _ => {}
            }
        }
        named
    }

    fn is_nothing(&self) -> bool {
        self.interactions.is_empty() && self.messages.is_empty() && self.listed.is_none()
    }
}

/// What there is to be told of, in five statements. `at`: the place of the last change that is in it for certain.
async fn listing(scope: &impl Scope, at: Seq) -> Result<Listing> {
    let (workspace, conn) = (scope.workspace(), scope.conn());
    let inboxes = inbox::in_workspace(workspace).order_by_asc(inbox::Column::Position).order_by_asc(inbox::Column::Id);
    let inboxes = inboxes.select_only().columns([inbox::Column::Id, inbox::Column::TeamId]).into_tuple().all(conn).await?;
    let people = person::in_workspace(workspace).order_by_asc(person::Column::Name).order_by_asc(person::Column::Id);
    let people = people.select_only().columns([person::Column::Id, person::Column::IsActive]).into_tuple().all(conn).await?;
    let channels = channel::in_workspace(workspace).order_by_asc(channel::Column::CreatedAt).order_by_asc(channel::Column::Id);
    let channels = channels.select_only().columns([channel::Column::Id, channel::Column::InboxId]).into_tuple().all(conn).await?;
    let teams: Vec<TeamId> = team::in_workspace(workspace).select_only().column(team::Column::Id).into_tuple().all(conn).await?;
    let mut members: HashMap<TeamId, BTreeSet<PersonId>> = teams.into_iter().map(|team| (team, BTreeSet::new())).collect();
    for member in team_member::in_workspace(workspace).all(conn).await? {
        members.entry(member.team_id).or_default().insert(member.person_id);
    }
    Ok(Listing { inboxes, people, channels, members, at })
}
