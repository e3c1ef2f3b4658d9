//! Google Business Messages: switched off by Google in July 2024, kept for imports and for compatible endpoints.

pub mod spec;
