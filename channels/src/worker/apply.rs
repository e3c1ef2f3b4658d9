//! The items of a channel, stored by as few transactions as can be: many in one, and where one of them fails, each half by
//! itself, until it is alone. So a bad item costs its neighbours a few tries and nothing else, and order holds.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
    sync::Arc,
};

use tributary_domain::{
    Error, ErrorCode, Result,
    channel::{DeadLetterCause, bury_inbound, finish_raw, heard},
    entity::channel,
    ids::RawInboundId,
    inbound::InboundEvent,
    media::ReadyAttachment,
    message::{Item, Received, Source, receive_all},
    presence,
    spec::{Capabilities, ChannelSpec},
    store::{had_no_effect, is_contention, is_refusal},
};

use super::Worker;

/// Most items of one transaction: enough that its cost is shared, few enough that nobody waits long for the workspace.
const BATCH: usize = 100;

/// A channel, as the items of one batch see it.
pub(super) struct Place {
    pub(super) channel: channel::Model,
    pub(super) spec: &'static ChannelSpec,
    pub(super) capabilities: Capabilities,
}

/// One item of a request.
pub(super) struct Work {
    /// Of which request; none: it came without one.
    pub(super) raw: Option<RawInboundId>,
    /// Where it stands in the request.
    pub(super) position: usize,
    pub(super) what: What,
    /// It is the last one of its request, which has this many to be worked on.
    pub(super) ends: Option<usize>,
}

/// What is to be done with it.
pub(super) enum What {
    /// To be stored.
    Store(Box<Item>),
    /// Nobody can read it, or it is refused.
    Bury(DeadLetterCause, String),
}

/// Works of one place that are stored together or not at all.
type Batch = Arc<Vec<Work>>;

impl Worker {
    /// Stores one item of a channel in a transaction of its own. Also the way of our own chat, whose frames are verified
    /// by its gateway.
    ///
    /// # Errors
    /// See [`receive_all`].
    pub async fn ingest_event(&self, found: &channel::Model, event: InboundEvent) -> Result<Received> {
        let place = Arc::new(self.place(found));
        let item = Item { event, files: Vec::new(), key: None, is_replay: false };
        let mut works = vec![Work { raw: None, position: 0, what: What::Store(Box::new(item)), ends: None }];
        self.prepare(&place, &mut works[0]).await?;
        let (works, mut fates) = (Arc::new(works), vec![Fate::Unused]);
        let stored = self.store_works(&place, &works, &[0]).await;
        let outcome = match stored {
            Ok(mut received) => {
                let received = received.pop().flatten().ok_or(Error::NotFound("item"))?;
                fates[0] = Fate::of(&received);
                Ok(received)
            }
            Err(error) => {
                fates[0] = Fate::after(&error);
                Err(error)
            }
        };
        self.tidy(&place, &works, &fates).await?;
        outcome
    }

    pub(super) fn place(&self, found: &channel::Model) -> Place {
        let capabilities = self.registry.capabilities(found).into_owned();
        Place { channel: found.clone(), spec: self.registry.spec(found.kind), capabilities }
    }

    /// Stores the items of requests in their order. What cannot be worked on now stays with its request, which is then not
    /// ended and comes again when its lease is over.
    ///
    /// # Errors
    /// `Storage` when the database is away: the rest was not tried.
    pub(super) async fn apply(&self, place: &Arc<Place>, works: Vec<Work>) -> Result<()> {
        let (mut works, mut left) = (works.into_iter(), HashSet::new());
        loop {
            let mut batch: Vec<Work> = works.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            for work in &mut batch {
                if let Err(error) = self.prepare(place, work).await {
                    give_up(work, &error, &mut left);
                }
            }
            let batch = Arc::new(batch);
            let mut fates: Vec<Fate> = batch.iter().map(|_| Fate::Unused).collect();
            let applied = self.apply_batch(place, &batch, &mut left, &mut fates).await;
            self.tidy(place, &batch, &fates).await?;
            applied?;
        }
    }

    async fn apply_batch(
        &self,
        place: &Arc<Place>,
        works: &Batch,
        left: &mut HashSet<Option<RawInboundId>>,
        fates: &mut [Fate],
    ) -> Result<()> {
        let mut ranges: Vec<Range<usize>> = std::iter::once(0..works.len()).collect();
        while let Some(range) = ranges.pop() {
            let chosen: Vec<usize> = range.clone().filter(|at| !left.contains(&works[*at].raw)).collect();
            if chosen.is_empty() {
                continue;
            }
            let error = match self.store_works(place, works, &chosen).await {
                Ok(received) => {
                    for (at, received) in chosen.iter().zip(received) {
                        if received.is_some_and(|received| Fate::of(&received) == Fate::Kept) {
                            fates[*at] = Fate::Kept;
                        }
                    }
                    continue;
                }
                Err(error) => error,
            };
            for at in &chosen {
                if Fate::after(&error) == Fate::Kept {
                    fates[*at] = Fate::Kept;
                }
            }
            if error.code() == ErrorCode::Unavailable && !is_contention(&error) {
                return Err(error);
            }
            let work = &works[chosen[0]];
            if chosen.len() > 1 {
                let middle = chosen[chosen.len() / 2];
                ranges.extend([middle..range.end, range.start..middle]);
            } else if is_final(&error) && work.raw.is_some() {
                // A rule was broken: it will be broken again, so a person has to look at it.
                tracing::warn!(raw.id = ?work.raw, item = work.position, error = ?error, "an item became a dead letter");
                let dead = Work { raw: work.raw, position: work.position, what: buried(&error), ends: work.ends };
                self.store_works(place, &Arc::new(vec![dead]), &[0]).await?;
            } else {
                give_up(work, &error, left);
            }
        }
        Ok(())
    }

