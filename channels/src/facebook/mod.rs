//! Facebook pages: public posts, comments, visitor posts and mentions, over the Graph API. The page's own actions come back
//! as events; what may be done to an object stands in its `can_*` flags.

pub mod spec;
