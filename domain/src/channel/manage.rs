//! Setting channels up, changing and removing them.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};

use super::{ChannelHealth, SettingChange, settings};
use crate::{
    actor::Actor,
    audit,
    entity::{channel, directory::DirectoryKind, inbox, interaction, script, skill},
    error::{Error, Result},
    event::{EntityType, EventDraft, EventKind, Patch, Seq},
    ids::{ChannelId, InboxId, ScriptId, SkillId},
    random,
    seal::Vault,
    spec::ChannelSpec,
    store::{Read, Store, Tx, directory},
};

/// A channel to be set up.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Made by the client; the same one again returns the first result.
    pub client_id: String,
    /// Name for people.
    pub name: String,
    /// Where its interactions appear.
    pub inbox: InboxId,
    /// Skill its interactions need.
    pub default_skill: Option<SkillId>,
    /// Script that runs on them.
    pub default_script: Option<ScriptId>,
    /// Its settings.
    pub settings: Vec<SettingChange>,
}

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct ChannelChange {
    /// Name for people.
    pub name: Option<String>,
    /// Where new interactions appear.
    pub inbox: Option<InboxId>,
    /// Skill that new interactions need; `Some(None)` takes it away.
    pub default_skill: Option<Option<SkillId>>,
    /// Script that runs on new interactions; `Some(None)` takes it away.
    pub default_script: Option<Option<ScriptId>>,
    /// Settings to change; the others stay.
    pub settings: Vec<SettingChange>,
    /// Whether it takes part at all.
    pub is_enabled: Option<bool>,
}

/// Sets a channel up.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` with the path of the field, among them `defaultSkillId` and
/// `defaultScriptId` where the class of the kind requires both.
pub async fn create(tx: &mut Tx, actor: &Actor, spec: &ChannelSpec, vault: &Vault, new: NewChannel) -> Result<ChannelId> {
    actor.must_manage_channels()?;
    if let Some(known) = crate::idempotency::find(tx, actor, &new.client_id, "create_channel").await? {
        return Ok(known.into());
    }
    let name = checked_name(&new.name)?;
    must_have_defaults(spec, new.default_skill, new.default_script)?;
    must_exist(tx, Some(new.inbox), new.default_skill, new.default_script).await?;
    let id: ChannelId = crate::random::id();
    let (mut open, mut sealed) = Default::default();
    settings::apply(tx, spec, vault, id, &mut open, &mut sealed, new.settings).await?;
    let token = random::token();
    channel::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        kind: Set(spec.kind),
        name: Set(name),
        token: Set(token.clone()),
        inbox_id: Set(new.inbox),
        default_skill_id: Set(new.default_skill),
        default_script_id: Set(new.default_script),
        settings: Set(open.into()),
        sealed: Set(sealed.into()),
        is_enabled: Set(true),
        health: Set(ChannelHealth::Waiting),
        health_reason: Set(None),
        health_cause: Set(None),
        health_at: Set(Some(tx.now())),
        first_event_at: Set(None),
        last_event_at: Set(None),
        heartbeat_at: Set(None),
        heartbeat_s: Set(None),
        failing_since: Set(None),
        paused_until: Set(None),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    directory::add(tx, DirectoryKind::ChannelToken, &token, id.uuid(), None).await?;
    crate::idempotency::keep(tx, actor, &new.client_id, "create_channel", id.uuid()).await?;
    audit::note(tx, actor, "channel.create", EntityType::Channel, id.uuid(), None).await?;
    tx.emit(EventDraft::new(EventKind::ChannelChanged, EntityType::Channel, id.uuid()).by(actor.reference()));
    Ok(id)
}

