//! Facts of Microsoft Teams.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, EditRule, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichKind,
    RichLimits, SendClass, SettingField, SettingType, Support, TextLimit, words,
};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "app_id",
        SettingType::Text,
        words("App id", "App-ID"),
        words("Azure Bot, configuration.", "Azure-Bot, Konfiguration."),
    )
    .required(),
    SettingField::new(
        "app_password",
        SettingType::Text,
        words("Client secret", "Client-Geheimnis"),
        words("Certificates & secrets of the app registration.", "Zertifikate und Geheimnisse der App-Registrierung."),
    )
    .required()
    .secret(),
    SettingField::new(
        "tenant_id",
        SettingType::Text,
        words("Tenant id", "Mandanten-ID"),
        words("Directory id of the app registration.", "Verzeichnis-ID der App-Registrierung."),
    )
    .required(),
    SettingField::new(
        "app_type",
        SettingType::Choice(&["SINGLE_TENANT", "MULTI_TENANT"]),
        words("App type", "App-Art"),
        words("New bots are single-tenant.", "Neue Bots haben einen Mandanten."),
    )
    .or("SINGLE_TENANT"),
    SettingField::new(
        "metadata_url",
        SettingType::Url,
        words("Address of the signing keys", "Adresse der Signaturschlüssel"),
        words("Other clouds, proxies and tests.", "Andere Clouds, Proxys und Tests."),
    )
    .or("https://login.botframework.com/v1/.well-known/openidconfiguration"),
    SettingField::new(
        "login_url",
        SettingType::Url,
        words("Address for tokens", "Adresse für Token"),
        words("Other clouds, proxies and tests.", "Andere Clouds, Proxys und Tests."),
    )
    .or("https://login.microsoftonline.com"),
    SettingField::new(
        "service_urls",
        SettingType::Lines,
        words("Trusted service addresses", "Vertraute Dienstadressen"),
        words("Our token is sent to these only; one per line.", "Nur an diese geht unser Token; eine pro Zeile."),
    )
    .or("https://smba.trafficmanager.net"),
];

/// Adaptive Cards up to 1.5, Teams Markdown, hero cards and suggested actions are the platform's own; lists, slots and
/// forms are cards with inputs (connector 3.1.12).
const EXTENSIONS: &[Extension] = &[
    Extension::machine(RichKind::AdaptiveCard, Support::Native),
    Extension::agent(RichKind::AdaptiveCard, Support::Native),
    Extension::machine(RichKind::Formatted, Support::Native),
    Extension::agent(RichKind::Formatted, Support::Native),
    Extension::machine(RichKind::RichLink, Support::Native),
    Extension::agent(RichKind::RichLink, Support::Native),
    Extension::machine(RichKind::QuickReplies, Support::Native),
    Extension::agent(RichKind::QuickReplies, Support::Native),
    Extension::machine(RichKind::ListPicker, Support::Native),
    Extension::agent(RichKind::ListPicker, Support::Native),
    Extension::machine(RichKind::TimePicker, Support::Native),
    Extension::agent(RichKind::TimePicker, Support::Native),
    Extension::machine(RichKind::Form, Support::Native),
    Extension::agent(RichKind::Form, Support::Native),
];

/// Cards up to 28 KB; the other limits are ours, so that the card made from them stays below it.
const RICH: RichLimits = RichLimits {
    quick_replies: 20,
    quick_reply_title: 100,
    list_sections: 20,
    list_items: 100,
    list_item_title: 200,
    list_item_description: 200,
    time_slots: 100,
    form_fields: 30,
    card_bytes: 28_000,
};

/// Images inline up to 1 MB; other files after consent in private chats, as a link elsewhere (100 MB is ours).
const MEDIA: &[MediaLimit] = &[
    MediaLimit::new(
        MediaClass::Image,
        &[Cow::Borrowed("image/png"), Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/gif")],
        1_000_000,
        40_000,
    ),
    MediaLimit::new(MediaClass::File, &[Cow::Borrowed("*")], 100_000_000, 40_000),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::MicrosoftTeams,
    class: ChannelClass::Collaboration,
    second_class: Some(ChannelClass::Messaging),
    display_name: "Microsoft Teams",
    documentation_url: Some("https://learn.microsoft.com/en-us/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference"),
    api_version: "v3",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(EXTENSIONS),
        markup: MarkupSet::Markdown,
        // A whole message may have about 100 KB of UTF-16.
        text: TextLimit { max: 40_000, unit: LengthUnit::Utf16Units },
        rich: RICH,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 10,
        quotes: true,
        reactions: false,
        edit: Some(EditRule { max_age_s: None }),
        delete: true,
        hide: false,
        typing: true,
        read_marks: false,
        delivered_receipts: false,
        read_receipts: false,
        may_start: true,
        automatic_per_hour: None,
        reply_window: None,
    },
    // No idempotency key and no history for bots.
    send_class: SendClass::C,
    per_second: 50,
    is_public: false,
};
