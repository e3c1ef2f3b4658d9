//! From a request of a platform to messages, interactions and events: what is promised in sections 1 and 5 of the
//! reliability design, on both storages.

mod batches;
mod concurrent;
mod early;
mod files;
mod once;
mod replay;
mod threads;
