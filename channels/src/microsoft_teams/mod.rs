//! Microsoft Teams, over the Bot Framework connector. The service address comes with every message and may change; our token
//! goes to trusted ones only.

pub mod spec;
