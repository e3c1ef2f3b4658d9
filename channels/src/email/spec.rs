//! Facts of mailboxes.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, Cell, ChannelClass, ChannelKind, ChannelSpec, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichKind,
    RichLimits, SeedRow, SendClass, SettingField, SettingType, Support, TextLimit, words,
};

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "address",
        SettingType::Text,
        words("E-mail address", "E-Mail-Adresse"),
        words("The mailbox’s address; stands in From.", "Die Adresse des Postfachs; steht im Absender."),
    )
    .required(),
    SettingField::new(
        "display_name",
        SettingType::Text,
        words("Display name", "Anzeigename"),
        words("Stands beside the address.", "Steht neben der Adresse."),
    ),
    SettingField::new(
        "aliases",
        SettingType::Lines,
        words("Aliases", "Alias-Adressen"),
        words(
            "Other addresses whose mail comes into this mailbox, one per line; they are ours, not contacts.",
            "Weitere Adressen, deren Post in dieses Postfach kommt, eine je Zeile; sie sind unsere, keine Kontakte.",
        ),
    ),
    SettingField::new(
        "reply_to",
        SettingType::Text,
        words("Address for answers", "Adresse für Antworten"),
        words("Empty: answers go to the mailbox’s address.", "Leer: Antworten gehen an die Adresse des Postfachs."),
    ),
    SettingField::new(
        "plus_addressing",
        SettingType::Boolean,
        words("Answers by plus address", "Antworten über Plus-Adresse"),
        words(
            "Answers go to name+token@…, which leads them into their conversation; only if the mailbox takes such mail.",
            "Antworten gehen an name+token@…, das führt sie in ihr Gespräch; nur, wenn das Postfach solche Post annimmt.",
        ),
    )
    .or("false"),
    SettingField::new(
        "subject_reference",
        SettingType::Boolean,
        words("Reference in the subject", "Vorgangsnummer im Betreff"),
        words("Puts [#T-1042] behind the subject of our mails.", "Setzt [#T-1042] hinter den Betreff unserer Mails."),
    )
    .or("false"),
    SettingField::new(
        "signature",
        SettingType::Lines,
        words("Signature", "Signatur"),
        words("Stands below every mail.", "Steht unter jeder Mail."),
    ),
    SettingField::new(
        "signature_markup",
        SettingType::Choice(&["markdown", "html"]),
        words("Form of the signature", "Form der Signatur"),
        words("How the signature above is written.", "Wie die Signatur oben geschrieben ist."),
    )
    .or("markdown"),
    SettingField::new(
        "imap_host",
        SettingType::Host,
        words("IMAP server", "IMAP-Server"),
        words("Such as imap.example.com.", "Zum Beispiel imap.example.com."),
    )
    .required(),
    SettingField::new(
        "imap_port",
        SettingType::Number,
        words("IMAP port", "IMAP-Port"),
        words("993 with TLS, 143 with STARTTLS; empty for the usual one.", "993 mit TLS, 143 mit STARTTLS; leer für den üblichen."),
    ),
    SettingField::new(
        "imap_security",
        SettingType::Choice(&["tls", "starttls", "none"]),
        words("IMAP security", "IMAP-Sicherheit"),
        words("none only for a server on this machine.", "none nur für einen Server auf diesem Rechner."),
    )
    .or("tls"),
    SettingField::new(
        "smtp_host",
        SettingType::Host,
        words("SMTP server", "SMTP-Server"),
        words("Such as smtp.example.com.", "Zum Beispiel smtp.example.com."),
    )
    .required(),
    SettingField::new(
        "smtp_port",
        SettingType::Number,
        words("SMTP port", "SMTP-Port"),
        words("465 with TLS, 587 with STARTTLS; empty for the usual one.", "465 mit TLS, 587 mit STARTTLS; leer für den üblichen."),
    ),
    SettingField::new(
        "smtp_security",
        SettingType::Choice(&["tls", "starttls", "none"]),
        words("SMTP security", "SMTP-Sicherheit"),
        words("none only for a server on this machine.", "none nur für einen Server auf diesem Rechner."),
    )
    .or("tls"),
    SettingField::new("user", SettingType::Text, words("User name", "Benutzername"), words("Empty: the address.", "Leer: die Adresse.")),
    SettingField::new(
        "auth",
        SettingType::Choice(&["password", "xoauth2", "oauthbearer"]),
        words("Sign-in", "Anmeldung"),
        words("Exchange Online takes no passwords.", "Exchange Online nimmt keine Passwörter."),
    )
    .or("password"),
    SettingField::new(
        "password",
        SettingType::Text,
        words("Password", "Passwort"),
        words("An app password where the provider has them.", "Ein App-Passwort, wo der Anbieter sie hat."),
    )
    .secret(),
    SettingField::new(
        "oauth_client_id",
        SettingType::Text,
        words("OAuth client id", "OAuth-Client-ID"),
        words("From the provider’s console.", "Aus der Konsole des Anbieters."),
    ),
    SettingField::new(
        "oauth_client_secret",
        SettingType::Text,
        words("OAuth client secret", "OAuth-Client-Geheimnis"),
        words("From the provider’s console.", "Aus der Konsole des Anbieters."),
    )
    .secret(),
    SettingField::new(
        "oauth_refresh_token",
        SettingType::Text,
        words("OAuth refresh token", "OAuth-Aktualisierungstoken"),
        words("From the consent of the mailbox’s owner.", "Aus der Zustimmung des Postfachinhabers."),
    )
    .secret(),
    SettingField::new(
        "oauth_token_url",
        SettingType::Url,
        words("OAuth token address", "OAuth-Token-Adresse"),
        words("Such as https://oauth2.googleapis.com/token.", "Zum Beispiel https://oauth2.googleapis.com/token."),
    ),
    SettingField::new(
        "oauth_scope",
        SettingType::Text,
        words("OAuth scope", "OAuth-Bereich"),
        words("Such as https://mail.google.com/.", "Zum Beispiel https://mail.google.com/."),
    ),
    SettingField::new(
        "ca_pem",
        SettingType::Lines,
        words("Certificate authority (PEM)", "Zertifizierungsstelle (PEM)"),
        words("Only for private certificates.", "Nur für private Zertifikate."),
    ),
    SettingField::new(
        "sent_folder",
        SettingType::Text,
        words("Folder for sent mail", "Ordner für Gesendetes"),
        words("Empty: the one the server marks as such.", "Leer: der, den der Server so kennzeichnet."),
    ),
    SettingField::new(
        "after_fetch",
        SettingType::Choice(&["keep", "move"]),
        words("After receiving", "Nach dem Abholen"),
        words("Leave mails in the inbox, or move them away.", "Mails im Posteingang lassen oder wegräumen."),
    )
    .or("keep"),
    SettingField::new(
        "archive_folder",
        SettingType::Text,
        words("Folder for received mail", "Ordner für Abgeholtes"),
        words(
            "Where mails are moved. Empty: the archive, as the server marks it.",
            "Wohin Mails geräumt werden. Leer: das Archiv, das der Server so kennzeichnet.",
        ),
    ),
    SettingField::new(
        "max_mail_mb",
        SettingType::Number,
        words("Largest mail, MB", "Größte Mail, MB"),
        words(
            "Files that make a mail larger go as links to download. Less if the server takes less.",
            "Dateien, die eine Mail größer machen, gehen als Links zum Herunterladen. Weniger, wenn der Server weniger nimmt.",
        ),
    )
    .or("25"),
    SettingField::new(
        "link_days",
        SettingType::Number,
        words("Days for downloads", "Tage zum Herunterladen"),
        words("How long such links are good.", "Wie lange solche Links gelten."),
    )
    .or("30"),
    SettingField::new(
        "authserv_id",
        SettingType::Text,
        words("Checking server", "Prüfender Server"),
        words(
            "Name with which your mail server begins Authentication-Results; senders who fail its checks are marked.",
            "Name, mit dem Ihr Mailserver Authentication-Results beginnt; wer dort durchfällt, wird gekennzeichnet.",
        ),
    ),
    SettingField::new(
        "poll_interval_s",
        SettingType::Number,
        words("Seconds between two looks", "Sekunden zwischen zwei Abfragen"),
        words("Only for servers that do not report new mail by themselves.", "Nur für Server, die neue Mails nicht von selbst melden."),
    )
    .or("60"),
    SettingField::new(
        "import_days",
        SettingType::Number,
        words("Days to import", "Tage zu importieren"),
        words(
            "Mail of that many days before the channel was made comes in too.",
            "Mails aus so vielen Tagen vor der Einrichtung kommen mit herein.",
        ),
    )
    .or("0"),
];

