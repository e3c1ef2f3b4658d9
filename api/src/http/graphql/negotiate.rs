//! Which media type the client wants, and whether a foreign page could have sent the request.

use http::{HeaderMap, StatusCode, header};
use mime::Mime;

use super::error::{Fault, code};

/// What an answer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: the status says what happened.
    GraphqlResponse,
    /// `application/json`: 200 for everything well-formed.
    Json,
    /// `text/event-stream`.
    EventStream,
}

impl MediaType {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
        }
    }
}

/// The best type for the `Accept` headers; `application/json` when there is none (GraphQL over HTTP, "Legacy watershed").
pub(super) fn media_type(headers: &HeaderMap) -> Result<MediaType, Fault> {
    let mut best: Option<(f32, usize, MediaType)> = None;
    let mut is_given = false;
    for range in headers.get_all(header::ACCEPT).iter().flat_map(|value| value.to_str().unwrap_or_default().split(',')) {
        is_given |= !range.trim().is_empty();
        let Ok(range) = range.trim().parse::<Mime>() else { continue };
        let Some((exactness, found)) = offered(&range) else { continue };
        let quality = range.get_param("q").map_or(1.0, |quality| quality.as_str().parse::<f32>().unwrap_or(0.0));
        // Of equals the first wins, except that a named type beats a range.
        if quality > 0.0 && best.is_none_or(|(known, exact, _)| quality > known || (quality >= known && exactness > exact)) {
            best = Some((quality, exactness, found));
        }
    }
    match best {
        Some((_, _, found)) => Ok(found),
        None if is_given => Err(Fault::new(
            StatusCode::NOT_ACCEPTABLE,
            code::BAD_REQUEST,
            "We can answer with application/graphql-response+json, application/json or text/event-stream.",
        )
        .malformed()),
        None => Ok(MediaType::Json),
    }
}

fn offered(range: &Mime) -> Option<(usize, MediaType)> {
    let is_utf8 = range.get_param(mime::CHARSET).is_none_or(|charset| charset == mime::UTF_8);
    match (range.type_().as_str(), range.subtype().as_str(), range.suffix().map(|suffix| suffix.as_str())) {
        _ if !is_utf8 => None,
        ("application", "graphql-response", Some("json")) => Some((2, MediaType::GraphqlResponse)),
        ("application", "json", None) => Some((2, MediaType::Json)),
        ("text", "event-stream", None) => Some((2, MediaType::EventStream)),
        ("application", "*", None) => Some((1, MediaType::Json)),
        ("text", "*", None) => Some((1, MediaType::EventStream)),
        ("*", "*", None) => Some((0, MediaType::Json)),
        _ => None,
    }
}

/// A body must be `application/json` in UTF-8. That also keeps foreign pages out: a browser sends it to another origin
/// only after asking (CORS preflight).
pub(super) fn check_content_type(headers: &HeaderMap) -> Result<(), Fault> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(|value| value.parse::<Mime>().ok());
    let is_json = given.is_some_and(|given| {
        given.essence_str() == "application/json" && given.get_param(mime::CHARSET).is_none_or(|charset| charset == mime::UTF_8)
    });
    if is_json {
        return Ok(());
    }
    Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::BAD_REQUEST, "The body must be application/json in UTF-8.").malformed())
}

/// A `GET` must carry something that a foreign page cannot make a browser send without asking. A token is: clients that ask by
/// `GET` by default need nothing else once they are signed in.
pub(super) fn check_preflighted(headers: &HeaderMap) -> Result<(), Fault> {
    let has = |name: &str| headers.get(name).is_some_and(|value| !value.is_empty());
    if has("graphql-require-preflight")
        || has("apollo-require-preflight")
        || has("x-apollo-operation-name")
        || has("authorization")
        || check_content_type(headers).is_ok()
    {
        return Ok(());
    }
    Err(Fault::bad_request(
        code::CSRF,
        "Add the header graphql-require-preflight with any value, so that foreign pages cannot send this request.",
    )
    .malformed())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn negotiated(accept: &'static str) -> Option<MediaType> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        media_type(&headers).ok()
    }

    #[test]
    fn the_best_type_wins() {
        use MediaType::{EventStream, GraphqlResponse, Json};
        assert_eq!(media_type(&HeaderMap::new()).ok(), Some(Json));
        for (accept, expected) in [
            ("", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/json", Some(Json)),
            ("application/json; charset=utf-8", Some(Json)),
            ("application/json; charset=latin1", None),
            ("application/graphql-response+json, application/json;q=0.9", Some(GraphqlResponse)),
            ("application/json;q=0.9, application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0.1, application/json", Some(Json)),
            ("*/*, application/graphql-response+json", Some(GraphqlResponse)),
            ("text/event-stream", Some(EventStream)),
            ("text/event-stream, application/json", Some(EventStream)),
            ("application/json;q=0", None),
            ("text/html", None),
            ("nonsense", None),
        ] {
            assert_eq!(negotiated(accept), expected, "{accept}");
        }
    }
}
