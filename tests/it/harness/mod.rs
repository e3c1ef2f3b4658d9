//! The harness tests itself: servers start, faults happen when asked for, nothing is left behind.

mod client;
mod mail;
mod proxy;
mod scripts;
mod servers;
