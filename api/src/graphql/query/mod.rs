//! The queries, one file per noun.

pub mod admin;
pub mod channel;
pub mod contact;
pub mod events;
pub mod inbox;
pub mod interaction;
pub mod list;
pub mod person;
pub mod script;
pub mod search;
pub mod skill;
pub mod tag;
pub mod viewer;
pub mod workspace;
