//! A visitor's place in the workspace's log, and the frames that tell what happened there.
//!
//! A feed is a cursor and nothing that grows: events are loaded when the connection is free to take them. It asks for
//! work by [`Feed::wait`], which may be dropped at any time, and turns it into frames by [`Feed::frames`], a few events
//! at a time. Everything is filtered by the identity's own interactions; notes and system lines never leave.

use std::{collections::HashSet, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;
use tributary_domain::{
    Error,
    bus::Subscription,
    chat::{self, Entry, Side},
    entity::{channel, interaction, person},
    event::{Event, EventKind, Position, Seq, tail::Tail},
    ids::{InteractionId, MessageId, PersonId},
    message::Direction,
    presence::{self, Activity},
    state::DeliveryState,
};

use super::{Visit, error::Refused, socket::Close, view};

/// Silence after which the cursor is moved past what was not for this visitor. Clients ask after 26 s.
const HEARTBEAT: Duration = Duration::from_secs(25);
/// Events fetched at once.
const BATCH: usize = 200;
/// Events loaded and written at once: their messages are what takes memory.
const SLICE: usize = 20;
/// How often presence is looked at while somebody types; leaving by time-out says nothing.
const LOOK: Duration = Duration::from_secs(3);
/// Pause when the log cannot be read.
const AWAY: Duration = Duration::from_secs(1);

/// Where a visitor stands in the log.
pub(super) struct Feed {
    visit: Visit,
    tail: Tail,
    epoch: i64,
    /// Cursor of the last frame that had one.
    told: String,
    interactions: HashSet<InteractionId>,
    newest: Option<interaction::Model>,
    status: &'static str,
    agent: Option<PersonId>,
    is_online: bool,
    read: Option<MessageId>,
    /// What is heard of the presence on an interaction: on the newest one, once there is one.
    presence: Option<(InteractionId, Subscription<bytes::Bytes>)>,
    typing: Option<PersonId>,
    look_at: Option<Instant>,
    beat_at: Instant,
}

/// Why a feed does not begin or go on.
#[derive(Debug)]
pub(super) enum End {
    /// The log does not continue from there: say `reset`.
    Reset,
    /// Close the connection.
    Close(Close),
    /// Something of ours failed.
    Failed(Refused),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error {
            Error::StreamReset => Self::Reset,
            other => Self::Failed(other.into()),
        }
    }
}

/// What there is to do.
pub(super) enum Work {
    /// Events, at most a batch.
    Events(Vec<Arc<Event>>),
    /// Somebody's presence changed, perhaps.
    Presence,
    /// Nothing was said for long.
    Beat,
    /// Nothing after all.
    None,
}

impl Work {
    /// The pieces that are turned into frames one after the other.
    pub(super) fn pieces(self) -> Vec<Self> {
        match self {
            Self::Events(events) => events.chunks(SLICE).map(|part| Self::Events(part.to_vec())).collect(),
            other => vec![other],
        }
    }
}

