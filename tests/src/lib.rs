//! The harness: real servers, hostile networks and a judge of histories, for every test of the workspace.
//!
//! | module | gives |
//! | --- | --- |
//! | [`host`] | free ports, scratch folders, programs on the path, the ordinary user for servers that refuse root |
//! | [`process`] | a child process that never outlives the test, not even when the test itself is killed |
//! | [`postgres`], [`redis`], [`mail`] | private servers on free ports of 127.0.0.1 |
//! | [`proxy`] | a TCP proxy that delays, stalls, cuts, trickles and swallows |
//! | [`node`] | the real `tributary` binary as a child |
//! | [`client`] | GraphQL over HTTP and over graphql-transport-ws |
//! | [`fake`] | platforms that check what the real ones check, one per channel |
//! | [`size`] | how much the long tests do |
//! | [`checker`] | what was acknowledged against what was received: lost, doubled, out of order |
//!
//! One test binary, tests as threads of it (`cargo test`): servers that tests share live once per test process, in a
//! static. They end with the process, see [`process::keeper`].
//!
//! Linux only: it reads `/proc` and uses `setpriv`.

pub mod certificate;
pub mod checker;
pub mod client;
pub mod fake;
pub mod host;
pub mod mail;
pub mod node;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod redis;
pub mod size;

/// Chooses the TLS provider of the process; the first line of every test that opens TLS. Calling it again is harmless.
pub fn install_tls() {
    // An error means that a provider was chosen before, by another test of this process: the same one.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}
