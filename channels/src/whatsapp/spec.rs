//! Facts of WhatsApp business numbers.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, Cell, ChannelClass, ChannelKind, ChannelSpec, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit, ReplyWindow,
    RichKind, RichLimits, SeedRow, SendClass, SettingField, SettingType, Support, TextLimit, words,
};

use crate::shared::settings::{ACCESS_TOKEN, APP_ID, APP_SECRET, GRAPH_VERSION, VERIFY_TOKEN, base_url};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "phone_number_id",
        SettingType::Text,
        words("Phone number id", "Telefonnummern-ID"),
        words("WhatsApp Manager, API setup.", "WhatsApp Manager, API-Einrichtung."),
    )
    .required(),
    SettingField::new(
        "waba_id",
        SettingType::Text,
        words("Business account id", "Geschäftskonto-ID"),
        words("WhatsApp Manager, account settings.", "WhatsApp Manager, Kontoeinstellungen."),
    )
    .required(),
    ACCESS_TOKEN,
    APP_ID,
    APP_SECRET,
    VERIFY_TOKEN,
    GRAPH_VERSION,
    base_url("https://graph.facebook.com"),
];

/// The product's table for machines.
const MACHINE: SeedRow = SeedRow {
    adaptive_card: Cell::No,
    formatted: Cell::Yes,
    rich_link: Cell::Yes,
    quick_replies: Cell::Yes,
    list_picker: Cell::Yes,
    time_picker: Cell::Yes,
    form: Cell::No,
};

/// The product's table for people.
const AGENT: SeedRow = SeedRow {
    adaptive_card: Cell::No,
    formatted: Cell::Yes,
    rich_link: Cell::Yes,
    quick_replies: Cell::Yes,
    list_picker: Cell::Yes,
    time_picker: Cell::No,
    form: Cell::No,
};

/// Flows show forms; approved templates and locations are message types of their own (Cloud API).
const EXTENSIONS: &[Extension] = &[
    Extension::machine(RichKind::Form, Support::Native),
    Extension::agent(RichKind::Form, Support::Native),
    Extension::machine(RichKind::Template, Support::Native),
    Extension::agent(RichKind::Template, Support::Native),
    Extension::machine(RichKind::Location, Support::Native),
    Extension::agent(RichKind::Location, Support::Native),
];

/// Up to 3 replies of 20 characters are buttons, up to 10 of 24 a list; a list has 10 rows in total with 24 + 72
/// characters. The fields of a flow are our own limit.
const RICH: RichLimits = RichLimits {
    quick_replies: 10,
    quick_reply_title: 24,
    list_sections: 10,
    list_items: 10,
    list_item_title: 24,
    list_item_description: 72,
    time_slots: 10,
    form_fields: 20,
    ..RichLimits::NONE
};

/// Images 5 MB, audio and video 16 MB, documents 100 MB; one per message; captions 1024.
const MEDIA: &[MediaLimit] = &[
    MediaLimit::new(MediaClass::Image, &[Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/png")], 5_000_000, 1_024),
    MediaLimit::new(
        MediaClass::Audio,
        &[
            Cow::Borrowed("audio/aac"),
            Cow::Borrowed("audio/amr"),
            Cow::Borrowed("audio/mpeg"),
            Cow::Borrowed("audio/mp4"),
            Cow::Borrowed("audio/ogg"),
        ],
        16_000_000,
        0,
    ),
    MediaLimit::new(MediaClass::Video, &[Cow::Borrowed("video/mp4"), Cow::Borrowed("video/3gpp")], 16_000_000, 1_024),
    MediaLimit::new(MediaClass::File, &[Cow::Borrowed("*")], 100_000_000, 1_024),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::WhatsApp,
    class: ChannelClass::Messaging,
    second_class: None,
    display_name: "WhatsApp",
    documentation_url: Some("https://developers.facebook.com/docs/whatsapp/cloud-api"),
    api_version: "v25.0",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: Some(MACHINE),
        agent: Some(AGENT),
        extensions: Cow::Borrowed(EXTENSIONS),
        markup: MarkupSet::Markdown,
        text: TextLimit { max: 4_096, unit: LengthUnit::Characters },
        rich: RICH,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 10,
        quotes: true,
        reactions: true,
        edit: None,
        delete: false,
        hide: false,
        typing: true,
        read_marks: true,
        delivered_receipts: true,
        read_receipts: true,
        may_start: true,
        // 24 hours after the last message of the person; then approved templates only, which also start conversations.
        automatic_per_hour: None,
        reply_window: Some(ReplyWindow { window_s: 86400, human_window_s: None, templates_after: true }),
    },
    // Statuses carry our `biz_opaque_callback_data`.
    send_class: SendClass::B,
    per_second: 80,
    is_public: false,
};
