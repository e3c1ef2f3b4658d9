//! Files: their bytes live in an object store ([`MediaStore`]), what is known about them in the database.

mod attach;
mod fetched;
mod link;
mod store;
mod upload;

pub(crate) use attach::attach;
pub use attach::{ReadyAttachment, safe_name};
pub use fetched::{Fetched, pending_files, record_fetched};
pub use link::{LinkError, MediaLinks};
pub use store::{MediaStore, StoredFile, TooLarge};
pub use upload::{NewUpload, add_upload};
