//! Google Play reviews, over androidpublisher v3, by polling. Only reviews of the last 7 days with text are returned; there is
//! one answer per review, which can be replaced but not deleted.

pub mod spec;
