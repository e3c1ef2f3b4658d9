//! Facts of our own web chat; the limits are our own.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, Cell, ChannelClass, ChannelKind, ChannelSpec, EditRule, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit,
    RichKind, RichLimits, SeedRow, SendClass, SettingField, SettingType, Support, TextLimit, Words, words,
};

/// Longest title and subtitle, characters: one line of the widget.
const TITLE: i32 = 100;
/// Longest greeting and text outside office hours, characters.
const SENTENCES: i32 = 500;

const FOR_GERMAN: Words = words("For visitors who read German.", "Für Besucher, die Deutsch lesen.");
const FOR_ENGLISH: Words = words("For visitors who read English.", "Für Besucher, die Englisch lesen.");

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "allowed_origins",
        SettingType::Lines,
        words("Allowed websites", "Erlaubte Websites"),
        words(
            "Origins such as https://www.example.com on which the chat may appear; one per line.",
            "Ursprünge wie https://www.example.com, auf denen der Chat erscheinen darf; einer pro Zeile.",
        ),
    )
    .required(),
    SettingField::new("title", SettingType::Text, words("Title", "Titel"), words("Stands at the top of the chat.", "Steht oben im Chat."))
        .or("Chat")
        .up_to(TITLE),
    SettingField::new(
        "subtitle",
        SettingType::Text,
        words("Subtitle", "Untertitel"),
        words(
            "Stands below the title, in every language that has none of its own.",
            "Steht unter dem Titel, in jeder Sprache ohne eigenen.",
        ),
    )
    .up_to(TITLE),
    SettingField::new("subtitle_de", SettingType::Text, words("Subtitle, German", "Untertitel, Deutsch"), FOR_GERMAN).up_to(TITLE),
    SettingField::new("subtitle_en", SettingType::Text, words("Subtitle, English", "Untertitel, Englisch"), FOR_ENGLISH).up_to(TITLE),
    SettingField::new(
        "colour",
        SettingType::Text,
        words("Colour", "Farbe"),
        words("Six hex digits, such as #1d4ed8.", "Sechs Hex-Ziffern, zum Beispiel #1d4ed8."),
    )
    .or("#1d4ed8"),
    SettingField::new(
        "language",
        SettingType::Choice(&["auto", "en", "de"]),
        words("Language", "Sprache"),
        words("auto: the language of the visitor’s browser.", "auto: die Sprache des Browsers."),
    )
    .or("auto"),
    SettingField::new(
        "greeting",
        SettingType::Text,
        words("Greeting", "Begrüßung"),
        words(
            "Shown before the first message, in every language that has none of its own.",
            "Erscheint vor der ersten Nachricht, in jeder Sprache ohne eigene.",
        ),
    )
    .up_to(SENTENCES),
    SettingField::new("greeting_de", SettingType::Text, words("Greeting, German", "Begrüßung, Deutsch"), FOR_GERMAN).up_to(SENTENCES),
    SettingField::new("greeting_en", SettingType::Text, words("Greeting, English", "Begrüßung, Englisch"), FOR_ENGLISH).up_to(SENTENCES),
    SettingField::new(
        "office_hours",
        SettingType::Json,
        words("Office hours", "Öffnungszeiten"),
        words(
            "Time zone and hours per weekday: {\"timeZone\":\"Europe/Berlin\",\"days\":{\"mon\":[[\"09:00\",\"17:00\"]]}}. Empty: always open.",
            "Zeitzone und Zeiten je Wochentag: {\"timeZone\":\"Europe/Berlin\",\"days\":{\"mon\":[[\"09:00\",\"17:00\"]]}}. Leer: immer geöffnet.",
        ),
    ),
    SettingField::new(
        "offline_form",
        SettingType::Boolean,
        words("Leave-a-message form", "Nachricht hinterlassen"),
        words(
            "Outside office hours visitors may leave a message with their e-mail address.",
            "Außerhalb der Öffnungszeiten können Besucher eine Nachricht mit ihrer E-Mail-Adresse hinterlassen.",
        ),
    )
    .or("true"),
    SettingField::new(
        "offline_text",
        SettingType::Text,
        words("Text outside office hours", "Text außerhalb der Öffnungszeiten"),
        words(
            "Says when somebody is there again, in every language that has none of its own.",
            "Sagt, wann wieder jemand da ist, in jeder Sprache ohne eigenen Text.",
        ),
    )
    .up_to(SENTENCES),
    SettingField::new(
        "offline_text_de",
        SettingType::Text,
        words("Text outside office hours, German", "Text außerhalb der Öffnungszeiten, Deutsch"),
        FOR_GERMAN,
    )
    .up_to(SENTENCES),
    SettingField::new(
        "offline_text_en",
        SettingType::Text,
        words("Text outside office hours, English", "Text außerhalb der Öffnungszeiten, Englisch"),
        FOR_ENGLISH,
    )
    .up_to(SENTENCES),
    SettingField::new(
        "identity_secret",
        SettingType::Text,
        words("Identity secret", "Identitätsgeheimnis"),
        words(
            "Signs who a visitor is (JWT HS256); without it nobody is verified.",
            "Signiert, wer ein Besucher ist (JWT HS256); ohne es ist niemand bestätigt.",
        ),
    )
    .secret(),
];

