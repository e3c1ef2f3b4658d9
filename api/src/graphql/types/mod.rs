//! The objects of the schema, one file per noun.

pub mod actor;
pub mod api_client;
pub mod attachment;
pub mod audit;
pub mod capabilities;
pub mod channel;
pub mod channel_kind;
pub mod contact;
pub mod content;
pub mod content_input;
pub mod dead_letter;
pub mod enums;
pub mod event;
pub mod inbox;
pub mod interaction;
pub mod message;
pub mod metrics;
pub mod page;
pub mod person;
pub mod presence;
pub mod script;
pub mod search;
pub mod skill;
pub mod tag;
pub mod team;
pub mod view;
pub mod viewer;
pub mod workspace;

use std::sync::Arc;

use tributary_domain::Error;

/// The error of a field whose batch could not be loaded. The batch's error is shared by all of its fields.
pub fn load_error(error: Arc<Error>) -> async_graphql::Error {
    match Arc::try_unwrap(error) {
        Ok(error) => super::error::field_error(error),
        Err(shared) => super::error::shared_error(&shared),
    }
}
