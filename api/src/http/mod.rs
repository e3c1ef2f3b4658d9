//! The HTTP server without any business: listener, layers, GraphQL entrance, files, health.
//!
//! [`graphql::Transport`] serves `/graphql`, [`health`] the probes and metrics, [`assets`] the web client and the chat
//! widget; [`layers::apply`] puts around all of them what every answer needs; [`listen::serve`] accepts connections.

pub mod assets;
pub mod chat;
pub mod graphql;
pub mod health;
pub mod layers;
pub mod listen;
