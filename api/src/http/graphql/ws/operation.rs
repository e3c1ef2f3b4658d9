//! One operation of a socket: executes, and hands over one message at a time.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{ServerError, parser::types::OperationType};
use axum::extract::ws::Message;
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use tokio::{sync::mpsc, time::Instant};
use tracing::Instrument;

use super::protocol;
use crate::{
    auth::{Gatekeeper, Viewer},
    http::graphql::{
        Answer, Engine, Offer, Transport,
        error::{self, Fault, Outcome},
        operations::Label,
        prepare::Prepared,
    },
};

/// What an operation hands to the socket's task.
pub(super) struct Handed {
    pub(super) id: Arc<str>,
    /// Tells this operation from an earlier one with the same id.
    pub(super) generation: u64,
    pub(super) wish: Wish,
}

/// What is to be done with the socket.
pub(super) enum Wish {
    /// Write this.
    Write(Message),
    /// Write this; then the operation is over.
    End(Message),
    /// Everything is written: let the engine write the next results by itself.
    Accept(Offer),
}

pub(super) struct Operation {
    pub(super) id: Arc<str>,
    pub(super) generation: u64,
    pub(super) handoff: mpsc::Sender<Handed>,
}

/// The socket is gone.
struct Gone;

/// Whether there were errors.
enum Ended {
    Well,
    Badly,
}

/// What an operation needs while it lasts.
struct Begun {
    results: BoxStream<'static, Answer>,
    kind: OperationType,
    label: Label,
}

async fn begin<E: Engine, G: Gatekeeper>(transport: Transport<E, G>, prepared: Prepared, viewer: Viewer<G::Actor>) -> Result<Begun, Fault> {
    let Prepared { request, kind, label } = transport.equip(prepared, Some(&viewer)).await?;
    Ok(Begun { results: transport.inner.executor.answers(request), kind, label })
}

impl Operation {
    /// Runs it to its end. The request and what it takes to begin do not lie in the future, which may last for hours.
    pub(super) fn run<E: Engine, G: Gatekeeper>(
        self,
        transport: Transport<E, G>,
        prepared: Prepared,
        viewer: Viewer<G::Actor>,
    ) -> impl Future<Output = ()> + Send {
        let begun = begin(transport.clone(), prepared, viewer).boxed();
        async move {
            let done = match begun.await {
                Ok(Begun { results, kind, label }) => {
                    let since = Instant::now();
                    let done = self.execute(transport, results, kind).instrument(label.span()).await;
                    label.finished(since.into_std(), !matches!(done, Ok(Ended::Well)));
                    done.map(|_| ())
                }
                Err(fault) => self.fail(&[*fault.error]).await,
            };
            // When the socket is gone there is nobody to tell.
            if done.is_err() {
                tracing::trace!("The socket went away before its operation ended");
            }
        }
    }

    async fn execute<E: Engine, G: Gatekeeper>(
        &self,
        transport: Transport<E, G>,
        results: BoxStream<'static, Answer>,
        kind: OperationType,
    ) -> Result<Ended, Gone> {
        let is_subscription = kind == OperationType::Subscription;
        let deadline = (!is_subscription).then(|| Instant::now() + transport.inner.limits.execution);
        let mut results = AssertUnwindSafe(results).catch_unwind();
        let mut ended = Ended::Well;
        loop {
            let result = match deadline {
                None => results.next().await,
                Some(deadline) => match tokio::time::timeout_at(deadline, results.next()).await {
                    Ok(result) => result,
                    Err(_elapsed) => return self.fail(&[transport.too_slow()]).await.map(|()| Ended::Badly),
                },
            };
            let mut response = match result {
                None => return self.hand(Wish::End(protocol::complete(&self.id))).await.map(|()| ended),
                Some(Err(panic)) => return self.fail(&[error::panicked(&*panic)]).await.map(|()| Ended::Badly),
                Some(Ok(Answer::Own(response))) => *response,
                Some(Ok(Answer::Shared(json))) => {
                    self.hand(Wish::Write(protocol::next_shared(&self.id, &json))).await?;
                    continue;
                }
                Some(Ok(Answer::Offer(offer))) => {
                    self.hand(Wish::Accept(offer)).await?;
                    continue;
                }
            };
            let outcome = error::finish(&mut response);
            if outcome == Outcome::Refused || is_subscription && error::ends_stream(&response) {
                return self.fail(&response.errors).await.map(|()| Ended::Badly);
            }
            if !response.errors.is_empty() {
                ended = Ended::Badly;
            }
            self.hand(Wish::Write(protocol::next(&self.id, &response))).await?;
        }
    }

    async fn fail(&self, errors: &[ServerError]) -> Result<(), Gone> {
        self.hand(Wish::End(protocol::error(&self.id, errors))).await
    }

    async fn hand(&self, wish: Wish) -> Result<(), Gone> {
        let handed = Handed { id: Arc::clone(&self.id), generation: self.generation, wish };
        self.handoff.send(handed).await.map_err(|_closed| Gone)
    }
}
