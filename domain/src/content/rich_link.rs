//! A link shown as a card: [`RichLink`], and the [`Image`] that cards and lists show.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{fallback::Page, violation::Findings};
use crate::ids::AttachmentId;

/// An image inside rich content: one of our attachments or an https address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Image {
    /// One of our attachments.
    Attachment(AttachmentId),
    /// An address outside.
    Url(Url),
}

/// A link shown as a card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RichLink {
    /// Where it leads; http or https.
    pub url: Url,
    /// Title of the card.
    pub title: String,
    /// One or two sentences.
    pub description: Option<String>,
    /// Image of the card.
    pub image: Option<Image>,
}

impl RichLink {
    pub(super) fn tell(&self, page: &mut Page) {
        page.line(&self.title);
        page.optional(self.description.as_deref());
        page.line(self.url.as_str());
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        found.web_url("richLink.url", &self.url);
        found.title("richLink.title", &self.title);
        found.optional_description("richLink.description", self.description.as_deref());
        if let Some(image) = &self.image {
            image.validate("richLink.image", found);
        }
    }
}

impl Image {
    pub(super) fn validate(&self, field: &str, found: &mut Findings) {
        if let Self::Url(url) = self {
            found.web_url(&format!("{field}.url"), url);
        }
    }
}
