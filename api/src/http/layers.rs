//! What every answer needs: an id, a trace, a last defence against panics, compression, headers that keep browsers
//! strict, and leave for the other origins that were named.
//!
//! Traces hold method, path, status and time: never a query string, a header or a body, because tokens travel there.

use std::{any::Any, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    cors::{AllowOrigin, CorsLayer},
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    trace::TraceLayer,
};
use tracing::Span;

/// Longest request id that is taken over from a proxy.
const MAX_REQUEST_ID: usize = 64;
/// How long browsers may remember what other origins are allowed.
const CORS_AGE: Duration = Duration::from_secs(600);

/// Puts the layers around all routes. `allowed_origins` are those of the settings, already checked; they do not hold for
/// `with_own_origins`, whose routes answer preflights by themselves.
pub fn apply(router: Router, with_own_origins: Router, allowed_origins: &[String]) -> Router {
    let compressed = DefaultPredicate::new().and(NotForContentType::new("text/event-stream"));
    router
        .layer(cors(allowed_origins))
        .merge(with_own_origins)
        .layer(CompressionLayer::new().gzip(true).compress_when(compressed))
        .layer(middleware::from_fn(headers_and_metrics))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_request(()).on_response(finished).on_failure(()))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(middleware::from_fn(drop_odd_request_id))
}

/// CORS for the API. Answers no cookies and needs none, so any origin is harmless once named.
fn cors(allowed_origins: &[String]) -> CorsLayer {
    let layer = CorsLayer::new()
        .max_age(CORS_AGE)
        .allow_methods([Method::GET, Method::POST])
        .expose_headers([header::RETRY_AFTER, HeaderName::from_static("x-request-id")]);
    let layer = layer.allow_headers([
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::ACCEPT,
        HeaderName::from_static("graphql-require-preflight"),
        HeaderName::from_static("apollo-require-preflight"),
        HeaderName::from_static("x-request-id"),
    ]);
    if allowed_origins.iter().any(|origin| origin == "*") {
        return layer.allow_origin(AllowOrigin::any());
    }
    layer.allow_origin(AllowOrigin::list(allowed_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok())))
}

/// An id of a stranger ends in our logs: only short ones of harmless characters are taken over.
async fn drop_odd_request_id(mut request: Request, next: Next) -> Response {
    let is_odd = |value: &HeaderValue| {
        let bytes = value.as_bytes();
        bytes.is_empty() || bytes.len() > MAX_REQUEST_ID || !bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    };
    if request.headers().get("x-request-id").is_some_and(is_odd) {
        request.headers_mut().remove("x-request-id");
    }
    next.run(request).await
}

async fn headers_and_metrics(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    metrics::counter!("tributary_http_requests_total", "route" => route, "status" => response.status().as_u16().to_string()).increment(1);
    let headers = response.headers_mut();
    // A route that says something else knows why: the widget, for instance, lives on foreign pages.
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn span(request: &http::Request<Body>) -> Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    let span = tracing::info_span!("request", http.method = %request.method(), http.path = request.uri().path(), request.id = id);
    crate::telemetry::continue_trace(&span, request.headers());
    span
}

fn finished(response: &http::Response<impl Sized>, latency: Duration, _span: &Span) {
    let duration_ms = latency.as_millis();
    metrics::histogram!("tributary_http_request_seconds").record(latency.as_secs_f64());
    if response.status().is_server_error() {
        tracing::warn!(http.status = response.status().as_u16(), duration_ms, "A request was answered with an error of ours");
    } else {
        tracing::debug!(http.status = response.status().as_u16(), duration_ms, "A request was answered");
    }
}

fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
    let id = uuid::Uuid::now_v7().simple().to_string();
    tracing::error!(error.id = %id, error.message = text, "A request handler panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, format!("Something went wrong on our side. Please quote {id} when you report it.\n"))
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    fn app(origins: &[&str]) -> Router {
        let router = Router::new()
            .route("/text", get(async || "x".repeat(2_000)))
            .route("/panic", get(async || -> &'static str { panic!("secret detail") }))
            .route("/events", get(async || ([(header::CONTENT_TYPE, "text/event-stream")], "x".repeat(2_000))));
        apply(router, Router::new(), &origins.iter().map(|origin| (*origin).to_owned()).collect::<Vec<_>>())
    }

    async fn ask(app: &Router, request: http::request::Builder) -> Response {
        app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn every_answer_has_its_headers_and_an_id() {
        let response = ask(&app(&[]), Request::get("/text").header("accept-encoding", "gzip")).await;
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(response.headers()["x-request-id"].len(), 36);
        assert!(!response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
        let events = ask(&app(&[]), Request::get("/events").header("accept-encoding", "gzip")).await;
        assert!(!events.headers().contains_key(header::CONTENT_ENCODING), "events must not wait in a compressor");
    }

    #[tokio::test]
    async fn request_ids_of_strangers_are_kept_only_when_harmless() {
        let kept = ask(&app(&[]), Request::get("/text").header("x-request-id", "trace-1.a_B")).await;
        assert_eq!(kept.headers()["x-request-id"], "trace-1.a_B");
        for odd in ["a b".to_owned(), "x".repeat(65), "a\"b".to_owned()] {
            let replaced = ask(&app(&[]), Request::get("/text").header("x-request-id", &odd)).await;
            assert_eq!(replaced.headers()["x-request-id"].len(), 36, "{odd}");
        }
    }

    #[tokio::test]
    async fn a_panic_says_nothing() {
        let response = ask(&app(&[]), Request::get("/panic")).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
    }

    #[tokio::test]
    async fn only_named_origins_may_call() {
        let preflight = |origin: &'static str| {
            Request::builder().method(Method::OPTIONS).uri("/text").header("origin", origin).header("access-control-request-method", "POST")
        };
        let named = app(&["https://shop.example"]);
        let allowed = ask(&named, preflight("https://shop.example")).await;
        assert_eq!(allowed.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://shop.example");
        assert!(!ask(&named, preflight("https://evil.example")).await.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
        assert_eq!(ask(&app(&["*"]), preflight("https://any.example")).await.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    }
}
