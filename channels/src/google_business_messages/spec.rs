//! Facts of Google Business Messages, switched off in July 2024.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, Cell, ChannelClass, ChannelKind, ChannelSpec, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit, ReplyWindow,
    RichKind, RichLimits, SeedRow, SendClass, SettingField, SettingType, Support, TextLimit, words,
};

use crate::shared::settings::{SERVICE_ACCOUNT, base_url};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SERVICE_ACCOUNT,
    SettingField::new(
        "partner_key",
        SettingType::Text,
        words("Partner key", "Partner-Schlüssel"),
        words("Signs webhooks.", "Signiert Webhooks."),
    )
    .required()
    .secret(),
    SettingField::new("agent", SettingType::Text, words("Agent", "Agent"), words("brands/…/agents/….", "brands/…/agents/….")).required(),
    SettingField::new(
        "display_name",
        SettingType::Text,
        words("Name of the representative", "Name des Ansprechpartners"),
        words("Shown to the customer.", "Wird dem Kunden gezeigt."),
    ),
    base_url("https://businessmessages.googleapis.com"),
];

/// The product's table for machines.
const MACHINE: SeedRow = SeedRow {
    adaptive_card: Cell::No,
    formatted: Cell::No,
    rich_link: Cell::Yes,
    quick_replies: Cell::No,
    list_picker: Cell::Yes,
    time_picker: Cell::Yes,
    form: Cell::No,
};

/// The product's table for people.
const AGENT: SeedRow = SeedRow {
    adaptive_card: Cell::No,
    formatted: Cell::No,
    rich_link: Cell::Yes,
    quick_replies: Cell::No,
    list_picker: Cell::Yes,
    time_picker: Cell::No,
    form: Cell::No,
};

/// Suggested replies ("chips") were the platform's own.
const EXTENSIONS: &[Extension] =
    &[Extension::machine(RichKind::QuickReplies, Support::Native), Extension::agent(RichKind::QuickReplies, Support::Native)];

/// Chips 13 × 25; a carousel of 10 cards with 200 + 2000 characters; slots are chips.
const RICH: RichLimits = RichLimits {
    quick_replies: 13,
    quick_reply_title: 25,
    list_sections: 10,
    list_items: 10,
    list_item_title: 200,
    list_item_description: 2_000,
    time_slots: 13,
    ..RichLimits::NONE
};

/// JPEG and PNG up to 5 MB.
const MEDIA: &[MediaLimit] =
    &[MediaLimit::new(MediaClass::Image, &[Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/png")], 5_000_000, 0)];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::GoogleBusinessMessages,
    class: ChannelClass::Messaging,
    second_class: None,
    display_name: "Google Business Messages",
    documentation_url: Some("https://developers.google.com/business-communications/business-messages"),
    api_version: "v1",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: Some(MACHINE),
        agent: Some(AGENT),
        extensions: Cow::Borrowed(EXTENSIONS),
        markup: MarkupSet::Plain,
        text: TextLimit { max: 3_072, unit: LengthUnit::Characters },
        rich: RICH,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 1,
        quotes: false,
        reactions: false,
        edit: None,
        delete: false,
        hide: false,
        typing: true,
        read_marks: true,
        delivered_receipts: true,
        read_receipts: true,
        may_start: false,
        // 30 days after the customer's last message.
        automatic_per_hour: None,
        reply_window: Some(ReplyWindow { window_s: 2592000, human_window_s: None, templates_after: false }),
    },
    // The message id is ours; a known one is answered as such.
    send_class: SendClass::A,
    per_second: 10,
    is_public: false,
};
