//! Contacts and their identities.

mod manage;
mod merge;
mod read;
mod resolve;

pub use manage::{ContactChange, NewContact, create, update};
pub use merge::{FieldConflict, MergePreview, SeenVersions, merge, preview, unmerge};
pub use read::{ContactFilter, by_id, merges_of, page};
pub(crate) use resolve::{People, update_as_told};
pub use resolve::{nameless, resolve};
