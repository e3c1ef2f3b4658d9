//! The widget's scripts, for every page of the world, and the demo shop that uses them.

use axum::{
    Router,
    extract::{Query, State},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;
use serde::Deserialize;

use super::Chat;

/// A shop with the widget in it.
const SHOP: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../web-client/widget/demo.html"));
/// What stands in the shop where the widget key belongs.
const PLACE_OF_KEY: &str = "DEMO_WIDGET_KEY";
/// The shop is a page of ours that shows what a customer's page would: its own styles, nothing from elsewhere.
const SHOP_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self' ws: wss:; \
img-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

#[derive(RustEmbed)]
#[folder = "../web-client/dist"]
#[allow_missing = true]
struct Dist;

pub(super) fn router() -> Router<Chat> {
    Router::new()
        .route("/widget.js", get(async |headers: HeaderMap| script("widget.js", false, &headers)))
        .route(
            "/widget-panel.js",
            // With its version in the address it never changes.
            get(async |Query(version): Query<Version>, headers: HeaderMap| script("widget-panel.js", version.v.is_some(), &headers)),
        )
        .route("/demo-shop", get(shop))
}

#[derive(Deserialize)]
struct Version {
    v: Option<String>,
}

fn script(name: &str, is_versioned: bool, asked: &HeaderMap) -> Response {
    let Some(file) = Dist::get(name) else {
        return (StatusCode::NOT_FOUND, "The widget is not part of this build. `make run` builds it.\n").into_response();
    };
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let is_known = asked.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()).is_some_and(|known| known.contains(&tag));
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { bytes::Bytes::from(file.data.into_owned()).into_response() };
    let headers = response.headers_mut();
    let caching = if is_versioned { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

#[derive(Deserialize)]
struct Channel {
    channel: Option<String>,
}

/// The shop of `?channel=…`, or of the demo workspace.
async fn shop(State(chat): State<Chat>, Query(asked): Query<Channel>) -> Response {
    let key = asked.channel.or_else(|| chat.settings().demo_key.clone());
    // The key is written into the page: only harmless characters may be.
    let key = key.filter(|key| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    let Some(key) = key else {
        return (StatusCode::NOT_FOUND, "Say which chat the shop shall show: /demo-shop?channel=WIDGET_KEY\n").into_response();
    };
    let headers = [(header::CONTENT_SECURITY_POLICY, SHOP_POLICY), (header::CACHE_CONTROL, "no-cache")];
    (headers, Html(SHOP.replace(PLACE_OF_KEY, &key))).into_response()
}
