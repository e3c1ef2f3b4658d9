//! Parts that two or more channels use.

pub mod http;