impl Feed {
    /// Begins at a cursor, or with a page of the newest messages; the first frame is `ready`.
    pub(super) async fn begin(visit: Visit, after: Option<&str>) -> Result<(Value, Self), End> {
        let (chat, workspace) = (visit.chat.clone(), visit.channel.workspace_id);
        let forged = || End::Close(Close::SIGN_IN);
        let after = match after {
            Some(bound) => {
                let cursor = chat.key().unbind_cursor(visit.channel.id, visit.visitor(), bound).ok_or_else(forged)?;
                Some(chat.cursors().decode(workspace, cursor).map_err(|error| match error {
                    Error::StreamReset => End::Reset,
                    _ => forged(),
                })?)
            }
            None => None,
        };
        let read = chat.store().read(workspace).await?;
        let head = read.position().await?;
        let side = chat::side(&read, visit.channel.id, visit.visitor()).await?;
        if side.contact.as_ref().is_some_and(|contact| contact.is_blocked) {
            return Err(End::Close(Close::REFUSED));
        }
        let page = match after {
            Some(_) => None,
            None => Some(chat::history(&read, &side.interactions, None).await?),
        };
        let (agent_id, agent) = agent_of(&read, side.newest.as_ref()).await?;
        let marked = match &side.newest {
            Some(newest) => chat::read_up_to(&read, newest.id).await?,
            None => None,
        };
        drop(read);
        let position = after.unwrap_or(head);
        let tail = chat.tailers().follow(workspace, Some(position)).await?;
        let Side { interactions, newest, .. } = side;
        let mut feed = Self {
            told: visit.cursor(position),
            epoch: position.epoch,
            tail,
            interactions: interactions.into_iter().collect(),
            status: status_of(newest.as_ref()),
            agent: agent_id,
            is_online: visit.is_online(),
            // What happened since the cursor is told again, so nothing before it counts as told.
            read: if after.is_some() { None } else { marked },
            presence: None,
            typing: None,
            look_at: None,
            beat_at: Instant::now() + HEARTBEAT,
            newest,
            visit,
        };
        feed.listen();
        let token = feed.visit.claims.renewed(chat.now()).map(|claims| chat.key().token(feed.visit.channel.id, &claims));
        let ready = json!({
            "type": "ready",
            "cursor": feed.told,
            "visitor_id": feed.visit.visitor(),
            "token": token,
            "history": page.map(|(entries, has_more)| feed.visit.page(&entries, has_more)),
            "agent": agent,
            "status": feed.status,
            "is_online": feed.is_online,
        });
        Ok((ready, feed))
    }

    /// The visitor, with the epoch of the log that this feed follows.
    pub(super) fn visit(&self) -> Visit {
        Visit { epoch: Some(self.epoch), ..self.visit.clone() }
    }

    /// Waits for something to do. Dropping the future loses nothing.
    pub(super) async fn wait(&mut self) -> Result<Work, End> {
        let look_at = self.look_at;
        tokio::select! {
            events = self.tail.next(BATCH) => match events {
                Ok(events) => Ok(Work::Events(events)),
                Err(Error::StreamReset) => Err(End::Reset),
                // The tailer has told; the place is kept, so it is asked again.
                Err(_away) => {
                    tokio::time::sleep(AWAY).await;
                    Ok(Work::None)
                }
            },
            () = heard(&mut self.presence) => Ok(Work::Presence),
            () = until(look_at) => Ok(Work::Presence),
            () = tokio::time::sleep_until(self.beat_at) => Ok(Work::Beat),
        }
    }

    /// The frames that tell of a piece of work, in order.
    pub(super) async fn frames(&mut self, work: Work) -> Result<Vec<Value>, End> {
        let frames = match work {
            Work::Events(events) => self.happened(&events).await?,
            Work::Presence => self.look().await?,
            Work::Beat => {
                let mut frames = self.situation();
                frames.push(self.heartbeat());
                frames
            }
            Work::None => Vec::new(),
        };
        if !frames.is_empty() {
            self.beat_at = Instant::now() + HEARTBEAT;
        }
        Ok(frames)
    }

    /// Moves the cursor to where the feed stands. Only between batches.
    pub(super) fn heartbeat(&mut self) -> Value {
        let cursor = self.visit.cursor(self.tail.position());
        let prev = std::mem::replace(&mut self.told, cursor);
        json!({"type": "heartbeat", "prev": prev, "cursor": self.told})
    }

