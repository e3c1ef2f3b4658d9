//! Channels and the kinds they are of.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tributary_channels::channel::Ingress;
use tributary_domain::{
    actor::Role,
    channel::SettingChange,
    content::Language,
    entity::channel,
    spec::{self, ChannelSpec},
};

use super::{
    capabilities::Capabilities,
    channel_kind::ChannelKind,
    enums::{ChannelClass, ChannelHealthCause, ChannelHealthState},
    inbox::Inbox,
    load_error,
    page::connection,
    script::Script,
    skill::Skill,
};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    loader::{OpenLettersOf, QueuedOn},
    node,
    scalars::{LanguageTag, Long, WebUrl, node_id},
};

/// A configured connection to a platform.
#[derive(async_graphql::Description)]
pub struct Channel(pub channel::Model);

connection!(ChannelConnection, ChannelEdge, Channel, "channels");

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl Channel {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Which platform.
    async fn kind(&self) -> ChannelKind {
        self.0.kind.into()
    }

    /// Class of the platform.
    async fn class(&self, cx: &Context<'_>) -> ChannelClass {
        cx.app().registry.spec(self.0.kind).class.into()
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

    /// Where its interactions appear; null when the viewer does not see it.
    async fn inbox(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Inbox>> {
        node::inbox(cx, self.0.inbox_id).await
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
        Ok(Some(cx.app().registry.spec(self.0.kind).fields().map(setting).collect()))
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
            let public_url = &cx.app().public_url;
            let base = public_url.as_str().trim_end_matches('/');
            let mut demo_url = public_url.clone();
            demo_url.set_path(&format!("{}/demo-shop", public_url.path().trim_end_matches('/')));
            demo_url.query_pairs_mut().append_pair("channel", &self.0.token);
            WidgetEmbed {
                key: self.0.token.clone(),
                script_tag: format!(r#"<script async src="{base}/widget.js" data-channel="{}"></script>"#, self.0.token),
                demo_url: WebUrl(demo_url),
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
    async fn version(&self) -> Long {
        Long(self.0.version.0)
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
    demo_url: WebUrl,
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
#[derive(async_graphql::Description)]
pub struct ChannelHealth(channel::Model);

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl ChannelHealth {
    /// The state.
    async fn state(&self) -> ChannelHealthState {
        ChannelHealthState::of(&self.0)
    }

    /// A sentence that an administrator can act on.
    async fn reason(&self) -> Option<&str> {
        self.0.health_reason.as_deref()
    }

    /// What is behind it, where there is a reason.
    async fn cause(&self) -> Option<ChannelHealthCause> {
        self.0.health_cause.map(Into::into)
    }

    /// When the other side last said by itself how it is doing.
    async fn heartbeat_at(&self) -> Option<DateTime<Utc>> {
        self.0.heartbeat_at
    }

    /// Since when none of our calls has been answered.
    async fn failing_since(&self) -> Option<DateTime<Utc>> {
        self.0.failing_since
    }

    /// Since when.
    async fn since(&self) -> DateTime<Utc> {
        // It has never been another one before the first change.
        self.0.health_at.unwrap_or(self.0.created_at)
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
    async fn queued(&self, cx: &Context<'_>) -> async_graphql::Result<Long> {
        Ok(cx.rows().load_one(QueuedOn(self.0.id)).await.map_err(load_error)?.unwrap_or(0).into())
    }

    /// Dead letters that wait for a person.
    async fn open_dead_letters(&self, cx: &Context<'_>) -> async_graphql::Result<Long> {
        Ok(cx.rows().load_one(OpenLettersOf(self.0.id)).await.map_err(load_error)?.unwrap_or(0).into())
    }
}

/// A kind of channel.
#[derive(async_graphql::Description)]
pub struct ChannelKindInfo {
    /// Its spec.
    pub spec: &'static ChannelSpec,
    /// Whether there is an adapter.
    pub is_available: bool,
}

#[Object(use_type_description, crate = "crate::graphql::walk")]
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

    /// Page of the platform's documentation; null for our own chat.
    async fn documentation_url(&self) -> async_graphql::Result<Option<WebUrl>> {
        self.spec.documentation_url.map(WebUrl::known).transpose().or_field_error()
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
        self.spec.fields().map(SettingField).collect()
    }

    /// What it can do.
    async fn capabilities(&self) -> Capabilities {
        Capabilities(self.spec.capabilities.clone())
    }
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
#[derive(async_graphql::Description)]
pub struct SettingField(&'static spec::SettingField);

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl SettingField {
    /// Name in the stored settings.
    async fn key(&self) -> &str {
        self.0.key
    }

    /// What it is called.
    async fn label(
        &self,
        #[graphql(desc = "Language of the text.", default_with = "LanguageTag::english()")] language: LanguageTag,
    ) -> &str {
        match language.phrases() {
            Language::En => self.0.label_en,
            Language::De => self.0.label_de,
        }
    }

    /// Where to find it.
    async fn help(
        &self,
        #[graphql(desc = "Language of the text.", default_with = "LanguageTag::english()")] language: LanguageTag,
    ) -> &str {
        match language.phrases() {
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

    /// Smallest number; null for no limit and for other types.
    async fn min(&self) -> Option<i32> {
        self.0.min
    }

    /// Largest number, or most characters of a text; null for no limit.
    async fn max(&self) -> Option<i32> {
        self.0.max
    }

    /// Value when nothing is given.
    async fn default(&self) -> Option<&str> {
        Some(self.0.default).filter(|text| !text.is_empty())
    }
}
