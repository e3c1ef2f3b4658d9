//! The API as clients use it: every field of the roots through the real transport, on both storages.

mod doors;
mod files;
mod live;
pub(crate) mod mutations;
mod reads;
pub(crate) mod schema;
mod sessions;
mod webhooks;
