//! A tally as things happen, come and go.

use chrono::Duration;
use uuid::Uuid;

use super::*;

const INBOX: u128 = 1;
const ADA: u128 = 2;
const CHANNEL: u128 = 3;
const TEAM: u128 = 4;

fn id<I: From<Uuid>>(number: u128) -> I {
    Uuid::from_u128(number).into()
}

fn time(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + Duration::minutes(minutes)
}

fn tally() -> Tally {
    let listing = Listing {
        inboxes: vec![(id(INBOX), Some(id(TEAM))), (id(INBOX + 10), None)],
        people: vec![(id(ADA), true), (id(ADA + 10), false)],
        channels: vec![(id(CHANNEL), id(INBOX))],
        members: HashMap::from([(id(TEAM), [id(ADA)].into()), (id(TEAM + 10), BTreeSet::new())]),
        at: Seq(1),
    };
    Tally::new(listing, time(0))
}

fn new(began: i64) -> Standing {
    Standing {
        inbox: id(INBOX),
        assignee: None,
        status: InteractionStatus::New,
        waiting_since: Some(time(began)),
        began: Minute::of(time(began)),
        resolved: None,
    }
}

fn of_workspace(tally: &Tally) -> (InboxSums, AgentSums, ChannelSums) {
    let sums = tally.sums(Scope::Workspace).unwrap();
    (sums.inboxes[0], sums.agents[0], sums.channels[0])
}

#[test]
fn an_interaction_is_in_the_sums_of_what_it_is() {
    let mut tally = tally();
    tally.put(id(7), Some(new(0)));
    tally.put(id(8), Some(new(-2)));
    let (inbox, agent, _) = of_workspace(&tally);
    assert_eq!((inbox.by_status.new, inbox.unassigned, inbox.waiting, inbox.arrived, inbox.resolved), (2, 2, 2, 2, 0));
    assert_eq!((inbox.longest_waiting_since, agent.assigned), (Some(time(-2)), 0));

    let taken = Standing { assignee: Some(id(ADA)), status: InteractionStatus::Open, ..new(-2) };
    tally.put(id(8), Some(taken));
    tally.put(id(8), Some(taken));
    let (inbox, agent, _) = of_workspace(&tally);
    assert_eq!((inbox.by_status.new, inbox.by_status.open, inbox.unassigned, inbox.waiting), (1, 1, 1, 2));
    assert_eq!((agent.assigned, agent.waiting, agent.resolved), (1, 1, 0));

    let resolved = Standing { status: InteractionStatus::Resolved, waiting_since: None, resolved: Some(Minute::of(time(0))), ..taken };
    tally.put(id(8), Some(resolved));
    let (inbox, agent, _) = of_workspace(&tally);
    assert_eq!((inbox.by_status.open, inbox.waiting, inbox.longest_waiting_since), (0, 1, Some(time(0))));
    assert_eq!((inbox.arrived, inbox.resolved), (2, 1));
    assert_eq!((agent.assigned, agent.waiting, agent.resolved), (0, 0, 1));

    tally.put(id(8), Some(Standing { inbox: id(INBOX + 10), ..taken }));
    tally.put(id(7), None);
    let sums = tally.sums(Scope::Workspace).unwrap();
    assert_eq!(sums.inboxes[0], InboxSums { inbox: id(INBOX), ..tally.inbox(id(99)) }, "nothing is left of them");
    assert_eq!((sums.inboxes[1].by_status.open, sums.inboxes[1].arrived, sums.agents[0].assigned), (1, 1, 1));
}

