//! How well a channel takes each kind of rich content: the product's tables, the extensions over them, and the answer
//! that follows from both ([`Capabilities::effective`]).

use sea_orm::{EnumIter, Iterable};
use serde::{Deserialize, Serialize};

use super::Capabilities;

/// The kinds of rich content that a channel may or may not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RichKind {
    /// Adaptive Card.
    AdaptiveCard,
    /// HTML or Markdown.
    Formatted,
    /// Link card.
    RichLink,
    /// Question with one-tap answers.
    QuickReplies,
    /// List to choose from.
    ListPicker,
    /// Time slots to choose from.
    TimePicker,
    /// Form to fill in.
    Form,
    /// Files.
    Attachment,
    /// Point on the map.
    Location,
    /// Approved template.
    Template,
    /// Request to pay.
    PaymentRequest,
    /// Request for an appointment.
    AppointmentRequest,
}

impl RichKind {
    /// Every kind, in the order of the declaration.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }
}

/// How well a channel takes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Support {
    /// Not possible or not offered.
    Refused,
    /// Goes through, but something is lost; the composer warns.
    Lossy,
    /// Goes out in another form with the same meaning.
    Converted,
    /// As it is.
    Native,
}

/// One cell of the product's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cell {
    /// ✓: taken natively.
    Yes,
    /// F: delivered as fallback text.
    Fallback,
    /// –: not in the product's floor.
    No,
}

/// One row of one of the product's two tables, in the order of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedRow {
    /// Adaptive Card.
    pub adaptive_card: Cell,
    /// HTML or Markdown.
    pub formatted: Cell,
    /// Rich link.
    pub rich_link: Cell,
    /// Quick replies.
    pub quick_replies: Cell,
    /// List picker.
    pub list_picker: Cell,
    /// Time picker.
    pub time_picker: Cell,
    /// Form.
    pub form: Cell,
}

impl SeedRow {
    /// The cell of a kind; `None` for kinds that are no column of the tables.
    #[must_use]
    pub const fn cell(&self, kind: RichKind) -> Option<Cell> {
        match kind {
            RichKind::AdaptiveCard => Some(self.adaptive_card),
            RichKind::Formatted => Some(self.formatted),
            RichKind::RichLink => Some(self.rich_link),
            RichKind::QuickReplies => Some(self.quick_replies),
            RichKind::ListPicker => Some(self.list_picker),
            RichKind::TimePicker => Some(self.time_picker),
            RichKind::Form => Some(self.form),
            RichKind::Attachment | RichKind::Location | RichKind::Template | RichKind::PaymentRequest | RichKind::AppointmentRequest => {
                None
            }
        }
    }
}

/// Who writes: the two tables are two separate facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Audience {
    /// API clients, bots, scripts.
    Machine,
    /// People in the composer.
    Agent,
}

/// Where we or the platform can do more than the product's floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// For whom.
    pub audience: Audience,
    /// What.
    pub kind: RichKind,
    /// How well.
    pub support: Support,
}

impl Extension {
    /// For API clients, bots and scripts.
    #[must_use]
    pub const fn machine(kind: RichKind, support: Support) -> Self {
        Self { audience: Audience::Machine, kind, support }
    }

    /// For people in the composer.
    #[must_use]
    pub const fn agent(kind: RichKind, support: Support) -> Self {
        Self { audience: Audience::Agent, kind, support }
    }
}

impl Capabilities {
    /// What happens to a kind of content when this audience sends it: the product's floor, raised (never lowered) by the
    /// extensions. Whether it fits the limits is another question ([`crate::content::check`]).
    #[must_use]
    pub fn effective(&self, audience: Audience, kind: RichKind) -> Support {
        self.extensions
            .iter()
            .filter(|extension| extension.audience == audience && extension.kind == kind)
            .map(|extension| extension.support)
            .fold(self.floor(audience, kind), Support::max)
    }

    /// What the channel can carry, whoever wrote it. A draft that passed the check for its audience is rendered with this.
    #[must_use]
    pub fn deliverable(&self, kind: RichKind) -> Support {
        self.effective(Audience::Machine, kind).max(self.effective(Audience::Agent, kind))
    }

    /// What the product promises for a kind before any extension.
    #[must_use]
    pub fn floor(&self, audience: Audience, kind: RichKind) -> Support {
        let row = match audience {
            Audience::Machine => &self.machine,
            Audience::Agent => &self.agent,
        };
        match kind {
            RichKind::Attachment if self.media.is_empty() => return Support::Refused,
            RichKind::Attachment => return Support::Native,
            // These three read as well as text with a link, so people may send them everywhere.
            RichKind::Location | RichKind::PaymentRequest | RichKind::AppointmentRequest => return Support::Converted,
            _ => {}
        }
        match (audience, row.and_then(|row| row.cell(kind))) {
            (_, Some(Cell::Yes)) => Support::Native,
            (_, Some(Cell::Fallback)) => Support::Converted,
            (Audience::Machine, Some(Cell::No)) => Support::Lossy,
            // A machine without a row, and a template where the platform has none: its filled-in text.
            (Audience::Machine, None) => Support::Converted,
            (Audience::Agent, Some(Cell::No) | None) => Support::Refused,
        }
    }
}
