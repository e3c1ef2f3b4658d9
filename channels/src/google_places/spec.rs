//! Facts of Google business-profile reviews.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, EditRule, LengthUnit, MarkupSet, RichLimits, SendClass, SettingField,
    SettingType, TextLimit, words,
};

use crate::shared::settings::{CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    CLIENT_ID,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    SettingField::new(
        "account",
        SettingType::Text,
        words("Account", "Konto"),
        words("accounts/… of the business profile.", "accounts/… des Unternehmensprofils."),
    )
    .required(),
    SettingField::new(
        "locations",
        SettingType::Lines,
        words("Locations", "Standorte"),
        words("One locations/… per line; empty for all.", "Ein locations/… pro Zeile; leer für alle."),
    ),
    SettingField::new(
        "base_url",
        SettingType::Url,
        words("Base address", "Basisadresse"),
        words("Only for proxies and tests.", "Nur für Proxys und Tests."),
    )
    .or("https://mybusiness.googleapis.com"),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::GooglePlaces,
    class: ChannelClass::Social,
    second_class: None,
    display_name: "Google Places",
    documentation_url: Some("https://developers.google.com/my-business/content/review-data"),
    api_version: "v4",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        text: TextLimit { max: 4_096, unit: LengthUnit::Bytes },
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
    // The one reply is replaced: sending it twice is the same as once.
    send_class: SendClass::A,
    per_second: 5,
    is_public: true,
};
