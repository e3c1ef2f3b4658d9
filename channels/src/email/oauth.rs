//! Access tokens: bought with the refresh token, kept until shortly before they end.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tributary_domain::{ids::ChannelId, outbound::OpenChannel};

use super::{
    account::{Account, Auth, OAuth},
    failure::MailError,
};
use crate::{channel::Cx, shared::http::HttpFailure};

/// Seconds before its end at which a token is no longer used.
const MARGIN_S: i64 = 60;

/// Longest wait for the token service.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);

/// What we sign in with.
#[derive(Debug, Clone)]
pub(super) enum Credentials {
    /// User and password.
    Password(SecretString),
    /// An access token.
    Bearer(SecretString),
}

/// Access tokens that are still good, by channel.
#[derive(Default)]
pub(super) struct TokenCache(Mutex<HashMap<ChannelId, Token>>);

#[derive(Clone)]
struct Token {
    access: SecretString,
    /// The refresh token that bought it: a changed setting must not use the old account's token.
    refresh: SecretString,
    until: DateTime<Utc>,
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: SecretString,
    expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
}

impl TokenCache {
    /// What to sign in with now. `is_second_try`: the server has just refused what the cache holds.
    ///
    /// # Errors
    /// [`MailError::SignIn`] when the refresh token is refused, [`MailError::Unreachable`] when nobody answers.
    pub(super) async fn credentials(
        &self,
        cx: &Cx,
        channel: &OpenChannel,
        account: &Account,
        is_second_try: bool,
    ) -> Result<Credentials, MailError> {
        let oauth = match &account.auth {
            Auth::Password(password) => return Ok(Credentials::Password(password.clone())),
            Auth::OAuth(oauth) => oauth,
        };
        let now = cx.clock.now();
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&channel.id).cloned();
        let is_good =
            |token: &Token| token.until > now && !is_second_try && token.refresh.expose_secret() == oauth.refresh_token.expose_secret();
        if let Some(token) = known.filter(is_good) {
            return Ok(Credentials::Bearer(token.access));
        }
        let reply = buy(cx, oauth).await?;
        let until = now + Duration::seconds(reply.expires_in.unwrap_or(300) - MARGIN_S);
        let token = Token { access: reply.access_token.clone(), refresh: oauth.refresh_token.clone(), until };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(channel.id, token);
        Ok(Credentials::Bearer(reply.access_token))
    }
}

async fn buy(cx: &Cx, oauth: &OAuth) -> Result<TokenReply, MailError> {
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("client_id", oauth.client_id.as_str()),
        ("refresh_token", oauth.refresh_token.expose_secret()),
    ];
    if let Some(secret) = &oauth.client_secret {
        form.push(("client_secret", secret.expose_secret()));
    }
    if let Some(scope) = &oauth.scope {
        form.push(("scope", scope.as_str()));
    }
    let (status, body) = post_form(cx, &oauth.token_url, &form).await?;
    read_reply(status, &body)
}

/// Posts the form; the answer's status and body.
async fn post_form(cx: &Cx, url: &url::Url, form: &[(&str, &str)]) -> Result<(u16, Bytes), MailError> {
    match cx.http.post_form(url, http::HeaderMap::new(), form, TIMEOUT).await {
        Ok(reply) => Ok((reply.status, reply.body)),
        Err(HttpFailure::Refused { reason }) => {
            Err(MailError::setting("oauth_token_url", format!("The token address is not allowed: {reason}.")))
        }
        // Asking for a token twice does no harm, so a doubtful exchange is simply repeated.
        Err(HttpFailure::NotSent { reason } | HttpFailure::Ambiguous { reason }) => {
            Err(MailError::unreachable("oauth_token_url", format!("The token service cannot be reached: {reason}.")))
        }
    }
}

fn read_reply(status: u16, body: &[u8]) -> Result<TokenReply, MailError> {
    const FIELD: &str = "oauth_token_url";
    match status {
        200..=299 => serde_json::from_slice(body)
            .map_err(|_| MailError::unreachable(FIELD, "The token service answered with something that is no access token.")),
        400 | 401 | 403 => {
            let code = serde_json::from_slice::<TokenRefusal>(body).map_or_else(|_| status.to_string(), |refusal| refusal.error);
            let field = if code == "invalid_client" { "oauth_client_secret" } else { "oauth_refresh_token" };
            Err(MailError::sign_in(field, format!("The token service refuses the refresh token ({code}); sign in again.")))
        }
        _ => Err(MailError::unreachable(FIELD, format!("The token service answered with status {status}."))),
    }
}

/// The user's part of the SASL mechanism XOAUTH2.
pub(super) fn xoauth2(user: &str, token: &SecretString) -> String {
    format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose_secret())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_refresh_token_suspends_and_a_broken_service_does_not() {
        let refused = read_reply(400, br#"{"error":"invalid_grant"}"#).err();
        assert_eq!(
            refused,
            Some(MailError::sign_in("oauth_refresh_token", "The token service refuses the refresh token (invalid_grant); sign in again."))
        );
        assert!(matches!(read_reply(503, b"").err(), Some(MailError::Unreachable { .. })));
        assert!(matches!(read_reply(200, b"<html>").err(), Some(MailError::Unreachable { .. })));
    }

    #[test]
    fn a_token_is_read_with_its_end() {
        let reply = read_reply(200, br#"{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"}"#).unwrap();
        assert_eq!((reply.access_token.expose_secret(), reply.expires_in), ("ya29.x", Some(3599)));
    }

    #[test]
    fn the_sasl_text_is_that_of_the_providers() {
        assert_eq!(xoauth2("a@example.test", &SecretString::from("t")), "user=a@example.test\u{1}auth=Bearer t\u{1}\u{1}");
    }
}
