//! Inboxes and the saved views over them.

mod filter;

pub use filter::{Assignment, InteractionFilter, InteractionSort};
