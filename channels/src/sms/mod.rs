//! SMS through a carrier. No read receipts, no typing, no rich content: choices are numbered text. After STOP nothing may be
//! sent.

pub mod spec;
