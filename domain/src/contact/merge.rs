//! Merging two contacts that are one person, and undoing it.
//!
//! The loser's identities and interactions move to the winner, its address, number and further facts fill the winner's gaps,
//! and the merge's row remembers which: undoing moves back exactly those, and what came later stays. Merges form trees, because a merged contact takes no further part; they are
//! undone from the outside in.

use std::{borrow::Cow, collections::BTreeMap};

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use serde::{Deserialize, Serialize};

use super::resolve::index;
use crate::{
    actor::Actor,
    audit,
    entity::{contact, contact_identity, contact_merge, interaction as interaction_row},
    error::{Error, Result},
    event::{EntityType, EventDraft, EventKind, Patch, Seq},
    ids::{ContactId, IdentityId, InteractionId, MergeId},
    interaction,
    message::{SystemLine, add_system_line},
    search,
    store::{Scope, Tx, must_be_version},
};

/// Rows per statement, below the number of parameters that both databases take.
const BATCH: usize = 500;

/// What a merge would do.
#[derive(Debug, Clone, PartialEq)]
pub struct MergePreview {
    /// The contact that remains.
    pub winner: contact::Model,
    /// The contact that becomes part of it.
    pub loser: contact::Model,
    /// Identities that would move.
    pub identities: Vec<contact_identity::Model>,
    /// How many interactions would move.
    pub interaction_count: u64,
    /// Where the two differ; the winner's value is kept.
    pub conflicts: Vec<FieldConflict>,
}

/// A field in which two contacts differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldConflict {
    /// Its name in the API; further facts as `fields.<key>`.
    pub field: String,
    /// What is kept.
    pub winner_value: Option<String>,
    /// What is not shown any more until the merge is undone.
    pub loser_value: Option<String>,
}

/// What a merge moved, as its row keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Moved {
    identities: Vec<IdentityId>,
    interactions: Vec<InteractionId>,
    filled: Filled,
}

/// What the winner did not know and the loser did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Filled {
    email: Option<String>,
    phone: Option<String>,
    fields: BTreeMap<String, String>,
}

impl Filled {
    fn of(winner: &contact::Model, loser: &contact::Model) -> Self {
        let gap = |winner: &Option<String>, loser: &Option<String>| loser.clone().filter(|_| winner.is_none());
        let fields = loser.fields.iter().filter(|(key, _)| !winner.fields.contains_key(*key));
        Self {
            email: gap(&winner.email, &loser.email),
            phone: gap(&winner.phone, &loser.phone),
            fields: fields.map(|(key, value)| (key.clone(), value.clone())).collect(),
        }
    }

    fn put_into(&self, winner: &contact::Model) -> contact::ActiveModel {
        let mut change = winner.clone().into_active_model();
        if self.email.is_some() {
            change.email = Set(self.email.clone());
        }
        if self.phone.is_some() {
            change.phone = Set(self.phone.clone());
        }
        if !self.fields.is_empty() {
            let mut fields = winner.fields.0.clone();
            fields.extend(self.fields.clone());
            change.fields = Set(fields.into());
        }
        change
    }

    /// Takes out what nobody has changed since.
    fn take_from(&self, winner: &contact::Model) -> contact::ActiveModel {
        let mut change = winner.clone().into_active_model();
        if self.email.is_some() && winner.email == self.email {
            change.email = Set(None);
        }
        if self.phone.is_some() && winner.phone == self.phone {
            change.phone = Set(None);
        }
        if !self.fields.is_empty() {
            let mut fields = winner.fields.0.clone();
            fields.retain(|key, value| self.fields.get(key) != Some(value));
            change.fields = Set(fields.into());
        }
        change
    }
}

/// Says what a merge would do, and changes nothing.
///
/// # Errors
/// As [`merge`], without `Conflict` on versions.
pub async fn preview(scope: &impl Scope, actor: &Actor, winner: ContactId, loser: ContactId) -> Result<MergePreview> {
    actor.must_manage_contacts()?;
    must_differ(winner, loser)?;
    let winner = mergeable(super::by_id(scope, actor, winner).await?, "winnerId")?;
    let loser = mergeable(super::by_id(scope, actor, loser).await?, "loserId")?;
    let identities = contact_identity::in_workspace(scope.workspace())
        .filter(contact_identity::Column::ContactId.eq(loser.id))
        .order_by_asc(contact_identity::Column::Id)
        .all(scope.conn())
        .await?;
    let interaction_count = interaction_row::in_workspace(scope.workspace())
        .filter(interaction_row::Column::ContactId.eq(loser.id))
        .count(scope.conn())
        .await?;
    let conflicts = conflicts(&winner, &loser);
    Ok(MergePreview { winner, loser, identities, interaction_count, conflicts })
}

/// The versions that the caller has seen of the two contacts.
#[derive(Debug, Clone, Copy, Default)]
pub struct SeenVersions {
    /// Of the contact that remains.
    pub winner: Option<Seq>,
    /// Of the contact that becomes part of it.
    pub loser: Option<Seq>,
}

