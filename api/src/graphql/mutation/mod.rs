//! The mutations of the schema, one file per noun.

pub mod api_client;
pub mod channel;
pub mod contact;
pub mod inbox;
pub mod interaction;
pub mod message;
pub mod payload;
pub mod person;
pub mod run;
pub mod script;
pub mod session;
pub mod skill;
pub mod tag;
pub mod team;
pub mod view;
pub mod workspace;
