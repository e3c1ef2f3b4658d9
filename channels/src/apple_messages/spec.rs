//! Facts of Apple Messages for Business.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, Cell, ChannelClass, ChannelKind, ChannelSpec, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichKind,
    RichLimits, SeedRow, SendClass, SettingField, SettingType, Support, TextLimit, words,
};

use crate::shared::settings::base_url;

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "msp_id",
        SettingType::Text,
        words("Provider id", "Anbieter-ID"),
        words("UUID from Apple’s registration.", "UUID aus Apples Registrierung."),
    )
    .required(),
    SettingField::new(
        "msp_secret",
        SettingType::Text,
        words("Provider secret", "Anbieter-Geheimnis"),
        words("Base64 text from Apple’s registration.", "Base64-Text aus Apples Registrierung."),
    )
    .required()
    .secret(),
    SettingField::new(
        "business_id",
        SettingType::Text,
        words("Business id", "Geschäfts-ID"),
        words("The id behind urn:biz:.", "Die ID hinter urn:biz:."),
    )
    .required(),
    SettingField::new(
        "merchant_id",
        SettingType::Text,
        words("Merchant id", "Händler-ID"),
        words("Only for Apple Pay.", "Nur für Apple Pay."),
    ),
    base_url("https://mspgw.push.apple.com/v1"),
];

/// The product's table for machines.
const MACHINE: SeedRow = SeedRow {
    adaptive_card: Cell::No,
    formatted: Cell::No,
    rich_link: Cell::Yes,
    quick_replies: Cell::Yes,
    list_picker: Cell::Yes,
    time_picker: Cell::Yes,
    form: Cell::Yes,
};

/// The product's table for people.
const AGENT: SeedRow = SeedRow {
    adaptive_card: Cell::No,
    formatted: Cell::No,
    rich_link: Cell::Yes,
    quick_replies: Cell::Yes,
    list_picker: Cell::Yes,
    time_picker: Cell::Yes,
    form: Cell::Yes,
};

/// An appointment is a time picker with place (MSP interactive messages). Payment needs a merchant of one's own and is
/// converted until then.
const EXTENSIONS: &[Extension] =
    &[Extension::machine(RichKind::AppointmentRequest, Support::Native), Extension::agent(RichKind::AppointmentRequest, Support::Native)];

/// Quick replies 2 to 5; Apple states no further limits, the others are ours so that a phone shows them.
const RICH: RichLimits = RichLimits {
    quick_replies: 5,
    quick_reply_title: 100,
    list_sections: 20,
    list_items: 100,
    list_item_title: 100,
    list_item_description: 200,
    time_slots: 100,
    form_fields: 30,
    ..RichLimits::NONE
};

/// Any type up to 100 MB; captions are the text itself.
const MEDIA: &[MediaLimit] = &[
    MediaLimit::new(MediaClass::Image, &[Cow::Borrowed("*")], 100_000_000, 10_000),
    MediaLimit::new(MediaClass::Audio, &[Cow::Borrowed("*")], 100_000_000, 10_000),
    MediaLimit::new(MediaClass::Video, &[Cow::Borrowed("*")], 100_000_000, 10_000),
    MediaLimit::new(MediaClass::File, &[Cow::Borrowed("*")], 100_000_000, 10_000),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::AppleMessages,
    class: ChannelClass::Messaging,
    second_class: None,
    display_name: "Apple Messages for Business",
    documentation_url: Some("https://register.apple.com/resources/messages/msp-rest-api/"),
    api_version: "v1",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: Some(MACHINE),
        agent: Some(AGENT),
        extensions: Cow::Borrowed(EXTENSIONS),
        markup: MarkupSet::Plain,
        // Apple states no limit; this is ours.
        text: TextLimit { max: 10_000, unit: LengthUnit::Characters },
        rich: RICH,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 10,
        quotes: false,
        reactions: false,
        edit: None,
        delete: false,
        hide: false,
        typing: true,
        read_marks: false,
        delivered_receipts: false,
        read_receipts: false,
        may_start: false,
        automatic_per_hour: None,
        reply_window: None,
    },
    // The message id is ours; sending it again is safe.
    send_class: SendClass::A,
    per_second: 10,
    is_public: false,
};
