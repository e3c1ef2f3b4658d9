//! One execution for all subscribers of a group.
//!
//! A group's task executes the operation from the head of the log on, in the name of whoever has the group's rights, and
//! keeps the newest results as [frames](Frame) in a ring; to members that have come so far it [writes](super::direct) them by itself. It starts with the first member and stops with the last.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use futures_util::StreamExt;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};
use tributary_domain::{
    Result,
    actor::{Actor, Anyone},
    event::{Event, Position, Seq, log},
};

use super::{
    Live,
    direct::{self, Direct},
    plan::{Key, Template},
};
use crate::{
    app::App,
    graphql::{course::Course, subscription::inbox::Memory},
    http::graphql::{RequestInfo, error, wire},
};

/// Most frames that are kept for members that are nearly up to date; who is further behind is served alone.
const MOST_FRAMES: usize = 64;
/// Most bytes of them.
const MOST_BYTES: usize = 1024 * 1024;
/// Longest time that they are kept: there may be thousands of groups, most of them idle.
const LONGEST: Duration = Duration::from_secs(2);

/// One result, for all members.
pub(super) struct Frame {
    /// The cursor before it.
    pub(super) before: Position,
    /// The cursor after it.
    pub(super) after: Position,
    /// It tells nothing of what lies between `before` and here.
    pub(super) quiet: Seq,
    /// The response.
    pub(super) json: Arc<str>,
    /// Events between the two that may be for single members, or change what single members may see.
    pub(super) personal: Vec<Arc<Event>>,
    /// What the members had of a view before it, when there are such events.
    pub(super) memory: Option<Arc<Memory>>,
}

/// How far a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It does not know its place yet.
    Starting,
    /// It has come to this place with the frame before this number.
    Running {
        /// Number of the frame that comes next.
        next: u64,
        /// Cursor after the last one.
        at: Position,
        /// More that belongs to the next cursor follows, so nobody can join here.
        is_within: bool,
    },
    /// Nothing more comes.
    Ended,
}

/// What a member finds where it looks.
pub(super) enum Found {
    /// The frame.
    Frame(Arc<Frame>),
    /// It has not been made yet.
    NotYet,
    /// It is no longer kept.
    Gone,
}

/// See the module.
pub(super) struct Group {
    /// What is executed. Members keep this one and not their own, which is equal.
    pub(super) template: Arc<Template>,
    /// It is one viewer's own.
    pub(super) is_of_one: bool,
    frames: Mutex<Frames>,
    state: watch::Sender<State>,
    _stop: DropGuard,
}

#[derive(Default)]
struct Frames {
    /// Number of the first that is kept.
    first: u64,
    kept: VecDeque<(Instant, Arc<Frame>)>,
    bytes: usize,
    /// Members to whom all frames so far were written and the next one is to be.
    direct: Vec<Direct>,
}

impl Frame {
    /// The response for a member whose cursor lies where nothing is told, in the cursor's place of the group's.
    pub(super) fn json_from(&self, at: Position, encode: impl Fn(Position) -> String) -> Arc<str> {
        if at == self.before {
            return Arc::clone(&self.json);
        }
        // However often and under whatever names it was selected.
        self.json.replace(&format!("\"{}\"", encode(self.before)), &format!("\"{}\"", encode(at))).into()
    }
}

impl Frames {
    /// Number of the frame that comes next.
    fn next(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    fn has_surplus(&self, now: Instant) -> bool {
        let is_old = self.kept.front().is_some_and(|(made, _)| now.duration_since(*made) > LONGEST);
        is_old || self.kept.len() > MOST_FRAMES || self.bytes > MOST_BYTES
    }
}

/// The groups of a node.
#[derive(Default)]
pub(super) struct Groups(Mutex<HashMap<Key, Weak<Group>>>);

impl Groups {
    /// The group of a key; a new one when there is none or when the one there is has ended.
    pub(super) fn join(&self, live: &Live, key: Key, template: &Arc<Template>, actor: &Arc<Actor>) -> Arc<Group> {
        let mut groups = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = groups.get(&key).and_then(Weak::upgrade)
            && *group.state.borrow() != State::Ended
        {
            return group;
        }
        groups.retain(|_, group| group.strong_count() > 0);
        let stop = CancellationToken::new();
        let group = Arc::new(Group {
            template: Arc::clone(template),
            is_of_one: key.is_of_one(),
            frames: Mutex::default(),
            state: watch::Sender::new(State::Starting),
            _stop: stop.clone().drop_guard(),
        });
        let anyone = if key.is_of_one() { None } else { actor.anyone() };
        let (actor, anyone) = anyone.map_or_else(|| (Arc::clone(actor), None), |(actor, anyone)| (Arc::new(actor), Some(anyone)));
        let task = Task { group: Arc::downgrade(&group), live: live.clone(), template: Arc::clone(template), actor, anyone };
        tokio::spawn(stop.run_until_cancelled_owned(task.run()));
        groups.insert(key, Arc::downgrade(&group));
        group
    }
}

impl Group {
    /// Tells of every frame.
    pub(super) fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// The frame of a number.
    pub(super) fn frame(&self, number: u64) -> Found {
        let frames = self.frames();
        let Some(index) = number.checked_sub(frames.first) else { return Found::Gone };
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        frames.kept.get(index).map_or(Found::NotYet, |(_, frame)| Found::Frame(Arc::clone(frame)))
    }

