//! Small GraphQL clients for tests: one answer over HTTP here, streams over a WebSocket in [`socket`].
//!
//! They check nothing that a test should check: a refused request is an answer like any other.

pub mod socket;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::StatusCode;
use serde_json::{Value, json};

pub use socket::{GraphqlSocket, Message, RawSocket, Subscription};

/// A client for tests, with a time limit so that a server that hangs fails the test and does not stop it.
///
/// # Errors
/// When no TLS provider can be chosen.
pub fn http_client() -> Result<reqwest::Client> {
    crate::install_tls();
    #[expect(clippy::disallowed_methods, reason = "tests talk to 127.0.0.1, which the guarded client refuses")]
    let builder = reqwest::Client::builder();
    builder.timeout(Duration::from_secs(30)).no_proxy().build().context("no HTTP client")
}

/// A GraphQL address with a token.
#[derive(Debug, Clone)]
pub struct GraphqlClient {
    url: String,
    token: Option<String>,
    http: reqwest::Client,
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: StatusCode,
    /// The whole body.
    pub body: Value,
}

impl Response {
    /// `data`, or null.
    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// A value inside `data` by JSON pointer: `at("/viewer/name")`; null when there is none.
    pub fn at(&self, pointer: &str) -> &Value {
        self.data().pointer(pointer).unwrap_or(&Value::Null)
    }

    /// `errors`, empty when there are none.
    pub fn errors(&self) -> &[Value] {
        self.body["errors"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The codes of all errors.
    pub fn codes(&self) -> Vec<&str> {
        self.errors().iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("(no code)")).collect()
    }

    /// `data` of an answer without errors.
    ///
    /// # Errors
    /// When the answer holds errors or is no success, with the whole body.
    pub fn ok(self) -> Result<Value> {
        if !self.status.is_success() || !self.errors().is_empty() || self.data().is_null() {
            bail!("{}: {:#}", self.status, self.body);
        }
        Ok(self.data().clone())
    }
}

impl GraphqlClient {
    /// A client without a token.
    ///
    /// # Errors
    /// When no TLS provider can be chosen.
    pub fn new(url: &str) -> Result<GraphqlClient> {
        Ok(GraphqlClient { url: url.to_owned(), token: None, http: http_client()? })
    }

    /// The same client with a bearer token.
    pub fn with_token(mut self, token: &str) -> GraphqlClient {
        self.token = Some(token.to_owned());
        self
    }

    /// Posts an operation.
    ///
    /// # Errors
    /// When no answer comes or it is no JSON; an answer with errors is an answer.
    pub async fn post(&self, query: &str, variables: Value) -> Result<Response> {
        self.post_body(&json!({ "query": query, "variables": variables })).await
    }

    /// Posts any JSON body, for hostile tests.
    ///
    /// # Errors
    /// As [`GraphqlClient::post`].
    pub async fn post_body(&self, body: &Value) -> Result<Response> {
        let mut request = self.http.post(&self.url).header("accept", "application/graphql-response+json").json(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.with_context(|| format!("no answer from {}", self.url))?;
        let status = response.status();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).with_context(|| format!("{status}, no JSON: {text}"))?;
        Ok(Response { status, body })
    }

    /// Opens a socket to the same address with the same token.
    ///
    /// # Errors
    /// As [`GraphqlSocket::connect`].
    pub async fn socket(&self) -> Result<GraphqlSocket> {
        GraphqlSocket::connect(&self.url, self.token.as_deref()).await
    }
}
