//! An integrator's own channel: signed CloudEvents in, Standard Webhooks out.

pub mod spec;
