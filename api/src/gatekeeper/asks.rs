//! Puts who asks into every request: the actor with rights of this moment, and a loader of rows in its name.

use std::{any::TypeId, sync::Arc};

use async_graphql::{
    Pos, Request, ServerResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
};
use async_trait::async_trait;
use chrono::Duration;
use tributary_domain::{Result, actor::Actor};

use super::{Admitted, still};
use crate::{
    app::App,
    graphql::{self, error::field_error},
};

/// How old rights may be when an operation begins. A request over HTTP has just been admitted and asks nothing; an
/// operation on an old socket asks the database once.
const GOOD_FOR: Duration = Duration::seconds(2);

/// Turns the [`Admitted`] of a request into an `Arc<Actor>` with rights of this moment, and adds the loader of rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct WhoAsks;

impl ExtensionFactory for WhoAsks {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for WhoAsks {
    async fn prepare_request(&self, cx: &ExtensionContext<'_>, request: Request, next: NextPrepareRequest<'_>) -> ServerResult<Request> {
        let admitted = request.data.get(&TypeId::of::<Admitted>()).and_then(|data| data.downcast_ref::<Admitted>()).cloned();
        let Some(admitted) = admitted else { return next.run(cx, request).await };
        let app = cx.data_unchecked::<App>();
        let actor = as_of_now(app, &admitted).await.map_err(|error| field_error(error).into_server_error(Pos::default()))?;
        let rows = graphql::request_data(app, Arc::clone(&actor));
        next.run(cx, request.data(actor).data(rows)).await
    }
}

async fn as_of_now(app: &App, admitted: &Admitted) -> Result<Arc<Actor>> {
    if app.store.clock().now() - admitted.as_of <= GOOD_FOR {
        return Ok(Arc::clone(&admitted.actor));
    }
    Ok(Arc::new(still(&app.store, admitted).await?))
}
