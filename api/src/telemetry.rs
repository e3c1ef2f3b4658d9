//! Logs to standard error, as text or JSON, and traces to an OpenTelemetry collector when the cargo feature `otlp` is
//! on and an endpoint is set.
//!
//! Call [`start`] once, before anything is worth logging, and keep what it returns until the end of `main`: dropping
//! it sends the last traces.

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
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_otlp::{SpanExporter, WithExportConfig};
    use opentelemetry_sdk::{
        Resource,
        trace::{Sampler, SdkTracerProvider},
    };
    use tracing_subscriber::{Layer, registry::LookupSpan};

    use super::{Telemetry, TelemetryError};
    use crate::config::Otlp;

    pub(super) fn provider(settings: &Otlp) -> Result<Option<SdkTracerProvider>, TelemetryError> {
        if settings.endpoint.is_empty() {
            return Ok(None);
        }
        let endpoint = format!("{}/v1/traces", settings.endpoint.trim_end_matches('/'));
        let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build()?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
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

    impl Drop for Telemetry {
        fn drop(&mut self) {
            if let Some(provider) = self.provider.take()
                && let Err(error) = provider.shutdown()
            {
                tracing::warn!(error = &error as &dyn std::error::Error, "The last traces could not be sent");
            }
        }
    }
}
