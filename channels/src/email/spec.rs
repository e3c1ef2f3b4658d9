//! What a mailbox can do.

use std::borrow::Cow;

use tributary_domain::spec::{
    Audience, Capabilities, Cell, ChannelClass, ChannelKind, ChannelSpec, Extension, LengthUnit, MediaClass, MediaLimit, RichKind,
    RichLimits, SeedRow, SendClass, SettingField, SettingType, Support, TextLimit,
};

/// Largest file, bytes: what fits into a mail of 25 MB after base64 (checked 2026-11).
const MAX_FILE_BYTES: u64 = 18 * 1024 * 1024;

const ROW: SeedRow = SeedRow {
    adaptive_card: Cell::Fallback,
    formatted: Cell::Yes,
    rich_link: Cell::Fallback,
    quick_replies: Cell::Fallback,
    list_picker: Cell::Fallback,
    time_picker: Cell::Fallback,
    form: Cell::Fallback,
};

const fn field(key: &'static str, label_en: &'static str, label_de: &'static str, setting_type: SettingType) -> SettingField {
    SettingField { key, label_en, label_de, help_en: "", help_de: "", setting_type, is_secret: false, is_required: false, default: "" }
}

const fn required(field: SettingField) -> SettingField {
    SettingField { is_required: true, ..field }
}

const fn secret(field: SettingField) -> SettingField {
    SettingField { is_secret: true, ..field }
}

const SECURITY: SettingType = SettingType::Choice(&["tls", "starttls", "none"]);

static SETTINGS: [SettingField; 21] = [
    required(field("address", "Address", "Adresse", SettingType::Text)),
    field("display_name", "Name of the sender", "Name des Absenders", SettingType::Text),
    required(field("imap_host", "IMAP server", "IMAP-Server", SettingType::Host)),
    field("imap_port", "IMAP port", "IMAP-Port", SettingType::Number),
    field("imap_security", "IMAP protection", "IMAP-Verschlüsselung", SECURITY),
    required(field("smtp_host", "SMTP server", "SMTP-Server", SettingType::Host)),
    field("smtp_port", "SMTP port", "SMTP-Port", SettingType::Number),
    field("smtp_security", "SMTP protection", "SMTP-Verschlüsselung", SECURITY),
    field("user", "User name", "Benutzername", SettingType::Text),
    field("auth", "Sign-in", "Anmeldung", SettingType::Choice(&["password", "xoauth2"])),
    secret(field("password", "Password", "Passwort", SettingType::Text)),
    field("oauth_client_id", "OAuth client", "OAuth-Client", SettingType::Text),
    secret(field("oauth_client_secret", "OAuth client secret", "OAuth-Client-Geheimnis", SettingType::Text)),
    secret(field("oauth_refresh_token", "OAuth refresh token", "OAuth-Refresh-Token", SettingType::Text)),
    field("oauth_token_url", "OAuth token address", "OAuth-Token-Adresse", SettingType::Url),
    field("oauth_scope", "OAuth scope", "OAuth-Scope", SettingType::Text),
    field("sent_folder", "Folder of sent mails", "Ordner für Gesendetes", SettingType::Text),
    field("ca_pem", "Private CA certificate", "Eigenes CA-Zertifikat", SettingType::Lines),
    field("poll_interval_s", "Seconds between polls", "Sekunden zwischen Abfragen", SettingType::Number),
    field("reply_to", "Reply address", "Antwortadresse", SettingType::Text),
    field("import_days", "Days of history to take in", "Tage, die übernommen werden", SettingType::Number),
];

static MEDIA: [MediaLimit; 4] = [
    MediaLimit {
        class: MediaClass::Image,
        mime_types: Cow::Borrowed(&[Cow::Borrowed("*")]),
        max_bytes: MAX_FILE_BYTES,
        max_caption: 100_000,
    },
    MediaLimit {
        class: MediaClass::Audio,
        mime_types: Cow::Borrowed(&[Cow::Borrowed("*")]),
        max_bytes: MAX_FILE_BYTES,
        max_caption: 100_000,
    },
    MediaLimit {
        class: MediaClass::Video,
        mime_types: Cow::Borrowed(&[Cow::Borrowed("*")]),
        max_bytes: MAX_FILE_BYTES,
        max_caption: 100_000,
    },
    MediaLimit {
        class: MediaClass::File,
        mime_types: Cow::Borrowed(&[Cow::Borrowed("*")]),
        max_bytes: MAX_FILE_BYTES,
        max_caption: 100_000,
    },
];

static EXTENSIONS: [Extension; 2] = [
    Extension { audience: Audience::Machine, kind: RichKind::RichLink, support: Support::Converted },
    Extension { audience: Audience::Agent, kind: RichKind::RichLink, support: Support::Converted },
];

/// A mailbox over IMAP and SMTP.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::Email,
    class: ChannelClass::Email,
    second_class: None,
    display_name: "E-mail",
    documentation_url: "https://www.rfc-editor.org/rfc/rfc5322",
    api_version: "RFC 9051, RFC 5321",
    checked_on: "2026-11-22",
    settings: &SETTINGS,
    capabilities: Capabilities {
        machine: Some(ROW),
        agent: Some(ROW),
        extensions: Cow::Borrowed(&EXTENSIONS),
        text: TextLimit { max: 1_000_000, unit: LengthUnit::Characters },
        rich: RichLimits {
            quick_replies: 0,
            quick_reply_title: 0,
            list_sections: 0,
            list_items: 0,
            list_item_title: 0,
            list_item_description: 0,
            time_slots: 0,
            form_fields: 0,
            card_bytes: 0,
        },
        media: Cow::Borrowed(&MEDIA),
        max_attachments: 50,
        quotes: false,
        reactions: false,
        edit: None,
        delete: false,
        typing: false,
        read_marks: false,
        delivered_receipts: false,
        read_receipts: false,
        may_start: true,
        reply_window: None,
    },
    send_class: SendClass::C,
    per_second: 10,
    is_public: false,
};