/// The product's table for machines.
const MACHINE: SeedRow = SeedRow {
    adaptive_card: Cell::Yes,
    formatted: Cell::Yes,
    rich_link: Cell::Yes,
    quick_replies: Cell::Yes,
    list_picker: Cell::Yes,
    time_picker: Cell::No,
    form: Cell::No,
};

/// The product's table for people.
const AGENT: SeedRow = SeedRow {
    adaptive_card: Cell::No,
    formatted: Cell::No,
    rich_link: Cell::Yes,
    quick_replies: Cell::Yes,
    list_picker: Cell::Yes,
    time_picker: Cell::No,
    form: Cell::Yes,
};

/// Our widget shows every kind (digital-chat facts, "What ours should have"). Only templates do not exist: nobody approves
/// them here.
const EXTENSIONS: &[Extension] = &[
    Extension::machine(RichKind::TimePicker, Support::Native),
    Extension::agent(RichKind::TimePicker, Support::Native),
    Extension::machine(RichKind::Form, Support::Native),
    Extension::agent(RichKind::AdaptiveCard, Support::Native),
    Extension::agent(RichKind::Formatted, Support::Native),
    Extension::machine(RichKind::Location, Support::Native),
    Extension::agent(RichKind::Location, Support::Native),
    Extension::machine(RichKind::PaymentRequest, Support::Native),
    Extension::agent(RichKind::PaymentRequest, Support::Native),
    Extension::machine(RichKind::AppointmentRequest, Support::Native),
    Extension::agent(RichKind::AppointmentRequest, Support::Native),
];

/// Quick replies 13 × 40, lists 10 sections × 20 items, cards 64 KiB, forms 30 fields.
const RICH: RichLimits = RichLimits {
    quick_replies: 13,
    quick_reply_title: 40,
    list_sections: 10,
    list_items: 200,
    list_item_title: 100,
    list_item_description: 200,
    time_slots: 100,
    form_fields: 30,
    card_bytes: 65_536,
};

/// Any type up to 25 MB; the text is the caption.
const MEDIA: &[MediaLimit] = &[
    MediaLimit::new(MediaClass::Image, &[Cow::Borrowed("*")], 25_000_000, 20_000),
    MediaLimit::new(MediaClass::Audio, &[Cow::Borrowed("*")], 25_000_000, 20_000),
    MediaLimit::new(MediaClass::Video, &[Cow::Borrowed("*")], 25_000_000, 20_000),
    MediaLimit::new(MediaClass::File, &[Cow::Borrowed("*")], 25_000_000, 20_000),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::DigitalChat,
    class: ChannelClass::Chat,
    second_class: None,
    display_name: "Digital Chat",
    documentation_url: None,
    api_version: "1",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: Some(MACHINE),
        agent: Some(AGENT),
        extensions: Cow::Borrowed(EXTENSIONS),
        markup: MarkupSet::Html,
        text: TextLimit { max: 20_000, unit: LengthUnit::Characters },
        rich: RICH,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 10,
        quotes: true,
        reactions: true,
        edit: Some(EditRule { max_age_s: None }),
        delete: true,
        hide: false,
        typing: true,
        read_marks: true,
        delivered_receipts: true,
        read_receipts: true,
        may_start: false,
        automatic_per_hour: None,
        reply_window: None,
    },
    // The message is in our own log; there is nothing to send twice.
    send_class: SendClass::A,
    per_second: 1000,
    is_public: false,
};
