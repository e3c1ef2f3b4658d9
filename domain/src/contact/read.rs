//! Contacts as lists and one by one.

use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::Order};

use crate::{
    actor::{Actor, Scope as TokenScope},
    entity::{contact, contact_identity, contact_merge, search_document},
    error::Result,
    event::EntityType,
    ids::{ChannelId, ContactId},
    store::{
        Scope,
        page::{Page, PageRequest, Sort},
        search::matching,
    },
};

/// Which contacts; an absent part does not narrow.
#[derive(Debug, Clone, Default)]
pub struct ContactFilter {
    /// With these words, or beginnings of them, in name, address or number.
    pub text: Option<String>,
    /// With an identity on this channel.
    pub channel: Option<ChannelId>,
}

/// A page of the contacts, by name; those merged into others are left out.
///
/// # Errors
/// `Forbidden` for a token that may not read contacts; `Invalid` for a broken page cursor; `Storage`.
pub async fn page(scope: &impl Scope, actor: &Actor, filter: &ContactFilter, request: &PageRequest) -> Result<Page<contact::Model>> {
    actor.must_have(TokenScope::ReadInteractions)?;
    let mut all = Condition::all().add(contact::Column::MergedInto.is_null());
    if let Some(found) = filter.text.as_deref().and_then(|text| matching(scope, text)) {
        let ids = found
            .filter(search_document::Column::EntityType.eq(EntityType::Contact))
            .select_only()
            .column(search_document::Column::EntityId)
            .into_query();
        all = all.add(contact::Column::Id.in_subquery(ids));
    }
    if let Some(channel) = filter.channel {
        let there = contact_identity::in_workspace(scope.workspace())
            .filter(contact_identity::Column::ChannelId.eq(channel))
            .select_only()
            .column(contact_identity::Column::ContactId)
            .into_query();
        all = all.add(contact::Column::Id.in_subquery(there));
    }
    let by_name = Sort::new("contacts", [(contact::Column::NameFolded, Order::Asc), (contact::Column::Id, Order::Asc)]);
    by_name.page(contact::in_workspace(scope.workspace()).filter(all), request, scope.conn()).await
}

/// One contact, merged or not, if the actor may read contacts.
///
/// # Errors
/// `Storage`.
pub async fn by_id(scope: &impl Scope, actor: &Actor, id: ContactId) -> Result<Option<contact::Model>> {
    if actor.must_have(TokenScope::ReadInteractions).is_err() {
        return Ok(None);
    }
    Ok(contact::by_id(scope.workspace(), id).one(scope.conn()).await?)
}

/// The merges into a contact that were not undone, newest first.
///
/// # Errors
/// `Storage`.
pub async fn merges_of(scope: &impl Scope, id: ContactId) -> Result<Vec<contact_merge::Model>> {
    Ok(contact_merge::in_workspace(scope.workspace())
        .filter(contact_merge::Column::WinnerId.eq(id))
        .filter(contact_merge::Column::UndoneAt.is_null())
        .order_by_desc(contact_merge::Column::CreatedAt)
        .order_by_desc(contact_merge::Column::Id)
        .all(scope.conn())
        .await?)
}
