//! How the work stands: what waits in which inbox, who has how much of it, what goes through which channel.
//!
//! One [tally](tally) per workspace and node serves everybody who watches. It is made from one snapshot when the first one
//! comes, moves on with the [log](crate::event::log) and nothing else ([`follow`]), and goes with the last one. Nothing is
//! counted again: a changed interaction or message takes from the sums what it was and adds what it is. Holds no rights;
//! whoever asks must be allowed to know it all.

mod follow;
mod hour;
mod load;
mod tally;

pub use follow::{Following, Tallies};

use chrono::{DateTime, Utc};

use crate::{
    event::{Position, Seq},
    ids::{ChannelId, InboxId, PersonId, TeamId},
};

/// Of what the numbers are asked for. The numbers of each inbox, person and channel are the same in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All inboxes, all people and all channels.
    Workspace,
    /// An inbox, the people who work in it and the channels that lead to it.
    Inbox(InboxId),
    /// The inboxes of a team, its members and the channels that lead to its inboxes.
    Team(TeamId),
    /// A channel, the inbox that it leads to and the people who work there.
    Channel(ChannelId),
}

/// How the work stood at a place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When it was taken. What is said of the last hour ends here.
    pub at: DateTime<Utc>,
    /// The place.
    pub position: Position,
    /// The numbers.
    pub sums: Sums,
}

/// What a sample says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// By position.
    pub inboxes: Vec<InboxSums>,
    /// By name. Who may no longer sign in is among them for as long as something is assigned to the person.
    pub agents: Vec<AgentSums>,
    /// Oldest first.
    pub channels: Vec<ChannelSums>,
    /// Place of the last change of an inbox, a person, a team or a channel: their names and states are part of what is told.
    pub listed_at: Seq,
}

/// How the work in an inbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxSums {
    /// Which.
    pub inbox: InboxId,
    /// Interactions by their status, of those that are not over.
    pub by_status: ByStatus,
    /// Those of them that nobody has.
    pub unassigned: i32,
    /// Those of them whose contact waits for an answer.
    pub waiting: i32,
    /// Since when the one waits that has waited longest.
    pub longest_waiting_since: Option<DateTime<Utc>>,
    /// Interactions that began within the last hour, whatever has become of them.
    pub arrived: i32,
    /// Interactions that were resolved, or closed without that, within the last hour, and are still.
    pub resolved: i32,
}

/// Interactions by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByStatus {
    /// Nobody has taken them yet.
    pub new: i32,
    /// Being worked on.
    pub open: i32,
    /// Waiting for the contact or for something outside.
    pub pending: i32,
    /// Handed to someone with more rights or knowledge.
    pub escalated: i32,
    /// Hidden until a time or until the contact writes.
    pub snoozed: i32,
}

/// How much somebody has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentSums {
    /// Who.
    pub person: PersonId,
    /// Interactions of the person that are not over.
    pub assigned: i32,
    /// Those of them whose contact waits for an answer.
    pub waiting: i32,
    /// Interactions of the person that were resolved, or closed without that, within the last hour, and are still.
    pub resolved: i32,
}

/// What goes through a channel. Notes and system lines are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelSums {
    /// Which.
    pub channel: ChannelId,
    /// Messages that came in within the last hour.
    pub inbound: i32,
    /// Messages from our side within the last hour, but for those that were taken back.
    pub outbound: i32,
    /// Those of them that could not be sent.
    pub failed: i32,
    /// Those of them of which nobody knows whether they were sent.
    pub unconfirmed: i32,
    /// Messages of whatever age that wait to be sent or are being sent.
    pub queued: i32,
}
