//! Inboxes and the saved views over them.

mod filter;
mod manage;
pub mod view;

pub use filter::{Assignment, InteractionFilter, InteractionSort};
pub use manage::{InboxChange, NewInbox, create, delete, page, update};
