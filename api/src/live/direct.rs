//! Members whose frames the group writes by itself.
//!
//! A member that has come to where its group is can give it a [port](Port). The group then writes every new frame to it as soon
//! as it is made: no wake-up and no copy. When the socket does not take a frame, or the frame is not for this member as it is for the others,
//! the group gives the member back, and it goes on by itself from there.

use std::sync::Arc;

use tokio::sync::oneshot;
use tributary_domain::{
    actor::Actor,
    event::{Audience, Event, Position, Seq},
};

use super::group::Frame;
use crate::{
    graphql::stream::may_change_rights,
    http::graphql::{Port, Shared, Written},
};

/// Most frames written in one go; then others get a turn.
const AT_ONCE: usize = 64;

/// Who a member is, with rights as of a place in the log.
#[derive(Clone)]
pub(super) struct Who {
    pub(super) actor: Arc<Actor>,
    /// The place in the log as of which the rights are.
    pub(super) at: Seq,
}

impl Who {
    /// Whether a frame is not for this member as it is for the others of its group.
    pub(super) fn is_concerned(&self, frame: &Frame, is_group_of_one: bool) -> bool {
        // A viewer's own group is told what is for the viewer.
        let is_meant = |event: &Event| !is_group_of_one && matches!(event.audience, Audience::Person(person) if self.actor.is(person));
        frame.personal.iter().any(|event| is_meant(event) || may_change_rights(event, &self.actor))
    }
}

/// A member in the hands of its group.
pub(super) struct Direct {
    port: Arc<dyn Port>,
    who: Who,
    back: oneshot::Sender<Back>,
}

/// A member that the group gives back.
pub(super) struct Back {
    /// Number of the frame that comes next for it.
    pub(super) number: u64,
    /// The cursor that it has.
    pub(super) at: Position,
}

impl Direct {
    /// Puts a member into the hands of its group, and tells where it comes back.
    pub(super) fn new(port: Arc<dyn Port>, who: Who) -> (Self, oneshot::Receiver<Back>) {
        let (back, returned) = oneshot::channel();
        (Self { port, who, back }, returned)
    }

    /// Gives the member back, if it is still there.
    pub(super) fn give_back(self, number: u64, at: Position) {
        drop(self.back.send(Back { number, at }));
    }
}

/// Writes a frame to all; keeps those who took it.
pub(super) async fn deliver(members: &mut Vec<Direct>, frame: &Frame, number: u64, is_group_of_one: bool) {
    let (mut next, mut in_a_row) = (0, 0);
    let mut result = Shared::new(&frame.json);
    while let Some(member) = members.get(next) {
        if !frame.personal.is_empty() && member.who.is_concerned(frame, is_group_of_one) {
            members.swap_remove(next).give_back(number, frame.before);
            continue;
        }
        // Who has left takes nothing more, and nobody hears that it is given back.
        match member.port.write(&mut result) {
            Written::Whole => next += 1,
            Written::Part => members.swap_remove(next).give_back(number + 1, frame.after),
            Written::No => members.swap_remove(next).give_back(number, frame.before),
        }
        in_a_row += 1;
        if in_a_row == AT_ONCE {
            in_a_row = 0;
            tokio::task::yield_now().await;
        }
    }
}
