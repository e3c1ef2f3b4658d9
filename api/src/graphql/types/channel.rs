//! Channels and the kinds they are of.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tributary_channels::channel::Ingress;
use tributary_domain::{
    actor::Role,
    channel::SettingChange,
    entity::channel,
    spec::{self, ChannelSpec},
};

use super::{
    capabilities::Capabilities,
    channel_kind::ChannelKind,
    enums::{ChannelClass, ChannelHealthState},
    inbox::Inbox,
    interaction::must_load,
    load_error,
    page::connection,
    script::Script,
    skill::Skill,
};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    scalars::{WebUrl, node_id},
};

/// A configured connection to a platform.
pub struct Channel(pub channel::Model);

connection!(ChannelConnection, ChannelEdge, Channel, "channels");

#[Object]
impl Channel {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Which platform.
    async fn kind(&self) -> ChannelKind {
        self.0.kind.into()
    }

    /// Whether everyone can read what is written there.
    async fn is_public(&self, cx: &Context<'_>) -> bool {
        cx.app().registry.spec(self.0.kind).is_public
    }

    /// Name given by the administrator.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it takes part.
    async fn is_enabled(&self) -> bool {
        self.0.is_enabled
    }

    /// Where its interactions appear.
    async fn inbox(&self, cx: &Context<'_>) -> async_graphql::Result<Inbox> {
        Ok(Inbox(must_load!(cx, self.0.inbox_id, "inbox")))
    }

