//! Signing in and following the log, over real sockets to a real server in this process; on both storages.

mod follow;
pub(crate) mod make;
mod membership;
mod metrics;
pub(crate) mod place;
mod presence;
mod sessions;
mod shared;
mod views;
