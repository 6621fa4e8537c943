//! Traces, where somebody wants them: a call on the bus, the turn of its case, the policy's decision, the commit, and
//! the delivery that follows, as spans of one trace, sent as OTLP to a collector on this machine.
//!
//! Spans have names and attributes of the protocol; none is a person's. A trace begins here: whom a front end speaks
//! for must not choose how ours are named or which are kept. A collector that is slow or gone slows nothing: what does
//! not fit into the queue is dropped.

pub mod limits;
mod origins;
mod sending;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::{
    Span as _, SpanContext, SpanKind, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider,
};
use parking_lot::Mutex;
use readmit_recovery::id::DeliveryId;
use thiserror::Error;

use crate::config::Tracing;
use crate::meters::Meters;
use origins::Origins;
use sending::Client;

/// Traces cannot be sent as configured.
#[derive(Debug, Error)]
#[error("tracing.otlp: traces cannot be sent")]
pub struct TracesError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Where spans go; nowhere unless it is configured.
#[derive(Default)]
pub struct Traces(Option<Going>);

struct Going {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    origins: Mutex<Origins>,
}

impl Traces {
    /// Begins to send what is configured, from the runtime that it is called in.
    ///
    /// # Errors
    /// [`TracesError`].
    pub fn start(config: &Tracing, meters: Arc<Meters>) -> Result<Self, TracesError> {
        let Some(place) = &config.otlp else { return Ok(Self::default()) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new(place.clone(), meters))
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint("http://localhost/v1/traces")
            .with_timeout(limits::SEND)
            .build()
            .map_err(|error| TracesError(error.into()))?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(limits::QUEUE)
            .with_max_export_batch_size(limits::BATCH)
            .with_scheduled_delay(limits::EVERY)
            .build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder_empty().with_service_name("readmitd").with_attribute(version);
        let share = f64::from(config.percent) / 100.0;
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share))))
            .with_resource(resource.build())
            .build();
        let tracer = provider.tracer("readmitd");
        Ok(Self(Some(Going { provider, tracer, origins: Mutex::default() })))
    }

    /// Does `work` inside a span, within the one that is current.
    pub async fn within<T>(
        &self,
        name: &'static str,
        attributes: impl FnOnce() -> Vec<KeyValue>,
        work: impl Future<Output = T>,
    ) -> T {
        self.under(&Context::current(), name, attributes, work).await
    }

    /// Does `work` inside a span, within the one that has queued this delivery.
    pub async fn delivering<T>(&self, id: &DeliveryId, channel: &str, work: impl Future<Output = T>) -> T {
        let Some(going) = &self.0 else { return work.await };
        let origin = going.origins.lock().of(id);
        let parent = origin.map_or_else(Context::new, |it| Context::new().with_remote_span_context(it));
        let attributes = || vec![KeyValue::new("readmit.channel", channel.to_owned())];
        self.under(&parent, "delivery", attributes, work).await
    }

    /// Remembers what has queued these deliveries.
    pub fn remember<'a>(&self, deliveries: impl Iterator<Item = &'a DeliveryId>) {
        let Some(going) = &self.0 else { return };
        let current: SpanContext = Context::current().span().span_context().clone();
        if current.is_valid() {
            let mut origins = going.origins.lock();
            deliveries.for_each(|id| origins.put(id, &current));
        }
    }

    /// Tells of something that has just ended and took so long.
    pub fn done(&self, name: &'static str, took: Duration, attributes: impl FnOnce() -> Vec<KeyValue>) {
        let Some(going) = &self.0 else { return };
        let now = SystemTime::now();
        let span =
            going.tracer.span_builder(name).with_kind(SpanKind::Internal).with_attributes(attributes());
        let begun = now.checked_sub(took).unwrap_or(now);
        span.with_start_time(begun).start(&going.tracer).end_with_timestamp(now);
    }

    /// Sends what waits, and no more after that. Blocks for [`limits::FAREWELL`] at most.
    pub fn end(&self) {
        let Some(going) = &self.0 else { return };
        if let Err(error) = going.provider.shutdown_with_timeout(limits::FAREWELL) {
            tracing::debug!(%error, "the last traces were not sent");
        }
    }

    async fn under<T>(
        &self,
        parent: &Context,
        name: &'static str,
        attributes: impl FnOnce() -> Vec<KeyValue>,
        work: impl Future<Output = T>,
    ) -> T {
        let Some(going) = &self.0 else { return work.await };
        let span = going.tracer.span_builder(name).with_attributes(attributes());
        let context = parent.with_span(span.start_with_context(&going.tracer, parent));
        // It ends with the last of its contexts, also where nobody waits for the work any more.
        Box::pin(work).with_context(context).await
    }
}

/// Says more about the span that is current.
pub fn note(name: &'static str, word: &'static str) {
    Context::current().span().set_attribute(KeyValue::new(name, word));
}
