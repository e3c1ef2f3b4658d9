//! Asking who one is.

use async_graphql::{Context, Object};

use crate::graphql::{context::Cx, types::viewer::Viewer};

/// Asking who one is.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who is asking; null when not signed in.
    async fn viewer(&self, cx: &Context<'_>) -> Option<Viewer> {
        cx.actor().ok().cloned().map(Viewer)
    }
}
