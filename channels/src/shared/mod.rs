//! Parts that two or more channels use.

pub mod cloudevents;
pub mod fields;
pub mod guard;
pub mod hmac;
pub mod http;
pub mod picture;
pub mod settings;
pub mod sign;
