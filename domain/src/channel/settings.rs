//! Settings of a channel: checked against the kind's fields, secrets sealed, opened only for the adapter.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::{
    content::Violation,
    entity::channel,
    error::{Error, Result},
    ids::ChannelId,
    outbound::OpenChannel,
    seal::{Sealed, Vault},
    spec::{Capabilities, ChannelSpec, SettingField, SettingType},
    store::{Scope, Tx},
};

/// Setting under which an integrator declares what the channel can do.
const CAPABILITIES: &str = "capabilities";

/// A change of one setting; `None` removes the value.
#[derive(Debug, Clone)]
pub struct SettingChange {
    /// Name of the field.
    pub key: String,
    /// The new value, as text whatever the type.
    pub value: Option<SecretString>,
}

fn first(key: &str, violations: Vec<Violation>) -> Error {
    let text = violations.into_iter().next().map_or_else(String::new, |violation| format!("{}: {}", violation.field, violation.message));
    Error::invalid(format!("settings.{key}"), text)
}

/// Opens a channel for its adapter.
///
/// # Errors
/// `Sealed` when a secret cannot be opened with the keys at hand; `Storage`.
pub async fn open(scope: &impl Scope, vault: &Vault, channel: &channel::Model) -> Result<OpenChannel> {
    let secrets = vault.open(scope, channel.id, &channel.sealed).await?;
    Ok(OpenChannel {
        workspace: channel.workspace_id,
        id: channel.id,
        name: channel.name.clone(),
        token: channel.token.clone(),
        settings: channel.settings.0.clone(),
        secrets,
    })
}

/// Applies changes and checks the whole: known keys, right types, everything required there.
///
/// # Errors
/// `Invalid` with `settings.<key>`.
pub(super) async fn apply(
    tx: &Tx,
    spec: &ChannelSpec,
    vault: &Vault,
    id: ChannelId,
    settings: &mut Map<String, Value>,
    sealed: &mut BTreeMap<String, Sealed>,
    changes: Vec<SettingChange>,
) -> Result<()> {
    let mut secrets = BTreeMap::new();
    for change in changes {
        let field = spec.settings.iter().find(|field| field.key == change.key);
        let field = field.ok_or_else(|| Error::invalid(format!("settings.{}", change.key), "no such setting"))?;
        match change.value.filter(|value| !value.expose_secret().trim().is_empty()) {
            None => {
                settings.remove(field.key);
                sealed.remove(field.key);
            }
            Some(value) if field.is_secret => {
                secrets.insert(field.key.to_owned(), value);
            }
            Some(value) => {
                settings.insert(field.key.to_owned(), parse(field, value.expose_secret().trim())?);
            }
        }
    }
    if !secrets.is_empty() {
        sealed.extend(vault.seal(tx, id, &secrets).await?);
    }
    for field in spec.settings {
        if !field.default.is_empty() && !settings.contains_key(field.key) && !field.is_secret {
            settings.insert(field.key.to_owned(), parse(field, field.default)?);
        }
        let is_there = settings.contains_key(field.key) || sealed.contains_key(field.key);
        if field.is_required && !is_there {
            return Err(Error::invalid(format!("settings.{}", field.key), "is required"));
        }
    }
    if let Some(declared) = settings.get(CAPABILITIES) {
        Capabilities::declared(declared).map_err(|violations| first(CAPABILITIES, violations))?;
    }
    Ok(())
}

fn parse(field: &SettingField, text: &str) -> Result<Value> {
    let wrong = |reason: &str| Error::invalid(format!("settings.{}", field.key), reason);
    Ok(match field.setting_type {
        SettingType::Text | SettingType::Lines => Value::from(text),
        SettingType::Host if text.chars().any(|c| c.is_whitespace() || matches!(c, '/' | '@')) => return Err(wrong("must be a host name")),
        SettingType::Host => Value::from(text),
        SettingType::Url => match url::Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Value::from(text),
            _ => return Err(wrong("must be an http or https address")),
        },
        SettingType::Number => Value::from(text.parse::<i64>().map_err(|_| wrong("must be a whole number"))?),
        SettingType::Boolean => Value::from(text.parse::<bool>().map_err(|_| wrong("must be true or false"))?),
        SettingType::Json => serde_json::from_str(text).map_err(|_| wrong("must be JSON"))?,
        SettingType::Choice(choices) if choices.contains(&text) => Value::from(text),
        SettingType::Choice(choices) => return Err(wrong(&format!("must be one of {}", choices.join(", ")))),
    })
}
