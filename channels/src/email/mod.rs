//! Mailboxes over IMAP and SMTP.

pub mod spec;
