//! The judge of a history: what writers were told against what subscribers, providers saw.
//!
//! Pure functions over journals. The tests write the journals while the faults happen and ask here afterwards; an empty
//! [`Violations`] is the proof, and the negative controls show that the judge is not blind.
//!
//! An *entity* is whatever the writer made unique: a message text, an id. A *seq* is the event's number in the log of one
//! workspace.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

/// What one writer was told, in the order in which it was told. A writer does one thing at a time.
#[derive(Debug, Clone, Default)]
pub struct WriterJournal {
    entries: Vec<(String, Outcome)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Acknowledged,
    Refused,
    Unknown,
}

impl WriterJournal {
    /// The server said that it is stored: it must arrive.
    pub fn acknowledged(&mut self, entity: impl Into<String>) {
        self.entries.push((entity.into(), Outcome::Acknowledged));
    }

    /// The server said that it is not stored: it must not arrive.
    pub fn refused(&mut self, entity: impl Into<String>) {
        self.entries.push((entity.into(), Outcome::Refused));
    }

    /// No answer came: it may arrive once or not at all.
    pub fn unknown(&mut self, entity: impl Into<String>) {
        self.entries.push((entity.into(), Outcome::Unknown));
    }

    /// How many writes were acknowledged.
    pub fn count_acknowledged(&self) -> usize {
        self.entries.iter().filter(|(_, outcome)| *outcome == Outcome::Acknowledged).count()
    }
}

/// What one subscriber received, in the order of arrival, with marks where it lost its connection.
#[derive(Debug, Clone, Default)]
pub struct SubscriberJournal {
    name: String,
    /// The number of connections before it, the number of the event, the entity.
    entries: Vec<(usize, u64, String)>,
    connections: usize,
}

impl SubscriberJournal {
    /// An empty journal; the name appears in violations.
    pub fn new(name: impl Into<String>) -> SubscriberJournal {
        SubscriberJournal { name: name.into(), ..SubscriberJournal::default() }
    }

    /// An event arrived.
    pub fn received(&mut self, seq: u64, entity: impl Into<String>) {
        self.entries.push((self.connections, seq, entity.into()));
    }

    /// The subscriber lost its connection and resumed with its cursor.
    pub fn reconnected(&mut self) {
        self.connections += 1;
    }

    /// How often it reconnected; a test that cuts connections asserts that this is not zero.
    pub fn count_reconnects(&self) -> usize {
        self.connections
    }

    /// How many events arrived, repeats included.
    pub fn count_received(&self) -> usize {
        self.entries.len()
    }

    /// Whether the entity has arrived.
    pub fn has(&self, entity: &str) -> bool {
        self.entries.iter().any(|(_, _, received)| received == entity)
    }
}

/// Everything that is wrong with a history, each as a sentence with the names and numbers to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    /// Acknowledged, never received.
    pub lost: Vec<String>,
    /// Received more than once.
    pub doubled: Vec<String>,
    /// Received after something later.
    pub out_of_order: Vec<String>,
    /// Received, though nobody wrote it or the writer was refused; or two subscribers were told different stories.
    pub invented: Vec<String>,
}

impl Violations {
    /// Whether the promise was kept.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lost.len() + self.doubled.len() + self.out_of_order.len() + self.invented.len()
    }

    /// Fails the test that has violations.
    ///
    /// # Panics
    /// When there are any, with the first of each kind.
    #[track_caller]
    pub fn assert_none(&self) {
        assert!(self.is_empty(), "{self}");
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [("lost", &self.lost), ("doubled", &self.doubled), ("out of order", &self.out_of_order), ("invented", &self.invented)];
        for (kind, found) in kinds {
            writeln!(formatter, "{kind}: {}", found.len())?;
            for sentence in found.iter().take(5) {
                writeln!(formatter, "    {sentence}")?;
            }
        }
        Ok(())
    }
}

/// Judges subscribers that may see everything the writers wrote.
///
/// Each acknowledged entity arrives at each subscriber exactly once; numbers rise, across reconnects too; what one writer
/// was told earlier has the lower number; all subscribers hear the same number for the same entity.
pub fn check(writers: &[WriterJournal], subscribers: &[SubscriberJournal]) -> Violations {
    let mut violations = Violations::default();
    let told: HashMap<&str, Outcome> =
        writers.iter().flat_map(|writer| &writer.entries).map(|(entity, outcome)| (entity.as_str(), *outcome)).collect();
    let mut first_told: BTreeMap<u64, (&str, &str)> = BTreeMap::new();
    for subscriber in subscribers {
        let name = subscriber.name.as_str();
        let seqs = check_arrivals(subscriber, &told, &mut violations);
        for writer in writers {
            check_writer(name, writer, &seqs, &mut violations);
        }
        for (entity, seq) in seqs {
            let (other, theirs) = first_told.entry(seq).or_insert((name, entity));
            if *theirs != entity {
                violations.invented.push(format!("event {seq} is `{theirs}` for {other} and `{entity}` for {name}"));
            }
        }
    }
    violations
}

