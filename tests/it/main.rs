//! The integration tests: one binary, one file or folder per noun.
//!
//! Every test starts what it needs through the harness in `tests/src`, on free loopback ports and in temporary folders.

#![expect(clippy::unwrap_used, reason = "in a test, a panic with the place is the report")]

mod api;
mod architecture;
mod backend;
mod bus_contract;
mod byoc_channel;
mod chat;
mod commands;
mod contacts;
mod email_channel;
mod faults;
mod foreign;
mod harness;
mod inbound;
mod live;
mod mail;
mod media_store;
mod outbound;
mod people;
mod plans;
mod prune;
mod stage;
mod statements;
mod store_contract;
mod support;
mod versions;
mod views;
mod walls;
