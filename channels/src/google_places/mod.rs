//! Google business-profile reviews, over My Business v4, by polling. One answer per review; it can be replaced and deleted.

pub mod spec;
