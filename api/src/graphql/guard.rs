//! Guards of fields: every field of the roots says which rank and which scopes it needs, so that whoever lacks them does not
//! get as far as a resolver. The domain decides about objects besides.

use async_graphql::{Context, Guard};
use tributary_domain::{
    Error, Result,
    actor::{Role, Scope},
};

use super::{context::Cx, error::OrFieldError};

/// What a field needs.
pub struct Needs {
    role: Role,
    /// One of these; none: whoever is signed in.
    scopes: &'static [Scope],
}

impl Needs {
    /// Somebody who is signed in, with whatever token.
    #[must_use]
    pub const fn sign_in() -> Self {
        Self { role: Role::Agent, scopes: &[] }
    }

    /// A person, or a token with one of these scopes.
    #[must_use]
    pub const fn scope(scopes: &'static [Scope]) -> Self {
        Self { role: Role::Agent, scopes }
    }

    /// This rank or a higher one; a token needs one of these scopes besides.
    #[must_use]
    pub const fn role(role: Role, scopes: &'static [Scope]) -> Self {
        Self { role, scopes }
    }

    fn of(&self, cx: &impl Cx) -> Result<()> {
        let actor = cx.actor()?;
        if actor.role < self.role {
            return Err(Error::Forbidden("the role does not allow it"));
        }
        if self.scopes.is_empty() || self.scopes.iter().any(|scope| actor.must_have(*scope).is_ok()) {
            return Ok(());
        }
        Err(Error::Forbidden("the token lacks the scope"))
    }
}

impl Guard for Needs {
    async fn check(&self, cx: &Context<'_>) -> async_graphql::Result<()> {
        self.of(cx).or_field_error()
    }
}

/// Reads of what interactions consist of.
pub const READS: &[Scope] = &[Scope::ReadInteractions];
/// Reads of what interactions refer to, such as people and tags; also needed by whoever sets it up.
pub const REFERS: &[Scope] =
    &[Scope::ReadInteractions, Scope::ManageInteractions, Scope::ManageContacts, Scope::ManageChannels, Scope::ManageWorkspace];
/// Writes of messages and notes.
pub const SENDS: &[Scope] = &[Scope::SendMessages];
/// Changes of interactions.
pub const STEERS: &[Scope] = &[Scope::ManageInteractions];
/// Changes of contacts.
pub const CONTACTS: &[Scope] = &[Scope::ManageContacts];
/// Set-up of channels.
pub const CHANNELS: &[Scope] = &[Scope::ManageChannels];
/// Set-up of everything else.
pub const WORKSPACE: &[Scope] = &[Scope::ManageWorkspace];
/// Following the log.
pub const EVENTS: &[Scope] = &[Scope::ReadEvents];
