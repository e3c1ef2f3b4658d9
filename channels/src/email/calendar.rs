//! An appointment as calendar programs read it: one event of RFC 5545, asked for by RFC 5546 (`METHOD:REQUEST`).

use chrono::{DateTime, Duration, Utc};
use tributary_domain::content::AppointmentRequest;

/// Longest line, bytes without its end (RFC 5545 3.1).
const MAX_LINE: usize = 75;

/// Who asks whom.
pub(super) struct Parties<'a> {
    /// Globally unique name of the event, fixed per outbound work.
    pub(super) uid: &'a str,
    /// Our address.
    pub(super) from: &'a str,
    /// Our name.
    pub(super) from_name: &'a str,
    /// The recipient's address.
    pub(super) to: &'a str,
    /// The recipient's name.
    pub(super) to_name: Option<&'a str>,
    /// When it was written.
    pub(super) at: DateTime<Utc>,
}

/// The event, where the request names exactly one time: a request for one event cannot leave its time open (RFC 5546
/// 3.2.2), so several slots stay a question in words.
pub(super) fn request(appointment: &AppointmentRequest, parties: &Parties<'_>) -> Option<String> {
    let [slot] = appointment.slots.as_slice() else { return None };
    let mut out = String::new();
    let mut line = |text: String| fold(&mut out, &text);
    for text in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tributary//EN", "CALSCALE:GREGORIAN", "METHOD:REQUEST", "BEGIN:VEVENT"] {
        line(text.to_owned());
    }
    line(format!("UID:{}", escape(parties.uid)));
    line(format!("DTSTAMP:{}", moment(parties.at)));
    line(format!("DTSTART:{}", moment(slot.start)));
    line(format!("DTEND:{}", moment(slot.start + Duration::minutes(i64::from(slot.duration_min)))));
    line("SEQUENCE:0".to_owned());
    line("STATUS:CONFIRMED".to_owned());
    line(format!("SUMMARY:{}", escape(&appointment.title)));
    if let Some(text) = &appointment.text {
        line(format!("DESCRIPTION:{}", escape(text)));
    }
    if let Some(location) = &appointment.location {
        line(format!("LOCATION:{}", escape(location)));
    }
    if let Some(url) = &appointment.url {
        line(format!("URL:{url}"));
    }
    line(format!("ORGANIZER;CN={}:mailto:{}", parameter(parties.from_name), parties.from));
    let name = parties.to_name.unwrap_or(parties.to);
    line(format!("ATTENDEE;CN={};ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{}", parameter(name), parties.to));
    line("END:VEVENT".to_owned());
    line("END:VCALENDAR".to_owned());
    Some(out)
}

/// In UTC, so that no time zone has to be described.
fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text value (RFC 5545 3.3.11).
fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace("\r\n", "\\n").replace(['\n', '\r'], "\\n");
    text.chars().filter(|c| !c.is_control()).collect()
}

/// The value of a parameter: quoted, and without what no quoting allows (RFC 5545 3.2).
fn parameter(text: &str) -> String {
    format!("\"{}\"", text.chars().filter(|c| !c.is_control() && *c != '"').collect::<String>())
}

/// Writes a line in pieces of at most [`MAX_LINE`] bytes, never through a character.
fn fold(out: &mut String, text: &str) {
    let mut length = 0;
    for c in text.chars() {
        if length + c.len_utf8() > MAX_LINE {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(c);
        length += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use icalendar::{CalendarComponent, Component, EventLike, parser};
    use tributary_domain::content::TimeSlot;

    use super::*;
    use crate::email::corpus::noon;

    fn appointment(slots: usize) -> AppointmentRequest {
        AppointmentRequest {
            title: "Anprobe; mit Ärmel, \\ und \"Kragen\"".to_owned(),
            text: Some(format!("Zeile eins\nZeile zwei {}", "Größe ".repeat(30))),
            location: Some("Laden\r\nEND:VEVENT".to_owned()),
            time_zone: "Europe/Berlin".to_owned(),
            slots: (0..slots).map(|n| TimeSlot { id: n.to_string(), start: noon(), duration_min: 45 }).collect(),
            url: Some("https://shop.example/termin?a=1;b=2".parse().expect("an address")),
        }
    }

    fn written(slots: usize) -> Option<String> {
        let parties = Parties {
            uid: "out_7.00@example.test",
            from: "support@example.test",
            from_name: "Example \"Support\"\r\nX-EVIL:1",
            to: "anna@example.test",
            to_name: Some("Anna Müller"),
            at: noon(),
        };
        request(&appointment(slots), &parties)
    }

    #[test]
    fn a_strict_reader_finds_everything() {
        let text = written(1).expect("an event");
        assert!(text.split("\r\n").all(|line| line.len() <= MAX_LINE && !line.contains(['\r', '\n'])), "{text}");
        let calendar: icalendar::Calendar = parser::read_calendar(&parser::unfold(&text)).expect("a calendar").into();
        assert_eq!(calendar.property_value("METHOD"), Some("REQUEST"));
        let [CalendarComponent::Event(event)] = &calendar.components[..] else { panic!("one event: {calendar:?}") };
        assert_eq!(event.get_uid(), Some("out_7.00@example.test"));
        assert_eq!(event.property_value("DTSTART"), Some("20261120T120000Z"));
        assert_eq!(event.property_value("DTEND"), Some("20261120T124500Z"));
        assert_eq!(event.get_summary(), Some("Anprobe; mit Ärmel, \\ und \"Kragen\""));
        assert_eq!(event.get_location(), Some("Laden\nEND:VEVENT"));
        assert_eq!(event.property_value("URL"), Some("https://shop.example/termin?a=1;b=2"));
        assert!(event.get_description().is_some_and(|text| text.starts_with("Zeile eins\nZeile zwei Größe")));
        let organizer = &event.properties()["ORGANIZER"];
        assert_eq!(organizer.value(), "mailto:support@example.test");
        assert_eq!(organizer.params()["CN"].value(), "Example SupportX-EVIL:1");
        assert!(
            !calendar
                .components
                .iter()
                .any(|component| matches!(component, CalendarComponent::Event(event) if event.property_value("X-EVIL").is_some()))
        );
    }

    #[test]
    fn only_one_time_is_an_event() {
        assert_eq!((written(0), written(2)), (None, None));
        assert_eq!(written(1), written(1));
    }
}
