//! Adding inboxes, changing and removing them.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, sea_query::Order};

use super::view;
use crate::{
    actor::{Actor, VisibleInboxes},
    entity::{channel, inbox, interaction, script, team},
    error::{Error, Result},
    event::{Audience, EntityType, EventKind, Seq},
    idempotency,
    ids::{InboxId, TeamId},
    input,
    record::Noun,
    script::ScriptStep,
    store::{
        Scope, Tx, must_be_version,
        page::{Page, PageRequest, Sort},
    },
};

const INBOX: Noun = Noun { name: "inbox", kind: EventKind::InboxChanged, entity: EntityType::Inbox };

/// An inbox to be added.
#[derive(Debug, Clone)]
pub struct NewInbox {
    /// Made by the client; the same one again returns the first result.
    pub client_id: String,
    /// Name for people.
    pub name: String,
    /// Only its members see the inbox; `None`: everybody does.
    pub team: Option<TeamId>,
}

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct InboxChange {
    /// Name for people.
    pub name: Option<String>,
    /// Only its members see the inbox; `Some(None)`: everybody does.
    pub team: Option<Option<TeamId>>,
}

/// Adds an inbox behind the others.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` with the path of the field.
pub async fn create(tx: &mut Tx, actor: &Actor, new: NewInbox) -> Result<InboxId> {
    actor.must_manage_workspace()?;
    if let Some(known) = idempotency::find(tx, actor, &new.client_id, "create_inbox").await? {
        return Ok(known.into());
    }
    let name = input::name(&new.name)?;
    must_be_team(tx, new.team).await?;
    let last = inbox::in_workspace(tx.workspace()).order_by_desc(inbox::Column::Position).one(tx.conn()).await?;
    let id: InboxId = crate::random::id();
    inbox::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        name: Set(name),
        team_id: Set(new.team),
        position: Set(last.map_or(0, |last| last.position.saturating_add(1))),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    idempotency::keep(tx, actor, &new.client_id, "create_inbox", id.uuid()).await?;
    INBOX.changed(tx, actor, "create", id).await?;
    Ok(id)
}

/// Changes an inbox. With another team other people see its interactions.
///
/// # Errors
/// As [`create`]; `NotFound`; `Conflict` on another version.
pub async fn update(tx: &mut Tx, actor: &Actor, id: InboxId, change: InboxChange, expected: Option<Seq>) -> Result<()> {
    let mut row = manageable(tx, actor, id, expected).await?.into_active_model();
    if let Some(name) = &change.name {
        row.name = Set(input::name(name)?);
    }
    if let Some(team) = change.team {
        must_be_team(tx, team).await?;
        row.team_id = Set(team);
    }
    row.update(tx.conn()).await?;
    INBOX.changed(tx, actor, "update", id).await
}

/// Removes an inbox that is empty and that nothing leads to, with the views over it.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` on another version or while interactions, channels or scripts use it.
pub async fn delete(tx: &mut Tx, actor: &Actor, id: InboxId, expected: Option<Seq>) -> Result<()> {
    manageable(tx, actor, id, expected).await?;
    let workspace = tx.workspace();
    if channel::in_workspace(workspace).filter(channel::Column::InboxId.eq(id)).one(tx.conn()).await?.is_some() {
        return Err(Error::Conflict("a channel leads to the inbox".into()));
    }
    if interaction::in_workspace(workspace).filter(interaction::Column::InboxId.eq(id)).one(tx.conn()).await?.is_some() {
        return Err(Error::Conflict("the inbox holds interactions".into()));
    }
    let scripts = script::in_workspace(workspace).all(tx.conn()).await?;
    let leads_here = |step: &ScriptStep| matches!(step, ScriptStep::HandToHumans { inbox: Some(inbox) } if *inbox == id);
    if scripts.iter().flat_map(|script| script.steps.iter()).any(leads_here) {
        return Err(Error::Conflict("a script leads to the inbox".into()));
    }
    view::delete_of_inbox(tx, actor, id).await?;
    inbox::Entity::delete_by_id((workspace, id)).exec(tx.conn()).await?;
    INBOX.removed(tx, actor, id, Audience::Everyone).await
}

/// A page of the inboxes that the actor sees, by position.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn page(scope: &impl Scope, actor: &Actor, request: &PageRequest) -> Result<Page<inbox::Model>> {
    let rows = inbox::in_workspace(scope.workspace());
    let rows = match &actor.inboxes {
        VisibleInboxes::All => rows,
        VisibleInboxes::Only(seen) => rows.filter(inbox::Column::Id.is_in(seen.iter().copied())),
    };
    let by_position = Sort::new("inboxes", [(inbox::Column::Position, Order::Asc), (inbox::Column::Id, Order::Asc)]);
    by_position.page(rows, request, scope.conn()).await
}

async fn must_be_team(tx: &Tx, team: Option<TeamId>) -> Result<()> {
    let Some(team) = team else { return Ok(()) };
    let found = team::by_id(tx.workspace(), team).one(tx.conn()).await?;
    found.map(|_| ()).ok_or_else(|| Error::invalid("teamId", "no team of this workspace"))
}

async fn manageable(tx: &Tx, actor: &Actor, id: InboxId, expected: Option<Seq>) -> Result<inbox::Model> {
    actor.must_manage_workspace()?;
    let found = inbox::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("inbox"))?;
    must_be_version(found.version, expected)?;
    Ok(found)
}
