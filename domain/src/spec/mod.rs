//! What a channel can do, as data: [`ChannelKind`], [`ChannelSpec`], [`Capabilities`], [`Support`].
//!
//! The values live with the adapters (one static spec per kind); the server's checks, the previews, the tests and the
//! composer all read them. No limit of a platform is written anywhere else.

mod capabilities;
mod declared;
mod kind;
mod setting;
mod support;

use serde::Serialize;

pub use capabilities::{
    Capabilities, EditRule, LengthUnit, MarkupSet, MediaClass, MediaLimit, ReplyWindow, RichLimits, SendClass, TextLimit,
};
pub use declared::{
    DeclaredAttachments, DeclaredCapabilities, DeclaredCard, DeclaredClass, DeclaredEdit, DeclaredForm, DeclaredList, DeclaredReplies,
    DeclaredRich, DeclaredSlots,
};
pub use kind::{ChannelClass, ChannelKind};
pub use setting::{HEARTBEAT_S, RESEND_UNCONFIRMED, SettingField, SettingType, Words, words};
pub use support::{Audience, Cell, Extension, RichKind, SeedRow, Support};

/// Everything about a kind of channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelSpec {
    /// Which kind.
    pub kind: ChannelKind,
    /// Its class.
    pub class: ChannelClass,
    /// Further class it belongs to (some collaboration platforms are messaging too).
    pub second_class: Option<ChannelClass>,
    /// Name people know.
    pub display_name: &'static str,
    /// Page of the platform's documentation; none for our own channels.
    pub documentation_url: Option<&'static str>,
    /// Version of the platform's interface.
    pub api_version: &'static str,
    /// Day on which the facts were checked, ISO 8601.
    pub checked_on: &'static str,
    /// Settings an administrator enters, besides those that every kind has: see [`Self::fields`].
    pub settings: &'static [SettingField],
    /// What it can do.
    pub capabilities: Capabilities,
    /// Guard against sending twice.
    pub send_class: SendClass,
    /// Most calls per second and account.
    pub per_second: u32,
    /// Whether everyone can read what is written there.
    pub is_public: bool,
}

impl ChannelSpec {
    /// Everything an administrator can enter: the kind's own settings, then those that every kind has.
    pub fn fields(&self) -> impl Iterator<Item = &'static SettingField> + use<> {
        self.settings.iter().chain(setting::COMMON)
    }

    /// Whether a channel of this kind needs a default skill and a default script.
    #[must_use]
    pub fn needs_routing_defaults(&self) -> bool {
        let is_messaging = |class| {
            matches!(
                class,
                ChannelClass::Messaging | ChannelClass::Collaboration | ChannelClass::Chat | ChannelClass::Sms | ChannelClass::Byoc
            )
        };
        is_messaging(self.class) || self.second_class.is_some_and(is_messaging)
    }
}
