//! From parameters to a request that the engine may see, and running it.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Executor, IntrospectionMode, Request, Response, ServerError, parser::types::OperationType};
use futures_util::FutureExt;
use http::StatusCode;

use super::{
    RequestInfo, Transport,
    apq::{self, Persisted},
    error::{self, Fault, Outcome, code},
    guard,
    wire::Params,
};
use crate::auth::{Gatekeeper, Refusal, Viewer};

/// A request that passed the guard.
pub(super) struct Prepared {
    pub(super) request: Request,
    pub(super) kind: OperationType,
}

impl<E: Executor, G: Gatekeeper> Transport<E, G> {
    /// Finds the document, guards it, and adds who asks.
    pub(super) async fn prepare(&self, params: Params, viewer: Option<&Viewer<G::Actor>>, info: RequestInfo) -> Result<Prepared, Fault> {
        let limits = &self.inner.limits.document;
        let name = params.operation_name.as_deref().filter(|name| !name.is_empty());
        let query = params.query.filter(|query| !query.is_empty());
        let hash = apq::hash(params.extensions.as_ref().unwrap_or(&serde_json::Map::new()), query.as_deref())?;
        let (request, kind) = match (query, hash) {
            (None, None) => return Err(Fault::bad_request(code::BAD_REQUEST, "The parameter query is missing.").malformed()),
            (Some(query), None) => {
                let document = guard::parse(&query, limits)?;
                let kind = guard::check(&document, &params.variables, name, limits)?;
                let mut request = Request::new(query);
                request.set_parsed_query(document);
                (request, kind)
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
                (request, kind)
            }
        };
        let mut request = request.variables(params.variables).data(info);
        request.operation_name = name.map(str::to_owned);
        if !limits.introspection {
            request.introspection_mode = IntrospectionMode::Disabled;
        }
        if let Some(viewer) = viewer {
            request = self.inner.gatekeeper.equip(request, viewer);
        }
        Ok(Prepared { request, kind })
    }

    /// Runs a query or a mutation to its end, its panic or its time limit.
    pub(super) async fn run(&self, request: Request) -> (Response, Outcome) {
        let running = AssertUnwindSafe(self.inner.executor.execute(request)).catch_unwind();
        match tokio::time::timeout(self.inner.limits.execution, running).await {
            Ok(Ok(mut response)) => {
                let outcome = error::finish(&mut response);
                (response, outcome)
            }
            Ok(Err(panic)) => (Response::from_errors(vec![error::panicked(&*panic)]), Outcome::Executed),
            Err(_elapsed) => (Response::from_errors(vec![self.too_slow()]), Outcome::Executed),
        }
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
