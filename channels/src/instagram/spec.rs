//! Facts of Instagram, public comments.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, LengthUnit, MarkupSet, RichLimits, SendClass, SettingField, SettingType,
    TextLimit, words,
};

use crate::shared::settings::{ACCESS_TOKEN, APP_ID, APP_SECRET, GRAPH_VERSION, VERIFY_TOKEN, base_url};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "login",
        SettingType::Choice(&["instagram", "facebook"]),
        words("Sign-in", "Anmeldung"),
        words("Which of the two sign-ins the token comes from.", "Aus welcher der beiden Anmeldungen das Token stammt."),
    )
    .required()
    .or("facebook"),
    SettingField::new(
        "ig_user_id",
        SettingType::Text,
        words("Account id", "Konto-ID"),
        words("The id that stands in webhooks: `user_id`, not `id`.", "Die ID, die in Webhooks steht: `user_id`, nicht `id`."),
    )
    .required(),
    ACCESS_TOKEN,
    APP_ID,
    APP_SECRET,
    VERIFY_TOKEN,
    GRAPH_VERSION,
    base_url("https://graph.facebook.com"),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::Instagram,
    class: ChannelClass::Social,
    second_class: None,
    display_name: "Instagram",
    documentation_url: Some("https://developers.facebook.com/docs/instagram-platform"),
    api_version: "v25.0",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        // At most 4 hashtags and 1 link per comment, not all capitals.
        text: TextLimit { max: 300, unit: LengthUnit::Characters },
        rich: RichLimits::NONE,
        media: Cow::Borrowed(&[]),
        max_attachments: 0,
        quotes: true,
        reactions: false,
        edit: None,
        delete: true,
        hide: true,
        typing: false,
        read_marks: false,
        delivered_receipts: false,
        read_receipts: false,
        may_start: false,
        automatic_per_hour: None,
        reply_window: None,
    },
    // No idempotency key: after a time-out the replies are read.
    send_class: SendClass::C,
    per_second: 2,
    is_public: true,
};
