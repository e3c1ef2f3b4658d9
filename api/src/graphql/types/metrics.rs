//! How the work stands.

use async_graphql::{ComplexObject, Context, ID, OneofObject, SimpleObject};
use chrono::{DateTime, Utc};
use tributary_domain::{
    Error, Result,
    ids::{ChannelId, InboxId, PersonId},
    metrics::{self, AgentSums, ByStatus, ChannelSums, InboxSums},
};

use super::{channel::Channel, inbox::Inbox, load_error, person::Person};
use crate::graphql::{
    context::Cx,
    node,
    scalars::{LogCursor, Long, decode},
};

/// Of what to tell how the work stands: exactly one. It chooses what is listed; the numbers of an inbox, a person and a channel
/// are always those of the whole workspace.
#[derive(OneofObject)]
pub enum MetricsScope {
    /// All inboxes, people and channels. Must be true.
    Workspace(bool),
    /// This inbox, the people who work in it and the channels that lead to it.
    InboxId(ID),
    /// The inboxes of this team, its members and the channels that lead to its inboxes.
    TeamId(ID),
    /// This channel, the inbox that it leads to and the people who work there.
    ChannelId(ID),
}

impl MetricsScope {
    /// As the domain has it.
    ///
    /// # Errors
    /// `Invalid` with the path of the field.
    pub fn into_scope(self) -> Result<metrics::Scope> {
        Ok(match self {
            Self::Workspace(true) => metrics::Scope::Workspace,
            Self::Workspace(false) => return Err(Error::invalid("scope.workspace", "must be true")),
            Self::InboxId(id) => metrics::Scope::Inbox(decode(&id, "scope.inboxId")?),
            Self::TeamId(id) => metrics::Scope::Team(decode(&id, "scope.teamId")?),
            Self::ChannelId(id) => metrics::Scope::Channel(decode(&id, "scope.channelId")?),
        })
    }
}

/// How the work stands. "Within the last hour" means the minute that runs and the 59 before it.
#[derive(SimpleObject)]
pub struct MetricsSample {
    /// When it was taken.
    at: DateTime<Utc>,
    /// Place in the log that it stands for: everything up to there is in it. A later change may be too.
    log_cursor: LogCursor,
    /// By position.
    inboxes: Vec<InboxMetrics>,
    /// By name: who is active, and who is not but still has something to do.
    agents: Vec<AgentMetrics>,
    /// Oldest first.
    channels: Vec<ChannelMetrics>,
}

impl MetricsSample {
    /// A sample and its cursor.
    #[must_use]
    pub fn new(sample: &metrics::Sample, log_cursor: LogCursor) -> Self {
        Self {
            at: sample.at,
            log_cursor,
            inboxes: sample.sums.inboxes.iter().copied().map(InboxMetrics::from).collect(),
            agents: sample.sums.agents.iter().copied().map(AgentMetrics::from).collect(),
            channels: sample.sums.channels.iter().copied().map(ChannelMetrics::from).collect(),
        }
    }
}

/// How the work in an inbox stands. Statuses count what is not over.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct InboxMetrics {
    #[graphql(skip)]
    id: InboxId,
    /// Interactions that nobody has taken yet.
    new: i32,
    /// Interactions that are being worked on.
    open: i32,
    /// Interactions that wait for the contact or for something outside.
    pending: i32,
    /// Interactions that were handed to someone with more rights or knowledge.
    escalated: i32,
    /// Interactions that are hidden until a time or until the contact writes.
    snoozed: i32,
    /// How many of these are assigned to nobody.
    unassigned: i32,
    /// How many of these have a contact who waits for an answer.
    waiting: i32,
    /// Since when the contact waits who has waited longest; null when nobody waits.
    longest_waiting_since: Option<DateTime<Utc>>,
    /// Interactions that began within the last hour and are here now, whatever has become of them.
    arrived_last_hour: i32,
    /// Interactions that were resolved, or closed without that, within the last hour, and still are.
    resolved_last_hour: i32,
}

#[ComplexObject]
impl InboxMetrics {
    /// The inbox; null when it was removed just now.
    async fn inbox(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Inbox>> {
        node::inbox(cx, self.id).await
    }
}

impl From<InboxSums> for InboxMetrics {
    fn from(sums: InboxSums) -> Self {
        let ByStatus { new, open, pending, escalated, snoozed } = sums.by_status;
        Self {
            id: sums.inbox,
            new,
            open,
            pending,
            escalated,
            snoozed,
            unassigned: sums.unassigned,
            waiting: sums.waiting,
            longest_waiting_since: sums.longest_waiting_since,
            arrived_last_hour: sums.arrived,
            resolved_last_hour: sums.resolved,
        }
    }
}

/// How much somebody has to do.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct AgentMetrics {
    #[graphql(skip)]
    id: PersonId,
    /// Interactions that are assigned to the person and not over.
    assigned: i32,
    /// How many of these have a contact who waits for an answer.
    waiting: i32,
    /// Interactions of the person that were resolved, or closed without that, within the last hour, and still are.
    resolved_last_hour: i32,
}

#[ComplexObject]
impl AgentMetrics {
    /// Who.
    async fn person(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Person>> {
        Ok(cx.rows().load_one(self.id).await.map_err(load_error)?.map(Person))
    }
}

impl From<AgentSums> for AgentMetrics {
    fn from(sums: AgentSums) -> Self {
        Self { id: sums.person, assigned: sums.assigned, waiting: sums.waiting, resolved_last_hour: sums.resolved }
    }
}

/// What goes through a channel. Notes and system lines are not counted.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ChannelMetrics {
    #[graphql(skip)]
    id: ChannelId,
    /// Messages that came in within the last hour.
    inbound_last_hour: i32,
    /// Messages from our side that were written within the last hour, but for those that were taken back.
    outbound_last_hour: i32,
    /// How many of these could not be sent.
    failed_last_hour: i32,
    /// How many of these nobody knows of whether they were sent.
    unconfirmed_last_hour: i32,
    /// Messages of whatever age that wait to be sent or are being sent.
    queued: Long,
}

#[ComplexObject]
impl ChannelMetrics {
    /// The channel, with its health; null when it was removed just now.
    async fn channel(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Channel>> {
        Ok(cx.rows().load_one(self.id).await.map_err(load_error)?.map(Channel))
    }
}

impl From<ChannelSums> for ChannelMetrics {
    fn from(sums: ChannelSums) -> Self {
        Self {
            id: sums.channel,
            inbound_last_hour: sums.inbound,
            outbound_last_hour: sums.outbound,
            failed_last_hour: sums.failed,
            unconfirmed_last_hour: sums.unconfirmed,
            queued: Long(sums.queued.into()),
        }
    }
}
