//! Subscriptions that are executed once for everybody whose answer is equal.
//!
//! Subscribers of one workspace with the same document, operation, variables (but for the cursor) and the same
//! [rights](tributary_domain::actor::Rights) form a [group](group): one execution and one serialisation per batch of
//! events, whose bytes all of them share. An operation that looks at the viewer ([`VIEWER_FIELDS`]) has a group for each
//! viewer. A field that does so without being listed is noticed when it is executed (see
//! [`tributary_domain::actor::Anyone`]): the operation then has a group for each viewer too, and nothing of that answer
//! was sent.
//!
//! A [member](member) is a place in the log. From its own cursor up to the group's it is served alone, and again for every
//! batch in which something is for single readers or changes what it may see; in between it takes the group's frames. So
//! joining, falling behind and changing the group are one and the same: be served alone up to where the group is. The
//! cursors of frames are the seams, and what a member gets is a sequence without gap and without repetition.
//!
//! Where the whole is told each time there is nothing to catch up with: a [watcher](watcher) takes the newest frame when it
//! comes, and when it has fallen behind. Only what may have changed its rights meanwhile must not be skipped.

mod direct;
mod group;
mod member;
mod plan;
mod watcher;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{Request, Response};
use futures_util::{StreamExt, stream::BoxStream};

use self::{group::Groups, plan::Plan};
use crate::{
    app::App,
    graphql::Schema,
    http::graphql::{Answer, Engine},
};

/// Fields whose answer depends on who the viewer is and not only on its rights.
pub const VIEWER_FIELDS: [&str; 4] = ["isMine", "unreadCount", "count", "viewer"];

/// Most documents that are remembered for having looked at the viewer unforeseen. Who asks for another one is served alone.
const MOST_NOTED: usize = 10_000;

/// The engine of a node: the schema, and the groups of its subscribers. Clones are the same.
#[derive(Clone)]
pub struct Live(Arc<Parts>);

struct Parts {
    schema: Schema,
    app: App,
    groups: Groups,
    /// Documents that turned out to look at the viewer, by their digest.
    personal: Mutex<HashSet<plan::Digest>>,
}

impl Live {
    /// An engine over the schema of an app.
    #[must_use]
    pub fn new(schema: Schema, app: App) -> Self {
        Self(Arc::new(Parts { schema, app, groups: Groups::default(), personal: Mutex::default() }))
    }

    /// Operations that turned out to look at the viewer although none of their fields is listed.
    #[must_use]
    pub fn unforeseen(&self) -> usize {
        self.0.personal.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn is_personal(&self, document: &plan::Digest) -> bool {
        self.0.personal.lock().unwrap_or_else(PoisonError::into_inner).contains(document)
    }

    fn note_personal(&self, document: plan::Digest) {
        let mut personal = self.0.personal.lock().unwrap_or_else(PoisonError::into_inner);
        if personal.len() < MOST_NOTED {
            personal.insert(document);
        }
    }
}

impl Engine for Live {
    async fn execute(&self, request: Request) -> Response {
        self.0.schema.execute(request).await
    }

    fn answers(&self, mut request: Request) -> BoxStream<'static, Answer> {
        match Plan::of(&mut request, &self.0.app) {
            Some(Plan { template, who, info, after: Some(after) }) => member::answers(self.clone(), template, who, info, after).boxed(),
            Some(Plan { template, who, info, after: None }) => watcher::answers(self.clone(), template, who, info).boxed(),
            None => self.0.schema.execute_stream(request).map(Answer::from).boxed(),
        }
    }
}
