//! Facts of Slack workspaces.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, EditRule, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichKind,
    RichLimits, SendClass, SettingField, SettingType, Support, TextLimit, words,
};

use crate::shared::settings::{CLIENT_ID, CLIENT_SECRET, base_url};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    CLIENT_ID,
    CLIENT_SECRET,
    SettingField::new(
        "signing_secret",
        SettingType::Text,
        words("Signing secret", "Signaturgeheimnis"),
        words("Basic information of the app.", "Grundinformationen der App."),
    )
    .required()
    .secret(),
    SettingField::new(
        "bot_token",
        SettingType::Text,
        words("Bot token", "Bot-Token"),
        words("xoxb-…, from \"Install app\".", "xoxb-…, aus „App installieren“."),
    )
    .required()
    .secret(),
    SettingField::new(
        "app_token",
        SettingType::Text,
        words("App token", "App-Token"),
        words("xapp-…, only for Socket Mode (no public address).", "xapp-…, nur für den Socket-Modus (keine öffentliche Adresse)."),
    )
    .secret(),
    SettingField::new(
        "channels",
        SettingType::Lines,
        words("Channels", "Kanäle"),
        words(
            "Channel ids whose messages become interactions; one per line.",
            "Kanal-IDs, deren Nachrichten Interaktionen werden; eine pro Zeile.",
        ),
    ),
    base_url("https://slack.com"),
];

/// Markdown and Block Kit with buttons, selects and modals are the platform's own.
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
    Extension::machine(RichKind::Form, Support::Native),
    Extension::agent(RichKind::Form, Support::Native),
];

/// 25 buttons of 75 characters; a select has 100 options of 75 + 75 in up to 100 groups; a modal has 100 blocks, one of
/// them is the explanation.
const RICH: RichLimits = RichLimits {
    quick_replies: 25,
    quick_reply_title: 75,
    list_sections: 100,
    list_items: 100,
    list_item_title: 75,
    list_item_description: 75,
    time_slots: 100,
    form_fields: 99,
    ..RichLimits::NONE
};

/// Any type; 100 MB is ours.
const MEDIA: &[MediaLimit] = &[
    MediaLimit::new(MediaClass::Image, &[Cow::Borrowed("*")], 100_000_000, 4_000),
    MediaLimit::new(MediaClass::Audio, &[Cow::Borrowed("*")], 100_000_000, 4_000),
    MediaLimit::new(MediaClass::Video, &[Cow::Borrowed("*")], 100_000_000, 4_000),
    MediaLimit::new(MediaClass::File, &[Cow::Borrowed("*")], 100_000_000, 4_000),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::Slack,
    class: ChannelClass::Collaboration,
    second_class: Some(ChannelClass::Messaging),
    display_name: "Slack",
    documentation_url: Some("https://docs.slack.dev/apis/"),
    api_version: "2026",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(EXTENSIONS),
        markup: MarkupSet::Markdown,
        // Longer texts are cut by clients; the hard end is 40,000.
        text: TextLimit { max: 4_000, unit: LengthUnit::Characters },
        rich: RICH,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 10,
        quotes: true,
        reactions: true,
        edit: Some(EditRule { max_age_s: None }),
        delete: true,
        hide: false,
        typing: false,
        read_marks: false,
        delivered_receipts: false,
        read_receipts: false,
        may_start: true,
        automatic_per_hour: None,
        reply_window: None,
    },
    // Our id stands in the message's metadata and can be read back.
    send_class: SendClass::B,
    per_second: 1,
    is_public: false,
};