    /// Lets the group write to a member, whose next frame has this number. Gives it back when that frame is there already or
    /// no more will come.
    pub(super) fn take_over(&self, member: Direct, number: u64) -> Result<(), Direct> {
        let mut frames = self.frames();
        if frames.next() != number || *self.state.borrow() == State::Ended {
            return Err(member);
        }
        frames.direct.push(member);
        Ok(())
    }

    /// Keeps a frame for those who fetch it, and writes it to the others.
    async fn publish(&self, frame: Frame, is_within: bool) {
        let frame = Arc::new(frame);
        let (number, mut members) = self.push(&frame, is_within);
        direct::deliver(&mut members, &frame, number, self.is_of_one).await;
        // Who came meanwhile waits for the next one too.
        let mut frames = self.frames();
        members.append(&mut frames.direct);
        frames.direct = members;
    }

    /// Nothing more comes: all members go on by themselves.
    fn end(&self) {
        let mut frames = self.frames();
        let State::Running { next, at, .. } = self.state.send_replace(State::Ended) else { return };
        for member in frames.direct.drain(..) {
            member.give_back(next, at);
        }
    }

    /// The number of the frame, and those to whom it is to be written.
    fn push(&self, frame: &Arc<Frame>, is_within: bool) -> (u64, Vec<Direct>) {
        let (at, now) = (frame.after, Instant::now());
        let mut frames = self.frames();
        let number = frames.next();
        frames.bytes += frame.json.len();
        frames.kept.push_back((now, Arc::clone(frame)));
        while frames.kept.len() > 1 && frames.has_surplus(now) {
            let Some((_, oldest)) = frames.kept.pop_front() else { break };
            frames.bytes -= oldest.json.len();
            frames.first += 1;
        }
        self.state.send_replace(State::Running { next: number + 1, at, is_within });
        (number, std::mem::take(&mut frames.direct))
    }

    fn frames(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Task {
    group: Weak<Group>,
    live: Live,
    template: Arc<Template>,
    actor: Arc<Actor>,
    /// When it stands for several.
    anyone: Option<Anyone>,
}

impl Task {
    async fn run(self) {
        if let Err(error) = self.follow().await {
            tracing::debug!(error = ?error, "a group of subscribers could not begin");
        }
    }

    async fn follow(&self) -> Result<()> {
        let app = &self.live.0.app;
        let head = head(app, &self.actor).await?;
        let course = Course::shared();
        let request = self.template.request(app, &self.actor, RequestInfo::default(), Some(head), course.clone());
        let Some(group) = self.group.upgrade() else { return Ok(()) };
        group.state.send_replace(State::Running { next: 0, at: head, is_within: false });
        drop(group);
        let mut responses = self.live.0.schema.execute_stream(request);
        while let Some(mut response) = responses.next().await {
            let outcome = error::finish(&mut response);
            let Some(step) = course.take().filter(|_| !error::ends_stream(&response)) else { return Ok(()) };
            if self.anyone.as_ref().is_some_and(Anyone::was_asked) {
                if !self.template.is_of_view {
                    tracing::error!("a field looks at the viewer and does not say so; each viewer gets a group");
                }
                self.live.note_personal(self.template.digest);
                return Ok(());
            }
            let Some(group) = self.group.upgrade() else { return Ok(()) };
            let json = String::from_utf8(wire::to_json(&response, outcome)).expect("JSON is UTF-8").into();
            let frame =
                Frame { before: step.before, after: step.after, quiet: step.quiet, json, personal: step.personal, memory: step.memory };
            group.publish(frame, step.is_part).await;
        }
        Ok(())
    }
}

impl Drop for Task {
    /// However it ends. Its members go on alone, and find out for themselves why.
    fn drop(&mut self) {
        if let Some(group) = self.group.upgrade() {
            group.end();
        }
    }
}

async fn head(app: &App, actor: &Actor) -> Result<Position> {
    let read = app.store.read(actor.workspace).await?;
    log::head(&read).await
}
