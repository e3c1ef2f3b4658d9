//! Facts of YouTube comments.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, EditRule, LengthUnit, MarkupSet, RichLimits, SendClass, SettingField,
    SettingType, TextLimit, words,
};

use crate::shared::settings::{CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, base_url};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    CLIENT_ID,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    SettingField::new(
        "poll_interval_min",
        SettingType::Number,
        words("Minutes between two looks", "Minuten zwischen zwei Abfragen"),
        words(
            "60 as in the original; each look costs up to 100 of 10,000 units a day.",
            "60 wie im Original; jede Abfrage kostet bis zu 100 von 10.000 Einheiten am Tag.",
        ),
    )
    .or("60"),
    base_url("https://youtube.googleapis.com"),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::YouTube,
    class: ChannelClass::Social,
    second_class: None,
    display_name: "YouTube",
    documentation_url: Some("https://developers.google.com/youtube/v3/docs/comments"),
    api_version: "v3",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        text: TextLimit { max: 10_000, unit: LengthUnit::Characters },
        rich: RichLimits::NONE,
        media: Cow::Borrowed(&[]),
        max_attachments: 0,
        quotes: true,
        reactions: false,
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
    // Not idempotent: after a time-out the thread is read.
    send_class: SendClass::C,
    per_second: 1,
    is_public: true,
};
