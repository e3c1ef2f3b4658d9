//! Tributary's rules, storage and events. Knows no HTTP server, no GraphQL and no platform.
//!
//! Folders are nouns, files are commands. Writing goes through [`store::Tx`], which numbers and logs every change;
//! reading through [`store::Read`]. Rules about who may do what are methods of [`actor::Actor`].

pub mod actor;
pub mod agent;
pub mod audit;
pub mod bus;
pub mod channel;
pub mod chat;
pub mod clock;
pub mod contact;
pub mod content;
pub mod delivery;
pub mod entity;
pub mod error;
pub mod event;
pub mod idempotency;
pub mod ids;
pub mod inbound;
pub mod inbox;
mod input;
pub mod interaction;
pub mod media;
pub mod message;
pub mod metrics;
pub mod outbound;
pub mod presence;
pub mod prune;
pub mod random;
mod record;
pub mod script;
pub mod seal;
pub mod search;
pub mod skill;
pub mod spec;
pub mod state;
pub mod store;
pub mod tag;
pub mod team;
pub mod workspace;

pub use error::{Error, ErrorCode, Result};
