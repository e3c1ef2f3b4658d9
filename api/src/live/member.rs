//! One subscriber of a shared operation.

use std::sync::Arc;

use async_graphql::Response;
use futures_util::{Stream, StreamExt};
use tokio::sync::watch;
use tributary_domain::{
    Result,
    actor::Actor,
    event::{Position, Seq, log},
};

use super::{
    Live,
    direct::{Back, Direct, Who},
    group::{Found, Frame, Group, State},
    plan::{Key, Template},
};
use crate::{
    gatekeeper,
    graphql::{course::Course, stream::may_change_rights, subscription::inbox::Memory},
    http::graphql::{Answer, Offer, Port, RequestInfo, error::ends_stream},
};

/// Where a member stands in its group.
enum Place {
    /// At the seam before this frame.
    Before(u64),
    /// The group is elsewhere: the member is served alone up to here, or for ever.
    Alone(Option<Seq>),
}

/// What a member gets.
pub(super) fn answers(
    live: Live,
    template: Arc<Template>,
    who: Who,
    info: RequestInfo,
    after: Position,
) -> impl Stream<Item = Answer> + Send {
    let mut member = Member { live, template, who, is_current: false, info, at: after, memory: None };
    async_stream::stream! {
        loop {
            // Boxed: it is large, and waits for hours are not in it.
            let (group, place) = Box::pin(member.join()).await;
            let until = match place {
                Place::Alone(until) => until,
                Place::Before(number) => {
                    let mut following = Following { states: group.watch(), group, number, is_offered: false };
                    loop {
                        match following.next(&mut member).await {
                            Ok(Next::Frame(json)) => yield Answer::Shared(json),
                            Ok(Next::UpToDate) => {
                                let (offer, accepted) = Offer::new();
                                yield Answer::Offer(offer);
                                if let Ok(port) = accepted.await {
                                    following.leave_to_group(&mut member, port).await;
                                }
                            }
                            Err(Left { until, memory }) => {
                                member.memory = memory;
                                break until;
                            }
                        }
                    }
                }
            };
            if until.is_some_and(|until| until <= member.at.seq) {
                continue;
            }
            let (course, mut responses) = member.alone(until);
            while let Some(response) = responses.next().await {
                if let Some(step) = course.take() {
                    (member.at, member.who, member.is_current) = (step.after, Who { actor: step.actor, at: step.actor_at }, true);
                }
                let is_last = ends_stream(&response);
                yield Answer::from(response);
                if is_last {
                    return;
                }
            }
            if until.is_none_or(|until| member.at.seq < until) {
                return;
            }
        }
    }
}

struct Member {
    live: Live,
    template: Arc<Template>,
    who: Who,
    /// Its rights are as new as `at`. A socket may be older than the cursor that it asks with.
    is_current: bool,
    info: RequestInfo,
    /// The cursor that the subscriber has.
    at: Position,
    /// What it has of a view, when that is known.
    memory: Option<Arc<Memory>>,
}

impl Member {
    /// The group of the member's rights, and how to get to where it is.
    async fn join(&mut self) -> (Arc<Group>, Place) {
        loop {
            let is_personal = self.template.is_personal || self.live.is_personal(&self.template.digest);
            let key = Key::new(&self.template, &self.who.actor, is_personal);
            let group = self.live.0.groups.join(&self.live, key.clone(), &self.template, &self.who.actor);
            self.template = Arc::clone(&group.template);
            let mut states = group.watch();
            let is_there = |state: &State| !matches!(state, State::Starting | State::Running { is_within: true, .. });
            let state = states.wait_for(is_there).await.map_or(State::Ended, |state| *state);
            let State::Running { next, at, .. } = state else {
                if !key.is_of_one() && self.live.is_personal(&self.template.digest) {
                    continue;
                }
                return (group, Place::Alone(None));
            };
            if at.epoch != self.at.epoch {
                return (group, Place::Alone(None));
            }
            if at.seq > self.at.seq {
                return (group, Place::Alone(Some(at.seq)));
            }
            // The group has passed over what it does not tell, or has not been woken yet. Its next frame will show which.
            if at.seq < self.at.seq && self.check().await.is_err() {
                return (group, Place::Alone(None));
            }
            // Rights read after the place of the group: nothing that happened up to there is missing in them.
            if self.is_current || self.who.at >= at.seq {
                self.is_current = true;
                return (group, Place::Before(next));
            }
            match self.renewed().await {
                Ok((actor, at)) => {
                    self.who.at = at;
                    if actor != *self.who.actor {
                        self.who.actor = Arc::new(actor);
                    }
                }
                // Whoever is not admitted any more, or cannot be asked about now, gets an answer of its own.
                Err(_refused) => return (group, Place::Alone(None)),
            }
        }
    }

