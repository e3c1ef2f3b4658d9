//! Platforms that are not there: stateful servers that check what the real ones check, and refuse what they refuse.

pub mod byoc;
