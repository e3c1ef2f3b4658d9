//! App Store reviews, over the App Store Connect API, by polling. One answer per review; it waits for publication.

pub mod spec;
