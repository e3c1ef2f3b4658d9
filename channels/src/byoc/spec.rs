//! Facts of an integrator's own channel. What it can do is declared per channel; this is what holds before that.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, HEARTBEAT_S, LengthUnit, MarkupSet, RichLimits, SendClass, SettingField,
    SettingType, TextLimit, words,
};

use super::events::{HEARTBEAT_MAX_S, HEARTBEAT_MIN_S};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "url",
        SettingType::Url,
        words("Address of the integration", "Adresse der Integration"),
        words("Messages to the contact are posted here.", "Nachrichten an den Kontakt gehen hierher."),
    )
    .required(),
    SettingField::new(
        "signing_secret",
        SettingType::Text,
        words("Signing secret", "Signaturgeheimnis"),
        words(
            "whsec_… (shared, 24 to 64 bytes) or whsk_… (our private Ed25519 key) signs what we send; whpk_… (their public key) checks what comes in. Several, separated by spaces.",
            "whsec_… (gemeinsam, 24 bis 64 Bytes) oder whsk_… (unser privater Ed25519-Schlüssel) signiert, was wir senden; whpk_… (öffentlicher Schlüssel der Gegenseite) prüft, was hereinkommt. Mehrere durch Leerzeichen getrennt.",
        ),
    )
    .secret(),
    SettingField::new(
        "inbound_token",
        SettingType::Text,
        words("Token for incoming events", "Token für eingehende Ereignisse"),
        words("The integration sends it as bearer token.", "Die Integration sendet es als Bearer-Token."),
    )
    .required()
    .secret(),
    SettingField::new(
        "verify_signature",
        SettingType::Boolean,
        words("Require signatures", "Signaturen verlangen"),
        words(
            "Incoming events must also carry a Standard Webhooks signature.",
            "Eingehende Ereignisse müssen zusätzlich eine Standard-Webhooks-Signatur tragen.",
        ),
    )
    .or("false"),
    SettingField::new(
        "token_url",
        SettingType::Url,
        words("Address for access tokens", "Adresse für Zugriffstoken"),
        words(
            "When the integration wants a bearer token from us (client credentials).",
            "Wenn die Integration ein Bearer-Token von uns verlangt (Client Credentials).",
        ),
    ),
    SettingField::new(
        "client_id",
        SettingType::Text,
        words("Client id", "Client-ID"),
        words("For the token address.", "Für die Token-Adresse."),
    ),
    SettingField::new(
        "client_secret",
        SettingType::Text,
        words("Client secret", "Client-Geheimnis"),
        words("For the token address.", "Für die Token-Adresse."),
    )
    .secret(),
    SettingField::new(
        "mode",
        SettingType::Choice(&["standard", "compat_new", "compat_old"]),
        words("Form of outgoing calls", "Form ausgehender Aufrufe"),
        words(
            "standard: signed webhooks. The others post the bodies that older middlewares know.",
            "standard: signierte Webhooks. Die anderen senden die Formen, die ältere Middleware kennt.",
        ),
    )
    .or("standard"),
    SettingField::new(
        "capabilities",
        SettingType::Json,
        words("Declared capabilities", "Erklärte Fähigkeiten"),
        words(
            "What the platform behind can show; everything else goes out as text.",
            "Was die Plattform dahinter zeigen kann; alles andere geht als Text hinaus.",
        ),
    ),
    SettingField::new(
        HEARTBEAT_S,
        SettingType::Number,
        words("Sign of life every … seconds", "Lebenszeichen alle … Sekunden"),
        words(
            "How often the integration sends channel.health. After three times that long without it the channel is shown as degraded. Empty: as the integration itself says in intervalSeconds.",
            "Wie oft die Integration channel.health sendet. Nach dem Dreifachen dieser Zeit ohne Lebenszeichen gilt der Kanal als gestört. Leer: wie die Integration selbst in intervalSeconds angibt.",
        ),
    )
    .between(HEARTBEAT_MIN_S, HEARTBEAT_MAX_S),
    SettingField::new(
        "ca_pem",
        SettingType::Lines,
        words("Certificate authority (PEM)", "Zertifizierungsstelle (PEM)"),
        words("Only for private certificates.", "Nur für private Zertifikate."),
    ),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::Byoc,
    class: ChannelClass::Byoc,
    second_class: None,
    display_name: "Bring your own channel",
    documentation_url: Some("https://www.standardwebhooks.com/"),
    api_version: "1",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        markup: MarkupSet::Plain,
        // What is not declared goes out as text; see `DeclaredCapabilities`.
        text: TextLimit { max: 4_000, unit: LengthUnit::Characters },
        rich: RichLimits::NONE,
        media: Cow::Borrowed(&[]),
        max_attachments: 0,
        quotes: false,
        reactions: false,
        edit: None,
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
    // `webhook-id` is our delivery id and stays the same over retries.
    send_class: SendClass::A,
    per_second: 20,
    is_public: false,
};
