//! Faults of whole processes: the real binary as nodes, real servers below it, real sockets and requests above it, and
//! the judge of histories at the end.
//!
//! Nothing here waits for a time to pass: a fault is injected when the traffic has come so far, and a test is over when
//! everything that was acknowledged has arrived, or when patience ends and the judge says what is missing.

mod bus;
mod clients;
pub(crate) mod cluster;
mod conversation;
mod crash;
mod cut;
mod embedded;
mod follower;
mod hostile;
mod loss;
mod nodes;
mod rolling;
mod soak;
mod tls;
mod traffic;
mod wakes;
mod workers;

use std::time::Duration;

/// How long a hang may last before it is a failure; on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
