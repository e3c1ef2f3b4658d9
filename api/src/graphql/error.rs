//! From the domain's errors to the API's: the one place.

use std::time::Duration;

use async_graphql::{Enum, ErrorExtensions, SimpleObject};
use tributary_domain::{Error, ErrorCode, content::ViolationCode};

use super::scalars::Long;

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
    /// Seconds after which it may succeed; null when that does not depend on time.
    pub retry_after_s: Option<u64>,
    /// The limit that was passed.
    pub limit: Option<Long>,
}

/// An error of a field, with `extensions { code, retryable }`, `field` (a path as in [`UserError`]) when one input is to
/// blame, and `retryAfterS` when it came too often.
pub fn field_error(error: Error) -> async_graphql::Error {
    let code = error.code();
    match code {
        ErrorCode::Internal => return internal(&error),
        ErrorCode::Unavailable => return unavailable(&error),
        ErrorCode::StreamReset => metrics::counter!("tributary_stream_resets_total").increment(1),
        _ => {}
    }
    let field = match &error {
        Error::Invalid { field, .. } => Some(path(field)),
        Error::Content(violations) => violations.first().map(|violation| path(&format!("content.{}", violation.field))),
        _ => None,
    };
    let retry_after_s = match &error {
        Error::RateLimited { retry_after } => Some(whole_seconds(*retry_after)),
        _ => None,
    };
    coded(error.to_string(), code).extend_with(|_, extensions| {
        if let Some(field) = &field {
            extensions.set("field", field.clone());
        }
        if let Some(seconds) = retry_after_s {
            extensions.set("retryAfterS", seconds);
        }
    })
}

/// Ours to repair: logged under an id, which is all that the client sees.
fn internal(error: &Error) -> async_graphql::Error {
    let id = tributary_domain::random::id::<uuid::Uuid>().simple().to_string();
    tracing::error!(error.id = %id, error = ?error, "a request failed");
    coded(format!("internal error {id}"), ErrorCode::Internal).extend_with(|_, extensions| extensions.set("id", id.clone()))
}

/// Which part is away is nobody's business outside.
fn unavailable(error: &Error) -> async_graphql::Error {
    tracing::warn!(error = ?error, "a request failed because a part of the server is away");
    coded("a part of the server is away, try again".to_owned(), ErrorCode::Unavailable)
}

fn coded(message: String, code: ErrorCode) -> async_graphql::Error {
    async_graphql::Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", code.as_str());
        extensions.set("retryable", code.is_retryable());
    })
}

/// As [`field_error`], for an error that several fields share.
pub fn shared_error(error: &Error) -> async_graphql::Error {
    match error {
        Error::NotFound(what) => field_error(Error::NotFound(what)),
        Error::Forbidden(why) => field_error(Error::Forbidden(why)),
        Error::Invalid { field, reason } => field_error(Error::invalid(field, reason)),
        Error::Unauthenticated => field_error(Error::Unauthenticated),
        other if other.code() == ErrorCode::Unavailable => unavailable(other),
        other => internal(other),
    }
}

/// The refusals that a payload carries, or the error of the whole field when it is no refusal.
///
/// # Errors
/// Internal errors, and `Unauthenticated`: the client has to sign in, whatever it wanted.
pub fn refusals(error: Error) -> async_graphql::Result<Vec<UserError>> {
    if error.code() == ErrorCode::Unauthenticated {
        return Err(field_error(error));
    }
    let Some(code) = user_code(error.code()) else { return Err(field_error(error)) };
    Ok(match error {
        Error::Content(violations) => violations
            .into_iter()
            .map(|violation| UserError {
                code: violation.code.into(),
                field: path(&format!("content.{}", violation.field)),
                limit: violation.limit.map(Long::from),
                ..UserError::of(violation.code.into(), violation.message)
            })
            .collect(),
        Error::Invalid { field, reason } => vec![UserError { field: path(&field), ..UserError::of(code, reason) }],
        error => {
            let retry_after_s = match &error {
                Error::RateLimited { retry_after } => Some(whole_seconds(*retry_after)),
                _ => None,
            };
            if code == UserErrorCode::Unavailable {
                tracing::warn!(error = ?error, "a mutation was refused because a part of the server is away");
            }
            vec![UserError { is_retryable: error.code().is_retryable(), retry_after_s, ..UserError::of(code, error.to_string()) }]
        }
    })
}

