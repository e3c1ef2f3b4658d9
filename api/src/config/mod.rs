//! Settings: defaults, then a file, then the environment, checked as a whole before anything starts.
//!
//! `default.toml` beside this file holds every key with its explanation and is part of the binary. All problems are
//! reported at once, each with the key and what to change. Reading settings touches nothing but the file: keys that
//! are made at first start are the business of [`keys`].

pub mod check;
pub mod keys;
mod load;
mod sections;

use std::fmt;

pub use sections::*;

/// The text of the defaults, with every key explained.
pub const DEFAULTS: &str = include_str!("default.toml");

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Listening and connections.
    pub server: Server,
    /// Limits of the API.
    pub graphql: Graphql,
    /// Where data is.
    pub database: Database,
    /// The bus between nodes.
    pub redis: Redis,
    /// Attachments.
    pub media: Media,
    /// Tokens and identity providers.
    pub auth: Auth,
    /// Keys that seal stored secrets.
    pub secrets: Secrets,
    /// Calls to platforms.
    pub channels: Channels,
    /// Background work.
    pub worker: Worker,
    /// Logs.
    pub log: Log,
    /// Traces.
    pub otlp: Otlp,
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key with dots (`server.listen`), or the file.
    pub key: String,
    /// What is wrong and what to change, as a sentence.
    pub message: String,
}

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Problem>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}: {}", problem.key, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl Problem {
    fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }
}

#[cfg(test)]
mod tests;