/// Makes one contact part of another.
///
/// # Errors
/// `Forbidden` without the right to manage contacts; `NotFound`; `Invalid` for the same contact twice and for one that was
/// merged before (which also rules circles out); `Conflict` on another version.
pub async fn merge(tx: &mut Tx, actor: &Actor, winner: ContactId, loser: ContactId, seen: SeenVersions) -> Result<MergeId> {
    actor.must_manage_contacts()?;
    must_differ(winner, loser)?;
    lock(tx, winner, loser).await?;
    let winner = mergeable(super::by_id(tx, actor, winner).await?, "winnerId")?;
    let loser = mergeable(super::by_id(tx, actor, loser).await?, "loserId")?;
    must_be_version(winner.version, seen.winner)?;
    must_be_version(loser.version, seen.loser)?;
    let workspace = tx.workspace();
    let moved = Moved {
        identities: contact_identity::in_workspace(workspace)
            .filter(contact_identity::Column::ContactId.eq(loser.id))
            .select_only()
            .column(contact_identity::Column::Id)
            .into_tuple()
            .all(tx.conn())
            .await?,
        interactions: interaction_row::in_workspace(workspace)
            .filter(interaction_row::Column::ContactId.eq(loser.id))
            .select_only()
            .column(interaction_row::Column::Id)
            .into_tuple()
            .all(tx.conn())
            .await?,
        filled: Filled::of(&winner, &loser),
    };
    move_between(tx, &moved, loser.id, winner.id).await?;
    let id: MergeId = crate::random::id();
    contact_merge::ActiveModel {
        id: Set(id),
        workspace_id: Set(workspace),
        winner_id: Set(winner.id),
        loser_id: Set(loser.id),
        moved: Set(serde_json::to_value(&moved).expect("lists of ids have text keys and no failing serializers")),
        actor: Set(actor.reference()),
        created_at: Set(tx.now()),
        undone_at: Set(None),
    }
    .insert(tx.conn())
    .await?;
    let mut change = loser.clone().into_active_model();
    change.merged_into = Set(Some(winner.id));
    change.update(tx.conn()).await?;
    let change = moved.filled.put_into(&winner);
    let winner = if change.is_changed() { change.update(tx.conn()).await? } else { winner };
    search::remove(tx, EntityType::Contact, loser.id.uuid()).await?;
    index(tx, &winner).await?;
    audit::note(tx, actor, "contact.merge", EntityType::Contact, winner.id.uuid(), Some(loser.id.to_string())).await?;
    tell(tx, actor, EventKind::ContactsMerged, winner.id, loser.id);
    for found in interactions(tx, &moved.interactions, winner.id).await? {
        if found.status.is_active() {
            add_system_line(tx, actor, &found, SystemLine::ContactsMerged { name: loser.name.clone() }).await?;
        }
        tell_of_interaction(tx, actor, &found);
    }
    Ok(id)
}

/// Takes a merge back: what it moved moves back, what came later stays. Returns the two contacts, winner first.
///
/// # Errors
/// `Forbidden` without the right to manage contacts; `NotFound`; `Conflict` when it was undone before, or when the winner
/// has become part of yet another contact (that merge has to be undone first) or has another version than `expected`.
pub async fn unmerge(tx: &mut Tx, actor: &Actor, id: MergeId, expected: Option<Seq>) -> Result<(ContactId, ContactId)> {
    actor.must_manage_contacts()?;
    let row = contact_merge::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("merge"))?;
    let (winner, loser) = (row.winner_id, row.loser_id);
    lock(tx, winner, loser).await?;
    // Only now is it certain that nobody else is undoing it.
    let row = contact_merge::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("merge"))?;
    if row.undone_at.is_some() {
        return Err(Error::Conflict("the merge was undone before".into()));
    }
    let kept = super::by_id(tx, actor, winner).await?.ok_or(Error::NotFound("contact"))?;
    must_be_version(kept.version, expected)?;
    if kept.merged_into.is_some() {
        return Err(Error::Conflict("the contact has become part of another; undo that merge first".into()));
    }
    let moved: Moved = serde_json::from_value(row.moved.clone()).map_err(|error| sea_orm::DbErr::Json(error.to_string()))?;
    let before = interactions(tx, &moved.interactions, winner).await?;
    move_between(tx, &moved, winner, loser).await?;
    let mut change = row.into_active_model();
    change.undone_at = Set(Some(tx.now()));
    change.update(tx.conn()).await?;
    let found = super::by_id(tx, actor, loser).await?.ok_or(Error::NotFound("contact"))?;
    let mut change = found.into_active_model();
    change.merged_into = Set(None);
    let restored = change.update(tx.conn()).await?;
    let change = moved.filled.take_from(&kept);
    let kept = if change.is_changed() { change.update(tx.conn()).await? } else { kept };
    index(tx, &kept).await?;
    index(tx, &restored).await?;
    audit::note(tx, actor, "contact.unmerge", EntityType::Contact, winner.uuid(), Some(loser.to_string())).await?;
    tell(tx, actor, EventKind::ContactsUnmerged, winner, loser);
    for found in before {
        tell_of_interaction(tx, actor, &found);
    }
    Ok((winner, loser))
}

