//! Facts of Google Play reviews.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, EditRule, LengthUnit, MarkupSet, RichLimits, SendClass, SettingField,
    SettingType, TextLimit, words,
};

use crate::shared::settings::{SERVICE_ACCOUNT, base_url};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SERVICE_ACCOUNT,
    SettingField::new(
        "package_names",
        SettingType::Lines,
        words("Package names", "Paketnamen"),
        words("One app per line, such as com.example.app.", "Eine App pro Zeile, zum Beispiel com.example.app."),
    )
    .required(),
    base_url("https://androidpublisher.googleapis.com"),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::GooglePlay,
    class: ChannelClass::Social,
    second_class: None,
    display_name: "Google Play",
    documentation_url: Some("https://developers.google.com/android-publisher/reply-to-reviews"),
    api_version: "v3",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        text: TextLimit { max: 350, unit: LengthUnit::Characters },
        rich: RichLimits::NONE,
        media: Cow::Borrowed(&[]),
        max_attachments: 0,
        quotes: false,
        reactions: false,
        edit: Some(EditRule { max_age_s: None }),
        delete: false,
        hide: false,
        typing: false,
        read_marks: false,
        delivered_receipts: false,
        read_receipts: false,
        may_start: false,
        automatic_per_hour: None,
        reply_window: None,
    },
    // The one reply is replaced: sending it twice is the same as once.
    send_class: SendClass::A,
    per_second: 1,
    is_public: true,
};
