//! Invents what happened in the shop in the last two weeks: pure, from dice and a point in time.

use chrono::{DateTime, Duration, Utc};
use tributary_domain::{
    content::{RichContent, Text},
    interaction::Priority,
    state::InteractionStatus,
};

use super::{
    dice::Dice,
    files::FileKind,
    rich,
    words::{ENGLISH, GERMAN, Topic, Words},
};

/// How many interactions there are.
pub(super) const STORIES: usize = 300;
/// How far back they begin, hours.
const HOURS: i64 = 14 * 24;

/// Where a story takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Chat,
    Mail,
    Byoc,
}

/// The person who writes.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    /// What the platform calls them.
    pub key: String,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub language: &'static str,
}

/// What becomes of something that we send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Sent,
    Failed,
    Unconfirmed,
}

/// One thing that happens. Agents are positions in [`super::setup::MEMBERS`].
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// The contact writes.
    In {
        content: RichContent,
        file: Option<FileKind>,
        quotes: bool,
        is_automatic: bool,
    },
    /// An agent writes.
    Out {
        agent: usize,
        content: RichContent,
        file: Option<FileKind>,
        quotes: bool,
        fate: Fate,
    },
    /// The contact got everything so far, or has read it.
    Receipt {
        is_read: bool,
    },
    /// An agent tells the others.
    Note {
        agent: usize,
        text: String,
        mention: Option<usize>,
    },
    Assign {
        by: usize,
        to: usize,
    },
    Status {
        agent: usize,
        status: InteractionStatus,
    },
    Snooze {
        agent: usize,
        until: DateTime<Utc>,
    },
    Priority {
        agent: usize,
        priority: Priority,
    },
    /// The skill at this position is needed.
    Skill {
        agent: usize,
        skill: usize,
    },
    Tags {
        agent: usize,
        tags: Vec<usize>,
    },
    /// To the workshop.
    Move {
        agent: usize,
    },
    /// The contact reacts to what we wrote last, or (with an agent) we to what they did.
    React {
        agent: Option<usize>,
        emoji: &'static str,
    },
    /// An agent corrects what they wrote last, or (without one) the contact does.
    Edit {
        agent: Option<usize>,
        text: String,
    },
    /// As [`Step::Edit`], taking it back.
    Delete {
        agent: Option<usize>,
    },
    /// An agent has looked.
    Read {
        agent: usize,
    },
}

/// One interaction from its beginning.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub place: Place,
    pub customer: Customer,
    pub subject: Option<String>,
    /// In order of time.
    pub steps: Vec<(DateTime<Utc>, Step)>,
    /// Everybody has seen everything.
    pub is_old: bool,
}

/// The stories, oldest first.
pub(super) fn invent(now: DateTime<Utc>) -> Vec<Story> {
    let mut dice = Dice::new(20_261_122);
    let mut starts: Vec<DateTime<Utc>> = (0..STORIES)
        .map(|index| {
            // A third falls into the last day, so that there is something to do.
            let minutes = if index % 3 == 0 { dice.between(12, 22 * 60) } else { dice.between(22 * 60, HOURS * 60) };
            now - Duration::minutes(minutes) - Duration::seconds(dice.between(0, 59))
        })
        .collect();
    starts.sort();
    starts.into_iter().enumerate().map(|(index, start)| Plot::new(&mut dice, index, start, now).tell()).collect()
}

struct Plot<'a> {
    dice: &'a mut Dice,
    index: usize,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
    words: &'static Words,
    topic: &'static Topic,
    order: String,
    product: &'static str,
    first_name: &'static str,
    agent: usize,
    story: Story,
}

impl<'a> Plot<'a> {
    fn new(dice: &'a mut Dice, index: usize, start: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let words = if dice.percent(60) { &GERMAN } else { &ENGLISH };
        let topic = dice.pick(words.topics);
        let place = match dice.below(10) {
            0..=4 => Place::Chat,
            5..=7 => Place::Mail,
            _ => Place::Byoc,
        };
        let (first_name, last_name) = (*dice.pick(words.first_names), *dice.pick(words.last_names));
        let name = format!("{first_name} {last_name}");
        let email = format!("{}.{}@example.com", ascii(first_name), ascii(last_name));
        let key = match place {
            Place::Mail => email.clone(),
            Place::Chat => format!("visitor-{index}"),
            Place::Byoc => format!("buyer-{index}"),
        };
        let has_email = place == Place::Mail || dice.percent(40);
        let phone = dice.percent(25).then(|| format!("+49431555{:04}", index * 7 % 10_000));
        let customer = Customer { key, name, email: has_email.then_some(email), phone, language: words.tag };
        let order = format!("NL-{}", 48_000 + index * 3);
        let product = *dice.pick(words.products);
        let agent = 2 + dice.below(4);
        let story = Story { place, customer, subject: None, steps: Vec::new(), is_old: now - start > Duration::hours(40) };
        Self { dice, index, at: start, now, words, topic, order, product, first_name, agent, story }
    }