    async fn happened(&mut self, events: &[Arc<Event>]) -> Result<Vec<Value>, End> {
        let mut ours = Vec::new();
        for event in events {
            match event.kind {
                EventKind::ChannelChanged if event.entity_id == self.visit.channel.id.uuid() => self.reload_channel().await?,
                EventKind::ContactChanged => self.check_contact(event).await?,
                _ => {
                    if self.is_ours(event).await? {
                        ours.push(event);
                    }
                }
            }
        }
        if ours.is_empty() {
            return Ok(Vec::new());
        }
        let about_messages = |event: &&&Arc<Event>| {
            matches!(event.kind, EventKind::MessageReceived | EventKind::MessageChanged | EventKind::DeliveryChanged)
        };
        let messages: HashSet<MessageId> = ours.iter().filter(about_messages).map(|event| event.entity_id.into()).collect();
        let interactions: Vec<InteractionId> = self.interactions.iter().copied().collect();
        let read = self.visit.chat.store().read(self.visit.channel.workspace_id).await?;
        let entries = chat::entries(&read, &interactions, &messages.into_iter().collect::<Vec<_>>()).await?;
        let side = chat::side(&read, self.visit.channel.id, self.visit.visitor()).await?;
        let (agent_id, agent) = agent_of(&read, side.newest.as_ref()).await?;
        let marked = match &side.newest {
            Some(newest) => chat::read_up_to(&read, newest.id).await?,
            None => None,
        };
        drop(read);
        self.newest = side.newest;
        self.listen();
        let mut frames = Vec::new();
        for event in ours {
            let entry = entries.iter().find(|entry| entry.message.id.uuid() == event.entity_id);
            let told = self.told_of(event, entry, agent_id, &agent, marked);
            let last = told.len().saturating_sub(1);
            for (position, body) in told.into_iter().enumerate() {
                // Several frames of one event: only the last one moves past it.
                let seq = if position == last { event.seq } else { Seq(event.seq.0 - 1) };
                let cursor = self.visit.cursor(Position { epoch: self.epoch, seq });
                let prev = std::mem::replace(&mut self.told, cursor);
                frames.push(json!({"type": "event", "prev": prev, "cursor": self.told, "event": body}));
            }
        }
        Ok(frames)
    }

