//! The mutations, one file per noun.

pub mod channel;
pub mod interaction;
pub mod message;
pub mod payload;
