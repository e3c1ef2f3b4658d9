//! Guards of fields: who is not signed in, or of too low a rank, does not get as far as a resolver. The domain decides
//! about objects besides, and about the scopes of tokens.

use async_graphql::{Context, Guard};
use tributary_domain::{Error, actor::Role};

use super::{context::Cx, error::OrFieldError};

/// Lets nobody in who is not signed in.
pub struct SignedIn;

impl Guard for SignedIn {
    async fn check(&self, cx: &Context<'_>) -> async_graphql::Result<()> {
        cx.actor().map(|_| ()).or_field_error()
    }
}

/// Lets this rank and higher ones in.
pub struct RoleGuard(pub Role);

impl Guard for RoleGuard {
    async fn check(&self, cx: &Context<'_>) -> async_graphql::Result<()> {
        let role = cx.actor().or_field_error()?.role;
        if role >= self.0 { Ok(()) } else { Err(Error::Forbidden("the role does not allow it")).or_field_error() }
    }
}
