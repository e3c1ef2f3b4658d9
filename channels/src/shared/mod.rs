//! Parts that two or more channels use.

pub mod guard;
pub mod hmac;
pub mod http;
pub mod sign;
