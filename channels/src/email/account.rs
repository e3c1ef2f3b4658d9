//! A channel's settings as typed values.

use std::{net::IpAddr, time::Duration};

use secrecy::SecretString;
use tributary_domain::outbound::OpenChannel;

use super::failure::MailError;

/// Seconds between two looks into a mailbox whose server has no IDLE, when nothing else is set.
const POLL_INTERVAL_S: i64 = 60;

/// Largest mail, when nothing else is set, MB: what the large providers take (2026-11).
const MAX_MAIL_MB: i64 = 25;

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte.
    Tls,
    /// Plain greeting, then TLS.
    StartTls,
    /// None; only within the machine.
    None,
}

/// One of the two servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// Name or literal address.
    pub(super) host: String,
    /// TCP port.
    pub(super) port: u16,
    /// Protection.
    pub(super) security: Security,
    /// The settings key of the host, for messages to the administrator.
    pub(super) host_field: &'static str,
}

/// How we sign in.
#[derive(Debug, Clone)]
pub(super) enum Auth {
    /// With a password.
    Password(SecretString),
    /// With an access token that a refresh token buys.
    OAuth(OAuth),
}

/// What buys an access token.
#[derive(Debug, Clone)]
pub(super) struct OAuth {
    pub(super) client_id: String,
    pub(super) client_secret: Option<SecretString>,
    pub(super) refresh_token: SecretString,
    pub(super) token_url: url::Url,
    pub(super) scope: Option<String>,
    pub(super) mechanism: Mechanism,
}

/// How an access token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// That of Google and Microsoft.
    XOAuth2,
    /// That of RFC 7628.
    OAuthBearer,
}

/// All settings of a mailbox.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) address: String,
    pub(super) imap: Server,
    pub(super) smtp: Server,
    pub(super) user: String,
    pub(super) auth: Auth,
    pub(super) sent_folder: Option<String>,
    /// Mails are moved out of the inbox once they are stored.
    pub(super) moves_away: bool,
    /// Where to; `None`: the folder that the server marks as the archive.
    pub(super) archive_folder: Option<String>,
    /// Largest mail that we send, bytes.
    pub(super) max_mail_bytes: u64,
    pub(super) ca_pem: Option<String>,
    pub(super) poll_interval: Duration,
    pub(super) import_days: Option<u32>,
}

impl Account {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`MailError::Setting`] naming the first field that is missing or wrong.
    pub(super) fn of(channel: &OpenChannel) -> Result<Self, MailError> {
        let address = required(channel, "address")?.trim().to_owned();
        if address.rsplit_once('@').is_none_or(|(local, domain)| local.is_empty() || domain.is_empty()) {
            return Err(MailError::setting("address", "The address is not a mail address."));
        }
        Ok(Self {
            imap: server(channel, ["imap_host", "imap_port", "imap_security"], [993, 143])?,
            smtp: server(channel, ["smtp_host", "smtp_port", "smtp_security"], [465, 587])?,
            user: channel.text("user").unwrap_or(&address).to_owned(),
            auth: auth(channel)?,
            sent_folder: channel.text("sent_folder").map(str::to_owned),
            moves_away: channel.text("after_fetch") == Some("move"),
            archive_folder: channel.text("archive_folder").map(str::to_owned),
            max_mail_bytes: channel.number("max_mail_mb").unwrap_or(MAX_MAIL_MB).clamp(1, 1000).unsigned_abs() * 1024 * 1024,
            ca_pem: lines(channel, "ca_pem"),
            poll_interval: Duration::from_secs(channel.number("poll_interval_s").unwrap_or(POLL_INTERVAL_S).clamp(1, 3600).unsigned_abs()),
            import_days: channel.number("import_days").and_then(|days| u32::try_from(days).ok()),
            address,
        })
    }
}

/// A setting of several lines, however the form sent it: as one text or as a list.
pub(super) fn lines(channel: &OpenChannel, key: &str) -> Option<String> {
    match channel.settings.get(key)? {
        serde_json::Value::Array(lines) => Some(lines.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join("\n")),
        other => other.as_str().map(str::to_owned),
    }
    .filter(|text| !text.trim().is_empty())
}

fn required<'a>(channel: &'a OpenChannel, key: &'static str) -> Result<&'a str, MailError> {
    channel.text(key).ok_or_else(|| MailError::setting(key, format!("The setting {key} is missing.")))
}