#[test]
fn the_hour_moves_on() {
    let mut tally = tally();
    let resolved = Standing {
        assignee: Some(id(ADA)),
        status: InteractionStatus::Closed,
        waiting_since: None,
        resolved: Some(Minute::of(time(0))),
        ..new(-30)
    };
    tally.put(id(7), Some(resolved));
    tally.put(id(8), Some(new(-90)));
    tally.put(id(9), Some(Standing { resolved: Some(Minute::of(time(-60))), ..resolved }));
    tally.receive(id(CHANNEL), Minute::of(time(-59)));
    tally.receive(id(CHANNEL), Minute::of(time(-60)));
    tally.put_outgoing(id(10), Some(Outgoing { channel: id(CHANNEL), at: Minute::of(time(-59)), delivery: Some(DeliveryState::Failed) }));
    tally.put_outgoing(id(11), Some(Outgoing { channel: id(CHANNEL), at: Minute::of(time(-90)), delivery: Some(DeliveryState::Queued) }));
    let numbers = |tally: &Tally| {
        let (inbox, agent, channel) = of_workspace(tally);
        assert_eq!((inbox.by_status.new, channel.queued), (1, 1), "whatever their age");
        (inbox.arrived, inbox.resolved, agent.resolved, channel.inbound, channel.outbound, channel.failed)
    };
    assert_eq!(numbers(&tally), (2, 1, 1, 1, 1, 1));
    tally.turn(time(1));
    assert_eq!(numbers(&tally), (2, 1, 1, 0, 0, 0));
    tally.turn(time(0));
    assert_eq!(numbers(&tally), (2, 1, 1, 0, 0, 0), "and not back");
    tally.turn(time(30));
    assert_eq!(numbers(&tally), (0, 1, 1, 0, 0, 0));
    tally.turn(time(60));
    assert_eq!(numbers(&tally), (0, 0, 0, 0, 0, 0));
    assert_eq!((tally.interactions.len(), tally.outgoing.len()), (1, 1), "what is over for an hour is forgotten");

    // Both come back to life, and what was forgotten is not missed.
    tally.put(id(7), Some(Standing { status: InteractionStatus::Open, resolved: None, ..resolved }));
    tally.put_outgoing(id(11), Some(Outgoing { channel: id(CHANNEL), at: Minute::of(time(-90)), delivery: Some(DeliveryState::Sent) }));
    let (inbox, agent, channel) = of_workspace(&tally);
    assert_eq!((inbox.by_status.open, agent.assigned, inbox.arrived, inbox.resolved), (1, 1, 0, 0));
    assert_eq!((channel.queued, channel.outbound), (0, 0));
}

#[test]
fn a_message_counts_by_what_has_become_of_it() {
    let mut tally = tally();
    let message = |delivery| Some(Outgoing { channel: id(CHANNEL), at: Minute::of(time(0)), delivery });
    let cases = [
        (Some(DeliveryState::Queued), (1, 0, 0, 1)),
        (Some(DeliveryState::Sending), (1, 0, 0, 1)),
        (Some(DeliveryState::Unconfirmed), (1, 0, 1, 0)),
        (Some(DeliveryState::Failed), (1, 1, 0, 0)),
        (Some(DeliveryState::Sent), (1, 0, 0, 0)),
        (Some(DeliveryState::Read), (1, 0, 0, 0)),
        (Some(DeliveryState::Cancelled), (0, 0, 0, 0)),
        (None, (1, 0, 0, 0)),
    ];
    for (delivery, expected) in cases {
        tally.put_outgoing(id(7), message(delivery));
        let (_, _, channel) = of_workspace(&tally);
        assert_eq!((channel.outbound, channel.failed, channel.unconfirmed, channel.queued), expected, "{delivery:?}");
    }
    tally.put_outgoing(id(7), None);
    assert_eq!(of_workspace(&tally).2.outbound, 0);
}

#[test]
fn a_scope_is_a_part_of_the_whole() {
    let mut tally = tally();
    let of_gone = |number| Standing { assignee: Some(id(number)), status: InteractionStatus::Open, ..new(0) };
    let listed = |tally: &Tally, scope| {
        let sums = tally.sums(scope).unwrap();
        (sums.inboxes.len(), sums.agents.len(), sums.channels.len())
    };
    assert_eq!(listed(&tally, Scope::Workspace), (2, 1, 1));
    tally.put(id(7), Some(of_gone(ADA + 10)));
    assert_eq!(listed(&tally, Scope::Workspace), (2, 2, 1), "who is gone and still has something to do");
    assert_eq!(listed(&tally, Scope::Inbox(id(INBOX))), (1, 1, 1));
    assert_eq!(listed(&tally, Scope::Inbox(id(INBOX + 10))), (1, 2, 0), "everybody works there");
    assert_eq!(listed(&tally, Scope::Team(id(TEAM))), (1, 1, 1));
    assert_eq!(listed(&tally, Scope::Team(id(TEAM + 10))), (0, 0, 0));
    assert_eq!(listed(&tally, Scope::Channel(id(CHANNEL))), (1, 1, 1));
    for gone in [Scope::Inbox(id(99)), Scope::Team(id(99)), Scope::Channel(id(99))] {
        assert!(matches!(tally.sums(gone), Err(Error::NotFound(_))), "{gone:?}");
    }
}
