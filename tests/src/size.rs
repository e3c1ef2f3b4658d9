//! How much the long tests do.

/// Every change is tested with the first; `make soak` sets `TRIBUTARY_TESTS=full` and gets the second.
pub fn by_size<T>(every_change: T, full: T) -> T {
    if std::env::var("TRIBUTARY_TESTS").is_ok_and(|size| size == "full") { full } else { every_change }
}
