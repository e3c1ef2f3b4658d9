//! The kinds of channels, by the names that people know.

use tributary_domain::spec;

use super::enums::mirror;

mirror! {
    /// A platform and its class of use.
    ChannelKind = spec::ChannelKind {
        /// Facebook page: posts and comments.
        Facebook,
        /// Facebook Messenger.
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
        #[graphql(name = "LINKEDIN")]
        LinkedIn,
        /// YouTube comments.
        #[graphql(name = "YOUTUBE")]
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
        #[graphql(name = "WHATSAPP")]
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
}