    /// Whether the log goes on from where the member is.
    async fn check(&self) -> Result<()> {
        if self.live.0.app.tailers.has_seen(self.who.actor.workspace, self.at) {
            return Ok(());
        }
        let read = self.live.0.app.store.read(self.who.actor.workspace).await?;
        log::check(&read, self.at).await
    }

    /// Leaves the group before a frame. What the group has of a view then is what the member has, unless it has come from
    /// elsewhere, or with rights that are newer than the frame: nobody knows what it had with the old ones.
    fn leaves(&mut self, frame: &Frame) -> Left {
        // Its rights are as new as the group's cursor, but the frame may change them before the member's own.
        self.is_current &= frame.before == self.at;
        let is_new = frame.personal.iter().any(|event| event.seq <= self.who.at && may_change_rights(event, &self.who.actor));
        let memory = frame.memory.clone().filter(|_| !is_new && frame.before == self.at);
        Left { until: Some(frame.after.seq), memory }
    }

    fn cursor(&self, at: Position) -> String {
        self.live.0.app.cursors.encode(self.who.actor.workspace, at)
    }

    async fn renewed(&self) -> Result<(Actor, Seq)> {
        gatekeeper::renewed_at(&self.live.0.app, &self.who.actor).await
    }

    fn alone(&mut self, until: Option<Seq>) -> (Course, impl Stream<Item = Response> + Send + Unpin + use<>) {
        let course = Course::alone(until, self.is_current.then_some(self.who.at), self.memory.take());
        let request = self.template.request(&self.live.0.app, &self.who.actor, self.info.clone(), Some(self.at), course.clone());
        (course, self.live.0.schema.execute_stream(request).boxed())
    }
}

/// Why a member no longer takes the group's frames.
struct Left {
    /// Up to where to go alone; `None`: for ever.
    until: Option<Seq>,
    /// What it has of a view, when that is known.
    memory: Option<Arc<Memory>>,
}

impl Left {
    fn behind(until: Option<Seq>) -> Self {
        Self { until, memory: None }
    }
}

struct Following {
    group: Arc<Group>,
    states: watch::Receiver<State>,
    number: u64,
    /// The subscriber was asked whether the group may write by itself, since the last frame.
    is_offered: bool,
}

/// What comes next for a member.
enum Next {
    /// This response.
    Frame(Arc<str>),
    /// Nothing yet: it has all that there is.
    UpToDate,
}

impl Following {
    /// The next frame, or why there is none. Says once that the member has all that there is, and then waits. Dropping the
    /// future loses nothing.
    async fn next(&mut self, member: &mut Member) -> Result<Next, Left> {
        loop {
            match self.group.frame(self.number) {
                Found::Frame(frame) if member.who.is_concerned(&frame, self.group.is_of_one) => return Err(member.leaves(&frame)),
                // The member has come from further on.
                Found::Frame(frame) if frame.after.seq <= member.at.seq && frame.before.seq < member.at.seq => self.number += 1,
                Found::Frame(frame) if (frame.before.seq..=frame.quiet).contains(&member.at.seq) => {
                    self.number += 1;
                    self.is_offered = false;
                    let json = frame.json_from(member.at, |at| member.cursor(at));
                    member.at = frame.after;
                    return Ok(Next::Frame(json));
                }
                // It has come from the midst of what the frame tells.
                Found::Frame(frame) => return Err(Left::behind(Some(frame.after.seq))),
                Found::Gone => {
                    let State::Running { at, .. } = *self.states.borrow() else { return Err(Left::behind(None)) };
                    return Err(Left::behind(Some(at.seq)));
                }
                Found::NotYet if !self.is_offered && self.is_with_group(member) => {
                    self.is_offered = true;
                    return Ok(Next::UpToDate);
                }
                Found::NotYet => {}
            }
            let number = self.number;
            let state = self.states.wait_for(|state| !matches!(state, State::Running { next, .. } if *next <= number)).await;
            if state.map_or(true, |state| *state == State::Ended) && matches!(self.group.frame(number), Found::NotYet) {
                return Err(Left::behind(None));
            }
        }
    }

    /// Whether the member and the group have the same cursor.
    fn is_with_group(&self, member: &Member) -> bool {
        matches!(*self.states.borrow(), State::Running { next, at, is_within: false } if next == self.number && at == member.at)
    }

    /// The group writes to the member until it gives it back.
    async fn leave_to_group(&mut self, member: &mut Member, port: Arc<dyn Port>) {
        let (direct, returned) = Direct::new(port, member.who.clone());
        if self.group.take_over(direct, self.number).is_err() {
            return;
        }
        // A group that breaks while it writes does not know any more who has got what.
        let Back { number, at } = returned.await.expect("a group gives its members back");
        (self.number, member.at) = (number, at);
    }
}
