//! Counts open sockets and event streams, in total and per user.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

pub(super) struct Connections {
    per_user: usize,
    users: Arc<Mutex<HashMap<String, usize>>>,
    open: watch::Sender<usize>,
}

/// Counts as one open connection until dropped.
pub(super) struct OpenConnection(watch::Sender<usize>);

/// Counts as one connection of a user until dropped.
pub(super) struct UserConnection {
    user: String,
    users: Arc<Mutex<HashMap<String, usize>>>,
}

impl Connections {
    pub(super) fn new(per_user: usize) -> Self {
        Self { per_user, users: Arc::default(), open: watch::Sender::new(0) }
    }

    pub(super) fn enter(&self) -> OpenConnection {
        self.open.send_modify(|open| *open += 1);
        metrics::gauge!("tributary_graphql_connections").increment(1);
        OpenConnection(self.open.clone())
    }

    /// `None` when the user has as many as allowed.
    pub(super) fn enter_as(&self, user: &str) -> Option<UserConnection> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let count = users.entry(user.to_owned()).or_default();
        if *count >= self.per_user {
            return None;
        }
        *count += 1;
        Some(UserConnection { user: user.to_owned(), users: Arc::clone(&self.users) })
    }

    pub(super) fn open(&self) -> usize {
        *self.open.borrow()
    }

    pub(super) async fn all_closed(&self) {
        // The sender lives in `self`, so waiting can only end because the count is zero.
        if self.open.subscribe().wait_for(|open| *open == 0).await.is_err() {
            tracing::warn!("The count of open connections went away while it was waited for");
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
        metrics::gauge!("tributary_graphql_connections").decrement(1);
    }
}

impl Drop for UserConnection {
    fn drop(&mut self) {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = users.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                users.remove(&self.user);
            }
        }
    }
}
