//! The integration tests of the workspace: one binary, one file per noun.

#![expect(clippy::unwrap_used, reason = "in a test, a panic with the place is the report")]

mod architecture;
mod harness;
