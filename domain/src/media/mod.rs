//! Files: their bytes live in an object store ([`MediaStore`]), what is known about them in the database.

mod attach;
mod fetched;
mod link;
#[cfg(feature = "s3")]
mod s3;
mod store;
mod upload;

pub use attach::{ReadyAttachment, safe_name};
pub(crate) use attach::{attach, keep_shown, remove_files};
pub use fetched::{Fetched, pending_files, record_fetched};
pub use link::{LinkError, MediaLinks, PICTURE_PATH};
#[cfg(feature = "s3")]
pub use s3::S3Settings;
pub use store::{MediaStore, StoredFile, TooLarge};
pub use upload::{NewUpload, add_upload};
