//! The entries of interactions as lists: by time, as people read them.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, QueryFilter, QueryTrait,
    sea_query::{Order, SelectStatement},
};

use crate::{
    entity::message,
    error::Result,
    ids::{InteractionId, WorkspaceId},
    store::{
        Scope,
        page::{Page, PageRequest, Sort},
    },
};

/// The same page of several interactions' messages, notes and system lines, oldest first. The caller has made sure that the
/// interactions may be seen.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn pages(
    scope: &impl Scope,
    interactions: &[InteractionId],
    request: &PageRequest,
) -> Result<HashMap<InteractionId, Page<message::Model>>> {
    if let [one] = interactions {
        let page = order().page(message::of_interaction(scope.workspace(), *one), request, scope.conn()).await?;
        return Ok(HashMap::from([(*one, page)]));
    }
    let all = message::in_workspace(scope.workspace());
    let rows = all.clone().filter(message::Column::InteractionId.is_in(interactions.iter().copied()));
    let of = (message::Entity, message::Column::InteractionId);
    let pages = order().pages(all, rows, of, request, scope.conn()).await?;
    Ok(pages.into_iter().map(|(id, page)| (id.into(), page)).collect())
}

/// The rows of [`pages`] as a part of a statement: of one interaction, or of those that another part selects.
pub(crate) fn rows_of(workspace: WorkspaceId, interactions: Interactions, request: &PageRequest) -> Result<SelectStatement> {
    match interactions {
        Interactions::One(id) => Ok(order().of_page(message::of_interaction(workspace, id), request)?.into_query()),
        Interactions::Of(ids) => {
            let all = message::in_workspace(workspace);
            let rows = all.clone().filter(message::Column::InteractionId.in_subquery(*ids));
            order().of_pages(all, rows, (message::Entity, message::Column::InteractionId), request)
        }
    }
}

/// Whose messages are wanted.
pub(crate) enum Interactions {
    /// Of one.
    One(InteractionId),
    /// Of those whose ids are selected.
    Of(Box<SelectStatement>),
}

/// What [`rows_of`] has found, as pages.
pub(crate) fn cut(rows: Vec<message::Model>, request: &PageRequest) -> HashMap<InteractionId, Page<message::Model>> {
    let mut of: HashMap<InteractionId, Vec<message::Model>> = HashMap::new();
    for row in rows {
        of.entry(row.interaction_id).or_default().push(row);
    }
    of.into_iter().map(|(id, rows)| (id, order().put_in_order_and_cut(rows, request))).collect()
}

fn order() -> Sort<message::Entity> {
    Sort::new("thread", [(message::Column::At, Order::Asc), (message::Column::Id, Order::Asc)])
}
