//! What an administrator enters to connect a channel: [`SettingField`].

use serde::Serialize;

/// How a setting is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SettingType {
    /// One line of text.
    Text,
    /// A web address.
    Url,
    /// A host name.
    Host,
    /// A whole number.
    Number,
    /// Yes or no.
    Boolean,
    /// Several lines, one entry each.
    Lines,
    /// A JSON document.
    Json,
    /// One of the listed values.
    Choice(&'static [&'static str]),
}

/// One field of a channel's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SettingField {
    /// Name in the stored settings.
    pub key: &'static str,
    /// English label.
    pub label_en: &'static str,
    /// German label.
    pub label_de: &'static str,
    /// English: where to find it.
    pub help_en: &'static str,
    /// German: where to find it.
    pub help_de: &'static str,
    /// How it is entered.
    pub setting_type: SettingType,
    /// Sealed, and never shown again.
    pub is_secret: bool,
    /// Must be given.
    pub is_required: bool,
    /// Value when nothing is given; empty for none.
    pub default: &'static str,
    /// Smallest number; `None` for no limit and for other types.
    pub min: Option<i32>,
    /// Largest number, or most characters of a text; `None` for no limit.
    pub max: Option<i32>,
}

/// Setting: send again by itself what nobody knows to have arrived.
pub const RESEND_UNCONFIRMED: &str = "resend_unconfirmed";

/// Setting: every how many seconds the other side says how it is doing.
pub const HEARTBEAT_S: &str = "heartbeat_s";

/// Fields that the channels of every kind have.
pub(super) static COMMON: &[SettingField] = &[SettingField::new(
    RESEND_UNCONFIRMED,
    SettingType::Boolean,
    words("Send again what is unconfirmed", "Unbestätigtes erneut senden"),
    words(
        "When a connection breaks while a message is handed over, it is sent again without asking, and may arrive twice. Otherwise a person decides.",
        "Bricht die Verbindung bei der Übergabe einer Nachricht ab, wird sie ohne Rückfrage erneut gesendet und kommt vielleicht doppelt an. Sonst entscheidet ein Mensch.",
    ),
)];

impl SettingField {
    /// An optional field without default that is no secret.
    #[must_use]
    pub const fn new(key: &'static str, setting_type: SettingType, label: Words, help: Words) -> Self {
        Self {
            key,
            label_en: label.en,
            label_de: label.de,
            help_en: help.en,
            help_de: help.de,
            setting_type,
            is_secret: false,
            is_required: false,
            default: "",
            min: None,
            max: None,
        }
    }

    /// The same field, a number from `min` to `max`.
    #[must_use]
    pub const fn between(mut self, min: i32, max: i32) -> Self {
        self.min = Some(min);
        self.max = Some(max);
        self
    }

    /// The same field, a text of at most `max` characters.
    #[must_use]
    pub const fn up_to(mut self, max: i32) -> Self {
        self.max = Some(max);
        self
    }

    /// The same field, to be given.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// The same field, sealed.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    /// The same field with a value for when nothing is given.
    #[must_use]
    pub const fn or(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }
}

/// A text of a setting in both languages of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub en: &'static str,
    /// German.
    pub de: &'static str,
}

/// Shorthand for [`Words`].
#[must_use]
pub const fn words(en: &'static str, de: &'static str) -> Words {
    Words { en, de }
}
