//! The audit trail: who did what to what.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, QueryFilter, sea_query::Order};
use uuid::Uuid;

use crate::{
    actor::Actor,
    entity::audit,
    error::Result,
    event::{ActorRef, EntityType},
    ids::PersonId,
    store::{
        Scope, Tx,
        page::{Page, PageRequest, Sort},
    },
};

/// Which entries; an absent part does not narrow.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// About this thing.
    pub entity: Option<Uuid>,
    /// Done by this person.
    pub person: Option<PersonId>,
    /// Of this action, such as `channel.create`.
    pub action: Option<String>,
}

/// A page of the audit trail, newest first.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` for a broken page cursor; `Storage`.
pub async fn page(scope: &impl Scope, actor: &Actor, filter: &AuditFilter, request: &PageRequest) -> Result<Page<audit::Model>> {
    actor.must_manage_workspace()?;
    let mut all = Condition::all();
    if let Some(entity) = filter.entity {
        all = all.add(audit::Column::EntityId.eq(entity));
    }
    if let Some(person) = filter.person {
        all = all.add(audit::Column::Actor.eq(ActorRef::Person(person)));
    }
    if let Some(action) = &filter.action {
        all = all.add(audit::Column::Action.eq(action));
    }
    let newest = Sort::new("audit", [(audit::Column::At, Order::Desc), (audit::Column::Id, Order::Desc)]);
    newest.page(audit::in_workspace(scope.workspace()).filter(all), request, scope.conn()).await
}

/// Notes an action in the transaction that does it. `detail` holds no message text and no secret.
///
/// # Errors
/// `Storage`.
pub async fn note(tx: &Tx, actor: &Actor, action: &str, entity_type: EntityType, entity: Uuid, detail: Option<String>) -> Result<()> {
    audit::ActiveModel {
        id: Set(crate::random::id()),
        workspace_id: Set(tx.workspace()),
        at: Set(tx.now()),
        actor: Set(actor.reference()),
        action: Set(action.to_owned()),
        entity_type: Set(entity_type),
        entity_id: Set(entity),
        detail: Set(detail),
    }
    .insert(tx.conn())
    .await?;
    Ok(())
}