impl UserError {
    /// A refusal that holds for the whole input and will hold again.
    pub fn of(code: UserErrorCode, message: impl Into<String>) -> Self {
        Self { code, field: Vec::new(), message: message.into(), is_retryable: false, retry_after_s: None, limit: None }
    }
}

/// How a payload says a code; `None` for what is no refusal but the error of a field. The names are the same in both.
fn user_code(code: ErrorCode) -> Option<UserErrorCode> {
    Some(match code {
        ErrorCode::NotFound => UserErrorCode::NotFound,
        ErrorCode::Forbidden => UserErrorCode::Forbidden,
        ErrorCode::Conflict => UserErrorCode::Conflict,
        ErrorCode::Invalid => UserErrorCode::Invalid,
        ErrorCode::NotSupported => UserErrorCode::NotSupported,
        ErrorCode::RateLimited => UserErrorCode::RateLimited,
        ErrorCode::Unauthenticated => UserErrorCode::Unauthenticated,
        ErrorCode::Unavailable => UserErrorCode::Unavailable,
        ErrorCode::StreamReset | ErrorCode::Internal => return None,
    })
}

/// Rounded up: who waits that long is not too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// The path of a field that the domain names with dots, as the API shows it.
pub fn path(field: &str) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use async_graphql::{Value, resolver_utils::EnumType};

    use super::*;

    const CODES: [ErrorCode; 10] = [
        ErrorCode::NotFound,
        ErrorCode::Forbidden,
        ErrorCode::Conflict,
        ErrorCode::Invalid,
        ErrorCode::NotSupported,
        ErrorCode::RateLimited,
        ErrorCode::Unauthenticated,
        ErrorCode::StreamReset,
        ErrorCode::Internal,
        ErrorCode::Unavailable,
    ];

    #[test]
    fn a_code_has_one_name_in_errors_and_payloads() {
        for code in CODES {
            if let Some(user_code) = user_code(code) {
                let shown = UserErrorCode::items().iter().find(|item| item.value == user_code).unwrap();
                assert_eq!(shown.name, code.as_str());
            }
        }
    }

    #[test]
    fn paths_are_lists_and_waits_are_told_in_both() {
        let extension = |error: Error, name: &str| field_error(error).extensions.unwrap().get(name).cloned();
        let field = || Error::invalid("attachmentIds.2", "no");
        assert_eq!(extension(field(), "field"), Some(Value::from(vec!["attachmentIds".to_owned(), "2".to_owned()])));
        assert_eq!(refusals(field()).unwrap()[0].field, ["attachmentIds", "2"]);
        let early = || Error::RateLimited { retry_after: Duration::from_millis(1_500) };
        assert_eq!(extension(early(), "retryAfterS"), Some(Value::from(2)));
        assert_eq!(extension(early(), "retryable"), Some(Value::from(true)));
        let refusal = &refusals(early()).unwrap()[0];
        assert_eq!((refusal.retry_after_s, refusal.is_retryable), (Some(2), true));
    }

    #[test]
    fn what_failed_inside_is_not_shown() {
        let hidden = field_error(Error::Sealed);
        assert!(hidden.message.starts_with("internal error "), "{}", hidden.message);
        assert_eq!(hidden.extensions.unwrap().get("retryable"), Some(&Value::from(false)));
        let away = shared_error(&Error::Storage(sea_orm::DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout)));
        assert_eq!(away.extensions.unwrap().get("code"), Some(&Value::from("UNAVAILABLE")));
        assert!(refusals(Error::Unauthenticated).is_err(), "the client has to sign in, whatever it wanted");
    }
}
