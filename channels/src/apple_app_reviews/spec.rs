//! Facts of App Store reviews.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, EditRule, LengthUnit, MarkupSet, RichLimits, SendClass, SettingField,
    SettingType, TextLimit, words,
};

use crate::shared::settings::base_url;

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "issuer_id",
        SettingType::Text,
        words("Issuer id", "Aussteller-ID"),
        words(
            "Users and Access → Integrations; empty for an individual key.",
            "Benutzer und Zugriff → Integrationen; leer bei persönlichem Schlüssel.",
        ),
    ),
    SettingField::new(
        "key_id",
        SettingType::Text,
        words("Key id", "Schlüssel-ID"),
        words("Users and Access → Integrations.", "Benutzer und Zugriff → Integrationen."),
    )
    .required(),
    SettingField::new(
        "private_key",
        SettingType::Lines,
        words("Private key (.p8)", "Privater Schlüssel (.p8)"),
        words("The whole file; it can be downloaded once.", "Die ganze Datei; sie kann nur einmal geladen werden."),
    )
    .required()
    .secret(),
    SettingField::new("app_ids", SettingType::Lines, words("App ids", "App-IDs"), words("One per line.", "Eine pro Zeile.")).required(),
    base_url("https://api.appstoreconnect.apple.com"),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::AppleAppReviews,
    class: ChannelClass::Social,
    second_class: None,
    display_name: "Apple App reviews",
    documentation_url: Some("https://developer.apple.com/documentation/appstoreconnectapi/customer-reviews"),
    api_version: "4.4.1",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        text: TextLimit { max: 5_970, unit: LengthUnit::Characters },
        rich: RichLimits::NONE,
        media: Cow::Borrowed(&[]),
        max_attachments: 0,
        quotes: false,
        reactions: false,
        edit: Some(EditRule { max_age_s: None }),
        delete: true,
        hide: false,
        typing: false,
        read_marks: false,
        delivered_receipts: false,
        read_receipts: false,
        may_start: false,
        automatic_per_hour: None,
        reply_window: None,
    },
    // The one response is replaced: sending it twice is the same as once.
    send_class: SendClass::A,
    per_second: 1,
    is_public: true,
};
