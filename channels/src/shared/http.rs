//! The guarded HTTP client: the only way out of the house.

/// HTTP client that reaches public addresses only.
#[derive(Clone, Debug)]
pub struct GuardedClient {}
