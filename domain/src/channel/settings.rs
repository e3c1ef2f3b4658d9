//! Settings of a channel: checked against the kind's fields, secrets sealed, opened only for the adapter.

use std::collections::BTreeMap;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel, QuerySelect, sea_query::LockType};
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

/// Seals a secret that the platform has replaced. Leaves a value alone that is none of `replaced`: somebody has set it
/// meanwhile. Whether it was sealed.
///
/// # Errors
/// `NotFound`; `Sealed` when the old one cannot be opened; `Storage`.
pub async fn renew_secret(
    tx: &mut Tx,
    vault: &Vault,
    id: ChannelId,
    key: &str,
    replaced: &[SecretString],
    value: SecretString,
) -> Result<bool> {
    let locked = channel::by_id(tx.workspace(), id).lock(LockType::NoKeyUpdate).one(tx.conn()).await?;
    let found = locked.ok_or(Error::NotFound("channel"))?;
    let known = vault.open(tx, id, &found.sealed).await?.remove(key);
    if !known.is_some_and(|known| replaced.iter().any(|one| one.expose_secret() == known.expose_secret())) {
        return Ok(false);
    }
    let mut sealed = found.sealed.0.clone();
    sealed.extend(vault.seal(tx, id, &[(key.to_owned(), value)].into()).await?);
    let mut change = found.into_active_model();
    change.sealed = Set(sealed.into());
    change.update(tx.conn()).await?;
    Ok(true)
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
        let field = spec.fields().find(|field| field.key == change.key);
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
    for field in spec.fields() {
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
        SettingType::Text | SettingType::Lines => match field.max {
            Some(max) if text.chars().count() > usize::try_from(max).unwrap_or_default() => {
                return Err(wrong(&format!("must have at most {max} characters")));
            }
            _ => Value::from(text),
        },
        SettingType::Host if text.chars().any(|c| c.is_whitespace() || matches!(c, '/' | '@')) => return Err(wrong("must be a host name")),
        SettingType::Host => Value::from(text),
        SettingType::Url => match url::Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Value::from(text),
            _ => return Err(wrong("must be an http or https address")),
        },
        SettingType::Number => {
            let number = text.parse::<i64>().map_err(|_| wrong("must be a whole number"))?;
            if let Some(min) = field.min.filter(|min| number < i64::from(*min)) {
                return Err(wrong(&format!("must be at least {min}")));
            }
            if let Some(max) = field.max.filter(|max| number > i64::from(*max)) {
                return Err(wrong(&format!("must be at most {max}")));
            }
            Value::from(number)
        }
        SettingType::Boolean => Value::from(text.parse::<bool>().map_err(|_| wrong("must be true or false"))?),
        SettingType::Json => serde_json::from_str(text).map_err(|_| wrong("must be JSON"))?,
        SettingType::Choice(choices) if choices.contains(&text) => Value::from(text),
        SettingType::Choice(choices) => return Err(wrong(&format!("must be one of {}", choices.join(", ")))),
    })
}
