//! People whom another house vouches for: from its token to a person of ours.
//!
//! A person is found by the e-mail address that the house has verified, in the workspace that the settings name for the
//! house, and added at the first sign-in. At every sign-in the person gets the role that the house's claims map to: whoever
//! is no supervisor there any more is none here. Who has no role there is refused by [`ExternalIssuer`] already.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use tributary_channels::shared::http::GuardedClient;
use tributary_domain::{
    Error, ErrorCode, Result,
    actor::{Actor, Role},
    agent::{
        self,
        person::{NewPerson, PersonChange},
    },
    entity::person,
    ids::WorkspaceId,
    random,
    store::Store,
};
use url::Url;

use crate::{
    app::App,
    auth::{
        Refusal,
        jwks::{ExternalIssuer, ExternalUser, FetchKeys, IssuerSettings, KeySource},
    },
    config::IdentityProvider,
};

/// For the whole exchange with a house that publishes its keys.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// Another house and the workspace that its people belong to.
struct House {
    issuer: ExternalIssuer,
    /// Slug of the workspace.
    workspace: String,
}

/// The houses of the settings.
pub struct Houses(Vec<House>);

/// Why a token of another house led to nobody.
#[derive(Debug, thiserror::Error)]
pub enum NotVouched {
    /// The token is not good.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Good, but not for anyone here.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Houses {
    /// The houses of an app's settings.
    ///
    /// # Errors
    /// When a file with keys cannot be read or holds none that can be used.
    pub fn of(app: &App) -> anyhow::Result<Self> {
        let fetch: Arc<dyn FetchKeys> = Arc::new(Guarded(app.worker.cx.http.clone()));
        let houses = app.config.auth.jwks.iter().map(|provider| {
            let issuer = ExternalIssuer::new(settings(provider)?, Arc::clone(&fetch), Arc::clone(app.store.clock()));
            let issuer = issuer.with_context(|| format!("the keys of the identity provider {}", provider.issuer))?;
            Ok(House { issuer, workspace: provider.workspace.clone() })
        });
        Ok(Self(houses.collect::<anyhow::Result<_>>()?))
    }

    /// The person whom `token` stands for.
    ///
    /// # Errors
    /// See [`NotVouched`]; `Unauthenticated` for somebody without a verified address, who is disabled here, or whose
    /// address belongs to another workspace.
    pub async fn person(&self, store: &Store, token: &str) -> Result<person::Model, NotVouched> {
        let (workspace, user) = self.verified(token).await?;
        let workspace = workspace_with(store, workspace).await?;
        let email = match &user.email {
            Some(email) if user.is_email_verified => email.trim().to_owned(),
            _ => return Err(Error::Unauthenticated.into()),
        };
        if let Some(known) = agent::login(store, &email).await? {
            return Ok(with_role(store, in_workspace(known, workspace)?, &user).await?);
        }
        match add(store, workspace, &email, &user).await {
            Ok(()) => {}
            // The address is taken: by the same person in another window a moment ago, or by one who may not sign in.
            Err(error) if error.code() == ErrorCode::Invalid => {}
            Err(error) => return Err(error.into()),
        }
        let known = in_workspace(agent::login(store, &email).await?.ok_or(Error::Unauthenticated)?, workspace)?;
        Ok(with_role(store, known, &user).await?)
    }

    /// Tried are the houses that the token itself names; the first that verifies it counts.
    async fn verified(&self, token: &str) -> Result<(&str, ExternalUser), Refusal> {
        let named = issuer_of(token).ok_or(Refusal::Invalid)?;
        let mut refusal = Refusal::Invalid;
        for house in self.0.iter().filter(|house| house.issuer.issuer() == named) {
            match house.issuer.verify(token).await {
                Ok(user) => return Ok((&house.workspace, user)),
                Err(why) => refusal = why,
            }
        }
        Err(refusal)
    }
}

fn settings(provider: &IdentityProvider) -> anyhow::Result<IssuerSettings> {
    let keys = match (&provider.url, &provider.file) {
        (Some(url), _) => KeySource::Url(url.clone()),
        (None, Some(file)) => {
            let document = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
            KeySource::Document(document.into())
        }
        (None, None) => anyhow::bail!("the identity provider {} has neither url nor file", provider.issuer),
    };
    Ok(IssuerSettings {
        issuer: provider.issuer.clone(),
        audience: provider.audience.clone(),
        keys,
        role_claim: provider.role_claim.clone(),
        roles: provider.roles.clone(),
        default_role: provider.default_role.clone(),
    })
}

