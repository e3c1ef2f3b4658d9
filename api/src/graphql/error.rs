//! From the domain's errors to the API's: the one place.

use async_graphql::{Enum, ErrorExtensions, SimpleObject};
use tributary_domain::{Error, ErrorCode, content::ViolationCode};

/// Kind of a refusal in a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// It does not exist, or the viewer may not know that it does.
    NotFound,
    /// The viewer may see it but not do this.
    Forbidden,
    /// Somebody else was faster, or the state does not allow it. The payload holds the present object.
    Conflict,
    /// Not of the right form.
    Invalid,
    /// Nothing there where something must be.
    Empty,
    /// Longer than `limit`.
    TooLong,
    /// More than `limit`.
    TooMany,
    /// Used twice.
    Duplicate,
    /// Outside the possible values.
    OutOfRange,
    /// The channel cannot do that, or not now.
    NotSupported,
    /// Too often.
    RateLimited,
    /// Not signed in, or wrong credentials.
    Unauthenticated,
    /// A part of the server is away; try again.
    Unavailable,
}

/// Why a mutation was refused.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct UserError {
    /// What kind of refusal.
    pub code: UserErrorCode,
    /// Path in the input, such as `["content", "quickReplies", "replies", "2", "title"]`; empty for the whole.
    pub field: Vec<String>,
    /// One English sentence for developers and logs.
    pub message: String,
    /// Whether the same request may succeed later.
    pub is_retryable: bool,
    /// The limit that was passed.
    pub limit: Option<i32>,
}

/// An error of a field, with `extensions { code, field, retryable }`.
pub fn field_error(error: Error) -> async_graphql::Error {
    let code = error.code();
    if code == ErrorCode::Internal {
        let id = tributary_domain::random::id::<uuid::Uuid>().simple().to_string();
        tracing::error!(error.id = %id, error = ?error, "a request failed");
        return async_graphql::Error::new(format!("internal error {id}")).extend_with(|_, extensions| {
            extensions.set("code", code.as_str());
            extensions.set("id", id.clone());
            extensions.set("retryable", false);
        });
    }
    let field = match &error {
        Error::Invalid { field, .. } => Some(field.clone()),
        Error::Content(violations) => violations.first().map(|violation| format!("content.{}", violation.field)),
        _ => None,
    };
    async_graphql::Error::new(error.to_string()).extend_with(|_, extensions| {
        extensions.set("code", code.as_str());
        extensions.set("retryable", code.is_retryable());
        if let Some(field) = &field {
            extensions.set("field", field.clone());
        }
    })
}

/// As [`field_error`], for an error that several fields share.
pub fn shared_error(error: &Error) -> async_graphql::Error {
    match error {
        Error::NotFound(what) => field_error(Error::NotFound(what)),
        Error::Unauthenticated => field_error(Error::Unauthenticated),
        other => {
            let id = tributary_domain::random::id::<uuid::Uuid>().simple().to_string();
            tracing::error!(error.id = %id, error = ?other, "a request failed");
            let code = other.code();
            async_graphql::Error::new(format!("internal error {id}")).extend_with(|_, extensions| {
                extensions.set("code", code.as_str());
                extensions.set("id", id.clone());
                extensions.set("retryable", code.is_retryable());
            })
        }
    }
}

/// The refusals that a payload carries, or the error of the whole field when it is no refusal.
///
/// # Errors
/// Internal errors, and `Unauthenticated`: the client has to sign in, whatever it wanted.
pub fn refusals(error: Error) -> async_graphql::Result<Vec<UserError>> {
    let one =
        |code, field: &str, message: String, is_retryable| vec![UserError { code, field: path(field), message, is_retryable, limit: None }];
    let message = error.to_string();
    Ok(match error {
        Error::NotFound(_) => one(UserErrorCode::NotFound, "", message, false),
        Error::Forbidden(_) => one(UserErrorCode::Forbidden, "", message, false),
        Error::Conflict(_) => one(UserErrorCode::Conflict, "", message, false),
        Error::Invalid { field, reason } => one(UserErrorCode::Invalid, &field, reason, false),
        Error::Unsupported { .. } => one(UserErrorCode::NotSupported, "", message, false),
        Error::RateLimited { .. } => one(UserErrorCode::RateLimited, "", message, true),
        Error::Content(violations) => violations
            .into_iter()
            .map(|violation| UserError {
                code: violation.code.into(),
                field: path(&format!("content.{}", violation.field)),
                message: violation.message,
                is_retryable: false,
                limit: violation.limit.and_then(|limit| i32::try_from(limit).ok()),
            })
            .collect(),
        error if error.code() == ErrorCode::Unavailable => one(UserErrorCode::Unavailable, "", message, true),
        error => return Err(field_error(error)),
    })
}

fn path(field: &str) -> Vec<String> {
    field.split('.').filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect()
}

impl From<ViolationCode> for UserErrorCode {
    fn from(code: ViolationCode) -> Self {
        match code {
            ViolationCode::Empty => Self::Empty,
            ViolationCode::TooLong => Self::TooLong,
            ViolationCode::TooMany => Self::TooMany,
            ViolationCode::Duplicate => Self::Duplicate,
            ViolationCode::OutOfRange => Self::OutOfRange,
            ViolationCode::NotSupported => Self::NotSupported,
            ViolationCode::Invalid => Self::Invalid,
        }
    }
}

/// Turns the domain's results into those of fields.
pub trait OrFieldError<T> {
    /// The value, or the error of the field.
    ///
    /// # Errors
    /// See [`field_error`].
    fn or_field_error(self) -> async_graphql::Result<T>;
}

impl<T> OrFieldError<T> for Result<T, Error> {
    fn or_field_error(self) -> async_graphql::Result<T> {
        self.map_err(field_error)
    }
}