/// The product's table for machines.
const MACHINE: SeedRow = SeedRow {
    adaptive_card: Cell::No,
    formatted: Cell::Yes,
    rich_link: Cell::No,
    quick_replies: Cell::Fallback,
    list_picker: Cell::No,
    time_picker: Cell::No,
    form: Cell::No,
};

/// The product's table for people.
const AGENT: SeedRow = SeedRow {
    adaptive_card: Cell::No,
    formatted: Cell::Yes,
    rich_link: Cell::No,
    quick_replies: Cell::No,
    list_picker: Cell::No,
    time_picker: Cell::No,
    form: Cell::No,
};

/// Links and payment requests become HTML with a link, appointments text with a link (email facts, "Mapping").
const EXTENSIONS: &[Extension] = &[
    Extension::machine(RichKind::RichLink, Support::Converted),
    Extension::agent(RichKind::RichLink, Support::Converted),
    Extension::machine(RichKind::PaymentRequest, Support::Converted),
    Extension::agent(RichKind::PaymentRequest, Support::Converted),
    Extension::machine(RichKind::AppointmentRequest, Support::Converted),
    Extension::agent(RichKind::AppointmentRequest, Support::Converted),
];

/// Whatever the house takes: what does not fit into a mail goes as a link to download.
const MEDIA: &[MediaLimit] = &[
    MediaLimit::new(MediaClass::Image, &[Cow::Borrowed("*")], 100_000_000, 100_000),
    MediaLimit::new(MediaClass::Audio, &[Cow::Borrowed("*")], 100_000_000, 100_000),
    MediaLimit::new(MediaClass::Video, &[Cow::Borrowed("*")], 100_000_000, 100_000),
    MediaLimit::new(MediaClass::File, &[Cow::Borrowed("*")], 100_000_000, 100_000),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::Email,
    class: ChannelClass::Email,
    second_class: None,
    display_name: "E-mail",
    documentation_url: Some("https://www.rfc-editor.org/rfc/rfc9051"),
    api_version: "IMAP4rev1",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: Some(MACHINE),
        agent: Some(AGENT),
        extensions: Cow::Borrowed(EXTENSIONS),
        markup: MarkupSet::Html,
        // Mail has no limit; this is the cap of the house.
        text: TextLimit { max: 100_000, unit: LengthUnit::Characters },
        rich: RichLimits::NONE,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 20,
        quotes: true,
        reactions: false,
        edit: None,
        delete: false,
        hide: false,
        typing: false,
        read_marks: false,
        delivered_receipts: false,
        read_receipts: false,
        may_start: true,
        // Two machines that answer each other would never end (RFC 3834, section 2).
        automatic_per_hour: Some(5),
        reply_window: None,
    },
    // Resent with the same Message-ID, by which receivers recognise it.
    send_class: SendClass::C,
    per_second: 5,
    is_public: false,
};
