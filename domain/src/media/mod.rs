//! Files: their bytes live in an object store ([`MediaStore`]), what is known about them in the database.

mod store;

pub use store::{MediaStore, StoredFile, TooLarge};