    fn fill(&self, text: &str) -> String {
        let agent = super::setup::MEMBERS[self.agent].name.split(' ').next().unwrap_or_default();
        let filled = text
            .replace("{name}", self.first_name)
            .replace("{agent}", agent)
            .replace("{order}", &self.order)
            .replace("{product}", self.product);
        let mut letters = filled.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }

    /// Later by some minutes, but never in the future; `false` when the present has been reached.
    fn later(&mut self, from: i64, to: i64) -> bool {
        let next = self.at + Duration::seconds(self.dice.between(from * 60, to * 60));
        if next >= self.now - Duration::minutes(1) {
            return false;
        }
        self.at = next;
        true
    }

    fn add(&mut self, step: Step) {
        self.story.steps.push((self.at, step));
    }

    fn contact_says(&mut self, text: &str, file: Option<FileKind>) {
        let content = Text::content(self.fill(text));
        let quotes = self.story.place != Place::Mail && self.dice.percent(8);
        self.add(Step::In { content, file, quotes, is_automatic: false });
    }

    fn agent_says(&mut self, text: &str, file: Option<FileKind>, fate: Fate) {
        let text = self.fill(text);
        let content = if self.story.place == Place::Mail {
            let source = format!("<p>{}</p><p>--<br>Nordlicht Outdoor<br>Am Kai 7, Kiel</p>", text.replace('&', "&amp;"));
            RichContent::Formatted(tributary_domain::content::Formatted { markup: tributary_domain::content::Markup::Html, source })
        } else {
            Text::content(text)
        };
        let (agent, quotes) = (self.agent, self.story.place == Place::Chat && self.dice.percent(10));
        self.add(Step::Out { agent, content, file, quotes, fate });
    }

    fn tell(mut self) -> Story {
        self.open();
        // Nobody of us writes on the integrator's channel: nobody listens at its address in the demo.
        let is_answered = self.story.place != Place::Byoc && (self.story.is_old || self.dice.percent(55)) && self.later(2, 25);
        if is_answered {
            self.answer();
        }
        self.end(is_answered);
        self.story
    }

    fn open(&mut self) {
        if self.story.place != Place::Chat {
            self.story.subject = Some(self.fill(self.topic.subject));
        }
        let opening = *self.dice.pick(&self.topic.openings);
        let file =
            (self.topic.tag == 4 && self.dice.percent(70) || self.topic.tag == 5 && self.dice.percent(50)).then_some(FileKind::Picture);
        self.contact_says(opening, file);
        if self.story.place == Place::Chat && self.dice.percent(70) && self.later(1, 2) {
            let choice = match self.topic.tag {
                0 => 0,
                1 | 4 => 1,
                _ => 2,
            };
            self.add(Step::In { content: rich::script_answer(choice), file: None, quotes: false, is_automatic: false });
        }
        if self.index % 47 == 11 && self.story.place == Place::Chat && self.later(1, 2) {
            let content = rich::template(&self.order);
            self.add(Step::Out { agent: super::setup::BOT, content, file: None, quotes: false, fate: Fate::Sent });
        }
        if self.dice.percent(25) && self.later(2, 30) {
            self.contact_says(self.topic.more, None);
        }
        if self.index % 37 == 5 && self.later(1, 3) {
            let correction = format!("{} ({})", self.fill(self.topic.more), self.order);
            self.add(Step::Edit { agent: None, text: correction });
        }
        if self.index % 53 == 7 && self.later(1, 3) {
            self.add(Step::Delete { agent: None });
        }
        if self.index % 41 == 9 && self.later(1, 3) {
            self.add(Step::In { content: rich::unknown(), file: None, quotes: false, is_automatic: false });
        }
    }

