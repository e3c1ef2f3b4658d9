//! X direct messages, over API v2 and the X Activity API. Encrypted messages are not visible to it. The send limit is low:
//! 15 in 15 minutes.

pub mod spec;