/// The arrivals by themselves; returns the number under which each entity arrived first.
fn check_arrivals<'a>(
    subscriber: &'a SubscriberJournal,
    told: &HashMap<&str, Outcome>,
    violations: &mut Violations,
) -> HashMap<&'a str, u64> {
    let name = &subscriber.name;
    let mut seqs: HashMap<&str, u64> = HashMap::new();
    let mut seen = BTreeSet::new();
    let mut highest = 0;
    for (connection, seq, entity) in &subscriber.entries {
        let place = format!("`{entity}` (event {seq}) at {name}, connection {}", connection + 1);
        let is_new_entity = *seqs.entry(entity).or_insert(*seq) == *seq;
        if !seen.insert(*seq) || !is_new_entity {
            violations.doubled.push(place);
            continue;
        }
        if *seq < highest {
            violations.out_of_order.push(format!("{place} came after event {highest}"));
        }
        highest = highest.max(*seq);
        match told.get(entity.as_str()) {
            None => violations.invented.push(format!("{place} was never written")),
            Some(Outcome::Refused) => violations.invented.push(format!("{place} was refused")),
            Some(Outcome::Acknowledged | Outcome::Unknown) => {}
        }
    }
    seqs
}

fn check_writer(name: &str, writer: &WriterJournal, seqs: &HashMap<&str, u64>, violations: &mut Violations) {
    let mut before: Option<(&str, u64)> = None;
    for (entity, outcome) in &writer.entries {
        if *outcome != Outcome::Acknowledged {
            continue;
        }
        let Some(seq) = seqs.get(entity.as_str()).copied() else {
            violations.lost.push(format!("`{entity}` never came to {name}"));
            continue;
        };
        if let Some((earlier, earlier_seq)) = before
            && seq < earlier_seq
        {
            let sentence = format!("`{entity}` was written after `{earlier}` and is event {seq}, before {earlier_seq} (at {name})");
            violations.out_of_order.push(sentence);
        }
        before = Some((entity, seq));
    }
}

/// One thing that a provider accepted from us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The interaction: order holds inside it only.
    pub lane: String,
    /// Place inside the lane, as the writer asked for it.
    pub n: u64,
    /// What was delivered.
    pub entity: String,
}

