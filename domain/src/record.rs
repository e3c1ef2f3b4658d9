//! Telling of a change to something that administrators keep: audit trail and event log in one call.

use uuid::Uuid;

use crate::{
    actor::Actor,
    audit,
    error::Result,
    event::{Audience, EntityType, EventDraft, EventKind, Patch},
    store::Tx,
};

/// A kind of thing, as audit trail and log name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noun {
    /// First half of the audit trail's action: `team` in `team.create`.
    pub(crate) name: &'static str,
    /// What the log calls a change of it.
    pub(crate) kind: EventKind,
    /// What the log calls it.
    pub(crate) entity: EntityType,
}

impl Noun {
    /// Notes that it was made or changed, for all who may hear of things of its kind.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) async fn changed(&self, tx: &mut Tx, actor: &Actor, verb: &str, id: impl Into<Uuid>) -> Result<()> {
        self.changed_for(tx, actor, verb, id, Audience::of(self.entity)).await
    }

    /// Notes that it was made or changed, for an audience.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) async fn changed_for(&self, tx: &mut Tx, actor: &Actor, verb: &str, id: impl Into<Uuid>, audience: Audience) -> Result<()> {
        let id = id.into();
        audit::note(tx, actor, &format!("{}.{verb}", self.name), self.entity, id, None).await?;
        tx.emit(EventDraft::new(self.kind, self.entity, id).by(actor.reference()).to(audience));
        Ok(())
    }

    /// Notes that it is gone.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) async fn removed(&self, tx: &mut Tx, actor: &Actor, id: impl Into<Uuid>, audience: Audience) -> Result<()> {
        let id = id.into();
        audit::note(tx, actor, &format!("{}.delete", self.name), self.entity, id, None).await?;
        let gone = Patch { is_removed: true, ..Patch::default() };
        tx.emit(EventDraft::new(self.kind, self.entity, id).by(actor.reference()).to(audience).with(gone));
        Ok(())
    }
}
