//! Instagram: public comments, replies and mentions of a professional account, over the Graph API. There are no events for
//! edits, deletions and likes.

pub mod spec;
