//! The sums of a workspace and what they are made of: pure, moved on by differences.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::{
    AgentSums, ByStatus, ChannelSums, InboxSums, Scope, Sums,
    hour::{Hour, Minute},
};
use crate::{
    error::{Error, Result},
    event::Seq,
    ids::{ChannelId, InboxId, InteractionId, MessageId, PersonId, TeamId},
    state::{DeliveryState, InteractionStatus},
};

/// What is kept of an interaction that is not over, or that began or ended within the last hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) inbox: InboxId,
    pub(super) assignee: Option<PersonId>,
    pub(super) status: InteractionStatus,
    /// Since when its contact waits for an answer.
    pub(super) waiting_since: Option<DateTime<Utc>>,
    pub(super) began: Minute,
    /// Resolved, or closed without that, and still so.
    pub(super) resolved: Option<Minute>,
}

/// What is kept of a message from our side, of the last hour or on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) channel: ChannelId,
    pub(super) at: Minute,
    /// `None`: it was sent by another application.
    pub(super) delivery: Option<DeliveryState>,
}

impl Outgoing {
    fn is_on_its_way(&self) -> bool {
        matches!(self.delivery, Some(DeliveryState::Queued | DeliveryState::Sending))
    }
}

/// What is there to be told of, whether or not anything happens to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    /// By position, with the team that works there; none: everybody does.
    pub(super) inboxes: Vec<(InboxId, Option<TeamId>)>,
    /// By name, and whether they are active.
    pub(super) people: Vec<(PersonId, bool)>,
    /// Oldest first, with the inbox that each leads to.
    pub(super) channels: Vec<(ChannelId, InboxId)>,
    pub(super) members: HashMap<TeamId, BTreeSet<PersonId>>,
    /// Place of the last change that it knows of.
    pub(super) at: Seq,
}

#[derive(Debug, Default)]
struct InboxTally {
    by_status: ByStatus,
    unassigned: i32,
    /// By when they began to wait.
    waiting: BTreeMap<DateTime<Utc>, i32>,
    arrived: Hour,
    resolved: Hour,
}

#[derive(Debug, Default)]
struct AgentTally {
    assigned: i32,
    waiting: i32,
    resolved: Hour,
}

#[derive(Debug, Default)]
struct ChannelTally {
    inbound: Hour,
    outbound: Hour,
    failed: Hour,
    unconfirmed: Hour,
    queued: i32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Tally {
    listing: Listing,
    interactions: HashMap<InteractionId, Standing>,
    outgoing: HashMap<MessageId, Outgoing>,
    inboxes: HashMap<InboxId, InboxTally>,
    agents: HashMap<PersonId, AgentTally>,
    channels: HashMap<ChannelId, ChannelTally>,
    /// First minute of the hour that is counted. What lay before was taken out of the sums when the hour moved on.
    from: Minute,
}

impl Tally {
    /// Of nothing, at a time.
    pub(super) fn new(listing: Listing, now: DateTime<Utc>) -> Self {
        Self {
            listing,
            interactions: HashMap::new(),
            outgoing: HashMap::new(),
            inboxes: HashMap::new(),
            agents: HashMap::new(),
            channels: HashMap::new(),
            from: Minute::hour_before(now),
        }
    }

    /// What there is to be told of is this now.
    pub(super) fn list(&mut self, listing: Listing) {
        self.listing = listing;
    }

    /// An interaction stands so now, or is gone.
    pub(super) fn put(&mut self, id: InteractionId, now: Option<Standing>) {
        let now = now.filter(|now| is_kept(now, self.from));
        let before = match now {
            Some(now) => self.interactions.insert(id, now),
            None => self.interactions.remove(&id),
        };
        if before == now {
            return;
        }
        for (standing, by) in [(before, -1), (now, 1)] {
            if let Some(standing) = standing {
                self.count(&standing, by);
            }
        }
    }

    /// A message of a contact has come in.
    pub(super) fn receive(&mut self, channel: ChannelId, at: Minute) {
        if at >= self.from {
            self.channels.entry(channel).or_default().inbound.add(at, 1);
        }
    }

