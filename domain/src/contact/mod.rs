//! Contacts and their identities.

mod resolve;

pub use resolve::resolve;