    /// Skill that its interactions need.
    async fn default_skill(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Skill>> {
        let Some(id) = self.0.default_skill_id else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Skill))
    }

    /// Script that runs on its interactions.
    async fn default_script(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Script>> {
        let Some(id) = self.0.default_script_id else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Script))
    }

    /// Settings without secrets; null for anyone but admins.
    async fn settings(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Vec<ChannelSetting>>> {
        if cx.actor().or_field_error()?.role < Role::Admin {
            return Ok(None);
        }
        let setting = |field: &spec::SettingField| ChannelSetting {
            key: field.key.to_owned(),
            value: self.0.settings.get(field.key).map(as_text),
            is_secret: field.is_secret,
            is_set: self.0.settings.contains_key(field.key) || self.0.sealed.contains_key(field.key),
        };
        Ok(Some(cx.app().registry.spec(self.0.kind).settings.iter().map(setting).collect()))
    }

    /// Where the platform must send its events, for kinds that call us; null for anyone but admins.
    async fn webhook_url(&self, cx: &Context<'_>) -> async_graphql::Result<Option<WebUrl>> {
        let app = cx.app();
        let is_called = app.registry.get(self.0.kind).is_some_and(|adapter| matches!(adapter.ingress(), Ingress::Webhook(_)));
        if cx.actor().or_field_error()?.role < Role::Admin || !is_called {
            return Ok(None);
        }
        Ok(crate::http::webhook::address(&app.public_url, &self.0).map(WebUrl))
    }

    /// How to put the chat widget on a page; null for other kinds.
    async fn widget(&self, cx: &Context<'_>) -> Option<WidgetEmbed> {
        (cx.app().registry.spec(self.0.kind).class == spec::ChannelClass::Chat).then(|| {
            let base = cx.app().public_url.as_str().trim_end_matches('/');
            WidgetEmbed {
                key: self.0.token.clone(),
                script_tag: format!(r#"<script async src="{base}/widget.js" data-channel="{}"></script>"#, self.0.token),
                demo_url: format!("{base}/demo-shop?channel={}", self.0.token),
            }
        })
    }

    /// How it is doing.
    async fn health(&self) -> ChannelHealth {
        ChannelHealth(self.0.clone())
    }

    /// What it can do.
    async fn capabilities(&self, cx: &Context<'_>) -> async_graphql::Result<Capabilities> {
        Ok(Capabilities(cx.app().registry.capabilities(&self.0).into_owned()))
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> i64 {
        self.0.version.0
    }

    /// When it was set up.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// A setting as an input shows it: text as it is, everything else as JSON.
fn as_text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// How to put the chat widget on a page.
#[derive(SimpleObject)]
pub struct WidgetEmbed {
    /// Public key of the channel.
    key: String,
    /// The tag to put into the page.
    script_tag: String,
    /// A page of ours that shows the widget.
    demo_url: String,
}

/// One setting of a channel.
#[derive(SimpleObject)]
pub struct ChannelSetting {
    /// Name of the field.
    key: String,
    /// Value; null for secrets.
    value: Option<String>,
    /// Whether it is sealed.
    is_secret: bool,
    /// Whether a value is stored.
    is_set: bool,
}

/// A setting to be changed.
#[derive(async_graphql::InputObject)]
pub struct ChannelSettingInput {
    /// Name of the field.
    key: String,
    /// The new value; null removes it.
    value: Option<String>,
}

impl From<ChannelSettingInput> for SettingChange {
    fn from(input: ChannelSettingInput) -> Self {
        Self { key: input.key, value: input.value.map(SecretString::from) }
    }
}

/// How a channel is doing.
pub struct ChannelHealth(channel::Model);

#[Object]
impl ChannelHealth {
    /// The state.
    async fn state(&self) -> ChannelHealthState {
        ChannelHealthState::of(&self.0)
    }

    /// A sentence that an administrator can act on.
    async fn reason(&self) -> Option<&str> {
        self.0.health_reason.as_deref()
    }

    /// Since when.
    async fn since(&self) -> Option<DateTime<Utc>> {
        self.0.health_at
    }

    /// When the platform was first heard.
    async fn first_event_at(&self) -> Option<DateTime<Utc>> {
        self.0.first_event_at
    }

    /// When the platform was last heard, to the minute.
    async fn last_event_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_event_at
    }

    /// Until when the platform wants no calls.
    async fn paused_until(&self) -> Option<DateTime<Utc>> {
        self.0.paused_until
    }

    /// Pieces of outbound work that wait.
    async fn queued(&self, cx: &Context<'_>) -> async_graphql::Result<i64> {
        let read = cx.read().await.or_field_error()?;
        tributary_domain::channel::queued(&read, self.0.id).await.map(u64::cast_signed).or_field_error()
    }

    /// Dead letters that wait for a person.
    async fn open_dead_letters(&self, cx: &Context<'_>) -> async_graphql::Result<i64> {
        let read = cx.read().await.or_field_error()?;
        tributary_domain::channel::open_dead_letters(&read, self.0.id).await.map(u64::cast_signed).or_field_error()
    }
}

/// A kind of channel.
pub struct ChannelKindInfo {
    /// Its spec.
    pub spec: &'static ChannelSpec,
    /// Whether there is an adapter.
    pub is_available: bool,
}

#[Object]
impl ChannelKindInfo {
    /// Which kind.
    async fn kind(&self) -> ChannelKind {
        self.spec.kind.into()
    }

    /// Its class.
    async fn class(&self) -> ChannelClass {
        self.spec.class.into()
    }

    /// Name people know.
    async fn display_name(&self) -> &str {
        self.spec.display_name
    }

    /// Page of the platform's documentation.
    async fn documentation_url(&self) -> &str {
        self.spec.documentation_url
    }

    /// Whether this server can connect it.
    async fn is_available(&self) -> bool {
        self.is_available
    }

    /// Whether everyone can read what is written there.
    async fn is_public(&self) -> bool {
        self.spec.is_public
    }

    /// Whether default skill and default script are required.
    async fn needs_routing_defaults(&self) -> bool {
        self.spec.needs_routing_defaults()
    }

    /// What an administrator enters.
    async fn settings(&self) -> Vec<SettingField> {
        self.spec.settings.iter().map(SettingField).collect()
    }

    /// What it can do.
    async fn capabilities(&self) -> Capabilities {
        Capabilities(self.spec.capabilities.clone())
    }
}

/// Language of texts of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tributary_domain::content::Language")]
pub enum Language {
    /// English.
    En,
    /// German.
    De,
}

/// How a setting is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SettingType {
    /// One line of text.
    Text,
    /// A web address.
    Url,
    /// A host name.
    Host,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Several lines, one entry each.
    Lines,
    /// A JSON document.
    Json,
    /// One of the choices.
    Choice,
}

/// One field of a channel's settings.
pub struct SettingField(&'static spec::SettingField);

#[Object]
impl SettingField {
    /// Name in the stored settings.
    async fn key(&self) -> &str {
        self.0.key
    }

    /// What it is called.
    async fn label(&self, #[graphql(default_with = "Language::En")] language: Language) -> &str {
        match language {
            Language::En => self.0.label_en,
            Language::De => self.0.label_de,
        }
    }

    /// Where to find it.
    async fn help(&self, #[graphql(default_with = "Language::En")] language: Language) -> &str {
        match language {
            Language::En => self.0.help_en,
            Language::De => self.0.help_de,
        }
    }

    /// How it is entered.
    async fn r#type(&self) -> SettingType {
        match self.0.setting_type {
            spec::SettingType::Text => SettingType::Text,
            spec::SettingType::Url => SettingType::Url,
            spec::SettingType::Host => SettingType::Host,
            spec::SettingType::Number => SettingType::Number,
            spec::SettingType::Boolean => SettingType::Boolean,
            spec::SettingType::Lines => SettingType::Lines,
            spec::SettingType::Json => SettingType::Json,
            spec::SettingType::Choice(_) => SettingType::Choice,
        }
    }

    /// Values to choose from; empty for other types.
    async fn choices(&self) -> &'static [&'static str] {
        match self.0.setting_type {
            spec::SettingType::Choice(choices) => choices,
            _ => &[],
        }
    }

    /// Sealed, and never shown again.
    async fn is_secret(&self) -> bool {
        self.0.is_secret
    }

    /// Must be given.
    async fn is_required(&self) -> bool {
        self.0.is_required
    }

    /// Value when nothing is given.
    async fn default(&self) -> Option<&str> {
        Some(self.0.default).filter(|text| !text.is_empty())
    }
}
