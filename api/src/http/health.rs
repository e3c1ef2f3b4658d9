//! Probes and metrics: `/healthz` (the process answers), `/readyz` (its parts answer), `/metrics` (Prometheus text).
//!
//! What is ready is decided by checks given in from outside, each with a name. They run at the same time and have two
//! seconds; during shutdown nothing is ready, so that load balancers stop sending.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::{BoxFuture, join_all};
use http::{StatusCode, header};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

/// For one check to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Buckets of times, in seconds.
const SECONDS: [f64; 11] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// Named checks of the parts this process needs.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: BTreeMap<&'static str, Check>,
    shutdown: CancellationToken,
}

impl Readiness {
    /// Without checks; not ready any more once `shutdown` is cancelled.
    #[must_use]
    pub fn new(shutdown: CancellationToken) -> Self {
        Self { checks: BTreeMap::new(), shutdown }
    }

    /// Adds a check. Its error is shown to whoever asks, so it must not hold addresses or secrets.
    #[must_use]
    pub fn check<F>(mut self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.insert(name, Arc::new(move || Box::pin(check())));
        self
    }

    /// Result of every check.
    pub async fn report(&self) -> BTreeMap<&'static str, Result<(), String>> {
        let all = self.checks.iter().map(|(name, check)| {
            let running = check();
            async move {
                let result = tokio::time::timeout(PATIENCE, running).await;
                (*name, result.unwrap_or_else(|_elapsed| Err(format!("no answer within {} s", PATIENCE.as_secs()))))
            }
        });
        let mut report: BTreeMap<_, _> = join_all(all).await.into_iter().collect();
        if self.shutdown.is_cancelled() {
            report.insert("process", Err("shutting down".to_owned()));
        }
        report
    }
}

/// Installs the recorder of metrics for the whole process. Call once, before anything is measured.
///
/// # Errors
/// When there already is one, or the buckets are refused.
pub fn install_metrics() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?.install_recorder()
}

/// The routes.
pub fn router(readiness: Readiness, metrics: Option<PrometheusHandle>) -> Router {
    let routes = Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready)).with_state(Arc::new(readiness));
    match metrics {
        None => routes,
        Some(handle) => routes.route(
            "/metrics",
            get(async move || {
                // The recorder collects histograms until somebody tidies up; whoever reads may as well.
                handle.run_upkeep();
                ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
            }),
        ),
    }
}

async fn ready(State(readiness): State<Arc<Readiness>>) -> Response {
    let report = readiness.report().await;
    let status = if report.values().all(Result::is_ok) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let shown: BTreeMap<_, _> = report.into_iter().map(|(name, result)| (name, result.err().unwrap_or_else(|| "ok".to_owned()))).collect();
    (status, [(header::CACHE_CONTROL, "no-store")], Json(shown)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn get(router: &Router, path: &str) -> (StatusCode, String) {
        let response = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn ready_only_when_every_part_is_and_nobody_is_leaving() {
        let shutdown = CancellationToken::new();
        let good = Readiness::new(shutdown.clone()).check("database", async || Ok(()));
        let router_good = router(good.clone(), None);
        assert_eq!(get(&router_good, "/readyz").await, (StatusCode::OK, r#"{"database":"ok"}"#.into()));
        let bad = router(good.check("bus", async || Err("cannot connect".to_owned())), None);
        assert_eq!(get(&bad, "/readyz").await, (StatusCode::SERVICE_UNAVAILABLE, r#"{"bus":"cannot connect","database":"ok"}"#.into()));
        assert_eq!(get(&bad, "/healthz").await.0, StatusCode::OK);
        assert_eq!(get(&bad, "/metrics").await.0, StatusCode::NOT_FOUND);
        shutdown.cancel();
        assert_eq!(get(&router_good, "/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn metrics_are_shown() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || metrics::counter!("tributary_test_total").increment(3));
        let (status, text) = get(&router(Readiness::default(), Some(handle)), "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(text.contains("tributary_test_total 3"), "{text}");
    }
}
