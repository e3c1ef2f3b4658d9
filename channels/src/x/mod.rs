//! X: public posts, replies and mentions, over API v2 and the X Activity API. Self-serve plans accept a reply only when the
//! author summoned us.

pub mod spec;
