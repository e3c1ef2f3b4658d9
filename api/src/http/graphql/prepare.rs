//! From parameters to a request that the engine may see, and running it.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use async_graphql::{IntrospectionMode, Request, Response, ServerError, parser::types::OperationType};
use futures_util::FutureExt;
use http::StatusCode;
use tracing::Instrument;

use super::{
    RequestInfo, Transport,
    apq::{self, Persisted},
    engine::Engine,
    error::{self, Fault, Outcome, code},
    guard,
    operations::Label,
    wire::Params,
};
use crate::auth::{Gatekeeper, Refusal, Viewer};

/// A request that passed the guard.
pub(super) struct Prepared {
    pub(super) request: Request,
    pub(super) kind: OperationType,
    pub(super) label: Label,
}

impl<E: Engine, G: Gatekeeper> Transport<E, G> {
    /// Finds the document and guards it. Waits for nothing but the cache of persisted queries, which is in memory.
    pub(super) async fn prepare(&self, params: Params, info: RequestInfo) -> Result<Prepared, Fault> {
        let limits = &self.inner.limits.document;
        let name = params.operation_name.as_deref().filter(|name| !name.is_empty());
        let query = params.query.filter(|query| !query.is_empty());
        let hash = apq::hash(params.extensions.as_ref().unwrap_or(&serde_json::Map::new()), query.as_deref())?;
        let (request, kind, label) = match (query, hash) {
            (None, None) => return Err(Fault::bad_request(code::BAD_REQUEST, "The parameter query is missing.").malformed()),
            (Some(query), None) => {
                let document = guard::parse(&query, limits)?;
                let kind = guard::check(&document, &params.variables, name, limits)?;
                let label = self.inner.names.label(&document, name, kind);
                let mut request = Request::new(query);
                request.set_parsed_query(document);
                (request, kind, label)
            }
            (query, Some(hash)) => {
                let persisted = match query {
                    None => self.inner.persisted.find(&hash).await?,
                    Some(query) => {
                        let document = guard::parse(&query, limits)?;
                        let persisted = Arc::new(Persisted { query, document });
                        self.inner.persisted.keep(hash, Arc::clone(&persisted)).await;
                        persisted
                    }
                };
                let kind = guard::check(&persisted.document, &params.variables, name, limits)?;
                let mut request = Request::new(persisted.query.as_str());
                request.set_parsed_query(persisted.document.clone());
                (request, kind, self.inner.names.label(&persisted.document, name, kind))
            }
        };
        let mut request = request.variables(params.variables).data(info);
        request.operation_name = name.map(str::to_owned);
        if !limits.introspection {
            request.introspection_mode = IntrospectionMode::Disabled;
        }
        Ok(Prepared { request, kind, label })
    }

    /// Adds who asks, with the rights of this moment.
    pub(super) async fn equip(&self, mut prepared: Prepared, viewer: Option<&Viewer<G::Actor>>) -> Result<Prepared, Fault> {
        if let Some(viewer) = viewer {
            prepared.request = self.inner.gatekeeper.equip(prepared.request, viewer).await.map_err(refused)?;
        }
        Ok(prepared)
    }

    /// Runs a query or a mutation to its end, its panic or its time limit.
    pub(super) async fn run(&self, prepared: Prepared) -> (Response, Outcome) {
        let since = Instant::now();
        let running = self.inner.executor.execute(prepared.request).instrument(prepared.label.span());
        let running = AssertUnwindSafe(running).catch_unwind();
        let (response, outcome) = match tokio::time::timeout(self.inner.limits.execution, running).await {
            Ok(Ok(mut response)) => {
                let outcome = error::finish(&mut response);
                (response, outcome)
            }
            Ok(Err(panic)) => (Response::from_errors(vec![error::panicked(&*panic)]), Outcome::Executed),
            Err(_elapsed) => (Response::from_errors(vec![self.too_slow()]), Outcome::Executed),
        };
        prepared.label.finished(since, !response.errors.is_empty());
        (response, outcome)
    }

    pub(super) fn too_slow(&self) -> ServerError {
        let seconds = self.inner.limits.execution.as_secs();
        *Fault::new(
            StatusCode::SERVICE_UNAVAILABLE,
            code::UNAVAILABLE,
            format!("The operation took longer than {seconds} s and was stopped."),
        )
        .error
    }
}

/// What a refused token is answered with.
pub(super) fn refused(refusal: Refusal) -> Fault {
    let (status, code) = match refusal {
        Refusal::Invalid | Refusal::Expired => (StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED),
        Refusal::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE),
    };
    let text = refusal.to_string();
    let mut fault = Fault::new(status, code, format!("{}{}.", text[..1].to_uppercase(), &text[1..])).malformed();
    if refusal == Refusal::Expired {
        fault.error.extensions.get_or_insert_default().set("reason", "EXPIRED");
    }
    fault
}
