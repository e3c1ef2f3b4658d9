//! LinkedIn company pages: comments on company posts, replies, reactions, over the Community Management API. A version of the
//! interface lives about a year.

pub mod spec;
