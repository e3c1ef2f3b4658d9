//! The spec of every kind of channel, also of those whose adapter comes later.

use tributary_domain::spec::{ChannelKind, ChannelSpec};

use crate::{
    apple_app_reviews, apple_messages, byoc, digital_chat, email, facebook, facebook_messenger, google_business_messages, google_places,
    google_play, instagram, instagram_direct, line, linkedin, microsoft_teams, slack, sms, telegram, viber, whatsapp, x, x_direct_messages,
    youtube,
};

/// The spec of a kind.
#[must_use]
pub fn spec(kind: ChannelKind) -> &'static ChannelSpec {
    match kind {
        ChannelKind::Facebook => &facebook::spec::SPEC,
        ChannelKind::FacebookMessenger => &facebook_messenger::spec::SPEC,
        ChannelKind::X => &x::spec::SPEC,
        ChannelKind::XDirectMessages => &x_direct_messages::spec::SPEC,
        ChannelKind::Instagram => &instagram::spec::SPEC,
        ChannelKind::InstagramDirect => &instagram_direct::spec::SPEC,
        ChannelKind::LinkedIn => &linkedin::spec::SPEC,
        ChannelKind::YouTube => &youtube::spec::SPEC,
        ChannelKind::GooglePlay => &google_play::spec::SPEC,
        ChannelKind::GooglePlaces => &google_places::spec::SPEC,
        ChannelKind::AppleAppReviews => &apple_app_reviews::spec::SPEC,
        ChannelKind::Line => &line::spec::SPEC,
        ChannelKind::Telegram => &telegram::spec::SPEC,
        ChannelKind::WhatsApp => &whatsapp::spec::SPEC,
        ChannelKind::AppleMessages => &apple_messages::spec::SPEC,
        ChannelKind::Viber => &viber::spec::SPEC,
        ChannelKind::MicrosoftTeams => &microsoft_teams::spec::SPEC,
        ChannelKind::Slack => &slack::spec::SPEC,
        ChannelKind::Byoc => &byoc::spec::SPEC,
        ChannelKind::DigitalChat => &digital_chat::spec::SPEC,
        ChannelKind::Email => &email::spec::SPEC,
        ChannelKind::Sms => &sms::spec::SPEC,
        ChannelKind::GoogleBusinessMessages => &google_business_messages::spec::SPEC,
    }
}

/// All specs, in the order of [`ChannelKind`].
pub fn all() -> impl Iterator<Item = &'static ChannelSpec> {
    ChannelKind::all().map(spec)
}

#[cfg(test)]
mod tests;
