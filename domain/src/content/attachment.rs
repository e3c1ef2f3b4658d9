//! A body that is its files: [`AttachmentContent`].

use serde::{Deserialize, Serialize};

use super::{fallback::Page, violation::Findings};

/// Body of a message that is its attachments.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AttachmentContent {
    /// Text that belongs to the files.
    pub caption: Option<String>,
}

impl AttachmentContent {
    pub(super) fn tell(&self, page: &mut Page) {
        match self.caption.as_deref().filter(|caption| !caption.trim().is_empty()) {
            Some(caption) => page.line(caption),
            None => page.line(page.language.say("Attachment", "Anhang")),
        }
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        if let Some(caption) = &self.caption {
            found.text("attachment.caption", caption);
        }
    }
}
