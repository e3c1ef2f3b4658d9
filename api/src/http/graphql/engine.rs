//! What executes operations: the seam between the transport and the schema.

use std::{fmt, sync::Arc};

use async_graphql::{Executor, Request, Response};
use futures_util::{StreamExt, stream::BoxStream};
use tokio::sync::oneshot;

pub use crate::http::socket::Written;

/// One result of an operation.
#[derive(Debug)]
pub enum Answer {
    /// Made for this subscriber.
    Own(Box<Response>),
    /// Made for several: the response as JSON, finished and without errors that end the stream.
    Shared(Arc<str>),
    /// No result: what comes next could be written to the subscriber directly. May be ignored.
    Offer(Offer),
}

/// The engine could write results of the [shared](Answer::Shared) kind by itself as long as the subscriber keeps up. Until
/// it does not, the stream is silent then. Dropping it declines.
#[derive(Debug)]
pub struct Offer(oneshot::Sender<Arc<dyn Port>>);

impl Offer {
    /// An offer, and where to wait for the port. An error there means that it was declined.
    #[must_use]
    pub fn new() -> (Self, oneshot::Receiver<Arc<dyn Port>>) {
        let (offer, accepted) = oneshot::channel();
        (Self(offer), accepted)
    }

    /// Takes it. Everything that came before must have been written.
    pub fn accept(self, port: Arc<dyn Port>) {
        // When the engine has gone there is nothing more to come.
        drop(self.0.send(port));
    }
}

/// A subscriber to whom results can be written directly.
pub trait Port: fmt::Debug + Send + Sync {
    /// Writes a result, or nothing, or begins to and somebody else sees it through. Never waits.
    fn write(&self, result: &mut Shared<'_>) -> Written;
}

/// A result that goes to many, one after the other. Ports leave what they make of it for the next one.
#[derive(Debug)]
pub struct Shared<'a> {
    /// The response as JSON, finished.
    pub json: &'a str,
    /// What was written to the last one, with the JSON in it.
    pub frame: Vec<u8>,
    /// What stood before the JSON there: the next one may need the same.
    pub head: String,
}

impl<'a> Shared<'a> {
    /// A result that nobody has yet.
    #[must_use]
    pub fn new(json: &'a str) -> Self {
        Self { json, frame: Vec::new(), head: String::new() }
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Own(Box::new(response))
    }
}

/// Executes operations.
pub trait Engine: Clone + Send + Sync + 'static {
    /// Runs a query or a mutation.
    fn execute(&self, request: Request) -> impl Future<Output = Response> + Send;

    /// Runs any operation as a stream of results: one of a query or a mutation, any number of a subscription.
    fn answers(&self, request: Request) -> BoxStream<'static, Answer>;
}

/// Every schema is an engine that shares nothing.
impl<E: Executor> Engine for E {
    fn execute(&self, request: Request) -> impl Future<Output = Response> + Send {
        Executor::execute(self, request)
    }

    fn answers(&self, request: Request) -> BoxStream<'static, Answer> {
        self.execute_stream(request, None).map(Answer::from).boxed()
    }
}
