//! GraphQL over HTTP: one request, one answer.

use std::net::{IpAddr, SocketAddr};

use async_graphql::{Response as GraphqlResponse, parser::types::OperationType};
use axum::{
    body::Body,
    extract::{ConnectInfo, FromRequestParts, Request, State, WebSocketUpgrade},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use tower_http::request_id::RequestId;

use super::{
    Engine, RequestInfo, Transport,
    error::{Fault, Outcome, code},
    negotiate::{MediaType, check_content_type, check_preflighted, media_type},
    prepare::{Prepared, refused},
    wire::{self, Params},
};
use crate::auth::{Gatekeeper, Viewer, bearer};

/// Entrance of all requests to `/graphql`.
pub(super) async fn handle<E: Engine, G: Gatekeeper>(State(transport): State<Transport<E, G>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if parts.headers.contains_key(header::UPGRADE) {
        return match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => super::ws::upgrade(&transport, upgrade, &parts),
            Err(rejection) => rejection.into_response(),
        };
    }
    // An answer to a request whose Accept cannot be met is still JSON: somebody will read it.
    let media = media_type(&parts.headers);
    let shown = *media.as_ref().unwrap_or(&MediaType::Json);
    let answered = async { exchange(&transport, media?, &parts, body).await };
    answered.await.unwrap_or_else(|fault| fault_response(&fault, shown))
}

async fn exchange<E: Engine, G: Gatekeeper>(
    transport: &Transport<E, G>,
    media: MediaType,
    parts: &Parts,
    body: Body,
) -> Result<Response, Fault> {
    let params = match parts.method {
        Method::POST => {
            check_content_type(&parts.headers)?;
            Params::from_body(&read_body(transport, &parts.headers, body).await?)?
        }
        Method::GET => {
            check_preflighted(&parts.headers)?;
            Params::from_query_string(parts.uri.query().unwrap_or_default())?
        }
        _ => return Err(method_not_allowed("Use POST, or GET for queries.")),
    };
    let viewer = admit(transport, &parts.headers).await?;
    let info = info(&transport.inner.limits, parts);
    let prepared = transport.prepare(params, info).await?;
    if prepared.kind == OperationType::Mutation && parts.method == Method::GET {
        return Err(method_not_allowed("Mutations go by POST."));
    }
    let prepared = transport.equip(prepared, viewer.as_ref()).await?;
    match media {
        MediaType::EventStream => super::sse::stream(transport, prepared, viewer).await,
        _ => answer(transport, prepared, media).await,
    }
}

async fn answer<E: Engine, G: Gatekeeper>(transport: &Transport<E, G>, prepared: Prepared, media: MediaType) -> Result<Response, Fault> {
    if prepared.kind == OperationType::Subscription {
        let message = "Subscriptions need text/event-stream in Accept, or a WebSocket with graphql-transport-ws.";
        return Err(Fault::bad_request(code::BAD_REQUEST, message));
    }
    let (response, outcome) = transport.run(prepared).await;
    let status = match outcome {
        Outcome::Refused if media == MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    Ok(json_response(status, media, wire::to_json(&response, outcome), &response))
}

/// The whole body, not more than allowed and not slower.
async fn read_body<E, G>(transport: &Transport<E, G>, headers: &HeaderMap, body: Body) -> Result<Bytes, Fault> {
    let limit = transport.inner.limits.body_bytes;
    let too_large = || {
        let message = format!("The body must not be larger than {limit} bytes.");
        Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_BODY", message).limit(limit).malformed()
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|announced| announced > limit as u64) {
        return Err(too_large());
    }
    let read = async {
        let (mut stream, mut all) = (body.into_data_stream(), BytesMut::new());
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_broken| Fault::bad_request(code::BAD_REQUEST, "The body broke off.").malformed())?;
            if all.len() + chunk.len() > limit {
                return Err(too_large());
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    };
    tokio::time::timeout(transport.inner.limits.body_timeout, read).await.unwrap_or_else(|_elapsed| {
        Err(Fault::new(StatusCode::REQUEST_TIMEOUT, code::BAD_REQUEST, "The body took too long to arrive.").malformed())
    })
}

/// Who asks: nobody without an `Authorization` header. A wrong one is refused, never taken for nobody.
async fn admit<E: Engine, G: Gatekeeper>(transport: &Transport<E, G>, headers: &HeaderMap) -> Result<Option<Viewer<G::Actor>>, Fault> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(bearer).ok_or_else(|| refused(crate::auth::Refusal::Invalid))?;
    transport.inner.gatekeeper.admit(token).await.map(Some).map_err(refused)
}

/// What the schema may know about the exchange.
pub(super) fn info(limits: &super::Limits, parts: &Parts) -> RequestInfo {
    let text = |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    RequestInfo {
        address: forwarded(&parts.headers, limits.forwarded_for_hops).or(peer),
        user_agent: text(header::USER_AGENT).map(|agent| agent.chars().take(256).collect()),
        request_id: parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).map(str::to_owned),
    }
}

/// The address that the outermost of our own proxies saw: only as many entries as there are proxies are believed.
fn forwarded(headers: &HeaderMap, hops: usize) -> Option<IpAddr> {
    let all: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).collect();
    let index = all.len().checked_sub(hops).filter(|_| hops > 0)?;
    all.get(index)?.trim().parse().ok()
}

fn method_not_allowed(message: &str) -> Fault {
    Fault::new(StatusCode::METHOD_NOT_ALLOWED, code::BAD_REQUEST, message).malformed()
}

/// A refused request as HTTP.
pub(super) fn fault_response(fault: &Fault, media: MediaType) -> Response {
    // Nobody parses a stream of events out of a refused request: errors are plain JSON then.
    let media = if media == MediaType::EventStream { MediaType::GraphqlResponse } else { media };
    let status = if fault.is_well_formed && media == MediaType::Json { StatusCode::OK } else { fault.status };
    let mut response = json_response(status, media, wire::errors_json(std::slice::from_ref(&*fault.error)), &GraphqlResponse::default());
    let headers = response.headers_mut();
    match fault.status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
        }
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => {
            // The rest of the body may not be read to its end; the connection cannot be used again.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}

fn json_response(status: StatusCode, media: MediaType, json: Vec<u8>, graphql: &GraphqlResponse) -> Response {
    let mut response = (status, json).into_response();
    let headers = response.headers_mut();
    headers.extend(graphql.http_headers.clone());
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept, authorization"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxies_are_believed() {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-forwarded-for"),
            HeaderValue::from_static("6.6.6.6, 2001:db8::7, 10.0.0.1"),
        )]);
        assert_eq!(forwarded(&headers, 0), None);
        assert_eq!(forwarded(&headers, 1), "10.0.0.1".parse().ok());
        assert_eq!(forwarded(&headers, 2), "2001:db8::7".parse().ok());
        assert_eq!(forwarded(&headers, 4), None);
        assert_eq!(forwarded(&HeaderMap::new(), 1), None);
    }
}
