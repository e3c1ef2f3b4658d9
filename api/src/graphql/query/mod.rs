//! The queries of the schema, one file per noun.

pub mod admin;
pub mod contact;
pub mod inbox;
pub mod list;
pub mod person;
pub mod script;
pub mod search;
pub mod skill;
pub mod tag;
pub mod workspace;
