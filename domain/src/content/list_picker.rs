//! A list to choose from: [`ListPicker`].

use serde::{Deserialize, Serialize};

use super::{
    Image, ViolationCode,
    fallback::Page,
    violation::{Findings, MAX_LIST_ITEMS},
};

/// A list to choose from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListPicker {
    /// Heading.
    pub title: String,
    /// Explanation under the heading.
    pub text: Option<String>,
    /// Whether several items may be chosen.
    pub multiple: bool,
    /// The items, grouped.
    pub sections: Vec<ListSection>,
}

/// One group of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListSection {
    /// Heading of the group.
    pub title: Option<String>,
    /// Its items, in order.
    pub items: Vec<ListItem>,
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListItem {
    /// Unique within the message; comes back in the [`super::Selection`].
    pub id: String,
    /// Name of the item.
    pub title: String,
    /// One line about it.
    pub description: Option<String>,
    /// Picture of it.
    pub image: Option<Image>,
}

impl ListPicker {
    /// All items in the order of the numbered fallback.
    pub fn items(&self) -> impl Iterator<Item = &ListItem> {
        self.sections.iter().flat_map(|section| &section.items)
    }

    pub(super) fn tell(&self, page: &mut Page) {
        page.line(&self.title);
        page.optional(self.text.as_deref());
        let mut number = 0;
        for section in &self.sections {
            page.gap();
            page.optional(section.title.as_deref());
            for item in &section.items {
                number += 1;
                page.choice(number, &item.title, item.description.as_deref());
            }
        }
        page.invite(self.multiple);
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        found.title("listPicker.title", &self.title);
        found.optional_description("listPicker.text", self.text.as_deref());
        found.options("listPicker.sections", self.sections.len());
        let mut ids = Vec::new();
        for (index, section) in self.sections.iter().enumerate() {
            let path = format!("listPicker.sections.{index}");
            found.optional_title(&format!("{path}.title"), section.title.as_deref());
            if section.items.is_empty() {
                found.add(&format!("{path}.items"), ViolationCode::Empty, None);
            }
            for (index, item) in section.items.iter().enumerate() {
                let path = format!("{path}.items.{index}");
                found.title(&format!("{path}.title"), &item.title);
                found.optional_description(&format!("{path}.description"), item.description.as_deref());
                if let Some(image) = &item.image {
                    image.validate(&format!("{path}.image"), found);
                }
                ids.push((path, item.id.as_str()));
            }
        }
        if ids.len() > MAX_LIST_ITEMS {
            found.add("listPicker.sections", ViolationCode::TooMany, Some(MAX_LIST_ITEMS as u64));
        }
        found.ids(ids.into_iter());
    }
}
