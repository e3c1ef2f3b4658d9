//! What a visitor of our own web chat may see and do: exactly the messages of one identity on one channel.
//!
//! Storing what visitors write is [`crate::message::receive`], as for every channel. Here is what other platforms keep
//! for themselves: reading the conversation from the contact's side ([`history`], [`entries`]), and the few commands
//! that have no counterpart there ([`identify`], [`note_context`], [`add_upload`], [`end`]). Notes and system lines never
//! leave this module, neither does anything that is still waiting to be sent or was refused.

mod history;
mod hours;
mod visitor;

pub use history::{Entry, HISTORY_PAGE, PagePlace, entries, history, read_up_to, shows};
pub use hours::OfficeHours;
pub use visitor::{NewUpload, Side, add_upload, end, free_uploads, identify, note_context, side, visible};
