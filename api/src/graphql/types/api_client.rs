//! API clients and bots.

use async_graphql::{Enum, ID, Object};
use chrono::{DateTime, Utc};
use tributary_domain::entity::api_client;

use super::{
    enums::{Role, Scope},
    page::connection,
};
use crate::graphql::scalars::{Long, node_id};

/// A program that uses the API with a token.
#[derive(async_graphql::Description)]
pub struct ApiClient(pub api_client::Model);

connection!(ApiClientConnection, ApiClientEdge, ApiClient, "API clients and bots");

/// What kind of program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "api_client::ApiClientKind")]
pub enum ApiClientKind {
    /// An integration.
    Client,
    /// It writes to contacts.
    Bot,
}

#[Object(use_type_description)]
impl ApiClient {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Name for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Integration or bot.
    async fn kind(&self) -> ApiClientKind {
        self.0.kind.into()
    }

    /// What the token allows.
    async fn scopes(&self) -> Vec<Scope> {
        self.0.scopes.iter().map(|scope| (*scope).into()).collect()
    }

    /// Rank.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// When the token ends; null: when it is revoked.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// When the token was revoked.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }

    /// When the token was last used.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}
