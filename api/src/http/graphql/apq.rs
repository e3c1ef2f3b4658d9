//! Automatic persisted queries: the client sends a hash, and the text only when we do not know it.
//!
//! Only documents that passed the parser are kept, so the cache cannot be filled with rubbish; it is bounded in bytes
//! and the least used goes first. Keeps the parsed document too, so that a known query is never parsed again.

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use moka::future::Cache;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::error::{Fault, code};

/// A parsed document takes about this many times the bytes of its text (measured on our own client's documents).
const PARSED_FACTOR: usize = 16;

pub(super) struct PersistedQueries(Cache<[u8; 32], Arc<Persisted>>);

/// A document with its text.
pub(super) struct Persisted {
    pub(super) query: String,
    pub(super) document: ExecutableDocument,
}

/// The request's extension `persistedQuery`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extension {
    version: u32,
    sha256_hash: String,
}

impl PersistedQueries {
    pub(super) fn new(bytes: u64) -> Self {
        let weigh = |_: &[u8; 32], persisted: &Arc<Persisted>| {
            u32::try_from(persisted.query.len().saturating_mul(PARSED_FACTOR)).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(bytes).weigher(weigh).build())
    }

    pub(super) async fn find(&self, hash: &[u8; 32]) -> Result<Arc<Persisted>, Fault> {
        // Clients look for this code, some for this message.
        self.0.get(hash).await.ok_or_else(|| Fault::bad_request(code::PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound"))
    }

    pub(super) async fn keep(&self, hash: [u8; 32], persisted: Arc<Persisted>) {
        self.0.insert(hash, persisted).await;
    }
}

/// The hash that a request names; checked against the text when there is one.
pub(super) fn hash(extensions: &serde_json::Map<String, serde_json::Value>, query: Option<&str>) -> Result<Option<[u8; 32]>, Fault> {
    let Some(extension) = extensions.get("persistedQuery") else { return Ok(None) };
    let extension = Extension::deserialize(extension)
        .map_err(|_| Fault::bad_request(code::BAD_REQUEST, "extensions.persistedQuery must have a version and a sha256Hash."))?;
    if extension.version != 1 {
        return Err(Fault::bad_request(code::BAD_REQUEST, "Only version 1 of persisted queries is known."));
    }
    let mut hash = [0_u8; 32];
    hex::decode_to_slice(&extension.sha256_hash, &mut hash)
        .map_err(|_| Fault::bad_request(code::BAD_REQUEST, "sha256Hash must be 64 hexadecimal digits."))?;
    match query {
        Some(query) if <[u8; 32]>::from(Sha256::digest(query)) != hash => {
            Err(Fault::bad_request(code::PERSISTED_QUERY_MISMATCH, "The sha256Hash is not that of the query."))
        }
        _ => Ok(Some(hash)),
    }
}