    /// What the visitor is told of one event; nothing for most.
    fn told_of(
        &mut self,
        event: &Event,
        entry: Option<&Entry>,
        agent_id: Option<PersonId>,
        agent: &Value,
        marked: Option<MessageId>,
    ) -> Vec<Value> {
        match event.kind {
            EventKind::MessageReceived => entry.map(|entry| self.created(entry)).into_iter().collect(),
            EventKind::MessageChanged => entry.map(|entry| self.changed(entry)).into_iter().collect(),
            EventKind::DeliveryChanged => entry.and_then(|entry| self.delivered(event, entry)).into_iter().collect(),
            EventKind::InteractionOpened | EventKind::InteractionChanged => {
                let mut told = Vec::new();
                let status = status_of(self.newest.as_ref());
                if std::mem::replace(&mut self.agent, agent_id) != agent_id {
                    told.push(json!({"type": "agent", "data": {"agent": agent}}));
                }
                if std::mem::replace(&mut self.status, status) != status {
                    told.push(json!({"type": "status", "data": {"status": status, "is_online": self.is_online}}));
                }
                told
            }
            EventKind::ReadChanged => match marked {
                Some(marked) if self.read != Some(marked) => {
                    self.read = Some(marked);
                    vec![json!({"type": "delivery", "data": {"message_id": marked, "state": "READ", "is_watermark": true}})]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn created(&self, entry: &Entry) -> Value {
        if entry.message.deleted_at.is_some() {
            return self.changed(entry);
        }
        json!({"type": "message_created", "data": self.visit.message(entry)})
    }

    fn changed(&self, entry: &Entry) -> Value {
        let found = &entry.message;
        match found.deleted_at {
            Some(at) => {
                json!({"type": "message_deleted", "data": {"message_id": found.id, "version": found.version, "at": view::time(at)}})
            }
            None => json!({"type": "message_changed", "data": self.visit.message(entry)}),
        }
    }

    /// What we write exists for the visitor from the moment it is sent: what waits or fails is our own business, and what
    /// is taken back in time was never there.
    fn delivered(&self, event: &Event, entry: &Entry) -> Option<Value> {
        let found = &entry.message;
        if found.direction != Direction::Out {
            return None;
        }
        if found.sent_at == Some(event.at) {
            return Some(self.created(entry));
        }
        let state = match found.delivery? {
            DeliveryState::Delivered => "DELIVERED",
            DeliveryState::Read => "READ",
            _ => return None,
        };
        Some(json!({"type": "delivery", "data": {"message_id": found.id, "state": state, "is_watermark": false}}))
    }

    async fn is_ours(&mut self, event: &Event) -> Result<bool, End> {
        let Some(id) = event.interaction_id else { return Ok(false) };
        if self.interactions.contains(&id) {
            return Ok(true);
        }
        if event.kind == EventKind::InteractionOpened && self.visit.owns(id).await? {
            self.interactions.insert(id);
            return Ok(true);
        }
        Ok(false)
    }

    async fn check_contact(&mut self, event: &Event) -> Result<(), End> {
        let is_ours = self.newest.as_ref().is_some_and(|newest| newest.contact_id.uuid() == event.entity_id);
        if !is_ours {
            return Ok(());
        }
        let read = self.visit.chat.store().read(self.visit.channel.workspace_id).await?;
        let side = chat::side(&read, self.visit.channel.id, self.visit.visitor()).await?;
        if side.contact.is_some_and(|contact| contact.is_blocked) { Err(End::Close(Close::REFUSED)) } else { Ok(()) }
    }

    async fn reload_channel(&mut self) -> Result<(), End> {
        let read = self.visit.chat.store().read(self.visit.channel.workspace_id).await?;
        let found = channel::by_id(read.workspace(), self.visit.channel.id).one(read.conn()).await.map_err(Error::from)?;
        match found.filter(|found| found.is_enabled) {
            Some(found) => {
                self.visit.channel = Arc::new(found);
                Ok(())
            }
            None => Err(End::Close(Close::REFUSED)),
        }
    }

    /// Says when somebody came or all have left since the last time.
    fn situation(&mut self) -> Vec<Value> {
        let is_online = self.visit.is_online();
        if std::mem::replace(&mut self.is_online, is_online) == is_online {
            return Vec::new();
        }
        vec![json!({"type": "event", "event": {"type": "status", "data": {"status": self.status, "is_online": is_online}}})]
    }

    /// Listens to the presence on the newest interaction, from now on if it is another one than before.
    fn listen(&mut self) {
        let Some(newest) = &self.newest else { return };
        if self.presence.as_ref().is_some_and(|(id, _)| *id == newest.id) {
            return;
        }
        let heard = presence::listen(&**self.visit.chat.store().bus(), newest.workspace_id, newest.id);
        self.presence = Some((newest.id, heard));
        self.look_at = Some(Instant::now());
    }

    async fn look(&mut self) -> Result<Vec<Value>, End> {
        self.look_at = None;
        let Some(newest) = &self.newest else { return Ok(Vec::new()) };
        // When nobody can tell, nobody types.
        let seen = presence::look(self.visit.chat.store(), newest.workspace_id, newest.id).await.unwrap_or_default();
        let typing = seen.people.iter().find(|(_, activity)| *activity == Activity::Replying).map(|(person, _)| *person);
        let before = std::mem::replace(&mut self.typing, typing);
        let Some(person) = typing.or(before) else { return Ok(Vec::new()) };
        if typing.is_some() {
            self.look_at = Some(Instant::now() + LOOK);
        }
        let read = self.visit.chat.store().read(self.visit.channel.workspace_id).await?;
        let author = author(&read, Some(person)).await?;
        drop(read);
        Ok(vec![json!({"type": "event", "event": {"type": "typing", "data": {"author": author, "is_typing": typing.is_some()}}})])
    }
}

async fn heard(presence: &mut Option<(InteractionId, Subscription<bytes::Bytes>)>) {
    match presence {
        Some((_, presence)) => drop(presence.next().await),
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn status_of(newest: Option<&interaction::Model>) -> &'static str {
    match newest {
        None => "NONE",
        Some(found) if !found.status.is_active() => "ENDED",
        Some(found) if found.assignee_id.is_some() => "ACTIVE",
        Some(_) => "WAITING",
    }
}

/// Who has taken the interaction.
async fn agent_of(read: &tributary_domain::store::Read, newest: Option<&interaction::Model>) -> Result<(Option<PersonId>, Value), End> {
    let id = newest.and_then(|newest| newest.assignee_id);
    Ok((id, author(read, id).await?))
}

async fn author(read: &tributary_domain::store::Read, id: Option<PersonId>) -> Result<Value, End> {
    let Some(id) = id else { return Ok(Value::Null) };
    let found = person::by_id(read.workspace(), id).one(read.conn()).await.map_err(Error::from)?;
    Ok(json!({"name": found.map(|found| found.name), "avatar": null, "kind": "AGENT"}))
}
