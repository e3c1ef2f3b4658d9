//! Codes for every error that leaves the API, and what is hidden.
//!
//! Errors of resolvers arrive with a code of their own. What has none is either the engine's complaint about the
//! document, which gets one here, or something nobody foresaw: that is logged once with an id, and the client sees the
//! id instead of the text.

use async_graphql::{Pos, Response, ServerError, Value};
use http::StatusCode;
use uuid::Uuid;

/// Complaints about a document that are told, as in GraphQL.js: a short document can be wrong in thousands of places.
const MOST_COMPLAINTS: usize = 100;

/// Codes the transport itself gives, beside the limits (`LIMIT_…`).
pub mod code {
    /// The text is not GraphQL.
    pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
    /// The document does not fit the schema.
    pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
    /// The request is not what the protocol asks for.
    pub const BAD_REQUEST: &str = "BAD_REQUEST";
    /// The persisted query is not known: send its text along.
    pub const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
    /// The hash does not belong to the text.
    pub const PERSISTED_QUERY_MISMATCH: &str = "PERSISTED_QUERY_MISMATCH";
    /// Several requests in one body.
    pub const BATCHING_NOT_SUPPORTED: &str = "BATCHING_NOT_SUPPORTED";
    /// A request that a foreign page could have made a browser send.
    pub const CSRF: &str = "CSRF_GUARD";
    /// Signed in with something that is not good.
    pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
    /// Too many of something.
    pub const RATE_LIMITED: &str = "RATE_LIMITED";
    /// A part that is needed is away; try again.
    pub const UNAVAILABLE: &str = "UNAVAILABLE";
    /// An input value that its type refuses.
    pub const INVALID: &str = "INVALID";
    /// The stream cannot be resumed: take a snapshot.
    pub const STREAM_RESET: &str = "STREAM_RESET";
    /// Ours to repair.
    pub const INTERNAL: &str = "INTERNAL";
}

/// A request that was refused before the engine saw it.
#[derive(Debug)]
pub(crate) struct Fault {
    /// For `application/graphql-response+json`, and for any media type when not well-formed.
    pub(crate) status: StatusCode,
    /// What the client is told; has a code. Boxed, because every step of the way here may fail and few do.
    pub(crate) error: Box<ServerError>,
    /// Whether the request was a GraphQL request at all: with `application/json` it is then answered with 200.
    pub(crate) is_well_formed: bool,
}

impl Fault {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self::from_error(status, code, ServerError::new(message, None::<Pos>))
    }

    pub(crate) fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn from_error(status: StatusCode, code: &str, mut error: ServerError) -> Self {
        set_code(&mut error, code);
        if matches!(code, code::UNAVAILABLE | code::RATE_LIMITED) {
            error.extensions.get_or_insert_default().set("retryable", true);
        }
        Self { status, error: Box::new(error), is_well_formed: true }
    }

    /// Not even a GraphQL request: the status stands whatever media type was asked for.
    pub(crate) fn malformed(mut self) -> Self {
        self.is_well_formed = false;
        self
    }

    pub(crate) fn limit(mut self, limit: usize) -> Self {
        self.error.extensions.get_or_insert_default().set("limit", limit);
        self
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> String {
        code_of(&self.error).unwrap_or_default().to_owned()
    }
}

/// Whether the engine came to executing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The document was refused: there is no `data`.
    Refused,
    /// It was executed; `data` may still be null.
    Executed,
}

/// Gives every error its code and hides what must not be seen.
pub(crate) fn finish(response: &mut Response) -> Outcome {
    let is_refused =
        !response.errors.is_empty() && response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty());
    if is_refused {
        response.errors.truncate(MOST_COMPLAINTS);
    }
    for error in &mut response.errors {
        if code_of(error).is_some() {
            continue;
        }
        if is_refused {
            set_code(error, code::VALIDATION_FAILED);
        } else if is_about_input(&error.message) {
            set_code(error, code::INVALID);
        } else {
            hide(error);
        }
    }
    if is_refused { Outcome::Refused } else { Outcome::Executed }
}

/// The answer when a resolver panicked.
pub(crate) fn panicked(panic: &(dyn std::any::Any + Send)) -> ServerError {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
    let mut error = ServerError::new(format!("a resolver panicked: {text}"), None);
    hide(&mut error);
    error
}

/// The code of an error, if it has one.
pub(crate) fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// Whether a subscription ends with this response: it cannot be resumed, or something that belongs into it is missing. To go
/// on would move the client's cursor past what it has not heard; so the client comes back with the cursor that it has.
pub(crate) fn ends_stream(response: &Response) -> bool {
    let is_without_data = response.data == Value::Null && !response.errors.is_empty();
    is_without_data || response.errors.iter().any(|error| matches!(code_of(error), Some(code::STREAM_RESET | code::UNAVAILABLE)))
}

fn set_code(error: &mut ServerError, code: &str) {
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code);
    extensions.set("retryable", matches!(code, code::RATE_LIMITED | code::UNAVAILABLE));
}

/// Scalars and inputs report what they do not accept with these words (async-graphql, `InputValueError`), without a
/// code. The text speaks of the client's own value.
fn is_about_input(message: &str) -> bool {
    message.starts_with("Failed to parse \"")
        || message.starts_with("Expected input type \"")
        || message.starts_with("Invalid value for argument")
}

fn hide(error: &mut ServerError) {
    let id = Uuid::now_v7().simple().to_string();
    tracing::error!(error.id = %id, error.message = %error.message, graphql.path = ?error.path, "A GraphQL field failed in a way nobody foresaw");
    error.message = format!("Something went wrong on our side. Please quote {id} when you report it.");
    error.source = None;
    set_code(error, code::INTERNAL);
    error.extensions.get_or_insert_default().set("id", id);
}
