//! Slots to choose one from: [`TimePicker`].

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Language, ViolationCode, fallback::Page, violation::Findings};

/// Slots to choose one from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimePicker {
    /// Heading.
    pub title: String,
    /// Explanation.
    pub text: Option<String>,
    /// IANA time zone in which the slots are shown, such as `Europe/Berlin`.
    pub time_zone: String,
    /// The slots, in order.
    pub slots: Vec<TimeSlot>,
}

/// One slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeSlot {
    /// Unique within the message; comes back in the [`super::TimeChosen`].
    pub id: String,
    /// Start of the slot.
    pub start: DateTime<Utc>,
    /// Length in minutes.
    pub duration_min: u32,
}

impl TimePicker {
    pub(super) fn tell(&self, page: &mut Page) {
        page.line(&self.title);
        page.optional(self.text.as_deref());
        page.gap();
        tell_slots(&self.slots, &self.time_zone, page);
        page.invite(false);
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        found.title("timePicker.title", &self.title);
        found.optional_description("timePicker.text", self.text.as_deref());
        validate_zone("timePicker.timeZone", &self.time_zone, found);
        validate_slots("timePicker.slots", &self.slots, found);
    }
}

/// The zone of an IANA name; UTC for names that do not exist, so that nothing is ever unreadable.
pub(super) fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// Numbered lines of slots.
pub(super) fn tell_slots(slots: &[TimeSlot], time_zone: &str, page: &mut Page) {
    let zone = zone(time_zone);
    for (index, slot) in slots.iter().enumerate() {
        page.choice(index + 1, &slot.label(zone, page.language), None);
    }
}

pub(super) fn validate_zone(field: &str, name: &str, found: &mut Findings) {
    found.require(name.parse::<Tz>().is_ok(), field, ViolationCode::Invalid);
}

pub(super) fn validate_slots(field: &str, slots: &[TimeSlot], found: &mut Findings) {
    found.options(field, slots.len());
    found.ids(slots.iter().enumerate().map(|(index, slot)| (format!("{field}.{index}"), slot.id.as_str())));
    for (index, slot) in slots.iter().enumerate() {
        slot.validate(&format!("{field}.{index}"), found);
    }
}

/// Longest slot: a year, in minutes.
const MAX_MINUTES: u32 = 366 * 24 * 60;

impl TimeSlot {
    /// The slot as people write it, such as `Tue 6 Jan 2026, 10:00–10:30 CET` or `Di., 6. Jan. 2026, 10:00–10:30 Uhr (CET)`.
    #[must_use]
    pub fn label(&self, zone: Tz, language: Language) -> String {
        // Local time of the first and last years of the calendar cannot be computed everywhere.
        if !(1..=9998).contains(&self.start.year()) {
            return self.start.to_rfc3339();
        }
        let start = self.start.with_timezone(&zone);
        let end = start.checked_add_signed(TimeDelta::minutes(i64::from(self.duration_min.min(MAX_MINUTES)))).unwrap_or(start);
        let day = |at: &DateTime<Tz>| day(at, language);
        let from = start.format("%H:%M");
        let to = end.format("%H:%M");
        let abbreviation = end.format("%Z");
        let (day_from, day_to) = (day(&start), day(&end));
        let times = if self.duration_min == 0 {
            format!("{day_from}, {from}")
        } else if start.date_naive() == end.date_naive() {
            format!("{day_from}, {from}–{to}")
        } else {
            format!("{day_from}, {from} – {day_to}, {to}")
        };
        match language {
            Language::En => format!("{times} {abbreviation}"),
            Language::De => format!("{times} Uhr ({abbreviation})"),
        }
    }

    pub(super) fn validate(&self, path: &str, found: &mut Findings) {
        found.require((1970..=9998).contains(&self.start.year()), &format!("{path}.start"), ViolationCode::OutOfRange);
        found.require((1..=MAX_MINUTES).contains(&self.duration_min), &format!("{path}.durationMin"), ViolationCode::OutOfRange);
    }
}

fn day(at: &DateTime<Tz>, language: Language) -> String {
    const DAYS: [&str; 7] = ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."];
    const MONTHS: [&str; 12] = ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."];
    match language {
        Language::En => at.format("%a %-d %b %Y").to_string(),
        Language::De => {
            let weekday = DAYS[at.weekday().num_days_from_monday() as usize % 7];
            let month = MONTHS[at.month0() as usize % 12];
            format!("{weekday}, {}. {month} {}", at.day(), at.year())
        }
    }
}
