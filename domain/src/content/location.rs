//! A point on the map: [`Location`].

use serde::{Deserialize, Serialize};

use super::{ViolationCode, fallback::Page, violation::Findings};

/// A point on the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees north, −90 to 90.
    pub latitude: f64,
    /// Degrees east, −180 to 180.
    pub longitude: f64,
    /// Name of the place.
    pub name: Option<String>,
    /// Postal address of the place.
    pub address: Option<String>,
}

impl Location {
    pub(super) fn tell(&self, page: &mut Page) {
        page.optional(self.name.as_deref());
        page.optional(self.address.as_deref());
        // Seven decimals are a centimetre; more is noise of the conversion.
        page.line(&format!("{}, {}", short(self.latitude), short(self.longitude)));
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        // NaN is in no range.
        found.require((-90.0..=90.0).contains(&self.latitude), "location.latitude", ViolationCode::OutOfRange);
        found.require((-180.0..=180.0).contains(&self.longitude), "location.longitude", ViolationCode::OutOfRange);
        found.optional_title("location.name", self.name.as_deref());
        found.optional_title("location.address", self.address.as_deref());
    }
}

fn short(degrees: f64) -> String {
    let text = format!("{degrees:.7}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
