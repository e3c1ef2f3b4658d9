//! The HTTP server: listener, layers, the entrances of GraphQL, platforms and files, health.
//!
//! [`graphql::Transport`] serves `/graphql`, [`health`] the probes and metrics, [`assets`] the web client and the chat
//! widget; [`layers::apply`] puts around all of them what every answer needs; [`listen::serve`] accepts connections.

pub mod assets;
pub mod chat;
pub mod graphql;
pub mod health;
pub mod layers;
pub mod listen;
pub mod media;
pub mod picture;
mod rest;
pub mod socket;
pub mod tls;
pub mod webhook;
