//! Tributary's rules, storage and events. Knows no HTTP server, no GraphQL and no platform.

pub mod clock;
pub mod content;
pub mod error;
pub mod ids;
pub mod inbound;
pub mod media;
pub mod outbound;
pub mod random;
pub mod spec;
pub mod state;

pub use error::{Error, ErrorCode, Result};
