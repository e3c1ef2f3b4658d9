//! A request to agree on an appointment: [`AppointmentRequest`].

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    TimeSlot,
    fallback::{Page, one_line},
    time_picker::{tell_slots, validate_slots, validate_zone},
    violation::Findings,
};

/// A request to agree on an appointment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppointmentRequest {
    /// What it is about.
    pub title: String,
    /// Explanation.
    pub text: Option<String>,
    /// Where it takes place.
    pub location: Option<String>,
    /// IANA time zone in which the slots are shown.
    pub time_zone: String,
    /// The slots offered.
    pub slots: Vec<TimeSlot>,
    /// Where it can be booked online.
    pub url: Option<Url>,
}

impl AppointmentRequest {
    pub(super) fn tell(&self, page: &mut Page) {
        page.line(&self.title);
        page.optional(self.text.as_deref());
        if let Some(location) = &self.location {
            page.line(&format!("{}: {}", page.language.say("Where", "Ort"), one_line(location)));
        }
        page.gap();
        tell_slots(&self.slots, &self.time_zone, page);
        if let Some(url) = &self.url {
            page.gap();
            page.line(&format!("{}: {url}", page.language.say("Book online", "Online buchen")));
        }
        if !self.slots.is_empty() {
            page.invite(false);
        }
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        found.title("appointmentRequest.title", &self.title);
        found.optional_description("appointmentRequest.text", self.text.as_deref());
        found.optional_title("appointmentRequest.location", self.location.as_deref());
        validate_zone("appointmentRequest.timeZone", &self.time_zone, found);
        // Without slots the booking page is the only way to answer.
        if !self.slots.is_empty() || self.url.is_none() {
            validate_slots("appointmentRequest.slots", &self.slots, found);
        }
        if let Some(url) = &self.url {
            found.web_url("appointmentRequest.url", url);
        }
    }
}
