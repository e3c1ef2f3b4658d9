//! The gateway over a real database.
