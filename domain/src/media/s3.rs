//! The media store over an S3-compatible bucket.

use std::sync::Arc;

use object_store::aws::AmazonS3Builder;
use secrecy::{ExposeSecret, SecretString};

use super::MediaStore;
use crate::error::Result;

/// Where the bucket is and how to get in.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// Name of the bucket, which must exist.
    pub bucket: String,
    /// Region; services that have none take any word.
    pub region: String,
    /// Address of an S3-compatible service, which is asked with the bucket in the path; `None` for AWS.
    pub endpoint: Option<String>,
    /// Key id; `None`: from the environment of the process, as AWS tools do.
    pub access_key_id: Option<String>,
    /// The key that belongs to the id.
    pub secret_access_key: SecretString,
    /// Whether the endpoint may be plain http.
    pub allow_http: bool,
}

impl MediaStore {
    /// A store over a bucket. Asks nothing of the service yet.
    ///
    /// # Errors
    /// `Files` when the settings contradict each other.
    pub fn s3(settings: &S3Settings) -> Result<Self> {
        let mut builder = match &settings.access_key_id {
            Some(id) => AmazonS3Builder::new().with_access_key_id(id).with_secret_access_key(settings.secret_access_key.expose_secret()),
            None => AmazonS3Builder::from_env(),
        };
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false);
        }
        let store =
            builder.with_bucket_name(&settings.bucket).with_region(&settings.region).with_allow_http(settings.allow_http).build()?;
        Ok(Self::over(Arc::new(store)))
    }
}
