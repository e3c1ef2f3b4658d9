//! Who a bearer token stands for, according to the database.
//!
//! Two kinds of tokens are known: access tokens of a session ([`crate::auth::jwt`]) and tokens of API clients. Whoever
//! is admitted carries an [`Admitted`]: the rights as of a moment, and the session, so that it can be asked about again
//! and ended. It puts the rights into every request and makes them anew when the moment is over, because a
//! socket outlives it. What signing in needs besides is kept here too ([`attempts`], [`houses`]); the session mutations
//! do it.

pub mod attempts;
pub mod houses;
pub mod rights;

use std::{ops::Deref, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use tributary_domain::{
    Error, ErrorCode, Result,
    actor::{Actor, Identity},
    agent::{self, Acting},
    entity::api_client,
    event::Seq,
    ids::SessionId,
};

use self::{attempts::Attempts, houses::Houses};
use crate::{
    app::App,
    auth::{Gatekeeper, Refusal, Viewer, jwt::AccessTokens},
    graphql,
};

/// What the tokens of API clients begin with.
const API_TOKEN_PREFIX: &str = "trb_";

/// How old rights may be when an operation begins. A request over HTTP has just been admitted and asks nothing; an
/// operation on an old socket asks the database once.
const GOOD_FOR: Duration = Duration::seconds(2);

/// Somebody who was admitted; in the data of the requests.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Rights as of `as_of`.
    pub actor: Arc<Actor>,
    /// When the rights were read.
    pub as_of: DateTime<Utc>,
    /// The place in the log as of which they were read at the latest.
    pub at: Seq,
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

    async fn by_bearer(&self, bearer: &str, is_for_page: bool) -> Result<Viewer<Admitted>, Refusal> {
        if AccessTokens::has_form(bearer) {
            self.by_access_token(bearer, is_for_page).await
        } else if bearer.starts_with(API_TOKEN_PREFIX) {
            self.by_api_token(bearer).await
        } else {
            Err(Refusal::Invalid)
        }
    }

    async fn by_access_token(&self, token: &str, is_for_page: bool) -> Result<Viewer<Admitted>, Refusal> {
        let claims = self.app.tokens.verify(token)?;
        let acting = Acting { workspace: claims.wsp, person: claims.sub, session: Some(claims.sid) };
        let rights = &self.app.rights;
        let (actor, at) = if is_for_page { rights.now(acting).await } else { rights.soon(acting).await }.map_err(refusal)?;
        Ok(Viewer { actor: self.admitted(actor, at, Some(claims.sid)), user_key: claims.sub.to_string(), expires_at: claims.expires_at() })
    }

    async fn by_api_token(&self, token: &str) -> Result<Viewer<Admitted>, Refusal> {
        let actor = agent::viewer_of_token(&self.app.store, token).await.map_err(refusal)?;
        // No end is told: the regular question notices one within seconds, and an admin may move it.
        Ok(Viewer { user_key: actor.reference().to_string(), actor: self.admitted(actor, Seq(0), None), expires_at: None })
    }

    async fn as_of_now(&self, admitted: &Admitted) -> Result<Arc<Actor>> {
        if self.app.store.clock().now() - admitted.as_of <= GOOD_FOR {
            return Ok(Arc::clone(&admitted.actor));
        }
        Ok(Arc::new(still(&self.app, admitted).await?))
    }

    fn admitted(&self, actor: Actor, at: Seq, session: Option<SessionId>) -> Admitted {
        Admitted { actor: Arc::new(actor), as_of: self.app.store.clock().now(), at, session }
    }
}

#[async_trait]
impl Gatekeeper for Gate {
    type Actor = Admitted;

    async fn admit(&self, bearer: &str) -> Result<Viewer<Admitted>, Refusal> {
        self.by_bearer(bearer, true).await
    }

    async fn admit_socket(&self, bearer: &str) -> Result<Viewer<Admitted>, Refusal> {
        self.by_bearer(bearer, false).await
    }

    async fn is_still_admitted(&self, viewer: &Viewer<Admitted>) -> Result<bool, Refusal> {
        match still(&self.app, &viewer.actor).await {
            Ok(_) => Ok(true),
            Err(error) => match refusal(error) {
                Refusal::Unavailable => Err(Refusal::Unavailable),
                Refusal::Invalid | Refusal::Expired => Ok(false),
            },
        }
    }

    /// Adds the actor with rights of this moment, and a loader of rows in its name.
    async fn equip(&self, request: async_graphql::Request, viewer: &Viewer<Admitted>) -> Result<async_graphql::Request, Refusal> {
        let actor = self.as_of_now(&viewer.actor).await.map_err(refusal)?;
        let rows = graphql::request_data(&self.app, Arc::clone(&actor));
        Ok(request.data(viewer.actor.clone()).data(actor).data(rows))
    }
}

/// The rights of somebody admitted earlier as they are now.
///
/// # Errors
/// `Unauthenticated` when they would not be admitted any more; storage.
pub async fn still(app: &App, admitted: &Admitted) -> Result<Actor> {
    match (admitted.session, admitted.actor.person()) {
        (Some(session), Some(person)) => {
            Ok(app.rights.soon(Acting { workspace: admitted.actor.workspace, person, session: Some(session) }).await?.0)
        }
        _ => renewed(app, &admitted.actor).await,
    }
}

/// The rights of an actor as they are now, whichever session it came by.
///
/// # Errors
/// `Unauthenticated` when the person was disabled, the token revoked or has run out; storage.
pub async fn renewed(app: &App, actor: &Actor) -> Result<Actor> {
    Ok(renewed_at(app, actor).await?.0)
}

/// As [`renewed`], with the place in the log as of which they are.
///
/// # Errors
/// As [`renewed`].
pub async fn renewed_at(app: &App, actor: &Actor) -> Result<(Actor, Seq)> {
    match actor.identity {
        Identity::Person { id, .. } => app.rights.soon(Acting { workspace: actor.workspace, person: id, session: None }).await,
        Identity::ApiClient { id, .. } => {
            let read = app.store.read(actor.workspace).await?;
            let client = api_client::by_id(actor.workspace, id).one(read.conn()).await?.ok_or(Error::Unauthenticated)?;
            if client.revoked_at.is_some() || client.expires_at.is_some_and(|end| end <= app.store.clock().now()) {
                return Err(Error::Unauthenticated);
            }
            Ok((agent::actor_of_client(read.conn(), &client).await?, read.position().await?.seq))
        }
        // These never come with a token.
        Identity::Contact(_) | Identity::Script(_) | Identity::System | Identity::Anyone(_) => Err(Error::Unauthenticated),
    }
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