fn server(
    channel: &OpenChannel,
    [host_key, port_key, security_key]: [&'static str; 3],
    [tls_port, starttls_port]: [u16; 2],
) -> Result<Server, MailError> {
    let host = required(channel, host_key)?.trim().to_owned();
    let (security, default_port) = match channel.text(security_key).unwrap_or("tls") {
        "tls" => (Security::Tls, tls_port),
        "starttls" => (Security::StartTls, starttls_port),
        "none" if is_loopback(&host) => (Security::None, starttls_port),
        "none" => {
            return Err(MailError::setting(security_key, format!("Without TLS only a server on this machine may be used, not {host}.")));
        }
        _ => return Err(MailError::setting(security_key, "The protection must be tls, starttls or none.")),
    };
    let port = match channel.number(port_key) {
        None => default_port,
        Some(number) => u16::try_from(number)
            .ok()
            .filter(|port| *port != 0)
            .ok_or_else(|| MailError::setting(port_key, "The port must be between 1 and 65535."))?,
    };
    Ok(Server { host, port, security, host_field: host_key })
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn auth(channel: &OpenChannel) -> Result<Auth, MailError> {
    let secret =
        |key: &'static str| channel.secret(key).cloned().ok_or_else(|| MailError::setting(key, format!("The setting {key} is missing.")));
    match channel.text("auth").unwrap_or("password") {
        "password" => Ok(Auth::Password(secret("password")?)),
        mechanism @ ("xoauth2" | "oauthbearer") => Ok(Auth::OAuth(OAuth {
            client_id: required(channel, "oauth_client_id")?.to_owned(),
            client_secret: channel.secret("oauth_client_secret").cloned(),
            refresh_token: secret("oauth_refresh_token")?,
            token_url: url::Url::parse(required(channel, "oauth_token_url")?)
                .map_err(|_| MailError::setting("oauth_token_url", "The token address is not a web address."))?,
            scope: channel.text("oauth_scope").map(str::to_owned),
            mechanism: if mechanism == "xoauth2" { Mechanism::XOAuth2 } else { Mechanism::OAuthBearer },
        })),
        _ => Err(MailError::setting("auth", "The way to sign in must be password, xoauth2 or oauthbearer.")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::email::corpus::channel;

    fn account(changes: &serde_json::Value) -> Result<Account, MailError> {
        let mut channel = channel();
        let base = json!({ "imap_host": "imap.example.test", "smtp_host": "smtp.example.test" });
        for (key, value) in base.as_object().into_iter().chain(changes.as_object()).flatten() {
            channel.settings.insert(key.clone(), value.clone());
        }
        channel.secrets.insert("password".to_owned(), "secret".into());
        Account::of(&channel)
    }

    #[test]
    fn what_is_not_given_is_the_usual() {
        let account = account(&json!({ "smtp_security": "starttls", "ca_pem": ["a", "b"] })).expect("settings");
        assert_eq!((account.imap.port, account.imap.security), (993, Security::Tls));
        assert_eq!((account.smtp.port, account.smtp.security), (587, Security::StartTls));
        assert_eq!((account.user.as_str(), account.ca_pem.as_deref()), ("support@example.test", Some("a\nb")));
    }

    #[test]
    fn nothing_leaves_this_machine_in_the_clear() {
        for host in ["imap.example.test", "10.0.0.1", "localhost.evil.example", "127.0.0.1.evil.example"] {
            let refused = account(&json!({ "imap_host": host, "imap_security": "none" })).err();
            assert!(matches!(refused, Some(MailError::Setting { field: "imap_security", .. })), "{host}: {refused:?}");
        }
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert!(account(&json!({ "imap_host": host, "imap_security": "none" })).is_ok(), "{host}");
        }
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (changes, field) in [
            (json!({ "imap_port": 0 }), "imap_port"),
            (json!({ "smtp_port": 70000 }), "smtp_port"),
            (json!({ "smtp_host": "" }), "smtp_host"),
            (json!({ "auth": "xoauth2" }), "oauth_client_id"),
            (json!({ "auth": "magic" }), "auth"),
        ] {
            let refused = account(&changes).err();
            assert!(matches!(&refused, Some(MailError::Setting { field: found, .. }) if *found == field), "{changes}: {refused:?}");
        }
    }
}
