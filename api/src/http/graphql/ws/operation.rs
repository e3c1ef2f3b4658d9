//! One operation of a socket: executes, and hands over one message at a time.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Executor, Response, ServerError, parser::types::OperationType};
use axum::extract::ws::Message;
use futures_util::StreamExt;
use tokio::{sync::mpsc, time::Instant};

use super::protocol;
use crate::{
    auth::Gatekeeper,
    http::graphql::{
        Transport,
        error::{self, Outcome},
        prepare::Prepared,
    },
};

/// A message of an operation on its way to the socket.
pub(super) struct Handed {
    pub(super) id: Arc<str>,
    /// Tells this operation from an earlier one with the same id.
    pub(super) generation: u64,
    pub(super) message: Message,
    /// Whether it ends the operation.
    pub(super) is_last: bool,
}

pub(super) struct Operation {
    pub(super) id: Arc<str>,
    pub(super) generation: u64,
    pub(super) handoff: mpsc::Sender<Handed>,
}

/// The socket is gone.
struct Gone;

impl Operation {
    pub(super) async fn run<E: Executor, G: Gatekeeper>(self, transport: Transport<E, G>, prepared: Prepared) {
        // When the socket is gone there is nobody to tell.
        if self.execute(transport, prepared).await.is_err() {
            tracing::trace!("The socket went away before its operation ended");
        }
    }

    async fn execute<E: Executor, G: Gatekeeper>(&self, transport: Transport<E, G>, prepared: Prepared) -> Result<(), Gone> {
        let is_subscription = prepared.kind == OperationType::Subscription;
        let deadline = (!is_subscription).then(|| Instant::now() + transport.inner.limits.execution);
        let mut results = AssertUnwindSafe(transport.inner.executor.execute_stream(prepared.request, None)).catch_unwind();
        let mut is_first = true;
        loop {
            let result = match deadline {
                None => results.next().await,
                Some(deadline) => match tokio::time::timeout_at(deadline, results.next()).await {
                    Ok(result) => result,
                    Err(_elapsed) => return self.fail(&[transport.too_slow()]).await,
                },
            };
            let mut response = match result {
                None => return self.hand(protocol::complete(&self.id), true).await,
                Some(Err(panic)) => return self.fail(&[error::panicked(&*panic)]).await,
                Some(Ok(response)) => response,
            };
            let outcome = error::finish(&mut response);
            if outcome == Outcome::Refused || is_subscription && (error::is_reset(&response) || is_first && is_failure(&response)) {
                return self.fail(&response.errors).await;
            }
            self.hand(protocol::next(&self.id, &response), false).await?;
            is_first = false;
        }
    }

    async fn fail(&self, errors: &[ServerError]) -> Result<(), Gone> {
        self.hand(protocol::error(&self.id, errors), true).await
    }

    async fn hand(&self, message: Message, is_last: bool) -> Result<(), Gone> {
        let handed = Handed { id: Arc::clone(&self.id), generation: self.generation, message, is_last };
        self.handoff.send(handed).await.map_err(|_closed| Gone)
    }
}

fn is_failure(response: &Response) -> bool {
    response.data == async_graphql::Value::Null && !response.errors.is_empty()
}
