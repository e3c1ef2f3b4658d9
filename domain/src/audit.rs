//! The audit trail: who did what to what.

use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use uuid::Uuid;

use crate::{actor::Actor, entity::audit, error::Result, event::EntityType, store::Tx};

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
