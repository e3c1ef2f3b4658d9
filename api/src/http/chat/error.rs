//! Why something is refused, as an HTTP answer and as a frame.

use std::time::Duration;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tributary_domain::{Error, ErrorCode};
use uuid::Uuid;

/// A refusal with a stable code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub code: &'static str,
    pub status: StatusCode,
    /// For developers; English.
    pub message: String,
    pub retry_after: Option<Duration>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), retry_after: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID", message)
    }

    pub(super) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "The session is gone. Ask for a new one.")
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", format!("{what} not found"))
    }

    pub(super) fn too_often(wait: Duration) -> Self {
        let mut refused = Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", "Too often. Try again later.");
        refused.retry_after = Some(wait);
        refused
    }

    pub(super) fn leaving() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "This node is leaving. Try again.")
    }

    fn retry_after_ms(&self) -> Option<u64> {
        self.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }

    /// The frame that says so, in answer to the client's frame with this id.
    pub(super) fn frame(&self, id: Option<Uuid>) -> Value {
        let retryable = matches!(self.code, "RATE_LIMITED" | "UNAVAILABLE" | "INTERNAL");
        json!({"type": "error", "id": id, "code": self.code, "message": self.message, "retryable": retryable,
            "retry_after_ms": self.retry_after_ms()})
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let code = error.code();
        let status = match code {
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::Forbidden => StatusCode::FORBIDDEN,
            ErrorCode::Conflict | ErrorCode::StreamReset => StatusCode::CONFLICT,
            ErrorCode::Invalid | ErrorCode::NotSupported => StatusCode::BAD_REQUEST,
            ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
            ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if matches!(code, ErrorCode::Internal | ErrorCode::Unavailable) {
            let id = Uuid::now_v7().simple().to_string();
            tracing::error!(error.id = %id, error = ?error, "A request of a chat visitor failed");
            return Self::new(status, code.as_str(), format!("Something went wrong on our side ({id})."));
        }
        let message = match &error {
            Error::Content(violations) => violations.first().map_or_else(|| error.to_string(), |first| first.message.clone()),
            other => other.to_string(),
        };
        let mut refused = Self::new(status, code.as_str(), message);
        if let Error::RateLimited { retry_after } = error {
            refused.retry_after = Some(retry_after);
        }
        refused
    }
}

impl From<sea_orm::DbErr> for Refused {
    fn from(error: sea_orm::DbErr) -> Self {
        Error::from(error).into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message, "retry_after_ms": self.retry_after_ms()}});
        let mut response = (self.status, Json(body)).into_response();
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_millis().div_ceil(1000).max(1).to_string();
            if let Ok(value) = HeaderValue::from_str(&seconds) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
        }
        response
    }
}
