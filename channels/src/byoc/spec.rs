//! What every such channel starts from; the integrator declares the rest.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, LengthUnit, RichLimits, SendClass, SettingField, SettingType, TextLimit,
};

const fn field(key: &'static str, label_en: &'static str, label_de: &'static str, setting_type: SettingType) -> SettingField {
    SettingField { key, label_en, label_de, help_en: "", help_de: "", setting_type, is_secret: false, is_required: false, default: "" }
}

const fn secret(key: &'static str, label_en: &'static str, label_de: &'static str) -> SettingField {
    SettingField { is_secret: true, ..field(key, label_en, label_de, SettingType::Text) }
}

/// The spec.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::Byoc,
    class: ChannelClass::Byoc,
    second_class: None,
    display_name: "Bring your own channel",
    documentation_url: "https://www.standardwebhooks.com",
    api_version: "1",
    checked_on: "2026-11-22",
    settings: &[
        SettingField { is_required: true, ..field("url", "Address of the integration", "Adresse der Integration", SettingType::Url) },
        SettingField {
            default: "standard",
            ..field(
                "mode",
                "Form of outgoing calls",
                "Form ausgehender Aufrufe",
                SettingType::Choice(&["standard", "compat_new", "compat_old"]),
            )
        },
        field("token_url", "Address for access tokens", "Adresse für Zugriffstoken", SettingType::Url),
        field("client_id", "Client id", "Client-ID", SettingType::Text),
        field("verify_signature", "Require signatures", "Signaturen verlangen", SettingType::Boolean),
        field("capabilities", "Declared capabilities", "Erklärte Fähigkeiten", SettingType::Json),
        secret("signing_secret", "Signing secret", "Signaturschlüssel"),
        SettingField { is_required: true, ..secret("inbound_token", "Token of the integration", "Token der Integration") },
        secret("client_secret", "Client secret", "Client-Geheimnis"),
        secret("ca_pem", "Private certificate authority", "Private Zertifizierungsstelle"),
    ],
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(&[]),
        text: TextLimit { max: 4096, unit: LengthUnit::Characters },
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
        media: Cow::Borrowed(&[]),
        max_attachments: 0,
        quotes: false,
        reactions: false,
        edit: None,
        delete: false,
        typing: false,
        read_marks: false,
        delivered_receipts: true,
        read_receipts: true,
        may_start: false,
        reply_window: None,
    },
    send_class: SendClass::A,
    per_second: 20,
    is_public: false,
};
