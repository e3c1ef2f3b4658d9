//! HTTP.
pub mod graphql;
