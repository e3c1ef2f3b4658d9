//! Signing in and following the log, over real sockets to a real server in this process.

mod follow;
mod membership;
mod place;
mod sessions;