    /// A message from our side is there now, or is gone.
    pub(super) fn put_outgoing(&mut self, id: MessageId, now: Option<Outgoing>) {
        let now = now.filter(|now| is_outgoing_kept(now, self.from));
        let before = match now {
            Some(now) => self.outgoing.insert(id, now),
            None => self.outgoing.remove(&id),
        };
        if before == now {
            return;
        }
        for (message, by) in [(before, -1), (now, 1)] {
            if let Some(message) = message {
                self.count_outgoing(&message, by);
            }
        }
    }

    /// Moves the hour on to the one that `now` ends.
    pub(super) fn turn(&mut self, now: DateTime<Utc>) {
        let from = Minute::hour_before(now);
        // A clock that goes back brings nothing back.
        if from <= self.from {
            return;
        }
        self.from = from;
        for inbox in self.inboxes.values_mut() {
            inbox.arrived.forget_before(from);
            inbox.resolved.forget_before(from);
        }
        for agent in self.agents.values_mut() {
            agent.resolved.forget_before(from);
        }
        for channel in self.channels.values_mut() {
            for hour in [&mut channel.inbound, &mut channel.outbound, &mut channel.failed, &mut channel.unconfirmed] {
                hour.forget_before(from);
            }
        }
        // They are in no sum any more.
        self.interactions.retain(|_, standing| is_kept(standing, from));
        self.outgoing.retain(|_, message| is_outgoing_kept(message, from));
    }

    /// The sums.
    ///
    /// # Errors
    /// `NotFound` for a scope that is not there.
    pub(super) fn sums(&self, scope: Scope) -> Result<Sums> {
        let Self { listing, .. } = self;
        let inboxes = self.inboxes_of(scope)?;
        let channels = listing.channels.iter().filter(|(id, inbox)| match scope {
            Scope::Workspace => true,
            Scope::Inbox(_) | Scope::Team(_) => inboxes.iter().any(|(wanted, _)| wanted == inbox),
            Scope::Channel(wanted) => *id == wanted,
        });
        let works_there = |person: PersonId| match scope {
            Scope::Workspace => true,
            Scope::Team(team) => self.is_member(team, person),
            Scope::Inbox(_) | Scope::Channel(_) => inboxes.iter().any(|(_, team)| team.is_none_or(|team| self.is_member(team, person))),
        };
        let agents = listing.people.iter().filter(|(person, is_active)| {
            let has_work = || self.agents.get(person).is_some_and(|agent| agent.assigned > 0);
            (*is_active || has_work()) && works_there(*person)
        });
        Ok(Sums {
            inboxes: inboxes.iter().map(|(id, _)| self.inbox(*id)).collect(),
            agents: agents.map(|(id, _)| self.agent(*id)).collect(),
            channels: channels.map(|(id, _)| self.channel(*id)).collect(),
            listed_at: listing.at,
        })
    }

    fn inboxes_of(&self, scope: Scope) -> Result<Vec<(InboxId, Option<TeamId>)>> {
        let all = &self.listing.inboxes;
        let only = |wanted: InboxId| all.iter().filter(|(id, _)| *id == wanted).copied().collect::<Vec<_>>();
        match scope {
            Scope::Workspace => Ok(all.clone()),
            Scope::Inbox(wanted) => Some(only(wanted)).filter(|found| !found.is_empty()).ok_or(Error::NotFound("inbox")),
            Scope::Team(wanted) if self.listing.members.contains_key(&wanted) => {
                Ok(all.iter().filter(|(_, team)| *team == Some(wanted)).copied().collect())
            }
            Scope::Team(_) => Err(Error::NotFound("team")),
            Scope::Channel(wanted) => {
                let channel = self.listing.channels.iter().find(|(id, _)| *id == wanted);
                channel.map(|(_, inbox)| only(*inbox)).ok_or(Error::NotFound("channel"))
            }
        }
    }

    fn is_member(&self, team: TeamId, person: PersonId) -> bool {
        self.listing.members.get(&team).is_some_and(|members| members.contains(&person))
    }