/// Fetches keys through the one way out.
struct Guarded(GuardedClient);

/// An answer that holds no keys.
#[derive(Debug, thiserror::Error)]
#[error("answered with status {status}, truncated: {is_truncated}")]
struct NoKeys {
    status: u16,
    is_truncated: bool,
}

#[async_trait]
impl FetchKeys for Guarded {
    async fn fetch(&self, url: &Url) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
        let reply = self.0.get(url, HeaderMap::new(), FETCH_TIMEOUT).await?;
        if reply.status == 200 && !reply.is_truncated {
            return Ok(reply.body);
        }
        Err(Box::new(NoKeys { status: reply.status, is_truncated: reply.is_truncated }))
    }
}

fn in_workspace(person: person::Model, workspace: WorkspaceId) -> Result<person::Model, NotVouched> {
    if person.workspace_id == workspace { Ok(person) } else { Err(Error::Unauthenticated.into()) }
}

async fn workspace_with(store: &Store, slug: &str) -> Result<WorkspaceId> {
    let found = store.workspaces().await?.into_iter().find(|workspace| workspace.slug == slug);
    if found.is_none() {
        tracing::warn!(workspace.slug = slug, "the settings of an identity provider name a workspace that does not exist");
    }
    found.map(|workspace| workspace.id).ok_or(Error::Unauthenticated)
}

/// The person with the role that the house says. Other sessions end when it is another one than before.
async fn with_role(store: &Store, known: person::Model, user: &ExternalUser) -> Result<person::Model> {
    let role = role(&user.role).ok_or(Error::Unauthenticated)?;
    if known.role == role {
        return Ok(known);
    }
    let (workspace, id) = (known.workspace_id, known.id);
    let changing = store.transact(workspace, |tx| {
        let to = PersonChange { role: Some(role), ..PersonChange::default() };
        Box::pin(async move { agent::person::update(tx, &Actor::system(workspace), id, to, None).await })
    });
    match changing.await {
        Ok(_) => tracing::info!(person.id = %id, "a person got another role from another house"),
        // Somebody must remain admin, whatever the house says.
        Err(Error::Conflict(why)) => tracing::warn!(person.id = %id, why, "a person keeps the role that another house took away"),
        Err(error) => return Err(error),
    }
    let read = store.read(workspace).await?;
    person::by_id(workspace, id).one(read.conn()).await?.ok_or(Error::Unauthenticated)
}

async fn add(store: &Store, workspace: WorkspaceId, email: &str, user: &ExternalUser) -> Result<()> {
    let role = role(&user.role).ok_or(Error::Unauthenticated)?;
    let name = user.name.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| email.to_owned());
    let added = store.transact(workspace, |tx| {
        let new = NewPerson {
            // The address, not this, keeps one person from being added twice.
            client_id: random::token(),
            name: name.clone(),
            email: email.to_owned(),
            role,
            password_hash: None,
            language: None,
            teams: Default::default(),
            skills: Default::default(),
        };
        Box::pin(async move { agent::person::create(tx, &Actor::system(workspace), new).await })
    });
    let (id, _) = added.await?;
    tracing::info!(person.id = %id, "a person was added at the first sign-in through another house");
    Ok(())
}

fn role(text: &str) -> Option<Role> {
    match text {
        "agent" => Some(Role::Agent),
        "supervisor" => Some(Role::Supervisor),
        "admin" => Some(Role::Admin),
        _ => None,
    }
}

/// The claim `iss`, unverified: good for choosing whose keys to verify with, and for nothing else.
fn issuer_of(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
    }
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    Some(serde_json::from_slice::<Claims>(&payload).ok()?.iss)
}

#[cfg(test)]
mod tests {
    use super::{issuer_of, role};

    #[test]
    fn the_named_house_is_read_from_the_payload_only() {
        // {"iss":"https://login.example.com"}
        let token = "e30.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIn0.x";
        assert_eq!(issuer_of(token).as_deref(), Some("https://login.example.com"));
        for broken in ["", "a", "a.b.c", "e30.e30.x", "e30.🙂.x"] {
            assert_eq!(issuer_of(broken), None, "{broken}");
        }
    }

    #[test]
    fn only_our_roles_are_roles() {
        assert!(role("admin") > role("supervisor") && role("supervisor") > role("agent"));
        assert_eq!(role("owner"), None);
        assert_eq!(role("Admin"), None);
    }
}