/// Changes a channel.
///
/// # Errors
/// As [`create`]; `NotFound`; `Conflict` on another version.
pub async fn update(
    tx: &mut Tx,
    actor: &Actor,
    spec: &ChannelSpec,
    vault: &Vault,
    id: ChannelId,
    change: ChannelChange,
    expected: Option<Seq>,
) -> Result<()> {
    actor.must_manage_channels()?;
    let found = channel::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("channel"))?;
    crate::store::must_be_version(found.version, expected)?;
    let skill = change.default_skill.unwrap_or(found.default_skill_id);
    let script = change.default_script.unwrap_or(found.default_script_id);
    must_have_defaults(spec, skill, script)?;
    must_exist(tx, change.inbox, skill, script).await?;
    let (mut open, mut sealed) = (found.settings.0.clone(), found.sealed.0.clone());
    let changes_settings = !change.settings.is_empty();
    settings::apply(tx, spec, vault, id, &mut open, &mut sealed, change.settings).await?;
    let mut row = found.into_active_model();
    if let Some(name) = &change.name {
        row.name = Set(checked_name(name)?);
    }
    if let Some(inbox) = change.inbox {
        row.inbox_id = Set(inbox);
    }
    if let Some(is_enabled) = change.is_enabled {
        row.is_enabled = Set(is_enabled);
    }
    row.default_skill_id = Set(skill);
    row.default_script_id = Set(script);
    if changes_settings {
        row.settings = Set(open.into());
        row.sealed = Set(sealed.into());
        // New credentials deserve a new try.
        row.health = Set(ChannelHealth::Unknown);
        row.health_reason = Set(None);
        row.health_cause = Set(None);
        row.failing_since = Set(None);
        row.health_at = Set(Some(tx.now()));
        row.paused_until = Set(None);
    }
    row.update(tx.conn()).await?;
    audit::note(tx, actor, "channel.update", EntityType::Channel, id.uuid(), None).await?;
    tx.emit(EventDraft::new(EventKind::ChannelChanged, EntityType::Channel, id.uuid()).by(actor.reference()));
    Ok(())
}

/// Removes a channel that never had an interaction; one that did can only be switched off, because its messages stay.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Conflict` on another version or when it has interactions.
pub async fn delete(tx: &mut Tx, actor: &Actor, id: ChannelId, expected: Option<Seq>) -> Result<()> {
    actor.must_manage_channels()?;
    let found = channel::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("channel"))?;
    crate::store::must_be_version(found.version, expected)?;
    let used = interaction::in_workspace(tx.workspace()).filter(interaction::Column::ChannelId.eq(id)).count(tx.conn()).await?;
    if used > 0 {
        return Err(Error::Conflict("the channel has interactions; switch it off instead".into()));
    }
    directory::remove(tx, DirectoryKind::ChannelToken, &found.token).await?;
    channel::Entity::delete_by_id((tx.workspace(), id)).exec(tx.conn()).await?;
    audit::note(tx, actor, "channel.delete", EntityType::Channel, id.uuid(), None).await?;
    let gone = Patch { is_removed: true, ..Patch::default() };
    tx.emit(EventDraft::new(EventKind::ChannelChanged, EntityType::Channel, id.uuid()).by(actor.reference()).with(gone));
    Ok(())
}

/// The channel with this public token, if it is switched on, and the snapshot in which it was found.
///
/// # Errors
/// `Storage`.
pub async fn by_token(store: &Store, token: &str) -> Result<Option<(Read, channel::Model)>> {
    let Some(found) = store.directory().find(DirectoryKind::ChannelToken, token).await? else { return Ok(None) };
    let workspace = found.workspace;
    let read = store.read(workspace).await?;
    let found = channel::by_id(workspace, found.target.into()).filter(channel::Column::IsEnabled.eq(true)).one(read.conn()).await?;
    Ok(found.map(|found| (read, found)))
}

fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    match name.chars().count() {
        1..=100 => Ok(name.to_owned()),
        _ => Err(Error::invalid("name", "1 to 100 characters")),
    }
}

fn must_have_defaults(spec: &ChannelSpec, skill: Option<SkillId>, script: Option<ScriptId>) -> Result<()> {
    if !spec.needs_routing_defaults() {
        return Ok(());
    }
    if skill.is_none() {
        return Err(Error::invalid("defaultSkillId", "a channel of this class needs a default skill"));
    }
    if script.is_none() {
        return Err(Error::invalid("defaultScriptId", "a channel of this class needs a default script"));
    }
    Ok(())
}

async fn must_exist(tx: &Tx, inbox: Option<InboxId>, skill: Option<SkillId>, script: Option<ScriptId>) -> Result<()> {
    if let Some(inbox) = inbox {
        inbox::by_id(tx.workspace(), inbox).one(tx.conn()).await?.ok_or_else(|| Error::invalid("inboxId", "no inbox of this workspace"))?;
    }
    if let Some(skill) = skill {
        skill::by_id(tx.workspace(), skill)
            .one(tx.conn())
            .await?
            .ok_or_else(|| Error::invalid("defaultSkillId", "no skill of this workspace"))?;
    }
    if let Some(script) = script {
        script::by_id(tx.workspace(), script)
            .one(tx.conn())
            .await?
            .ok_or_else(|| Error::invalid("defaultScriptId", "no script of this workspace"))?;
    }
    Ok(())
}
