//! Which platforms there are and what they are used for: [`ChannelKind`], [`ChannelClass`].

use sea_orm::{DeriveActiveEnum, EnumIter, Iterable, sea_query::StringLen};
use serde::{Deserialize, Serialize};

/// A platform and its class of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChannelKind {
    /// Facebook page: posts and comments, public.
    Facebook,
    /// Facebook Messenger: private messages of a page.
    FacebookMessenger,
    /// X: public posts.
    X,
    /// X: private messages.
    XDirectMessages,
    /// Instagram: public comments.
    Instagram,
    /// Instagram: private messages.
    InstagramDirect,
    /// LinkedIn company page.
    #[sea_orm(string_value = "LINKEDIN")]
    #[serde(rename = "LINKEDIN")]
    LinkedIn,
    /// YouTube comments.
    #[sea_orm(string_value = "YOUTUBE")]
    #[serde(rename = "YOUTUBE")]
    YouTube,
    /// Google Play reviews.
    GooglePlay,
    /// Google business-profile reviews.
    GooglePlaces,
    /// Apple App Store reviews.
    AppleAppReviews,
    /// LINE official account.
    Line,
    /// Telegram bot.
    Telegram,
    /// WhatsApp business number.
    #[sea_orm(string_value = "WHATSAPP")]
    #[serde(rename = "WHATSAPP")]
    WhatsApp,
    /// Apple Messages for Business.
    AppleMessages,
    /// Viber bot.
    Viber,
    /// Microsoft Teams.
    MicrosoftTeams,
    /// Slack workspace.
    Slack,
    /// An integrator's own channel.
    Byoc,
    /// Our own web chat.
    DigitalChat,
    /// A mailbox over IMAP and SMTP.
    Email,
    /// SMS through a carrier.
    Sms,
    /// Google Business Messages, switched off by Google in 2024.
    GoogleBusinessMessages,
}

impl ChannelKind {
    /// Every kind, in the order of the declaration.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }
}

/// Class of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChannelClass {
    /// Public posts, comments and reviews.
    Social,
    /// Private messages.
    Messaging,
    /// Teams and Slack.
    Collaboration,
    /// Our own web chat.
    Chat,
    /// E-mail.
    Email,
    /// SMS.
    Sms,
    /// Bring your own channel.
    Byoc,
}
