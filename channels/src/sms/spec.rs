//! Facts of SMS.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichLimits, SendClass,
    SettingField, SettingType, TextLimit, words,
};

use crate::shared::settings::base_url;

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "carrier",
        SettingType::Choice(&["twilio", "vonage_sms", "vonage_messages", "smpp"]),
        words("Carrier", "Anbieter"),
        words("Through whom the messages go.", "Über wen die Nachrichten gehen."),
    )
    .required()
    .or("twilio"),
    SettingField::new(
        "from",
        SettingType::Text,
        words("Sender", "Absender"),
        words(
            "Number with +, short code or name; nobody can answer a name.",
            "Nummer mit +, Kurzwahl oder Name; auf einen Namen kann niemand antworten.",
        ),
    )
    .required(),
    SettingField::new(
        "account_sid",
        SettingType::Text,
        words("Account id", "Konto-ID"),
        words("Account SID or API key.", "Account SID oder API-Schlüssel."),
    )
    .required(),
    SettingField::new(
        "auth_token",
        SettingType::Text,
        words("Account secret", "Konto-Geheimnis"),
        words("Auth token or API secret; signs webhooks.", "Auth Token oder API-Geheimnis; signiert Webhooks."),
    )
    .required()
    .secret(),
    SettingField::new(
        "signature_secret",
        SettingType::Text,
        words("Signature secret", "Signaturgeheimnis"),
        words("Where it differs from the account secret.", "Wo es sich vom Konto-Geheimnis unterscheidet."),
    )
    .secret(),
    SettingField::new(
        "messaging_service_sid",
        SettingType::Text,
        words("Messaging service", "Messaging-Dienst"),
        words("Instead of a single sender.", "Statt eines einzelnen Absenders."),
    ),
    base_url("https://api.twilio.com"),
];

/// MMS: 10 pictures with 5 MB in all, where the carrier has it.
const MEDIA: &[MediaLimit] = &[MediaLimit::new(
    MediaClass::Image,
    &[Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/png"), Cow::Borrowed("image/gif")],
    5_000_000,
    1_600,
)];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::Sms,
    class: ChannelClass::Sms,
    second_class: None,
    display_name: "SMS",
    documentation_url: Some("https://www.twilio.com/docs/messaging/api"),
    api_version: "2010-04-01",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        // The default carrier takes 1600 characters and splits them into parts of 153 (GSM-7) or 67 (UCS-2).
        text: TextLimit { max: 1_600, unit: LengthUnit::Characters },
        rich: RichLimits::NONE,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 10,
        quotes: false,
        reactions: false,
        edit: None,
        delete: false,
        hide: false,
        typing: false,
        read_marks: false,
        delivered_receipts: true,
        read_receipts: false,
        may_start: true,
        automatic_per_hour: None,
        reply_window: None,
    },
    // No idempotency key: after a time-out the carrier's list is compared.
    send_class: SendClass::C,
    per_second: 10,
    is_public: false,
};
