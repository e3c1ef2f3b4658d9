//! Tributary's rules, storage and events. Knows no HTTP server, no GraphQL and no platform.

pub mod bus;
pub mod clock;
pub mod content;
pub mod entity;
pub mod error;
pub mod event;
pub mod ids;
pub mod inbound;
pub mod media;
pub mod outbound;
pub mod random;
pub mod seal;
pub mod spec;
pub mod state;
pub mod store;

pub use error::{Error, ErrorCode, Result};
