//! Facts of X, public posts.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichLimits, SendClass,
    SettingField, SettingType, TextLimit, words,
};

use crate::shared::settings::{CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, base_url};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "api_key",
        SettingType::Text,
        words("API key", "API-Schlüssel"),
        words("Consumer key of the app.", "Consumer Key der App."),
    )
    .required(),
    SettingField::new(
        "api_secret",
        SettingType::Text,
        words("API secret", "API-Geheimnis"),
        words("Consumer secret; signs webhooks.", "Consumer Secret; signiert Webhooks."),
    )
    .required()
    .secret(),
    SettingField::new(
        "bearer_token",
        SettingType::Text,
        words("Bearer token", "Bearer-Token"),
        words("App-only token, for webhooks and subscriptions.", "App-Token, für Webhooks und Abonnements."),
    )
    .required()
    .secret(),
    CLIENT_ID,
    CLIENT_SECRET,
    SettingField::new(
        "access_token",
        SettingType::Text,
        words("User access token", "Nutzer-Zugriffstoken"),
        words("From the sign-in of the company’s account.", "Aus der Anmeldung des Firmenkontos."),
    )
    .required()
    .secret(),
    REFRESH_TOKEN,
    SettingField::new(
        "user_id",
        SettingType::Text,
        words("User id", "Nutzer-ID"),
        words("Numeric id of the company’s account.", "Numerische ID des Firmenkontos."),
    )
    .required(),
    SettingField::new("username", SettingType::Text, words("User name", "Nutzername"), words("Without @.", "Ohne @.")).required(),
    SettingField::new(
        "tier",
        SettingType::Choice(&["self_serve", "enterprise"]),
        words("Plan", "Tarif"),
        words(
            "Self-serve plans may answer only posts that name the account, and may not like.",
            "Self-Serve-Tarife dürfen nur auf Beiträge antworten, die das Konto nennen, und nicht liken.",
        ),
    )
    .or("self_serve"),
    base_url("https://api.x.com"),
];

/// 4 images, or one GIF, or one video of 140 s.
const MEDIA: &[MediaLimit] = &[
    MediaLimit::new(
        MediaClass::Image,
        &[Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/png"), Cow::Borrowed("image/webp")],
        5_000_000,
        280,
    ),
    MediaLimit::new(MediaClass::Image, &[Cow::Borrowed("image/gif")], 15_000_000, 280),
    MediaLimit::new(MediaClass::Video, &[Cow::Borrowed("video/mp4")], 512_000_000, 280),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::X,
    class: ChannelClass::Social,
    second_class: None,
    display_name: "X",
    documentation_url: Some("https://docs.x.com/x-api/introduction"),
    api_version: "2",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        // Weighted characters: a link counts 23, CJK and emoji 2. The adapter counts those; this is the plain case.
        text: TextLimit { max: 280, unit: LengthUnit::Characters },
        rich: RichLimits::NONE,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 4,
        quotes: true,
        reactions: false,
        edit: None,
        delete: true,
        hide: true,
        typing: false,
        read_marks: false,
        delivered_receipts: false,
        read_receipts: false,
        may_start: true,
        automatic_per_hour: None,
        reply_window: None,
    },
    // No idempotency key; the same text twice is refused, so the own timeline tells.
    send_class: SendClass::C,
    per_second: 1,
    is_public: true,
};
