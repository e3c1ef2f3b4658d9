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
    account::{Account, Auth, Mechanism, OAuth, Server},
    failure::MailError,
    turns::Turns,
};
use crate::{
    channel::{Cx, RenewedSecret},
    shared::http::HttpFailure,
};

/// Seconds before its end at which a token is no longer used.
const MARGIN_S: i64 = 60;

/// Name of the setting with the refresh token.
const REFRESH_TOKEN: &str = "oauth_refresh_token";

/// Longest wait for the token service.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);

/// What we sign in with.
#[derive(Debug, Clone)]
pub(super) enum Credentials {
    /// User and password.
    Password(SecretString),
    /// An access token.
    Bearer { token: SecretString, mechanism: Mechanism },
}

/// A SASL exchange of one message.
pub(super) struct Sasl {
    /// Name of the mechanism.
    pub(super) mechanism: &'static str,
    /// What we say first.
    pub(super) message: String,
    /// What we say to the explanation of a refusal, so that the refusal itself comes.
    pub(super) after_refusal: &'static str,
}

/// Access tokens that are still good, by channel.
#[derive(Default)]
pub(super) struct TokenCache {
    tokens: Mutex<HashMap<ChannelId, Token>>,
    /// Two purchases at once with one refresh token are a theft to services that replace it each time.
    purchases: Turns,
}

#[derive(Clone)]
struct Token {
    access: SecretString,
    /// The refresh token of the setting for which it was bought: a changed setting must not use the old account's token.
    setting: SecretString,
    /// The refresh token that buys the next one: the setting, or what the service gave in its place.
    refresh: SecretString,
    until: DateTime<Utc>,
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: SecretString,
    expires_in: Option<i64>,
    /// Replaces the one it was bought with.
    refresh_token: Option<SecretString>,
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
        let before = self.known(channel.id, oauth);
        let is_good = |token: &Token| token.until > now;
        if !is_second_try && let Some(token) = before.clone().filter(is_good) {
            return Ok(Credentials::Bearer { token: token.access, mechanism: oauth.mechanism });
        }
        let _turn = self.purchases.turn(channel.id).await;
        // Another may have bought one meanwhile.
        let known = self.known(channel.id, oauth);
        let is_newer = |token: &Token| before.as_ref().is_none_or(|before| !is_same(&before.access, &token.access));
        if let Some(token) = known.clone().filter(|token| is_good(token) && is_newer(token)) {
            return Ok(Credentials::Bearer { token: token.access, mechanism: oauth.mechanism });
        }
        let used = known.map_or_else(|| oauth.refresh_token.clone(), |token| token.refresh);
        let reply = buy(cx, oauth, &used).await?;
        let until = now + Duration::seconds(reply.expires_in.unwrap_or(300) - MARGIN_S);
        let refresh = reply.refresh_token.unwrap_or_else(|| used.clone());
        let token = Token { access: reply.access_token.clone(), setting: oauth.refresh_token.clone(), refresh: refresh.clone(), until };
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(channel.id, token);
        if !is_same(&refresh, &used) {
            let renewed = RenewedSecret { key: REFRESH_TOKEN, replaced: vec![oauth.refresh_token.clone(), used], value: refresh };
            if let Err(reason) = cx.secrets.keep(channel, renewed).await {
                // This process goes on with the one in memory.
                tracing::error!(channel.id = %channel.id, reason, "a replaced refresh token could not be kept");
            }
        }
        Ok(Credentials::Bearer { token: reply.access_token, mechanism: oauth.mechanism })
    }

    /// What was bought last for this setting, also when the setting is by now the token that came in its place.
    fn known(&self, channel: ChannelId, oauth: &OAuth) -> Option<Token> {
        let known = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(&channel).cloned();
        known.filter(|token| is_same(&token.setting, &oauth.refresh_token) || is_same(&token.refresh, &oauth.refresh_token))
    }
}

fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

async fn buy(cx: &Cx, oauth: &OAuth, refresh_token: &SecretString) -> Result<TokenReply, MailError> {
    let mut form =
        vec![("grant_type", "refresh_token"), ("client_id", oauth.client_id.as_str()), ("refresh_token", refresh_token.expose_secret())];
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

/// The exchange that presents an access token to a server.
pub(super) fn bearer(mechanism: Mechanism, user: &str, server: &Server, token: &SecretString) -> Sasl {
    let token = token.expose_secret();
    match mechanism {
        Mechanism::XOAuth2 => {
            Sasl { mechanism: "XOAUTH2", message: format!("user={user}\x01auth=Bearer {token}\x01\x01"), after_refusal: "" }
        }
        Mechanism::OAuthBearer => {
            // The two characters that end a part of the first message are written out in names (RFC 5801 4).
            let user = user.replace('=', "=3D").replace(',', "=2C");
            let Server { host, port, .. } = server;
            let message = format!("n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01");
            Sasl { mechanism: "OAUTHBEARER", message, after_refusal: "\x01" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::account::Security;

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
        let server = Server { host: "imap.example.test".to_owned(), port: 993, security: Security::Tls, host_field: "imap_host" };
        let said = |mechanism, user: &str| bearer(mechanism, user, &server, &SecretString::from("t")).message;
        assert_eq!(said(Mechanism::XOAuth2, "a@example.test"), "user=a@example.test\u{1}auth=Bearer t\u{1}\u{1}");
        // The example of RFC 7628 4.1, with our names.
        assert_eq!(
            said(Mechanism::OAuthBearer, "a,b=@example.test"),
            "n,a=a=2Cb=3D@example.test,\u{1}host=imap.example.test\u{1}port=993\u{1}auth=Bearer t\u{1}\u{1}"
        );
    }
}
