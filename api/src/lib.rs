//! Tributary's HTTP and GraphQL server: the only crate in which things are put together.

pub mod app;
pub mod auth;
pub mod config;
pub mod demo;
pub mod founding;
pub mod gatekeeper;
pub mod graphql;
pub mod http;
pub mod live;
pub mod open_files;
pub mod signals;
pub mod tail;
pub mod telemetry;