/// Judges what a provider accepted, in the order of acceptance: everything asked for arrived once and in lane order.
/// `doubtful` holds what is marked *unconfirmed* for a person: it may be missing, but it must not be doubled either.
pub fn check_deliveries(asked: &[Accepted], accepted: &[Accepted], doubtful: &[String]) -> Violations {
    let mut violations = Violations::default();
    let mut arrived = BTreeSet::new();
    let mut highest: HashMap<&str, u64> = HashMap::new();
    let wanted: HashMap<&str, &Accepted> = asked.iter().map(|delivery| (delivery.entity.as_str(), delivery)).collect();
    for Accepted { lane, n, entity } in accepted {
        let place = format!("`{entity}` ({n} of {lane})");
        if !arrived.insert(entity.as_str()) {
            violations.doubled.push(place);
            continue;
        }
        let last = highest.entry(lane).or_default();
        if n < last {
            violations.out_of_order.push(format!("{place} came after {last}"));
        }
        *last = (*last).max(*n);
        if !wanted.contains_key(entity.as_str()) {
            violations.invented.push(format!("{place} was never asked for"));
        }
    }
    for Accepted { lane, n, entity } in asked {
        if !arrived.contains(entity.as_str()) && !doubtful.contains(entity) {
            violations.lost.push(format!("`{entity}` ({n} of {lane}) was not delivered"));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(entities: &[&str]) -> WriterJournal {
        let mut journal = WriterJournal::default();
        entities.iter().for_each(|entity| journal.acknowledged(*entity));
        journal
    }

    fn subscriber(events: &[(u64, &str)]) -> SubscriberJournal {
        let mut journal = SubscriberJournal::new("anna");
        events.iter().for_each(|(seq, entity)| journal.received(*seq, *entity));
        journal
    }

    fn counts(violations: &Violations) -> [usize; 4] {
        [violations.lost.len(), violations.doubled.len(), violations.out_of_order.len(), violations.invented.len()]
    }

    #[test]
    fn a_good_history_passes_with_holes_and_reconnects() {
        let mut anna = subscriber(&[(1, "a"), (4, "b")]);
        anna.reconnected();
        anna.received(9, "c");
        let violations = check(&[writer(&["a", "c"]), writer(&["b"])], &[anna]);
        assert_eq!(violations, Violations::default());
    }

    #[test]
    fn a_missing_event_is_lost() {
        let violations = check(&[writer(&["a", "b"])], &[subscriber(&[(1, "a")])]);
        assert_eq!(violations.lost, ["`b` never came to anna"]);
        assert_eq!(counts(&violations), [1, 0, 0, 0]);
    }

    #[test]
    fn a_repeat_is_doubled_even_across_a_reconnect_or_under_a_new_number() {
        let mut anna = subscriber(&[(1, "a"), (2, "b")]);
        anna.reconnected();
        anna.received(2, "b");
        let violations = check(&[writer(&["a", "b"])], &[anna]);
        assert_eq!(violations.doubled, ["`b` (event 2) at anna, connection 2"]);
        assert_eq!(counts(&violations), [0, 1, 0, 0]);
        let renumbered = check(&[writer(&["a"])], &[subscriber(&[(1, "a"), (2, "a")])]);
        assert_eq!(counts(&renumbered), [0, 1, 0, 0]);
    }

    #[test]
    fn a_falling_number_is_out_of_order() {
        let violations = check(&[writer(&["a"]), writer(&["b"])], &[subscriber(&[(2, "b"), (1, "a")])]);
        assert_eq!(violations.out_of_order, ["`a` (event 1) at anna, connection 1 came after event 2"]);
        assert_eq!(counts(&violations), [0, 0, 1, 0]);
    }

    #[test]
    fn numbers_against_the_order_of_one_writer_are_out_of_order() {
        let violations = check(&[writer(&["a", "b"])], &[subscriber(&[(1, "b"), (2, "a")])]);
        assert_eq!(counts(&violations), [0, 0, 1, 0]);
    }

    #[test]
    fn what_nobody_wrote_or_was_refused_is_invented() {
        let mut refused = WriterJournal::default();
        refused.refused("no");
        let violations = check(&[refused], &[subscriber(&[(1, "ghost"), (2, "no")])]);
        assert_eq!(counts(&violations), [0, 0, 0, 2]);
    }

    #[test]
    fn a_write_without_answer_may_arrive_or_not() {
        let mut unsure = WriterJournal::default();
        unsure.unknown("a");
        unsure.unknown("b");
        assert_eq!(check(&[unsure], &[subscriber(&[(1, "a")])]), Violations::default());
    }

    #[test]
    fn two_stories_for_one_number_are_told_apart() {
        let mut bert = SubscriberJournal::new("bert");
        bert.received(1, "b");
        bert.received(2, "a");
        let violations = check(&[writer(&["a"]), writer(&["b"])], &[subscriber(&[(1, "a"), (2, "b")]), bert]);
        assert_eq!(counts(&violations), [0, 0, 0, 2]);
    }

    #[test]
    fn deliveries_are_judged_by_lane() {
        let item = |lane: &str, n, entity: &str| Accepted { lane: lane.to_owned(), n, entity: entity.to_owned() };
        let asked = [item("x", 1, "x1"), item("x", 2, "x2"), item("y", 1, "y1"), item("y", 2, "y2"), item("z", 1, "z1")];
        let accepted = [item("x", 2, "x2"), item("y", 1, "y1"), item("x", 1, "x1"), item("y", 1, "y1"), item("q", 1, "q1")];
        let violations = check_deliveries(&asked, &accepted, &["z1".to_owned()]);
        assert_eq!(counts(&violations), [1, 1, 1, 1]);
        assert_eq!(violations.lost, ["`y2` (2 of y) was not delivered"]);
        let good = [item("y", 1, "y1"), item("x", 1, "x1"), item("x", 2, "x2"), item("y", 2, "y2")];
        assert_eq!(check_deliveries(&asked, &good, &["z1".to_owned()]), Violations::default());
    }

    #[test]
    #[should_panic(expected = "lost: 1")]
    fn violations_fail_a_test() {
        check(&[writer(&["a"])], &[subscriber(&[])]).assert_none();
    }
}
