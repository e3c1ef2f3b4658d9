//! Office hours of a channel, as its administrator writes them.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveTime, Utc};
use serde::Deserialize;

/// When somebody is there: spans per weekday in one time zone.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfficeHours {
    time_zone: chrono_tz::Tz,
    /// By `mon` to `sun`; a day that is missing is closed.
    days: BTreeMap<String, Vec<(String, String)>>,
}

impl OfficeHours {
    /// The hours of a setting; `None` when there are none or they cannot be read, which means always open: hours that
    /// nobody understands must not close a channel.
    #[must_use]
    pub fn of_setting(value: Option<&serde_json::Value>) -> Option<Self> {
        let value = value.filter(|value| !value.is_null())?;
        serde_json::from_value(value.clone()).ok()
    }

    /// Whether somebody is there at this time. A span that ends before it begins goes over midnight.
    #[must_use]
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        let local = at.with_timezone(&self.time_zone);
        let (day, time) = (local.weekday(), local.time());
        let today = self.spans(day).any(|(from, to)| if from < to { from <= time && time < to } else { from <= time });
        today || self.spans(day.pred()).any(|(from, to)| to <= from && time < to)
    }

    fn spans(&self, day: chrono::Weekday) -> impl Iterator<Item = (NaiveTime, NaiveTime)> {
        let name = day.to_string().to_lowercase();
        self.days.get(&name).into_iter().flatten().filter_map(|(from, to)| Some((clock(from)?, clock(to)?)))
    }
}

/// `24:00` is the end of the day, which is the start of the next.
fn clock(text: &str) -> Option<NaiveTime> {
    if text == "24:00" { Some(NaiveTime::MIN) } else { NaiveTime::parse_from_str(text, "%H:%M").ok() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn open_within_the_spans_of_the_zone() {
        let hours = json!({"timeZone": "Europe/Berlin", "days": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "fri": [["22:00", "02:00"]], "sun": [["00:00", "24:00"]]}});
        let hours = OfficeHours::of_setting(Some(&hours)).expect("readable");
        // 2026-11-23 is a Monday; Berlin is one hour ahead in winter.
        for (time, is_open) in [
            ("2026-11-23T08:00:00Z", true),
            ("2026-11-23T07:59:59Z", false),
            ("2026-11-23T11:00:00Z", false),
            ("2026-11-23T15:59:00Z", true),
            ("2026-11-23T16:00:00Z", false),
            ("2026-11-24T09:00:00Z", false),
            ("2026-11-27T21:30:00Z", true),
            ("2026-11-28T00:30:00Z", true),
            ("2026-11-28T01:00:00Z", false),
            ("2026-11-22T12:00:00Z", true),
        ] {
            assert_eq!(hours.is_open(at(time)), is_open, "{time}");
        }
    }

    #[test]
    fn what_nobody_understands_closes_nothing() {
        for value in [json!(null), json!("9-17"), json!({"timeZone": "Mars/North", "days": {}}), json!({})] {
            assert!(OfficeHours::of_setting(Some(&value)).is_none(), "{value}");
        }
        assert!(OfficeHours::of_setting(None).is_none());
    }
}
