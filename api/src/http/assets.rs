//! The web client, the API explorer and the chat widget, from inside the binary.
//!
//! Everything is taken from `web-client/dist`: `index.html` for every page of the client, `assets/` with hashes in the
//! names (kept by browsers for ever), `graphiql.html` when the explorer is on, and `widget/` for foreign pages. In
//! debug builds files are read from the folder at run time. A server built without the client says so on its pages.

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::{EmbeddedFile, RustEmbed};

/// Scripts of our own only; styles may be inline because the component library writes them; images may be previews
/// made in the browser. Only our own pages may frame ours: mail is shown in a frame.
const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-src 'self' blob: data:; frame-ancestors 'self'; base-uri 'self'; form-action 'self'; object-src 'none'";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Tributary</title>\
<h1>The web client is not part of this build</h1>\
<p>The API works under <code>/graphql</code>. To build the client, run <code>npm ci &amp;&amp; npm run build</code> in \
<code>web-client</code> and build the server again, or simply <code>make run</code>.</p></html>\n";

#[derive(RustEmbed)]
#[folder = "../web-client/dist"]
#[allow_missing = true]
struct Dist;

/// Routes of the client, the widget and the explorer. Give the fallback of the whole application to [`client`].
pub fn router(with_graphiql: bool) -> Router {
    let router = Router::new().route("/widget/{*path}", get(widget));
    if with_graphiql {
        router.route("/graphiql", get(async |headers: HeaderMap| page("graphiql.html", &headers)))
    } else {
        router.route("/graphiql", get(not_found)).route("/graphiql.html", get(not_found))
    }
}

/// Answers every path that no route has: a file of the client, or its page.
pub async fn client(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::NOT_FOUND, "There is nothing under this address.\n").into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Dist::get(path).filter(|_| !path.is_empty() && !path.ends_with(".html") || path == "graphiql.html") {
        let is_hashed = path.starts_with("assets/");
        return answer(path, file, is_hashed, &headers);
    }
    // A file that is not there is not a page: the client would be parsed as a script.
    let last = path.rsplit('/').next().unwrap_or_default();
    if path.starts_with("assets/") || (last.contains('.') && !last.ends_with(".html")) {
        return not_found().await;
    }
    page("index.html", &headers)
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing under this address.\n").into_response()
}

fn page(name: &str, headers: &HeaderMap) -> Response {
    let mut response = match Dist::get(name) {
        Some(file) => answer(name, file, false, headers),
        None => {
            (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], NOT_BUILT)
                .into_response()
        }
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    response
}

/// The widget's script and demo page. Foreign pages load the script, so every origin may.
async fn widget(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(file) = Dist::get(&format!("widget/{path}")) else { return not_found().await };
    let mut response = answer(&path, file, false, &headers);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if path.ends_with(".html") {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    }
    response
}

fn answer(path: &str, file: EmbeddedFile, is_hashed: bool, asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let caching = if is_hashed { "public, max-age=31536000, immutable" } else { "public, max-age=0, must-revalidate" };
    let is_known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let headers =
        [(header::CACHE_CONTROL, HeaderValue::from_static(caching)), (header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)))];
    let mut response = if is_known {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, Bytes::from(file.data.into_owned())).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// What our own build writes; text always says utf-8, because the widget runs on pages that say something else.
fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json; charset=utf-8",
        "webmanifest" => "application/manifest+json; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml; charset=utf-8",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use axum::body::Body;
    use http::Request;
    use rust_embed::Metadata;
    use tower::ServiceExt;

    use super::*;

    fn file(text: &'static str) -> EmbeddedFile {
        EmbeddedFile { data: Cow::Borrowed(text.as_bytes()), metadata: Metadata::__rust_embed_new([7; 32], None, None) }
    }

    #[tokio::test]
    async fn files_are_kept_for_ever_only_with_a_hash_in_the_name() {
        let hashed = answer("assets/a-1b2c.js", file("x"), true, &HeaderMap::new());
        assert_eq!(hashed.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(hashed.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
        let page = answer("index.html", file("x"), false, &HeaderMap::new());
        assert_eq!(page.headers()[header::CACHE_CONTROL], "public, max-age=0, must-revalidate");
        let known = HeaderMap::from_iter([(header::IF_NONE_MATCH, page.headers()[header::ETAG].clone())]);
        assert_eq!(answer("index.html", file("x"), false, &known).status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test]
    async fn missing_files_are_no_pages_and_other_methods_no_files() {
        let app = router(false).fallback(client);
        let ask = async |method: Method, path: &str| {
            app.clone().oneshot(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await.unwrap()
        };
        for path in [
            "/assets/none.js",
            "/favicon.none",
            "/widget/none.js",
            "/../Cargo.toml",
            "/widget/../../Cargo.toml",
            "/graphiql",
            "/graphiql.html",
        ] {
            assert_eq!(ask(Method::GET, path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(ask(Method::POST, "/inbox").await.status(), StatusCode::NOT_FOUND);
        // With or without a built client, a page of the client is HTML under the strict policy.
        let page = ask(Method::GET, "/inbox/all/int_1").await;
        assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(page.headers()[header::CONTENT_SECURITY_POLICY], CSP);
    }
}
