//! What people and programs write about a contact.

use std::collections::BTreeMap;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};

use super::resolve::index;
use crate::{
    actor::Actor,
    entity::contact,
    error::{Error, Result},
    event::{EntityType, EventKind, Seq},
    idempotency,
    ids::ContactId,
    input,
    record::Noun,
    store::{Tx, must_be_version, search::fold},
};

/// Most further facts about a contact.
const MAX_FIELDS: usize = 50;
/// Longest name of a fact, characters.
const MAX_KEY: usize = 100;
/// Longest value of a fact, characters.
const MAX_VALUE: usize = 500;
/// Longest notes, characters.
const MAX_NOTES: usize = 10_000;

const CREATED: Noun = Noun { name: "contact", kind: EventKind::ContactCreated, entity: EntityType::Contact };
const CHANGED: Noun = Noun { name: "contact", kind: EventKind::ContactChanged, entity: EntityType::Contact };

/// A contact to be added; the platforms' identities come by themselves.
#[derive(Debug, Clone, Default)]
pub struct NewContact {
    /// Made by the client; the same one again returns the first result.
    pub client_id: String,
    /// Name to show.
    pub name: String,
    /// Address.
    pub email: Option<String>,
    /// International number.
    pub phone: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// What we know besides.
    pub notes: Option<String>,
    /// Further facts by name, at most 50 of 500 characters.
    pub fields: Vec<(String, String)>,
}

/// What to change; `None` leaves a part as it is, `Some(None)` takes it away.
#[derive(Debug, Clone, Default)]
pub struct ContactChange {
    /// Name to show.
    pub name: Option<String>,
    /// Address.
    pub email: Option<Option<String>>,
    /// International number.
    pub phone: Option<Option<String>>,
    /// BCP 47.
    pub language: Option<Option<String>>,
    /// What we know besides.
    pub notes: Option<Option<String>>,
    /// All further facts from now on.
    pub fields: Option<Vec<(String, String)>>,
    /// Whether nobody may write to them.
    pub is_blocked: Option<bool>,
}

/// Adds a contact.
///
/// # Errors
/// `Forbidden` without the right to manage contacts; `Invalid` with the path of the field.
pub async fn create(tx: &mut Tx, actor: &Actor, new: NewContact) -> Result<ContactId> {
    actor.must_manage_contacts()?;
    if let Some(known) = idempotency::find(tx, actor, &new.client_id, "create_contact").await? {
        return Ok(known.into());
    }
    let name = input::name(&new.name)?;
    let id: ContactId = crate::random::id();
    let row = contact::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        name_folded: Set(fold(&name)),
        name: Set(name),
        email: Set(email(new.email.as_deref())?),
        phone: Set(phone(new.phone.as_deref())?),
        language: Set(language(new.language.as_deref())?),
        avatar_url: Set(None),
        fields: Set(fields(new.fields)?.into()),
        notes: Set(input::optional("notes", new.notes.as_deref(), MAX_NOTES)?),
        merged_into: Set(None),
        is_blocked: Set(false),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    index(tx, &row).await?;
    idempotency::keep(tx, actor, &new.client_id, "create_contact", id.uuid()).await?;
    CREATED.changed(tx, actor, "create", id).await?;
    Ok(id)
}

/// Changes a contact.
///
/// # Errors
/// As [`create`]; `NotFound`; `Conflict` on another version, and when the contact was merged into another.
pub async fn update(tx: &mut Tx, actor: &Actor, id: ContactId, change: ContactChange, expected: Option<Seq>) -> Result<()> {
    super::by_id(tx, actor, id).await?.ok_or(Error::NotFound("contact"))?;
    actor.must_manage_contacts()?;
    let found = contact::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("contact"))?;
    must_be_version(found.version, expected)?;
    if found.merged_into.is_some() {
        return Err(Error::Conflict("the contact was merged into another".into()));
    }
    let mut row = found.into_active_model();
    if let Some(name) = &change.name {
        let name = input::name(name)?;
        row.name_folded = Set(fold(&name));
        row.name = Set(name);
    }
    if let Some(text) = &change.email {
        row.email = Set(email(text.as_deref())?);
    }
    if let Some(text) = &change.phone {
        row.phone = Set(phone(text.as_deref())?);
    }
    if let Some(text) = &change.language {
        row.language = Set(language(text.as_deref())?);
    }
    if let Some(notes) = &change.notes {
        row.notes = Set(input::optional("notes", notes.as_deref(), MAX_NOTES)?);
    }
    if let Some(list) = change.fields {
        row.fields = Set(fields(list)?.into());
    }
    if let Some(is_blocked) = change.is_blocked {
        row.is_blocked = Set(is_blocked);
    }
    let changed = row.update(tx.conn()).await?;
    index(tx, &changed).await?;
    CHANGED.changed(tx, actor, "update", id).await
}

fn email(text: Option<&str>) -> Result<Option<String>> {
    text.filter(|text| !text.trim().is_empty()).map(|text| input::email("email", text)).transpose()
}

fn phone(text: Option<&str>) -> Result<Option<String>> {
    text.filter(|text| !text.trim().is_empty()).map(|text| input::phone("phone", text)).transpose()
}

fn language(text: Option<&str>) -> Result<Option<String>> {
    text.filter(|text| !text.trim().is_empty()).map(|text| input::language("language", text)).transpose()
}

fn fields(list: Vec<(String, String)>) -> Result<BTreeMap<String, String>> {
    if list.len() > MAX_FIELDS {
        return Err(Error::invalid("fields", format!("at most {MAX_FIELDS}")));
    }
    let mut stored = BTreeMap::new();
    for (position, (key, value)) in list.into_iter().enumerate() {
        let key = input::optional(&format!("fields.{position}.key"), Some(&key), MAX_KEY)?
            .ok_or_else(|| Error::invalid(format!("fields.{position}.key"), "must not be empty"))?;
        if value.chars().count() > MAX_VALUE {
            return Err(Error::invalid(format!("fields.{position}.value"), format!("at most {MAX_VALUE} characters")));
        }
        if stored.insert(key, value).is_some() {
            return Err(Error::invalid(format!("fields.{position}.key"), "is used twice"));
        }
    }
    Ok(stored)
}
