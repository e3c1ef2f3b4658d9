//! `GET /media/picture?…`: pictures on other hosts, fetched by us for a reader who agreed to see them.
//!
//! The reader's browser talks to us alone. Only addresses that we signed for a message are asked for, so this is no open
//! proxy; what is not a real picture is not handed on.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::sync::Semaphore;
use tributary_channels::shared::picture::{Picture, PictureError, fetch_picture};
use tributary_domain::media::{LinkError, PICTURE_PATH};

use crate::app::App;

/// Pictures fetched at the same time; each may be some megabytes in memory.
const AT_ONCE: usize = 16;

#[derive(Clone)]
struct Pictures {
    app: App,
    places: Arc<Semaphore>,
}

/// The route.
pub fn router(app: App) -> Router {
    Router::new().route(PICTURE_PATH, get(show)).with_state(Pictures { app, places: Arc::new(Semaphore::new(AT_ONCE)) })
}

async fn show(State(pictures): State<Pictures>, RawQuery(query): RawQuery) -> Response {
    let now = pictures.app.store.clock().now();
    let source = match pictures.app.links.verify_picture(query.as_deref().unwrap_or_default(), now) {
        Ok(source) => source,
        Err(LinkError::Expired) => return StatusCode::GONE.into_response(),
        Err(LinkError::Invalid) => return StatusCode::NOT_FOUND.into_response(),
    };
    // The semaphore is never closed.
    let Ok(_place) = pictures.places.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    match fetch_picture(&pictures.app.pictures, &source).await {
        Ok(picture) => as_picture(picture),
        Err(error) => {
            tracing::debug!(%error, "a picture of a message is not shown");
            match error {
                PictureError::Refused(_) => StatusCode::FORBIDDEN,
                PictureError::Unreachable(_) => StatusCode::BAD_GATEWAY,
                PictureError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                PictureError::NoPicture => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            }
            .into_response()
        }
    }
}

fn as_picture(picture: Picture) -> Response {
    let mut response = Response::new(Body::from(picture.bytes));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, picture.mime),
        (header::CONTENT_DISPOSITION, "inline"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        // The frame in which mails are shown has an origin of its own.
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        (header::CACHE_CONTROL, "private, max-age=900"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
