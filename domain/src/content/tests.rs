//! Tests of the rules of rich content.

mod answers;
mod check;
mod declared;
mod degrade;
mod fallback;
mod properties;
mod samples;
mod sanitise;
