//! Identities of contacts on channels.

use super::prelude::*;

/// One address of a contact on one channel; unique there.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_identity")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IdentityId,
    pub contact_id: ContactId,
    pub channel_id: ChannelId,
    pub external_id: ExternalUserId,
    pub display_name: Option<String>,
    pub is_verified: bool,
    pub created_at: DateTimeUtc,
}

scoped!(IdentityId);

/// The identity with this id on a channel.
#[must_use]
pub fn by_external_id(workspace: WorkspaceId, channel: ChannelId, id: &ExternalUserId) -> Select<Entity> {
    in_workspace(workspace).filter(Column::ChannelId.eq(channel)).filter(Column::ExternalId.eq(id.clone()))
}
