//! Answers that are typed: a number or a title, where we offered a choice.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Order, Query},
};

use super::{Direction, EntryKind};
use crate::{
    content::{RichContent, match_answer},
    entity::{interaction, message},
    error::Result,
    ids::{InteractionId, MessageId},
    store::{Tx, bulk::among},
};

/// What we said last in interactions, where we had the last word: an answer typed by number or title may be meant for it.
pub(super) struct Asked {
    last: HashMap<InteractionId, Last>,
}

/// The last message of an interaction.
struct Last {
    at: DateTime<Utc>,
    id: MessageId,
    /// `None`: it is the contact's.
    ours: Option<Box<message::Model>>,
}

impl Asked {
    /// Looks up the last messages of interactions.
    pub(super) async fn look_up(tx: &Tx, interactions: HashSet<InteractionId>) -> Result<Self> {
        if interactions.is_empty() {
            return Ok(Self { last: HashMap::new() });
        }
        let newest = Query::select()
            .column(message::Column::Id)
            .from(message::Entity)
            .and_where(message::Column::WorkspaceId.eq(tx.workspace()))
            .and_where(
                Expr::col((message::Entity, message::Column::InteractionId)).eq(Expr::col((interaction::Entity, interaction::Column::Id))),
            )
            .and_where(message::Column::Entry.eq(EntryKind::Message))
            .and_where(message::Column::DeletedAt.is_null())
            .order_by((message::Entity, message::Column::At), Order::Desc)
            .order_by((message::Entity, message::Column::Id), Order::Desc)
            .limit(1)
            .to_owned();
        let ids: Vec<Option<MessageId>> = interaction::in_workspace(tx.workspace())
            .filter(among(tx.conn(), interaction::Column::Id, interactions))
            .select_only()
            .expr_as(Expr::SubQuery(None, Box::new(newest.into())), "last")
            .into_tuple()
            .all(tx.conn())
            .await?;
        let rows = message::in_workspace(tx.workspace()).filter(among(tx.conn(), message::Column::Id, ids.into_iter().flatten()));
        let last = rows.all(tx.conn()).await?.into_iter().map(|row| {
            let (id, at, interaction) = (row.id, row.at, row.interaction_id);
            (interaction, Last { at, id, ours: (row.direction == Direction::Out).then(|| Box::new(row)) })
        });
        Ok(Self { last: last.collect() })
    }

    /// A message of the contact, which is the last one unless a later one is known.
    pub(super) fn add(&mut self, interaction: InteractionId, at: DateTime<Utc>, id: MessageId) {
        let is_last = self.last.get(&interaction).is_none_or(|last| (last.at, last.id) < (at, id));
        if is_last {
            self.last.insert(interaction, Last { at, id, ours: None });
        }
    }

    /// Turns an answer typed by number or title, above the quoted question or alone, into the typed answer, if the last thing
    /// we asked offers it.
    pub(super) fn answered(&self, interaction: InteractionId, content: RichContent) -> RichContent {
        let Some(asked) = self.last.get(&interaction).and_then(|last| last.ours.as_ref()) else { return content };
        let Some(typed) = content.typed() else { return content };
        match match_answer(&asked.content.0, &typed) {
            Some(answer) => answer.answering(asked.id),
            None => content,
        }
    }
}
