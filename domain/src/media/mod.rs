//! Files: their bytes live in an object store ([`MediaStore`]), what is known about them in the database.

mod attach;
mod store;

pub(crate) use attach::attach;
pub use attach::{ReadyAttachment, safe_name};
pub use store::{MediaStore, StoredFile, TooLarge};
