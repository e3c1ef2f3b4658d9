//! Files: their bytes live in an object store ([`MediaStore`]), what is known about them in the database.

mod link;
mod store;

pub use link::{LinkError, MediaLinks};
pub use store::{MediaStore, StoredFile, TooLarge};
