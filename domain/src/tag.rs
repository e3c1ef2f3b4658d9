//! Tags: labels that people put on interactions. Putting them on is [`crate::interaction::set_tags`].

use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, sea_query::Order};

use crate::{
    actor::Actor,
    entity::tag,
    error::{Error, Result},
    event::{Audience, EntityType, EventKind, Seq},
    idempotency,
    ids::TagId,
    input,
    record::Noun,
    store::{
        Scope, Tx, must_be_version,
        page::{Page, PageRequest, Sort},
        search::fold,
    },
};

const TAG: Noun = Noun { name: "tag", kind: EventKind::TagChanged, entity: EntityType::Tag };

/// A tag to be added.
#[derive(Debug, Clone)]
pub struct NewTag {
    /// Made by the client; the same one again returns the first result.
    pub client_id: String,
    /// Name, unique without regard to case and accents.
    pub name: String,
    /// Colour as `#rrggbb`.
    pub colour: String,
}

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct TagChange {
    /// Name, unique without regard to case and accents.
    pub name: Option<String>,
    /// Colour as `#rrggbb`.
    pub colour: Option<String>,
}

/// Adds a tag.
///
/// # Errors
/// `Forbidden` for agents; `Invalid` with the path of the field, also for a name that is taken.
pub async fn create(tx: &mut Tx, actor: &Actor, new: NewTag) -> Result<TagId> {
    actor.must_supervise()?;
    if let Some(known) = idempotency::find(tx, actor, &new.client_id, "create_tag").await? {
        return Ok(known.into());
    }
    let name = input::name(&new.name)?;
    let id: TagId = crate::random::id();
    tag::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        name_folded: Set(fold(&name)),
        name: Set(name),
        colour: Set(colour(&new.colour)?),
        version: Set(Seq::UNNUMBERED),
    }
    .insert(tx.conn())
    .await
    .map_err(|error| input::taken(error, "name"))?;
    idempotency::keep(tx, actor, &new.client_id, "create_tag", id.uuid()).await?;
    TAG.changed(tx, actor, "create", id).await?;
    Ok(id)
}

/// Changes a tag.
///
/// # Errors
/// As [`create`]; `NotFound`; `Conflict` on another version.
pub async fn update(tx: &mut Tx, actor: &Actor, id: TagId, change: TagChange, expected: Option<Seq>) -> Result<()> {
    let mut row = manageable(tx, actor, id, expected).await?.into_active_model();
    if let Some(name) = &change.name {
        let name = input::name(name)?;
        row.name_folded = Set(fold(&name));
        row.name = Set(name);
    }
    if let Some(text) = &change.colour {
        row.colour = Set(colour(text)?);
    }
    row.update(tx.conn()).await.map_err(|error| input::taken(error, "name"))?;
    TAG.changed(tx, actor, "update", id).await
}

/// Removes a tag, from all interactions too.
///
/// # Errors
/// `Forbidden` for agents; `NotFound`; `Conflict` on another version.
pub async fn delete(tx: &mut Tx, actor: &Actor, id: TagId, expected: Option<Seq>) -> Result<()> {
    manageable(tx, actor, id, expected).await?;
    tag::Entity::delete_by_id((tx.workspace(), id)).exec(tx.conn()).await?;
    TAG.removed(tx, actor, id, Audience::Everyone).await
}

/// A page of the tags, by name.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn page(scope: &impl Scope, request: &PageRequest) -> Result<Page<tag::Model>> {
    let by_name = Sort::new("tags", [(tag::Column::NameFolded, Order::Asc), (tag::Column::Id, Order::Asc)]);
    by_name.page(tag::in_workspace(scope.workspace()), request, scope.conn()).await
}

async fn manageable(tx: &Tx, actor: &Actor, id: TagId, expected: Option<Seq>) -> Result<tag::Model> {
    actor.must_supervise()?;
    let found = tag::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("tag"))?;
    must_be_version(found.version, expected)?;
    Ok(found)
}

fn colour(text: &str) -> Result<String> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    digits.map(|_| text.to_ascii_lowercase()).ok_or_else(|| Error::invalid("colour", "not a colour such as #1f6feb"))
}