    /// What has to be done about an item outside any transaction: its files are kept, and typing is passed on.
    async fn prepare(&self, place: &Place, work: &mut Work) -> Result<()> {
        let What::Store(item) = &mut work.what else { return Ok(()) };
        if let InboundEvent::Typing { author, thread, is_typing } = &item.event {
            presence::contact_typing(&self.store, &place.channel, author, thread.as_ref(), *is_typing).await?;
        }
        match self.stage(&place.channel, &mut item.event).await {
            Ok(files) => item.files = files,
            Err(error) if is_final(&error) && work.raw.is_some() => work.what = buried(&error),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Stores the chosen works in one transaction and ends the requests of which they are the last; what each came to, in
    /// their order, and nothing for one that is a dead letter.
    async fn store_works(&self, place: &Arc<Place>, works: &Batch, chosen: &[usize]) -> Result<Vec<Option<Received>>> {
        let inputs = (place.clone(), works.clone(), Arc::<[usize]>::from(chosen));
        let stored = self.store.transact(place.channel.workspace_id, move |tx| {
            let (place, works, chosen) = inputs.clone();
            Box::pin(async move {
                let chosen: Vec<&Work> = chosen.iter().map(|at| &works[*at]).collect();
                let items: Vec<&Item> = chosen.iter().filter_map(|work| work.item()).collect();
                if items.iter().any(|item| !item.is_replay) {
                    heard(tx, &place.channel).await?;
                }
                let from = Source { spec: place.spec, capabilities: &place.capabilities, channel: &place.channel };
                let mut received = receive_all(tx, from, &items).await?.into_iter();
                let mut outcomes = Vec::new();
                let mut ended: BTreeMap<usize, Vec<RawInboundId>> = BTreeMap::new();
                for work in chosen {
                    match (&work.what, work.raw) {
                        (What::Bury(cause, reason), Some(raw)) => {
                            bury_inbound(tx, place.channel.id, raw, work.position, (*cause, reason.clone())).await?;
                            outcomes.push(None);
                        }
                        (What::Bury(..), None) => outcomes.push(None),
                        (What::Store(_), _) => outcomes.push(received.next()),
                    }
                    if let (Some(items), Some(raw)) = (work.ends, work.raw) {
                        ended.entry(items).or_default().push(raw);
                    }
                }
                for (items, raws) in ended {
                    finish_raw(tx, &raws, items, None).await?;
                }
                Ok(outcomes)
            })
        });
        let (outcomes, _) = stored.await?;
        self.tell(works, chosen, &outcomes);
        Ok(outcomes)
    }

    /// Wakes those who have something to do now.
    fn tell(&self, works: &Batch, chosen: &[usize], outcomes: &[Option<Received>]) {
        let stored = || chosen.iter().zip(outcomes).filter(|(_, one)| matches!(one, Some(Received::Stored(_))));
        if stored().next().is_some() {
            self.wakes.dispatch.notify_one();
        }
        if stored().filter_map(|(at, _)| works[*at].item()).any(|item| item.files.iter().any(ReadyAttachment::is_pending)) {
            self.wakes.fetch.notify_one();
        }
        let dead = outcomes.iter().filter(|one| one.is_none()).count();
        if dead > 0 {
            metrics::counter!("tributary_dead_letters_total", "direction" => "in").increment(dead as u64);
        }
    }

    /// Takes away the files of items that did not need them.
    async fn tidy(&self, place: &Place, works: &[Work], fates: &[Fate]) -> Result<()> {
        for (work, fate) in works.iter().zip(fates) {
            if let (Fate::Unused, Some(item)) = (fate, work.item()) {
                self.unstage(place.channel.workspace_id, &item.files).await?;
            }
        }
        Ok(())
    }
}

impl Work {
    fn item(&self) -> Option<&Item> {
        match &self.what {
            What::Store(item) => Some(item),
            What::Bury(..) => None,
        }
    }
}

/// What became of an item's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// They hang on a message, or may do so: after a commit of which nobody knows, the message may be there. A file too many
    /// does less harm than one that is gone.
    Kept,
    Unused,
}

impl Fate {
    fn of(received: &Received) -> Self {
        if matches!(received, Received::Stored(_)) { Self::Kept } else { Self::Unused }
    }

    fn after(error: &Error) -> Self {
        if had_no_effect(error) { Self::Unused } else { Self::Kept }
    }
}

/// The rest of the request waits until its lease is over, so that order holds.
fn give_up(work: &Work, error: &Error, left: &mut HashSet<Option<RawInboundId>>) {
    tracing::warn!(raw.id = ?work.raw, item = work.position, error = ?error, "a stored request could not be worked on now");
    left.insert(work.raw);
}

fn buried(error: &Error) -> What {
    What::Bury(DeadLetterCause::Refused, reason(error))
}

/// Whether the item will fail again however often it is tried: a person has to look at it, and it can be replayed.
/// What the database refuses to store belongs here; that it is away, or that somebody was in the way, does not.
fn is_final(error: &Error) -> bool {
    match error {
        Error::Invalid { .. } | Error::Content(_) | Error::Unsupported { .. } | Error::NotFound(_) | Error::Forbidden(_) => true,
        other => is_refusal(other),
    }
}

/// The reason as it is shown; no message text, no addresses.
fn reason(error: &Error) -> String {
    match error {
        Error::Content(violations) => {
            let first = violations.first().map(|violation| format!(": {} {}", violation.field, violation.message)).unwrap_or_default();
            format!("{error}{first}")
        }
        other => other.to_string(),
    }
}
