//! The same message in several of our channels: each has its own interaction, and they name each other.

use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::OnConflict};

use crate::{
    entity::{channel, interaction, interaction_relation, message},
    error::Result,
    event::ActorRef,
    ids::{ChannelId, ExternalMessageId},
    message::Direction,
    store::Tx,
};

/// Most interactions that one message relates to each other.
const MAX_RELATED: u64 = 20;

/// Relates an interaction to those of other channels of the same kind that hold the message with this id and part too, or
/// sent it. Only for kinds whose message ids mean the same everywhere.
///
/// # Errors
/// `Storage`.
pub(crate) async fn relate(tx: &mut Tx, found: &interaction::Model, at: &channel::Model, id: &ExternalMessageId, part: i32) -> Result<()> {
    let alike = channel::in_workspace(tx.workspace()).filter(channel::Column::Kind.eq(at.kind)).order_by_asc(channel::Column::Id);
    let alike: Vec<ChannelId> = alike.all(tx.conn()).await?.into_iter().map(|one| one.id).collect();
    let [first, _, ..] = alike[..] else { return Ok(()) };
    // The copies may come in at the same time: whoever comes second waits here for the first, and sees its message then.
    channel::to_change(tx.workspace(), first).one(tx.conn()).await?;
    let copies = message::in_workspace(tx.workspace())
        .filter(message::Column::ChannelId.is_in(alike.into_iter().filter(|one| *one != at.id)))
        .filter(message::Column::ExternalId.eq(id.clone()))
        .filter(Condition::any().add(message::Column::Part.eq(part)).add(message::Column::Direction.eq(Direction::Out)))
        .order_by_asc(message::Column::Id)
        .limit(MAX_RELATED)
        .all(tx.conn())
        .await?;
    for copy in copies {
        let pairs = [(found.id, copy.interaction_id), (copy.interaction_id, found.id)];
        let rows = pairs.map(|(one, other)| interaction_relation::ActiveModel {
            workspace_id: Set(tx.workspace()),
            interaction_id: Set(one),
            related_id: Set(other),
        });
        let insert = interaction_relation::Entity::insert_many(rows).on_conflict(OnConflict::new().do_nothing().to_owned());
        if insert.exec_without_returning(tx.conn()).await? > 0 {
            let other = super::lock(tx, copy.interaction_id).await?;
            super::touch(tx, &other, ActorRef::System);
        }
    }
    Ok(())
}
