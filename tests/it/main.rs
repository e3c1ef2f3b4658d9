//! The integration tests: one binary, one file or folder per noun.
//!
//! Every test starts what it needs through the harness in `tests/src`, on free loopback ports and in temporary folders.

#![expect(clippy::unwrap_used, reason = "in a test, a panic with the place is the report")]

mod architecture;
mod bus_contract;
mod byoc_channel;
mod chat;
mod contacts;
mod email_channel;
mod harness;
mod inbound;
mod live;
mod outbound;
mod people;
mod stage;
mod store_contract;
mod support;
mod views;
mod walls;
