//! GraphQL requests and responses as they travel.

use async_graphql::{Response, ServerError, Variables};
use serde::{Deserialize, Serialize};

use super::error::{Fault, Outcome, code};

/// The parameters of a GraphQL request, in a body, an address or a `subscribe` message.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    #[serde(default)]
    pub(super) query: Option<String>,
    #[serde(default)]
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Variables,
    #[serde(default)]
    pub(super) extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Params {
    pub(super) fn from_body(body: &[u8]) -> Result<Self, Fault> {
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err(
                Fault::bad_request(code::BATCHING_NOT_SUPPORTED, "Send one request at a time: batches are not supported.").malformed()
            );
        }
        serde_json::from_slice(body).map_err(|error| malformed(&error))
    }

    /// From the query string of an address; unknown parameters are ignored as in a body.
    pub(super) fn from_query_string(text: &str) -> Result<Self, Fault> {
        let mut params = Self::default();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            match &*name {
                "query" => params.query = Some(value.into_owned()),
                "operationName" => params.operation_name = Some(value.into_owned()),
                "variables" => params.variables = serde_json::from_str(&value).map_err(|error| malformed(&error))?,
                "extensions" => params.extensions = serde_json::from_str(&value).map_err(|error| malformed(&error))?,
                _ => {}
            }
        }
        Ok(params)
    }
}

fn malformed(error: &serde_json::Error) -> Fault {
    Fault::bad_request(code::BAD_REQUEST, format!("This is not a GraphQL request: {error}.")).malformed()
}

#[derive(Serialize)]
struct ErrorsOnly<'a> {
    errors: &'a [ServerError],
}

/// A response as JSON. Without `data` when nothing was executed, as the specification asks.
pub(crate) fn to_json(response: &Response, outcome: Outcome) -> Vec<u8> {
    let mut json = Vec::with_capacity(512);
    write_json(&mut json, response, outcome);
    json
}

pub(super) fn write_json(json: &mut Vec<u8>, response: &Response, outcome: Outcome) {
    let written = match outcome {
        Outcome::Executed => serde_json::to_writer(json, response),
        Outcome::Refused => serde_json::to_writer(json, &ErrorsOnly { errors: &response.errors }),
    };
    // Writing to a vector does not fail, and all keys of a response are strings.
    written.expect("a GraphQL response is always representable as JSON");
}

pub(super) fn errors_json(errors: &[ServerError]) -> Vec<u8> {
    serde_json::to_vec(&ErrorsOnly { errors }).expect("GraphQL errors are always representable as JSON")
}
