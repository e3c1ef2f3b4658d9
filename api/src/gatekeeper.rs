//! Who a bearer token stands for, according to the database.
//!
//! Two kinds of tokens are known: access tokens of a session ([`crate::auth::jwt`]) and tokens of API clients. Whoever
//! is admitted carries an [`Admitted`]: the rights as of a moment, and the session, so that it can be asked about again
//! and ended. [`WhoAsks`] puts the rights into every request and makes them anew when the moment is over, because a
//! socket outlives it. What signing in needs besides is kept here too ([`attempts`], [`houses`]); the session mutations
//! do it.

mod asks;
pub mod attempts;
pub mod houses;

use std::{ops::Deref, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, QueryFilter};
use tributary_domain::{
    Error, ErrorCode, Result,
    actor::{Actor, Identity},
    agent,
    entity::{api_client, person},
    ids::{PersonId, SessionId, WorkspaceId},
    store::Store,
};

pub use self::asks::WhoAsks;
use self::{attempts::Attempts, houses::Houses};
use crate::{
    app::App,
    auth::{Gatekeeper, Refusal, Viewer, jwt::AccessTokens},
};

/// What the tokens of API clients begin with.
const API_TOKEN_PREFIX: &str = "trb_";

/// Somebody who was admitted; in the data of the requests.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Rights as of `as_of`.
    pub actor: Arc<Actor>,
    /// When the rights were read.
    pub as_of: DateTime<Utc>,
    /// The session of a person; `None` for API clients.
    pub session: Option<SessionId>,
}

impl Deref for Admitted {
    type Target = Arc<Actor>;

    fn deref(&self) -> &Arc<Actor> {
        &self.actor
    }
}

/// The gate of an app: admits by its database.
pub struct Gate {
    app: App,
    attempts: Attempts,
    houses: Houses,
}

impl Gate {
    /// The gate of `app`, with the identity providers of its settings.
    ///
    /// # Errors
    /// When the key set of an identity provider cannot be read.
    pub fn new(app: App) -> anyhow::Result<Self> {
        Ok(Self { attempts: Attempts::default(), houses: Houses::of(&app)?, app })
    }

    /// Counts who tries to sign in.
    #[must_use]
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// Those whose word about a person counts.
    #[must_use]
    pub fn houses(&self) -> &Houses {
        &self.houses
    }

    async fn by_access_token(&self, token: &str) -> Result<Viewer<Admitted>, Refusal> {
        let claims = self.app.tokens.verify(token)?;
        let actor = of_session(&self.app.store, claims.wsp, claims.sid, claims.sub).await.map_err(refusal)?;
        Ok(Viewer { actor: self.admitted(actor, Some(claims.sid)), user_key: claims.sub.to_string(), expires_at: claims.expires_at() })
    }

    async fn by_api_token(&self, token: &str) -> Result<Viewer<Admitted>, Refusal> {
        let actor = agent::viewer_of_token(&self.app.store, token).await.map_err(refusal)?;
        // No end is told: the regular question notices one within seconds, and an admin may move it.
        Ok(Viewer { user_key: actor.reference().to_string(), actor: self.admitted(actor, None), expires_at: None })
    }

    fn admitted(&self, actor: Actor, session: Option<SessionId>) -> Admitted {
        Admitted { actor: Arc::new(actor), as_of: self.app.store.clock().now(), session }
    }
}

#[async_trait]
impl Gatekeeper for Gate {
    type Actor = Admitted;

    async fn admit(&self, bearer: &str) -> Result<Viewer<Admitted>, Refusal> {
        if AccessTokens::has_form(bearer) {
            self.by_access_token(bearer).await
        } else if bearer.starts_with(API_TOKEN_PREFIX) {
            self.by_api_token(bearer).await
        } else {
            Err(Refusal::Invalid)
        }
    }

    async fn is_still_admitted(&self, viewer: &Viewer<Admitted>) -> Result<bool, Refusal> {
        match still(&self.app.store, &viewer.actor).await {
            Ok(_) => Ok(true),
            Err(error) => match refusal(error) {
                Refusal::Unavailable => Err(Refusal::Unavailable),
                Refusal::Invalid | Refusal::Expired => Ok(false),
            },
        }
    }
}

/// The rights of somebody admitted earlier as they are now.
///
/// # Errors
/// `Unauthenticated` when they would not be admitted any more; storage.
pub async fn still(store: &Store, admitted: &Admitted) -> Result<Actor> {
    match (admitted.session, admitted.actor.person()) {
        (Some(session), Some(person)) => of_session(store, admitted.actor.workspace, session, person).await,
        _ => renewed(store, &admitted.actor).await,
    }
}

/// The rights of an actor as they are now, whichever session it came by.
///
/// # Errors
/// `Unauthenticated` when the person was disabled, the token revoked or has run out; storage.
pub async fn renewed(store: &Store, actor: &Actor) -> Result<Actor> {
    let read = store.read(actor.workspace).await?;
    match actor.identity {
        Identity::Person { id, .. } => {
            let active = person::by_id(actor.workspace, id).filter(person::Column::IsActive.eq(true));
            let person = active.one(read.conn()).await?.ok_or(Error::Unauthenticated)?;
            agent::actor_of(read.conn(), &person).await
        }
        Identity::ApiClient { id, .. } => {
            let client = api_client::by_id(actor.workspace, id).one(read.conn()).await?.ok_or(Error::Unauthenticated)?;
            if client.revoked_at.is_some() || client.expires_at.is_some_and(|end| end <= store.clock().now()) {
                return Err(Error::Unauthenticated);
            }
            agent::actor_of_client(read.conn(), &client).await
        }
        // These never come with a token.
        Identity::Contact(_) | Identity::Script(_) | Identity::System => Err(Error::Unauthenticated),
    }
}

/// The token names its session but not the person's token generation. Whatever raises the generation also revokes the
/// sessions that must end, so the session decides.
async fn of_session(store: &Store, workspace: WorkspaceId, session: SessionId, id: PersonId) -> Result<Actor> {
    let read = store.read(workspace).await?;
    let person = person::by_id(workspace, id).one(read.conn()).await?.ok_or(Error::Unauthenticated)?;
    drop(read);
    agent::viewer_of_session(store, workspace, session, id, person.token_generation).await
}

fn refusal(error: Error) -> Refusal {
    match error.code() {
        ErrorCode::Unauthenticated => Refusal::Invalid,
        _ => {
            tracing::warn!(error = ?error, "nobody could tell whom a token stands for");
            Refusal::Unavailable
        }
    }
}
