//! Channel adapters and the worker that runs them.
//!
//! Adding a channel: a folder of the same shape as its siblings, a line in the registry, a value in
//! [`tributary_domain::spec::ChannelKind`].

pub mod channel;
pub mod email;
pub mod error;
pub mod shared;
