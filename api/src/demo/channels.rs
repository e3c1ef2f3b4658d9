//! The demo's three channels, and a fourth when the environment names a mailbox that can be reached.
//!
//! The example mailbox is switched off once its history is written: it has no server, and a channel that fails all the
//! time would be a bad example. The integrator's channel calls the address at which the recipe of README.md listens.

use std::{collections::BTreeSet, env};

use anyhow::Context;
use secrecy::SecretString;
use tributary_channels::registry::Registry;
use tributary_domain::{
    channel::{self, ChannelChange, ChannelHealth, HealthCause, HealthReason, NewChannel, SettingChange},
    entity,
    ids::ChannelId,
    random,
    seal::Vault,
    spec::ChannelKind,
    store::Tx,
};
use url::Url;

use super::setup::House;

/// Where the recipe's receiver listens.
pub(super) const RECEIVER: &str = "http://127.0.0.1:4100/hook";

/// The three channels that have a history.
pub(super) struct Channels {
    pub chat: ChannelId,
    pub mail: ChannelId,
    pub byoc: ChannelId,
}

/// A mailbox named by the environment: `TRIBUTARY_DEMO_MAIL_ADDRESS`, `…_PASSWORD`, `…_IMAP_HOST`, `…_SMTP_HOST`, and if
/// they differ from the usual `…_USER`, `…_IMAP_PORT`, `…_SMTP_PORT`, `…_IMAP_SECURITY`, `…_SMTP_SECURITY`, `…_CA` (PEM).
pub(super) struct Mailbox(Vec<SettingChange>);

impl Mailbox {
    /// The mailbox, if the environment names one.
    pub(super) fn from_environment() -> anyhow::Result<Option<Self>> {
        Self::from(|name| env::var(format!("TRIBUTARY_DEMO_MAIL_{name}")).ok().filter(|value| !value.is_empty()))
    }

    fn from(get: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Self>> {
        let Some(address) = get("ADDRESS") else { return Ok(None) };
        let mut settings = vec![set("address", &address), set("display_name", "Nordlicht Outdoor")];
        for (key, name) in [("password", "PASSWORD"), ("imap_host", "IMAP_HOST"), ("smtp_host", "SMTP_HOST")] {
            let value =
                get(name).with_context(|| format!("TRIBUTARY_DEMO_MAIL_ADDRESS is set, so TRIBUTARY_DEMO_MAIL_{name} must be too"))?;
            settings.push(set(key, &value));
        }
        let optional = [
            ("user", "USER"),
            ("imap_port", "IMAP_PORT"),
            ("smtp_port", "SMTP_PORT"),
            ("imap_security", "IMAP_SECURITY"),
            ("smtp_security", "SMTP_SECURITY"),
            ("ca_pem", "CA"),
        ];
        settings.extend(optional.into_iter().filter_map(|(key, name)| get(name).map(|value| set(key, &value))));
        Ok(Some(Self(settings)))
    }
}

fn set(key: &str, value: &str) -> SettingChange {
    SettingChange { key: key.to_owned(), value: Some(SecretString::from(value)) }
}

/// What making a channel needs beside the transaction.
pub(super) struct Making<'a> {
    pub registry: &'a Registry,
    pub vault: &'a Vault,
    pub house: &'a House,
    pub public_url: &'a Url,
}

