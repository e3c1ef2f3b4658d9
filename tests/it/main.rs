//! The integration tests of the workspace: one binary, one file per noun.

mod architecture;
mod harness;
