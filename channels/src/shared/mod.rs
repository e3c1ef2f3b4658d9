//! Parts that two or more channels use.

pub mod http;
pub mod settings;