    fn answer(&mut self) {
        let agent = self.agent;
        if self.dice.percent(40) {
            let by = if self.dice.percent(50) { 1 } else { agent };
            self.add(Step::Assign { by, to: agent });
        }
        if self.dice.percent(35) {
            self.add(Step::Read { agent });
        }
        if self.dice.percent(50) {
            self.add(Step::Tags { agent, tags: vec![self.topic.tag] });
        }
        if self.dice.percent(25) {
            self.add(Step::Skill { agent, skill: self.topic.skill });
        }
        if self.dice.percent(30) && self.later(1, 4) {
            let mention = self.dice.percent(50).then(|| 2 + (agent - 1) % 4);
            let text = self.topic.note.to_owned();
            self.add(Step::Note { agent, text, mention });
        }
        let fate = match (self.story.place, self.index % 60) {
            (Place::Mail, 10..=13) => Fate::Failed,
            (Place::Mail, 30..=33) => Fate::Unconfirmed,
            _ => Fate::Sent,
        };
        if !self.later(1, 5) {
            return;
        }
        let reply = *self.dice.pick(&self.topic.replies);
        let label = (self.topic.tag == 1 || self.topic.tag == 3).then_some(FileKind::Letter).filter(|_| self.dice.percent(50));
        self.agent_says(reply, label, fate);
        if fate != Fate::Sent {
            return;
        }
        self.touch_up();
        if self.story.place == Place::Chat && self.later(1, 3) {
            let is_read = self.dice.percent(80);
            self.add(Step::Receipt { is_read });
        }
        if self.story.place == Place::Chat && self.index.is_multiple_of(3) && self.later(1, 3) {
            self.exchange();
        }
        if self.dice.percent(60) && self.later(3, 40) {
            self.contact_says(self.topic.follow, None);
            if self.dice.percent(75) && self.later(2, 15) {
                self.agent_says(self.topic.close, None, Fate::Sent);
                if self.dice.percent(50) && self.later(1, 10) {
                    let thanks = *self.dice.pick(self.words.thanks);
                    self.contact_says(thanks, None);
                }
            }
        }
        if self.story.place == Place::Mail && self.index % 29 == 3 && self.later(1, 2) {
            self.add(Step::In { content: Text::content(self.words.absence), file: None, quotes: false, is_automatic: true });
        }
    }

    /// Corrections and reactions, rarely.
    fn touch_up(&mut self) {
        let agent = self.agent;
        if self.story.place != Place::Chat {
            return;
        }
        match self.index % 23 {
            4 if self.later(1, 2) => {
                let text = format!("{} ({})", self.fill(self.topic.replies[0]), self.order);
                self.add(Step::Edit { agent: Some(agent), text });
            }
            8 if self.later(1, 2) => {
                self.agent_says(self.topic.close, None, Fate::Sent);
                self.add(Step::Delete { agent: Some(agent) });
            }
            12 if self.later(1, 2) => self.add(Step::React { agent: None, emoji: "👍" }),
            16 if self.later(1, 2) => self.add(Step::React { agent: Some(agent), emoji: "🎉" }),
            _ => {}
        }
    }

    /// One of the rich kinds, each in its turn.
    fn exchange(&mut self) {
        let mut all = rich::exchanges(self.words.tag == "de", self.now);
        let exchange = all.swap_remove((self.index / 3) % all.len());
        let agent = self.agent;
        self.add(Step::Out { agent, content: exchange.asked, file: exchange.file, quotes: false, fate: Fate::Sent });
        if let Some(content) = exchange.answer
            && self.later(1, 6)
        {
            self.add(Step::In { content, file: None, quotes: false, is_automatic: false });
        }
    }

    fn end(&mut self, is_answered: bool) {
        use InteractionStatus::{Closed, Escalated, Open, Pending, Resolved, Trashed};
        let agent = self.agent;
        if !self.later(1, 10) {
            return;
        }
        if self.index % 31 == 2 {
            self.add(Step::Priority { agent, priority: Priority::Urgent });
        }
        if self.index % 19 == 1 {
            self.add(Step::Tags { agent, tags: vec![6, 7] });
        }
        if self.topic.tag == 4 && self.index.is_multiple_of(4) {
            // Only those of the workshop may be given what is moved there.
            self.agent = if agent == 3 || agent == 4 { agent } else { 3 };
            let agent = self.agent;
            self.add(Step::Assign { by: 1, to: agent });
            self.add(Step::Move { agent: 1 });
            return;
        }
        let status = match (self.story.is_old, self.dice.below(20)) {
            (true, 0..=10) => Resolved,
            (true, 11..=16) => Closed,
            (true, 17) => Trashed,
            (true, 18) => Pending,
            (false, 0..=1) if is_answered => Resolved,
            (false, 2..=4) if is_answered => Pending,
            (_, 5..=6) => Escalated,
            (_, 7..=8) if self.story.place != Place::Byoc => {
                let until = self.now + Duration::hours(self.dice.between(3, 60));
                self.add(Step::Snooze { agent, until });
                return;
            }
            (false, 9..=10) => Open,
            _ => return,
        };
        if status == Escalated {
            self.add(Step::Note { agent, text: self.topic.note.to_owned(), mention: Some(1) });
        }
        self.add(Step::Status { agent, status });
    }
}

/// The letters of an address.
fn ascii(name: &str) -> String {
    tributary_domain::store::search::fold(name).chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Step, invent};

    #[test]
    fn stories_are_the_same_every_time_and_lie_in_the_past() {
        let now = DateTime::from_timestamp(1_780_000_000, 0).expect("a time");
        let (one, other) = (invent(now), invent(now));
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        for story in &one {
            assert!(matches!(story.steps[0].1, Step::In { .. }), "a contact begins");
            assert!(story.steps.is_sorted_by_key(|(at, _)| *at) && story.steps.iter().all(|(at, _)| *at < now));
        }
        let texts = format!("{one:?}");
        assert!(!["{name}", "{order}", "{product}", "{agent}"].iter().any(|place| texts.contains(place)));
    }
}
