//! Facts of Messenger: private messages of a Facebook page.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, Cell, ChannelClass, ChannelKind, ChannelSpec, LengthUnit, MarkupSet, MediaClass, MediaLimit, ReplyWindow, RichLimits,
    SeedRow, SendClass, SettingField, SettingType, TextLimit, words,
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
    SettingField::new(
        "human_agent",
        SettingType::Boolean,
        words("Human agent feature", "Human-Agent-Funktion"),
        words("On when the app passed the review for answers up to 7 days.", "Ein, wenn die App für Antworten bis 7 Tage geprüft ist."),
    )
    .or("false"),
    base_url("https://graph.facebook.com"),
];

/// The product's table for machines.
const MACHINE: SeedRow = SeedRow {
    adaptive_card: Cell::No,
    formatted: Cell::No,
    rich_link: Cell::Yes,
    quick_replies: Cell::Yes,
    list_picker: Cell::Yes,
    time_picker: Cell::Yes,
    form: Cell::No,
};

/// The product's table for people.
const AGENT: SeedRow = SeedRow {
    adaptive_card: Cell::No,
    formatted: Cell::No,
    rich_link: Cell::Yes,
    quick_replies: Cell::Yes,
    list_picker: Cell::Yes,
    time_picker: Cell::No,
    form: Cell::No,
};

/// Quick replies 13 × 20 characters; lists are a generic template of 10 elements with 80 + 80 characters, its sections
/// flattened; slots are quick replies.
const RICH: RichLimits = RichLimits {
    quick_replies: 13,
    quick_reply_title: 20,
    list_sections: 10,
    list_items: 10,
    list_item_title: 80,
    list_item_description: 80,
    time_slots: 13,
    ..RichLimits::NONE
};

/// Images 8 MB, everything else 25 MB; no captions, text goes beside the file.
const MEDIA: &[MediaLimit] = &[
    MediaLimit::new(
        MediaClass::Image,
        &[Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/png"), Cow::Borrowed("image/gif"), Cow::Borrowed("image/webp")],
        8_000_000,
        0,
    ),
    MediaLimit::new(MediaClass::Audio, &[Cow::Borrowed("audio/*")], 25_000_000, 0),
    MediaLimit::new(MediaClass::Video, &[Cow::Borrowed("video/*")], 25_000_000, 0),
    MediaLimit::new(MediaClass::File, &[Cow::Borrowed("*")], 25_000_000, 0),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::FacebookMessenger,
    class: ChannelClass::Messaging,
    second_class: None,
    display_name: "Facebook Messenger",
    documentation_url: Some("https://developers.facebook.com/docs/messenger-platform"),
    api_version: "v25.0",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: Some(MACHINE),
        agent: Some(AGENT),
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        text: TextLimit { max: 2_000, unit: LengthUnit::Characters },
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
        may_start: false,
        // 24 hours; 7 days for messages written by a person (human agent tag). Utility templates need a permission of their own.
        automatic_per_hour: None,
        reply_window: Some(ReplyWindow { window_s: 86400, human_window_s: Some(604_800), templates_after: false }),
    },
    // The echo carries our `metadata`.
    send_class: SendClass::B,
    per_second: 300,
    is_public: false,
};