    fn inbox(&self, id: InboxId) -> InboxSums {
        let nothing = InboxTally::default();
        let tally = self.inboxes.get(&id).unwrap_or(&nothing);
        InboxSums {
            inbox: id,
            by_status: tally.by_status,
            unassigned: tally.unassigned,
            waiting: tally.waiting.values().sum(),
            longest_waiting_since: tally.waiting.keys().next().copied(),
            arrived: tally.arrived.sum(),
            resolved: tally.resolved.sum(),
        }
    }

    fn agent(&self, id: PersonId) -> AgentSums {
        let nothing = AgentTally::default();
        let tally = self.agents.get(&id).unwrap_or(&nothing);
        AgentSums { person: id, assigned: tally.assigned, waiting: tally.waiting, resolved: tally.resolved.sum() }
    }

    fn channel(&self, id: ChannelId) -> ChannelSums {
        let nothing = ChannelTally::default();
        let tally = self.channels.get(&id).unwrap_or(&nothing);
        ChannelSums {
            channel: id,
            inbound: tally.inbound.sum(),
            outbound: tally.outbound.sum(),
            failed: tally.failed.sum(),
            unconfirmed: tally.unconfirmed.sum(),
            queued: tally.queued,
        }
    }

    /// Adds an interaction to the sums that it belongs to, or takes it out of them.
    fn count(&mut self, standing: &Standing, by: i32) {
        let from = self.from;
        let inbox = self.inboxes.entry(standing.inbox).or_default();
        let mut agent = standing.assignee.map(|assignee| self.agents.entry(assignee).or_default());
        if standing.began >= from {
            inbox.arrived.add(standing.began, by);
        }
        if let Some(resolved) = standing.resolved.filter(|at| *at >= from) {
            inbox.resolved.add(resolved, by);
            if let Some(agent) = &mut agent {
                agent.resolved.add(resolved, by);
            }
        }
        let Some(of_status) = inbox.by_status.of(standing.status) else { return };
        *of_status += by;
        match &mut agent {
            Some(agent) => agent.assigned += by,
            None => inbox.unassigned += by,
        }
        if let Some(since) = standing.waiting_since {
            add_to(&mut inbox.waiting, since, by);
            if let Some(agent) = &mut agent {
                agent.waiting += by;
            }
        }
    }

    fn count_outgoing(&mut self, message: &Outgoing, by: i32) {
        let channel = self.channels.entry(message.channel).or_default();
        if message.is_on_its_way() {
            channel.queued += by;
        }
        if message.at < self.from || message.delivery == Some(DeliveryState::Cancelled) {
            return;
        }
        channel.outbound.add(message.at, by);
        match message.delivery {
            Some(DeliveryState::Failed) => channel.failed.add(message.at, by),
            Some(DeliveryState::Unconfirmed) => channel.unconfirmed.add(message.at, by),
            _ => {}
        }
    }
}

impl ByStatus {
    /// `None`: what has this status is over.
    fn of(&mut self, status: InteractionStatus) -> Option<&mut i32> {
        match status {
            InteractionStatus::New => Some(&mut self.new),
            InteractionStatus::Open => Some(&mut self.open),
            InteractionStatus::Pending => Some(&mut self.pending),
            InteractionStatus::Escalated => Some(&mut self.escalated),
            InteractionStatus::Snoozed => Some(&mut self.snoozed),
            InteractionStatus::Resolved | InteractionStatus::Closed | InteractionStatus::Trashed => None,
        }
    }
}

fn is_kept(standing: &Standing, from: Minute) -> bool {
    standing.status.is_active() || standing.began >= from || standing.resolved.is_some_and(|at| at >= from)
}

fn is_outgoing_kept(message: &Outgoing, from: Minute) -> bool {
    message.at >= from || message.is_on_its_way()
}

/// Counts in a map in which nothing stands that there is none of.
fn add_to(counts: &mut BTreeMap<DateTime<Utc>, i32>, key: DateTime<Utc>, by: i32) {
    let count = counts.entry(key).or_default();
    *count += by;
    if *count == 0 {
        counts.remove(&key);
    }
}

#[cfg(test)]
mod tests;
