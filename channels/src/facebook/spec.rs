//! Facts of Facebook pages: posts, comments, visitor posts.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, EditRule, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichLimits, SendClass,
    SettingField, SettingType, TextLimit, words,
};

use crate::shared::settings::{APP_ID, APP_SECRET, GRAPH_VERSION, VERIFY_TOKEN, base_url};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "page_id",
        SettingType::Text,
        words("Page id", "Seiten-ID"),
        words("In the page’s settings under \"About\".", "In den Einstellungen der Seite unter „Info“."),
    )
    .required(),
    SettingField::new(
        "page_access_token",
        SettingType::Text,
        words("Page access token", "Seiten-Zugriffstoken"),
        words(
            "From the app’s dashboard; made from a long-lived user token it does not expire by date.",
            "Aus dem App-Dashboard; aus einem langlebigen Nutzer-Token erzeugt, läuft es nicht nach Datum ab.",
        ),
    )
    .required()
    .secret(),
    APP_ID,
    APP_SECRET,
    VERIFY_TOKEN,
    GRAPH_VERSION,
    base_url("https://graph.facebook.com"),
];

/// One picture per comment; photos up to 10 MB.
const MEDIA: &[MediaLimit] = &[MediaLimit::new(
    MediaClass::Image,
    &[Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/png"), Cow::Borrowed("image/gif")],
    10_000_000,
    8_000,
)];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::Facebook,
    class: ChannelClass::Social,
    second_class: None,
    display_name: "Facebook",
    documentation_url: Some("https://developers.facebook.com/docs/pages-api"),
    api_version: "v25.0",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        // 8000 characters is older knowledge; the platform states none.
        text: TextLimit { max: 8_000, unit: LengthUnit::Characters },
        rich: RichLimits::NONE,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 1,
        quotes: true,
        reactions: true,
        edit: Some(EditRule { max_age_s: None }),
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
    // No idempotency key and no reference that comes back: after a time-out the newest comments are compared.
    send_class: SendClass::C,
    per_second: 5,
    is_public: true,
};
