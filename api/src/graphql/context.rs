//! What resolvers find in their context, by name and not by type.

use std::sync::Arc;

use async_graphql::Context;
use futures_util::future::BoxFuture;
use tributary_domain::{
    Error, Result,
    actor::Actor,
    event::{Position, Seq},
    store::{Committed, Read, Tx},
};

use super::{
    course::Course,
    rows::Rows,
    scalars::{LogCursor, Long},
};
use crate::app::App;

/// Typed access to the context.
pub trait Cx {
    /// The parts of the server.
    fn app(&self) -> &App;

    /// Who asks.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody is signed in.
    fn actor(&self) -> Result<&Arc<Actor>>;

    /// Rows by id, batched over the request.
    fn rows(&self) -> &Rows;

    /// How far the execution goes; `None`: it is not one of the engine of shared subscriptions.
    fn course(&self) -> Option<&Course>;

    /// A snapshot of the actor's workspace.
    ///
    /// # Errors
    /// `Unauthenticated`; storage.
    fn read(&self) -> impl Future<Output = Result<Read>> + Send;

    /// The cursor of a position in the actor's log.
    ///
    /// # Errors
    /// `Unauthenticated`.
    fn cursor(&self, position: Position) -> Result<LogCursor>;

    /// The position in a cursor, still to be checked against the log.
    ///
    /// # Errors
    /// `Unauthenticated`; `Invalid` for a forged one; `StreamReset` for one of an older format.
    fn position(&self, cursor: &LogCursor) -> Result<Position>;
}

impl Cx for Context<'_> {
    fn app(&self) -> &App {
        self.data_unchecked::<App>()
    }

    fn actor(&self) -> Result<&Arc<Actor>> {
        self.data_opt::<Arc<Actor>>().ok_or(Error::Unauthenticated)
    }

    fn rows(&self) -> &Rows {
        self.data_unchecked::<Rows>()
    }

    fn course(&self) -> Option<&Course> {
        self.data_opt::<Course>()
    }

    async fn read(&self) -> Result<Read> {
        self.app().store.read(self.actor()?.workspace).await
    }

    fn cursor(&self, position: Position) -> Result<LogCursor> {
        Ok(LogCursor(self.app().cursors.encode(self.actor()?.workspace, position)))
    }

    fn position(&self, cursor: &LogCursor) -> Result<Position> {
        self.app().cursors.decode(self.actor()?.workspace, &cursor.0)
    }
}

/// Runs a command in a transaction of the actor's workspace; again when another one was in its way.
///
/// The closure owns what it needs (`move`), because it may run more than once.
///
/// # Errors
/// What the command returns.
pub async fn command<T, F>(cx: &Context<'_>, run: F) -> Result<(T, Option<LogCursor>)>
where
    F: for<'a> Fn(&'a mut Tx, &'a Actor) -> BoxFuture<'a, Result<T>> + Send + Sync + 'static,
    T: Send + 'static,
{
    let actor = cx.actor()?.clone();
    let (workspace, run) = (actor.workspace, Arc::new(run));
    let (value, committed): (T, Committed) = cx
        .app()
        .store
        .transact(workspace, move |tx| {
            let (actor, run) = (actor.clone(), run.clone());
            Box::pin(async move { run(tx, &actor).await })
        })
        .await?;
    let cursor = committed.position.map(|position| cx.cursor(position)).transpose()?;
    cx.app().wakes.dispatch.notify_one();
    Ok((value, cursor))
}

/// A version that a client gave.
#[must_use]
pub fn expected(version: Option<Long>) -> Option<Seq> {
    version.map(|Long(version)| Seq(version))
}
