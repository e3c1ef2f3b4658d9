//! Facts of LINE official accounts.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichKind, RichLimits,
    SendClass, SettingField, SettingType, Support, TextLimit, words,
};

use crate::shared::settings::base_url;

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "channel_id",
        SettingType::Text,
        words("Channel id", "Kanal-ID"),
        words("LINE Developers console, basic settings.", "LINE Developers Console, Grundeinstellungen."),
    )
    .required(),
    SettingField::new(
        "channel_secret",
        SettingType::Text,
        words("Channel secret", "Kanal-Geheimnis"),
        words("Basic settings; signs webhooks.", "Grundeinstellungen; signiert Webhooks."),
    )
    .required()
    .secret(),
    SettingField::new(
        "channel_access_token",
        SettingType::Text,
        words("Channel access token", "Kanal-Zugriffstoken"),
        words(
            "Messaging API tab, long-lived. Empty: short-lived tokens are made from id and secret.",
            "Reiter Messaging API, langlebig. Leer: kurzlebige Token aus ID und Geheimnis.",
        ),
    )
    .secret(),
    SettingField::new(
        "allow_attachments",
        SettingType::Boolean,
        words("Attachments", "Anhänge"),
        words("Off as in the original.", "Aus wie im Original."),
    )
    .or("false"),
    base_url("https://api.line.me"),
    SettingField::new(
        "data_url",
        SettingType::Url,
        words("Address for files", "Adresse für Dateien"),
        words("Only for proxies and tests.", "Nur für Proxys und Tests."),
    )
    .or("https://api-data.line.me"),
];

/// Quick replies, carousels, buttons templates and locations are the platform's own (Messaging API, message objects).
const EXTENSIONS: &[Extension] = &[
    Extension::machine(RichKind::RichLink, Support::Native),
    Extension::agent(RichKind::RichLink, Support::Native),
    Extension::machine(RichKind::QuickReplies, Support::Native),
    Extension::agent(RichKind::QuickReplies, Support::Native),
    Extension::machine(RichKind::ListPicker, Support::Native),
    Extension::agent(RichKind::ListPicker, Support::Native),
    Extension::machine(RichKind::TimePicker, Support::Native),
    Extension::agent(RichKind::TimePicker, Support::Native),
    Extension::machine(RichKind::Location, Support::Native),
    Extension::agent(RichKind::Location, Support::Native),
];

/// Quick replies 13 × 20; lists are a carousel of 10 columns with 40 + 60 characters, sections flattened; slots are quick
/// replies.
const RICH: RichLimits = RichLimits {
    quick_replies: 13,
    quick_reply_title: 20,
    list_sections: 10,
    list_items: 10,
    list_item_title: 40,
    list_item_description: 60,
    time_slots: 13,
    ..RichLimits::NONE
};

/// What the platform takes when the setting `allow_attachments` is on; the product's original takes no files, so that is
/// the default. There is no file message: other files go as a link.
pub const PLATFORM_MEDIA: &[MediaLimit] = &[
    MediaLimit::new(MediaClass::Image, &[Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/png")], 10_000_000, 0),
    MediaLimit::new(MediaClass::Video, &[Cow::Borrowed("video/mp4")], 200_000_000, 0),
    MediaLimit::new(
        MediaClass::Audio,
        &[Cow::Borrowed("audio/mpeg"), Cow::Borrowed("audio/mp4"), Cow::Borrowed("audio/x-m4a")],
        200_000_000,
        0,
    ),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::Line,
    class: ChannelClass::Messaging,
    second_class: None,
    display_name: "LINE",
    documentation_url: Some("https://developers.line.biz/en/docs/messaging-api/"),
    api_version: "v2",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(EXTENSIONS),
        markup: MarkupSet::Plain,
        text: TextLimit { max: 5_000, unit: LengthUnit::Utf16Units },
        rich: RICH,
        media: Cow::Borrowed(&[]),
        max_attachments: 0,
        quotes: true,
        reactions: false,
        edit: None,
        delete: false,
        hide: false,
        typing: true,
        read_marks: true,
        delivered_receipts: false,
        read_receipts: false,
        may_start: false,
        automatic_per_hour: None,
        reply_window: None,
    },
    // Push takes a retry key for 24 hours; a reply token works once.
    send_class: SendClass::A,
    per_second: 2000,
    is_public: false,
};
