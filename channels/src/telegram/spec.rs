//! Facts of Telegram bots.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, EditRule, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichKind,
    RichLimits, SendClass, SettingField, SettingType, Support, TextLimit, words,
};

use crate::shared::settings::base_url;

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new("bot_token", SettingType::Text, words("Bot token", "Bot-Token"), words("From @BotFather.", "Von @BotFather."))
        .required()
        .secret(),
    SettingField::new(
        "mode",
        SettingType::Choice(&["webhook", "polling"]),
        words("How updates arrive", "Wie Updates ankommen"),
        words("Polling needs no public address.", "Polling braucht keine öffentliche Adresse."),
    )
    .or("webhook"),
    SettingField::new(
        "secret_token",
        SettingType::Text,
        words("Secret token", "Geheimes Token"),
        words(
            "Made by us when empty; proves that a webhook comes from Telegram.",
            "Wenn leer, von uns erzeugt; beweist, dass ein Webhook von Telegram kommt.",
        ),
    )
    .secret(),
    base_url("https://api.telegram.org"),
];

/// Inline keyboards, HTML parse mode, link buttons and locations are the platform's own (Bot API 10.1).
const EXTENSIONS: &[Extension] = &[
    Extension::machine(RichKind::Formatted, Support::Native),
    Extension::agent(RichKind::Formatted, Support::Native),
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

/// An inline keyboard holds 100 buttons; a button has no description. Telegram states no length of a button's text, 100 is
/// ours.
const RICH: RichLimits = RichLimits {
    quick_replies: 100,
    quick_reply_title: 100,
    list_sections: 20,
    list_items: 100,
    list_item_title: 100,
    time_slots: 100,
    ..RichLimits::NONE
};

/// Photos 10 MB, everything else 50 MB; captions 1024; albums of up to 10.
const MEDIA: &[MediaLimit] = &[
    MediaLimit::new(
        MediaClass::Image,
        &[Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/png"), Cow::Borrowed("image/webp")],
        10_000_000,
        1_024,
    ),
    MediaLimit::new(MediaClass::Audio, &[Cow::Borrowed("audio/*")], 50_000_000, 1_024),
    MediaLimit::new(MediaClass::Video, &[Cow::Borrowed("video/*")], 50_000_000, 1_024),
    MediaLimit::new(MediaClass::File, &[Cow::Borrowed("*")], 50_000_000, 1_024),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::Telegram,
    class: ChannelClass::Messaging,
    second_class: None,
    display_name: "Telegram",
    documentation_url: Some("https://core.telegram.org/bots/api"),
    api_version: "10.1",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(EXTENSIONS),
        markup: MarkupSet::Html,
        text: TextLimit { max: 4_096, unit: LengthUnit::Characters },
        rich: RICH,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 10,
        quotes: true,
        reactions: true,
        edit: Some(EditRule { max_age_s: None }),
        delete: true,
        hide: false,
        typing: true,
        read_marks: false,
        delivered_receipts: false,
        read_receipts: false,
        may_start: false,
        automatic_per_hour: None,
        reply_window: None,
    },
    // No idempotency key, and nothing to look up.
    send_class: SendClass::C,
    per_second: 30,
    is_public: false,
};
