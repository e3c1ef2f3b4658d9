//! Settings that several platforms ask for in the same words.

use tributary_domain::spec::{SettingField, SettingType, words};

/// Base address of the interface, so that proxies and tests need no hook of their own.
pub const fn base_url(default: &'static str) -> SettingField {
    SettingField::new(
        "base_url",
        SettingType::Url,
        words("Base address", "Basisadresse"),
        words("Only for proxies and tests.", "Nur für Proxys und Tests."),
    )
    .or(default)
}

/// Id of the app that the webhooks belong to.
pub const APP_ID: SettingField = SettingField::new(
    "app_id",
    SettingType::Text,
    words("App id", "App-ID"),
    words("App dashboard, basic settings.", "App-Dashboard, Grundeinstellungen."),
)
.required();

/// Secret of that app.
pub const APP_SECRET: SettingField = SettingField::new(
    "app_secret",
    SettingType::Text,
    words("App secret", "App-Geheimnis"),
    words("App dashboard, basic settings; signs webhooks.", "App-Dashboard, Grundeinstellungen; signiert Webhooks."),
)
.required()
.secret();

/// Word of the webhook handshake.
pub const VERIFY_TOKEN: SettingField = SettingField::new(
    "verify_token",
    SettingType::Text,
    words("Verify token", "Bestätigungstoken"),
    words(
        "Any text; enter the same one where the callback address is saved.",
        "Beliebiger Text; derselbe wird bei der Callback-Adresse eingetragen.",
    ),
)
.required()
.secret();

/// Version of the Graph API.
pub const GRAPH_VERSION: SettingField = SettingField::new(
    "graph_version",
    SettingType::Text,
    words("Interface version", "Schnittstellenversion"),
    words("Raise it before the old one ends.", "Vor dem Ende der alten anheben."),
)
.or("v25.0");

/// Token for all calls.
pub const ACCESS_TOKEN: SettingField = SettingField::new(
    "access_token",
    SettingType::Text,
    words("Access token", "Zugriffstoken"),
    words(
        "From the app's dashboard, with the permissions of this channel.",
        "Aus dem App-Dashboard, mit den Berechtigungen dieses Kanals.",
    ),
)
.required()
.secret();

/// OAuth client id.
pub const CLIENT_ID: SettingField = SettingField::new(
    "client_id",
    SettingType::Text,
    words("Client id", "Client-ID"),
    words("From the platform's developer console.", "Aus der Entwicklerkonsole der Plattform."),
)
.required();

/// OAuth client secret.
pub const CLIENT_SECRET: SettingField = SettingField::new(
    "client_secret",
    SettingType::Text,
    words("Client secret", "Client-Geheimnis"),
    words("From the platform's developer console.", "Aus der Entwicklerkonsole der Plattform."),
)
.required()
.secret();

/// OAuth refresh token.
pub const REFRESH_TOKEN: SettingField = SettingField::new(
    "refresh_token",
    SettingType::Text,
    words("Refresh token", "Aktualisierungstoken"),
    words("From the consent of the account's owner.", "Aus der Zustimmung des Kontoinhabers."),
)
.required()
.secret();

/// Key file of a service account.
pub const SERVICE_ACCOUNT: SettingField = SettingField::new(
    "service_account",
    SettingType::Json,
    words("Service account", "Dienstkonto"),
    words("The whole JSON key file.", "Die ganze JSON-Schlüsseldatei."),
)
.required()
.secret();
