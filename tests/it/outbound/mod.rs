//! From a queued message to the platform and back: sections 5 and 6 of the reliability design, on both storages.

mod accounts;
mod again;
mod commands;
mod faults;
mod receipts;
mod told;
