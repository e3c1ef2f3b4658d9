//! One subscriber of a shared operation that tells the whole each time.

use std::sync::Arc;

use async_graphql::Response;
use futures_util::{Stream, StreamExt};
use tokio::sync::watch;
use tributary_domain::event::Seq;

use super::{
    Live,
    direct::{Back, Direct, Who},
    group::{Found, Frame, Group, State},
    plan::{Key, Template},
};
use crate::{
    gatekeeper,
    graphql::course::Course,
    http::graphql::{Answer, Offer, Port, RequestInfo, error::ends_stream},
};

/// What a watcher gets.
pub(super) fn answers(live: Live, template: Arc<Template>, who: Who, info: RequestInfo) -> impl Stream<Item = Answer> + Send {
    let mut watcher = Watcher { live, template, who, info };
    async_stream::stream! {
        while let Some(mut watching) = watcher.join().await {
            while let Some(next) = watching.next(&watcher).await {
                match next {
                    Next::Frame(frame) => yield Answer::Shared(Arc::clone(&frame.json)),
                    Next::UpToDate => {
                        let (offer, accepted) = Offer::new();
                        yield Answer::Offer(offer);
                        if let Ok(port) = accepted.await {
                            watching.leave_to_group(&watcher, port).await;
                        }
                    }
                }
            }
            watcher.forget_rights();
        }
        // It gets an answer of its own, which is often the last one.
        let mut responses = watcher.alone();
        while let Some(response) = responses.next().await {
            let is_last = ends_stream(&response);
            yield Answer::from(response);
            if is_last {
                return;
            }
        }
    }
}

struct Watcher {
    live: Live,
    template: Arc<Template>,
    who: Who,
    info: RequestInfo,
}

impl Watcher {
    /// The group of the watcher's rights with its newest frame; `None`: it is served alone.
    async fn join(&mut self) -> Option<Watching> {
        loop {
            let is_personal = self.template.is_personal || self.live.is_personal(&self.template.digest);
            let key = Key::new(&self.template, &self.who.actor, is_personal);
            let group = self.live.0.groups.join(&self.live, key.clone(), &self.template, &self.who.actor);
            self.template = Arc::clone(&group.template);
            let mut states = group.watch();
            let has_begun = |state: &State| !matches!(state, State::Starting | State::Running { next: 0, .. });
            let state = states.wait_for(has_begun).await.map_or(State::Ended, |state| *state);
            let State::Running { next, at, .. } = state else {
                if !key.is_of_one() && self.live.is_personal(&self.template.digest) {
                    continue;
                }
                return None;
            };
            // Rights read after the newest frame: nothing that happened before it is missing in them.
            if self.who.at >= at.seq {
                return Some(Watching { states, group, number: next - 1, is_first: true, is_offered: false });
            }
            // Whoever is not admitted any more, or cannot be asked about now, gets an answer of its own.
            let (actor, at) = gatekeeper::renewed_at(&self.live.0.app, &self.who.actor).await.ok()?;
            self.who.at = at;
            if actor != *self.who.actor {
                self.who.actor = Arc::new(actor);
            }
        }
    }

    /// The rights may be others than those known: they are to be read again.
    fn forget_rights(&mut self) {
        self.who.at = Seq::UNNUMBERED;
    }

    fn alone(&self) -> impl Stream<Item = Response> + Send + Unpin + use<> {
        let course = Course::alone(None, None, None);
        let request = self.template.request(&self.live.0.app, &self.who.actor, self.info.clone(), None, course);
        self.live.0.schema.execute_stream(request).boxed()
    }
}

/// A watcher's place in its group.
struct Watching {
    group: Arc<Group>,
    states: watch::Receiver<State>,
    /// Of the frame that comes next.
    number: u64,
    /// The rights are as new as that frame.
    is_first: bool,
    /// The subscriber was asked whether the group may write by itself, since the last frame.
    is_offered: bool,
}

/// What comes next for a watcher.
enum Next {
    /// The newest frame.
    Frame(Arc<Frame>),
    /// Nothing yet: it has the newest one.
    UpToDate,
}

impl Watching {
    /// The newest frame that the watcher does not have. Says once that it has it, and then waits. `None`: the watcher must leave,
    /// because its rights may have changed, nobody knows whether they have, or nothing more comes. Dropping the future loses
    /// nothing.
    async fn next(&mut self, watcher: &Watcher) -> Option<Next> {
        loop {
            let mut newest = None;
            loop {
                match self.group.frame(self.number) {
                    Found::Frame(frame) => {
                        if !self.is_first && watcher.who.is_concerned(&frame, self.group.is_of_one) {
                            return None;
                        }
                        self.number += 1;
                        self.is_first = false;
                        newest = Some(frame);
                    }
                    Found::NotYet => break,
                    Found::Gone => return None,
                }
            }
            if let Some(frame) = newest {
                self.is_offered = false;
                return Some(Next::Frame(frame));
            }
            if *self.states.borrow() == State::Ended {
                return None;
            }
            if !self.is_offered {
                self.is_offered = true;
                return Some(Next::UpToDate);
            }
            let number = self.number;
            // The sender lives as long as the group.
            drop(self.states.wait_for(|state| !matches!(state, State::Running { next, .. } if *next <= number)).await);
        }
    }

    /// The group writes to the watcher until it gives it back.
    async fn leave_to_group(&mut self, watcher: &Watcher, port: Arc<dyn Port>) {
        let (direct, returned) = Direct::new(port, watcher.who.clone());
        if self.group.take_over(direct, self.number).is_err() {
            return;
        }
        // A group that breaks while it writes does not know any more who has got what.
        let Back { number, .. } = returned.await.expect("a group gives its members back");
        self.number = number;
        self.is_offered = false;
    }
}
