//! Inboxes and the saved views over them.

mod filter;
mod manage;
pub mod view;

pub use filter::{Assignment, InteractionFilter, InteractionSort};
pub use manage::{InboxChange, NewInbox, create, delete, page, update};

use crate::entity;

/// The filter of a view, narrowed to its inbox if it has one.
#[must_use]
pub fn filter_of(view: &entity::view::Model) -> InteractionFilter {
    let mut filter = view.filter.0.clone();
    if let Some(inbox) = view.inbox_id {
        filter.inboxes = Some(match filter.inboxes {
            Some(inboxes) => inboxes.into_iter().filter(|one| *one == inbox).collect(),
            None => vec![inbox],
        });
    }
    filter
}