fn must_differ(winner: ContactId, loser: ContactId) -> Result<()> {
    if winner == loser { Err(Error::invalid("loserId", "is the same contact")) } else { Ok(()) }
}

fn mergeable(found: Option<contact::Model>, field: &str) -> Result<contact::Model> {
    let found = found.ok_or(Error::NotFound("contact"))?;
    match found.merged_into {
        Some(_) => Err(Error::invalid(field, "was merged into another contact")),
        None => Ok(found),
    }
}

/// Lets no other merge touch the two until this one is done. In the order of ids, so that two merges do not block each other.
async fn lock(tx: &Tx, one: ContactId, other: ContactId) -> Result<()> {
    contact::in_workspace(tx.workspace())
        .filter(contact::Column::Id.is_in([one, other]))
        .order_by_asc(contact::Column::Id)
        .lock_exclusive()
        .all(tx.conn())
        .await?;
    Ok(())
}

/// Moves what still belongs to `from`.
async fn move_between(tx: &Tx, moved: &Moved, from: ContactId, to: ContactId) -> Result<()> {
    for batch in moved.identities.chunks(BATCH) {
        contact_identity::updates(tx.workspace())
            .col_expr(contact_identity::Column::ContactId, Expr::val(to.uuid()))
            .filter(contact_identity::Column::Id.is_in(batch.iter().copied()))
            .filter(contact_identity::Column::ContactId.eq(from))
            .exec(tx.conn())
            .await?;
    }
    for batch in moved.interactions.chunks(BATCH) {
        interaction_row::updates(tx.workspace())
            .col_expr(interaction_row::Column::ContactId, Expr::val(to.uuid()))
            .filter(interaction_row::Column::Id.is_in(batch.iter().copied()))
            .filter(interaction_row::Column::ContactId.eq(from))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// Those of the interactions that belong to the contact now.
async fn interactions(tx: &Tx, ids: &[InteractionId], of: ContactId) -> Result<Vec<interaction_row::Model>> {
    let mut found = Vec::with_capacity(ids.len());
    for batch in ids.chunks(BATCH) {
        let rows = interaction_row::in_workspace(tx.workspace())
            .filter(interaction_row::Column::Id.is_in(batch.iter().copied()))
            .filter(interaction_row::Column::ContactId.eq(of))
            .order_by_asc(interaction_row::Column::Id);
        found.extend(rows.all(tx.conn()).await?);
    }
    Ok(found)
}

fn tell(tx: &mut Tx, actor: &Actor, kind: EventKind, winner: ContactId, loser: ContactId) {
    tx.emit(EventDraft::new(kind, EntityType::Contact, winner.uuid()).by(actor.reference()));
    tx.emit(EventDraft::new(EventKind::ContactChanged, EntityType::Contact, loser.uuid()).by(actor.reference()));
}

fn tell_of_interaction(tx: &mut Tx, actor: &Actor, found: &interaction_row::Model) {
    let fields = Patch { fields: vec![Cow::Borrowed("contact")], ..Patch::default() };
    tx.emit(interaction::event(EventKind::InteractionChanged, found, actor.reference()).with(fields));
}

/// Whether the winner takes over what only the loser knows.
fn is_filled(field: &str) -> bool {
    matches!(field, "email" | "phone") || field.starts_with("fields.")
}

fn conflicts(winner: &contact::Model, loser: &contact::Model) -> Vec<FieldConflict> {
    let text = |value: &Option<String>| value.clone();
    let mut pairs = vec![
        ("name".to_owned(), Some(winner.name.clone()), Some(loser.name.clone())),
        ("email".to_owned(), text(&winner.email), text(&loser.email)),
        ("phone".to_owned(), text(&winner.phone), text(&loser.phone)),
        ("language".to_owned(), text(&winner.language), text(&loser.language)),
        ("avatarUrl".to_owned(), text(&winner.avatar_url), text(&loser.avatar_url)),
        ("notes".to_owned(), text(&winner.notes), text(&loser.notes)),
        ("isBlocked".to_owned(), Some(winner.is_blocked.to_string()), Some(loser.is_blocked.to_string())),
    ];
    for (key, value) in loser.fields.iter() {
        pairs.push((format!("fields.{key}"), winner.fields.get(key).cloned(), Some(value.clone())));
    }
    pairs
        .into_iter()
        // What the loser does not know takes nothing away, and what it alone knows fills a gap.
        .filter(|(field, kept, lost)| lost.is_some() && kept != lost && !(kept.is_none() && is_filled(field)))
        .map(|(field, winner_value, loser_value)| FieldConflict { field, winner_value, loser_value })
        .collect()
}
