//! The queries, one file per noun.

pub mod channel;
pub mod interaction;
