//! Our own web chat.

pub mod spec;
