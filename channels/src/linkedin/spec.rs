//! Facts of LinkedIn company pages.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, EditRule, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichLimits, SendClass,
    SettingField, SettingType, TextLimit, words,
};

use crate::shared::settings::{CLIENT_ID, CLIENT_SECRET, base_url};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    CLIENT_ID,
    CLIENT_SECRET,
    SettingField::new(
        "organization_id",
        SettingType::Text,
        words("Organization id", "Organisations-ID"),
        words("The number in the address of the page’s admin view.", "Die Zahl in der Adresse der Verwaltungsansicht der Seite."),
    )
    .required(),
    SettingField::new(
        "access_token",
        SettingType::Text,
        words("Access token", "Zugriffstoken"),
        words("Lives 60 days; of a member who is administrator of the page.", "Gilt 60 Tage; von einem Mitglied, das die Seite verwaltet."),
    )
    .required()
    .secret(),
    SettingField::new(
        "refresh_token",
        SettingType::Text,
        words("Refresh token", "Aktualisierungstoken"),
        words("Only approved apps get one.", "Nur freigegebene Apps erhalten eines."),
    )
    .secret(),
    SettingField::new(
        "api_version",
        SettingType::Text,
        words("Version", "Version"),
        words("YYYYMM; raise it before the old one ends.", "JJJJMM; vor dem Ende der alten anheben."),
    )
    .or("202608"),
    base_url("https://api.linkedin.com/rest"),
];

/// One image per comment; LinkedIn states no size here, 10 MB is ours.
const MEDIA: &[MediaLimit] = &[MediaLimit::new(
    MediaClass::Image,
    &[Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/png"), Cow::Borrowed("image/gif")],
    10_000_000,
    1_250,
)];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::LinkedIn,
    class: ChannelClass::Social,
    second_class: None,
    display_name: "LinkedIn",
    documentation_url: Some("https://learn.microsoft.com/en-us/linkedin/marketing/community-management/"),
    api_version: "202608",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        text: TextLimit { max: 1_250, unit: LengthUnit::Characters },
        rich: RichLimits::NONE,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 1,
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
    // Not idempotent: after a time-out the newest own comments are listed.
    send_class: SendClass::C,
    per_second: 1,
    is_public: true,
};
