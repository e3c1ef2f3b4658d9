//! Logs to standard error, as text or JSON, and traces to an OpenTelemetry collector when the cargo feature `otlp` is
//! on and an endpoint is set.
//!
//! Call [`start`] once inside the multi-threaded runtime, before anything is worth logging, and keep what it returns
//! until the end of `main`: dropping it sends the last traces, which blocks its thread for five seconds at most.

use http::HeaderMap;
use tracing::Span;
use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Config, Log, LogFormat};

/// Logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read; the settings check it too.
    #[error("log.filter cannot be read")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody else already logs.
    #[error("a log subscriber is already installed")]
    Installed(#[from] tracing_subscriber::util::TryInitError),
    /// The exporter of traces cannot be built.
    #[cfg(feature = "otlp")]
    #[error("the exporter of traces cannot be built")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// Keeps traces flowing; sends the last ones when dropped.
#[must_use = "dropping it ends the sending of traces"]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    provider: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

/// Starts logging for the whole process.
///
/// # Errors
/// See [`TelemetryError`].
pub fn start(config: &Config) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::builder().parse(&config.log.filter)?;
    #[cfg(feature = "otlp")]
    {
        let provider = otlp::provider(&config.otlp)?;
        let traces = provider.as_ref().map(otlp::layer);
        Registry::default().with(traces).with(output(&config.log)).with(filter).try_init()?;
        Ok(Telemetry { provider })
    }
    #[cfg(not(feature = "otlp"))]
    {
        Registry::default().with(output(&config.log)).with(filter).try_init()?;
        Ok(Telemetry {})
    }
}

/// Makes the span of a request part of the trace that the request came with (W3C Trace Context, header `traceparent`). Without
/// the feature `otlp` there are no traces to continue.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    #[cfg(feature = "otlp")]
    otlp::continue_trace(span, headers);
    #[cfg(not(feature = "otlp"))]
    let _ = (span, headers);
}

fn output<S>(log: &Log) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match log.format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
    }
}

#[cfg(feature = "otlp")]
mod otlp {
    use std::{sync::Arc, time::Duration};

    use http::HeaderMap;
    use opentelemetry::{
        propagation::{Extractor, TextMapPropagator},
        trace::{TraceContextExt, TracerProvider},
    };
    use opentelemetry_otlp::WithExportConfig;
    use opentelemetry_sdk::{
        Resource,
        error::{OTelSdkError, OTelSdkResult},
        propagation::TraceContextPropagator,
        trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
    };
    use tokio::runtime::Handle;
    use tracing::Span;
    use tracing_opentelemetry::OpenTelemetrySpanExt;
    use tracing_subscriber::{Layer, registry::LookupSpan};

    use super::{Telemetry, TelemetryError};
    use crate::config::Otlp;

    pub(super) fn provider(settings: &Otlp) -> Result<Option<SdkTracerProvider>, TelemetryError> {
        if settings.endpoint.is_empty() {
            return Ok(None);
        }
        let endpoint = format!("{}/v1/traces", settings.endpoint.trim_end_matches('/'));
        let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().with_endpoint(endpoint).build()?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(OnRuntime { exporter: Arc::new(exporter), runtime: Handle::current() })
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample_ratio))))
            .with_resource(Resource::builder().with_service_name(settings.service_name.clone()).build());
        Ok(Some(provider.build()))
    }

    pub(super) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer().with_tracer(provider.tracer("tributary"))
    }

    pub(super) fn continue_trace(span: &Span, headers: &HeaderMap) {
        let parent = TraceContextPropagator::new().extract(&Headers(headers));
        if !parent.span().span_context().is_valid() {
            return;
        }
        if let Err(error) = span.set_parent(parent) {
            tracing::trace!(error = %error, "a trace could not be continued");
        }
    }

    struct Headers<'a>(&'a HeaderMap);

    impl Extractor for Headers<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.get(key)?.to_str().ok()
        }

        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(http::HeaderName::as_str).collect()
        }
    }

    /// Batches are sent from a thread of the SDK, which has no runtime; the HTTP client needs one.
    #[derive(Debug)]
    struct OnRuntime {
        exporter: Arc<opentelemetry_otlp::SpanExporter>,
        runtime: Handle,
    }

    impl SpanExporter for OnRuntime {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            let exporter = Arc::clone(&self.exporter);
            let sent = self.runtime.spawn(async move { exporter.export(batch).await }).await;
            sent.unwrap_or_else(|stopped| Err(OTelSdkError::InternalFailure(stopped.to_string())))
        }

        fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
            self.exporter.shutdown_with_timeout(timeout)
        }

        fn set_resource(&mut self, resource: &Resource) {
            // Called while the provider is built, before the exporter is shared.
            if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
                exporter.set_resource(resource);
            }
        }
    }

    impl Drop for Telemetry {
        fn drop(&mut self) {
            if let Some(provider) = self.provider.take()
                && let Err(error) = provider.shutdown()
            {
                tracing::warn!(error = &error as &dyn std::error::Error, "The last traces could not be sent");
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use tokio::{
            io::{AsyncReadExt, AsyncWriteExt},
            net::TcpListener,
        };
        use tracing_subscriber::layer::SubscriberExt;

        use super::*;

        #[test]
        fn the_trace_of_a_request_goes_on() {
            let provider = SdkTracerProvider::builder().build();
            let subscriber = tracing_subscriber::Registry::default().with(layer(&provider));
            tracing::subscriber::with_default(subscriber, || {
                let headers = |value: &str| HeaderMap::from_iter([(http::HeaderName::from_static("traceparent"), value.parse().unwrap())]);
                let trace_of = |value: &str| {
                    let span = tracing::info_span!("request");
                    super::continue_trace(&span, &headers(value));
                    span.context().span().span_context().trace_id().to_string()
                };
                let id = "0af7651916cd43dd8448eb211c80319c";
                assert_eq!(trace_of(&format!("00-{id}-b7ad6b7169203331-01")), id);
                assert_ne!(trace_of("nonsense"), id);
            });
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn traces_reach_the_collector() {
            let collector = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let endpoint = format!("http://{}/", collector.local_addr().unwrap());
            let settings = Otlp { endpoint, sample_ratio: 1.0, service_name: "tested-service".into() };
            let telemetry = Telemetry { provider: provider(&settings).unwrap() };
            let subscriber = tracing_subscriber::Registry::default().with(telemetry.provider.as_ref().map(layer));
            tracing::subscriber::with_default(subscriber, || tracing::info_span!("a span of the test").in_scope(|| {}));
            let received = tokio::spawn(async move {
                let (mut stream, _) = collector.accept().await.unwrap();
                let (mut all, mut chunk) = (Vec::new(), [0; 4096]);
                while !String::from_utf8_lossy(&all).contains("a span of the test") {
                    let read = stream.read(&mut chunk).await.unwrap();
                    assert_ne!(read, 0, "the request ended without the span");
                    all.extend_from_slice(&chunk[..read]);
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                String::from_utf8_lossy(&all).into_owned()
            });
            tokio::task::spawn_blocking(move || drop(telemetry)).await.unwrap();
            let text = received.await.unwrap();
            assert!(text.starts_with("POST /v1/traces ") && text.contains("tested-service"), "{text}");
        }
    }
}
