//! YouTube comments of the own channel, over Data API v3, by polling. Comments cannot be liked; replies are one level deep.

pub mod spec;