impl Making<'_> {
    /// Sets the channels up.
    pub(super) async fn all(&self, tx: &mut Tx, mailbox: Option<Mailbox>) -> anyhow::Result<Channels> {
        let origin = self.public_url.origin().ascii_serialization();
        let port = self.public_url.port_or_known_default().unwrap_or(80);
        let origins = BTreeSet::from([origin, format!("http://localhost:{port}"), format!("http://127.0.0.1:{port}")]);
        let origins = origins.into_iter().collect::<Vec<_>>().join("\n");
        let chat = vec![
            set("allowed_origins", &origins),
            set("title", "Nordlicht Outdoor"),
            set("colour", "#0f766e"),
            set("greeting", "Moin! Wie können wir helfen? / Hi! How can we help?"),
        ];
        let chat = self.one(tx, ChannelKind::DigitalChat, "Shop chat", chat).await?;
        let mail = vec![
            set("address", "service@example.org"),
            set("display_name", "Nordlicht Outdoor"),
            set("imap_host", "imap.example.org"),
            set("smtp_host", "smtp.example.org"),
            set("password", "example"),
        ];
        let mail = self.one(tx, ChannelKind::Email, "service@example.org", mail).await?;
        if let Some(Mailbox(settings)) = mailbox {
            self.one(tx, ChannelKind::Email, "Test mailbox", settings).await?;
        }
        let capabilities = serde_json::json!({
            "maxText": 4000,
            "rich": { "formatted": true, "richLink": true, "quickReplies": { "max": 10, "maxTitle": 20 }, "location": true },
            "attachments": { "types": ["image/*", "application/pdf"], "maxMegabytes": 10, "maxCount": 5, "maxCaption": 1000 },
            "typing": true, "seen": true, "deliveredReceipts": true, "readReceipts": true, "replyTo": true, "threading": true
        });
        let byoc = vec![
            set("url", RECEIVER),
            set("inbound_token", &random::token()),
            set("signing_secret", &signing_secret()),
            set("capabilities", &capabilities.to_string()),
        ];
        let byoc = self.one(tx, ChannelKind::Byoc, "Marketplace", byoc).await?;
        Ok(Channels { chat, mail, byoc })
    }

    async fn one(&self, tx: &mut Tx, kind: ChannelKind, name: &str, settings: Vec<SettingChange>) -> tributary_domain::Result<ChannelId> {
        let house = self.house;
        let (skill, script) = match kind {
            ChannelKind::DigitalChat => (Some(house.skills[0]), Some(house.greeting)),
            ChannelKind::Byoc => (Some(house.skills[2]), Some(house.silent)),
            _ => (Some(house.skills[0]), None),
        };
        let new = NewChannel {
            client_id: format!("demo {name}"),
            name: name.to_owned(),
            inbox: house.inbox,
            default_skill: skill,
            default_script: script,
            settings,
        };
        channel::create(tx, &house.people[0], self.registry.spec(kind), self.vault, new).await
    }

    /// Switches the example mailbox off and says what to do with it.
    pub(super) async fn switch_off(&self, tx: &mut Tx, mail: ChannelId) -> tributary_domain::Result<()> {
        let off = ChannelChange { is_enabled: Some(false), ..ChannelChange::default() };
        channel::update(tx, &self.house.people[0], self.registry.spec(ChannelKind::Email), self.vault, mail, off, None).await?;
        let reason = "This mailbox is an example. Enter the address, servers and password of a real mailbox, then switch the channel on.";
        channel::set_health(tx, mail, ChannelHealth::NeedsSignIn, Some(HealthReason::new(HealthCause::Example, reason))).await
    }
}

/// A secret as Standard Webhooks writes it: 32 random bytes.
fn signing_secret() -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("whsec_{}", STANDARD.encode(random::bytes::<32>()))
}

/// Makes a channel count as heard, as of the transaction's time.
pub(super) async fn heard(tx: &mut Tx, id: ChannelId) -> tributary_domain::Result<entity::channel::Model> {
    let missing = tributary_domain::Error::NotFound("channel");
    let found = entity::channel::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(missing)?;
    channel::heard(tx, &found).await?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::Mailbox;

    #[test]
    fn a_mailbox_is_whole_or_absent() {
        assert!(Mailbox::from(|_| None).expect("nothing is asked for").is_none());
        let whole = Mailbox::from(|name| Some(if name.ends_with("PORT") { "993" } else { "x" }.to_owned())).expect("whole").expect("there");
        assert_eq!(whole.0.len(), 11);
        let error = Mailbox::from(|name| (name == "ADDRESS").then(|| "a@example.org".to_owned())).err().expect("the password is missing");
        assert!(error.to_string().contains("TRIBUTARY_DEMO_MAIL_PASSWORD"));
    }
}
