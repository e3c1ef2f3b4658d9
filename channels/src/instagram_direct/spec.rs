//! Facts of Instagram, private messages.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, LengthUnit, MarkupSet, MediaClass, MediaLimit, ReplyWindow, RichLimits,
    SendClass, SettingField, SettingType, TextLimit, words,
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

/// Images 8 MB; audio, video and PDF 25 MB; one per message, text beside it.
const MEDIA: &[MediaLimit] = &[
    MediaLimit::new(
        MediaClass::Image,
        &[Cow::Borrowed("image/png"), Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/gif")],
        8_000_000,
        0,
    ),
    MediaLimit::new(
        MediaClass::Audio,
        &[
            Cow::Borrowed("audio/aac"),
            Cow::Borrowed("audio/mp4"),
            Cow::Borrowed("audio/x-m4a"),
            Cow::Borrowed("audio/wav"),
            Cow::Borrowed("audio/x-wav"),
        ],
        25_000_000,
        0,
    ),
    MediaLimit::new(
        MediaClass::Video,
        &[
            Cow::Borrowed("video/mp4"),
            Cow::Borrowed("video/ogg"),
            Cow::Borrowed("video/x-msvideo"),
            Cow::Borrowed("video/quicktime"),
            Cow::Borrowed("video/webm"),
        ],
        25_000_000,
        0,
    ),
    MediaLimit::new(MediaClass::File, &[Cow::Borrowed("application/pdf")], 25_000_000, 0),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::InstagramDirect,
    class: ChannelClass::Messaging,
    second_class: None,
    display_name: "Instagram Direct",
    documentation_url: Some("https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api"),
    api_version: "v25.0",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        text: TextLimit { max: 1_000, unit: LengthUnit::Bytes },
        rich: RichLimits::NONE,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 10,
        quotes: true,
        reactions: true,
        edit: None,
        delete: false,
        hide: false,
        typing: true,
        read_marks: true,
        delivered_receipts: false,
        read_receipts: true,
        may_start: false,
        // 24 hours; 7 days for messages written by a person.
        automatic_per_hour: None,
        reply_window: Some(ReplyWindow { window_s: 86400, human_window_s: Some(604_800), templates_after: false }),
    },
    // Echoes carry no reference of ours reliably.
    send_class: SendClass::C,
    per_second: 300,
    is_public: false,
};
