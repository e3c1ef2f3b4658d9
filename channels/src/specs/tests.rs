//! The product's two tables, written out, against the specs; and what every spec must hold.

use std::collections::HashSet;

use tributary_domain::spec::{Audience, Cell, ChannelClass, ChannelKind, MarkupSet, RichKind, SeedRow, SendClass, SettingType, Support};

use super::{all, spec};

/// Columns: Adaptive Card, HTML/Markdown, rich link, quick replies, list picker, time picker, form.
const MACHINE: &[(ChannelKind, &str)] = &[
    (ChannelKind::AppleMessages, "– – ✓ ✓ ✓ ✓ ✓"),
    (ChannelKind::DigitalChat, "✓ ✓ ✓ ✓ ✓ – –"),
    (ChannelKind::Email, "– ✓ – F – – –"),
    (ChannelKind::FacebookMessenger, "– – ✓ ✓ ✓ ✓ –"),
    (ChannelKind::WhatsApp, "– ✓ ✓ ✓ ✓ ✓ –"),
    (ChannelKind::GoogleBusinessMessages, "– – ✓ – ✓ ✓ –"),
];

const AGENT: &[(ChannelKind, &str)] = &[
    (ChannelKind::AppleMessages, "– – ✓ ✓ ✓ ✓ ✓"),
    (ChannelKind::DigitalChat, "– – ✓ ✓ ✓ – ✓"),
    (ChannelKind::Email, "– ✓ – – – – –"),
    (ChannelKind::FacebookMessenger, "– – ✓ ✓ ✓ – –"),
    (ChannelKind::WhatsApp, "– ✓ ✓ ✓ ✓ – –"),
    (ChannelKind::GoogleBusinessMessages, "– – ✓ – ✓ – –"),
];

const COLUMNS: [RichKind; 7] = [
    RichKind::AdaptiveCard,
    RichKind::Formatted,
    RichKind::RichLink,
    RichKind::QuickReplies,
    RichKind::ListPicker,
    RichKind::TimePicker,
    RichKind::Form,
];

fn expected(table: &[(ChannelKind, &str)], kind: ChannelKind) -> Option<Vec<Cell>> {
    let (_, row) = table.iter().find(|(of, _)| *of == kind)?;
    Some(
        row.split(' ')
            .map(|cell| match cell {
                "✓" => Cell::Yes,
                "F" => Cell::Fallback,
                "–" => Cell::No,
                other => panic!("unknown cell {other}"),
            })
            .collect(),
    )
}

fn cells(row: Option<SeedRow>) -> Option<Vec<Cell>> {
    row.map(|row| COLUMNS.iter().map(|kind| row.cell(*kind).expect("a column of the table")).collect())
}

#[test]
fn both_tables_hold_cell_by_cell_for_every_kind() {
    assert_eq!(all().count(), 23);
    for spec in all() {
        assert_eq!(cells(spec.capabilities.machine), expected(MACHINE, spec.kind), "machine table of {:?}", spec.kind);
        assert_eq!(cells(spec.capabilities.agent), expected(AGENT, spec.kind), "agent table of {:?}", spec.kind);
    }
}

#[test]
fn effective_support_is_never_below_the_tables() {
    for spec in all() {
        for (audience, table) in [(Audience::Machine, MACHINE), (Audience::Agent, AGENT)] {
            let row = expected(table, spec.kind);
            for (index, kind) in COLUMNS.into_iter().enumerate() {
                let floor = match (audience, row.as_ref().map(|row| row[index])) {
                    (_, Some(Cell::Yes)) => Support::Native,
                    (_, Some(Cell::Fallback)) | (Audience::Machine, None) => Support::Converted,
                    (Audience::Machine, Some(Cell::No)) => Support::Lossy,
                    (Audience::Agent, Some(Cell::No) | None) => Support::Refused,
                };
                let effective = spec.capabilities.effective(audience, kind);
                let is_extended =
                    spec.capabilities.extensions.iter().any(|extension| extension.audience == audience && extension.kind == kind);
                assert!(effective >= floor, "{:?} {audience:?} {kind:?}: {effective:?} is below {floor:?}", spec.kind);
                assert!(is_extended || effective == floor, "{:?} {audience:?} {kind:?}: {effective:?} without an extension", spec.kind);
            }
        }
    }
}

#[test]
fn the_extensions_of_the_product_are_there() {
    let native = |kind, audience, rich| spec(kind).capabilities.effective(audience, rich) == Support::Native;
    for audience in [Audience::Machine, Audience::Agent] {
        for kind in RichKind::all().filter(|kind| *kind != RichKind::Template) {
            assert!(native(ChannelKind::DigitalChat, audience, kind), "our chat shows {kind:?}");
        }
        for kind in [ChannelKind::Telegram, ChannelKind::Line, ChannelKind::Viber, ChannelKind::Slack, ChannelKind::MicrosoftTeams] {
            assert!(native(kind, audience, RichKind::QuickReplies), "{kind:?} has buttons");
        }
        assert!(native(ChannelKind::WhatsApp, audience, RichKind::Form), "flows");
        assert!(native(ChannelKind::WhatsApp, audience, RichKind::Template), "templates");
        assert!(native(ChannelKind::MicrosoftTeams, audience, RichKind::AdaptiveCard), "cards");
    }
}

#[test]
fn every_kind_has_its_own_spec_with_its_facts() {
    let mut names = HashSet::new();
    for kind in ChannelKind::all() {
        let spec = spec(kind);
        assert_eq!(spec.kind, kind);
        assert!(names.insert(spec.display_name), "{} is there twice", spec.display_name);
        let is_https = spec.documentation_url.is_some_and(|url| url.starts_with("https://"));
        assert_eq!(is_https, kind != ChannelKind::DigitalChat, "{kind:?}");
        assert!(!spec.api_version.is_empty() && spec.per_second > 0 && spec.capabilities.text.max > 0, "{kind:?}");
        assert_eq!(spec.checked_on.len(), 10, "{kind:?}");
        assert_eq!(spec.is_public, spec.class == ChannelClass::Social, "{kind:?}");
        assert_eq!(spec.needs_routing_defaults(), !matches!(spec.class, ChannelClass::Social | ChannelClass::Email), "{kind:?}");
        let files = spec.capabilities.max_attachments;
        assert_eq!(files == 0, spec.capabilities.media.is_empty(), "{kind:?}: files and their number belong together");
    }
}

#[test]
fn what_is_native_has_room() {
    for spec in all() {
        let capabilities = &spec.capabilities;
        let has_room = |kind| match kind {
            RichKind::AdaptiveCard => capabilities.rich.card_bytes > 0,
            RichKind::Formatted => capabilities.markup != MarkupSet::Plain,
            RichKind::QuickReplies => capabilities.rich.quick_replies > 0 && capabilities.rich.quick_reply_title > 0,
            RichKind::ListPicker => {
                capabilities.rich.list_sections > 0 && capabilities.rich.list_items > 0 && capabilities.rich.list_item_title > 0
            }
            RichKind::TimePicker | RichKind::AppointmentRequest => capabilities.rich.time_slots > 0,
            RichKind::Form => capabilities.rich.form_fields > 0,
            _ => true,
        };
        for kind in RichKind::all() {
            if capabilities.deliverable(kind) == Support::Native {
                assert!(has_room(kind), "{:?} takes {kind:?} natively but has no room for it", spec.kind);
            }
        }
    }
}

#[test]
fn settings_can_be_entered() {
    for spec in all() {
        let mut keys = HashSet::new();
        for field in spec.settings {
            assert!(keys.insert(field.key), "{:?}: {} is there twice", spec.kind, field.key);
            for text in [field.label_en, field.label_de, field.help_en, field.help_de] {
                assert!(!text.is_empty(), "{:?}: {} lacks a text", spec.kind, field.key);
            }
            assert!(!field.is_secret || field.default.is_empty(), "{:?}: {} is a secret with a default", spec.kind, field.key);
            if let SettingType::Choice(choices) = field.setting_type {
                assert!(choices.contains(&field.default), "{:?}: {} has a default outside its choices", spec.kind, field.key);
            }
        }
    }
}

#[test]
fn facts_of_the_sheets() {
    let whatsapp = &spec(ChannelKind::WhatsApp).capabilities;
    let window = whatsapp.reply_window.expect("24 hours");
    assert_eq!((window.window_s, window.human_window_s, window.templates_after), (86_400, None, true));
    assert_eq!(spec(ChannelKind::FacebookMessenger).capabilities.reply_window.and_then(|window| window.human_window_s), Some(604_800));
    assert_eq!(spec(ChannelKind::InstagramDirect).capabilities.text.max, 1000);
    assert_eq!(spec(ChannelKind::GooglePlay).capabilities.text.max, 350);
    let chat = &spec(ChannelKind::DigitalChat).capabilities;
    assert_eq!((chat.rich.quick_replies, chat.rich.quick_reply_title, chat.rich.card_bytes), (13, 40, 65_536));
    for (kind, class) in [(ChannelKind::Byoc, SendClass::A), (ChannelKind::WhatsApp, SendClass::B), (ChannelKind::Telegram, SendClass::C)] {
        assert_eq!(spec(kind).send_class, class, "{kind:?}");
    }
    assert!(whatsapp.media_for("image/heic").is_some_and(|limit| limit.max_bytes == 100_000_000), "goes as a document");
    assert!(spec(ChannelKind::InstagramDirect).capabilities.media_for("application/zip").is_none());
}

/// What docs/channels.md must say. Run the test with `WRITE_DOCS=1` to write it anew.
fn matrix() -> String {
    let cell = |support| match support {
        Support::Native => "native",
        Support::Converted => "converted",
        Support::Lossy => "lossy",
        Support::Refused => "–",
    };
    let mut text =
        "# What each channel takes\n\nWritten from the specs in `channels/src/*/spec.rs` and held equal by a test: do not edit.\n\n\
        *native*: as it is · *converted*: another form with the same meaning · *lossy*: goes through, something is lost · –: refused.\n\
        A channel of one's own takes what its integrator declares; its rows show what holds before that.\n"
            .to_owned();
    for (audience, title) in [(Audience::Machine, "From API clients, bots and scripts"), (Audience::Agent, "From agents in the composer")] {
        text += &format!("\n## {title}\n\n| |");
        text.extend(RichKind::all().map(|kind| format!(" {kind:?} |")));
        text += "\n|---|";
        text.extend(RichKind::all().map(|_| "---|"));
        for spec in super::all() {
            text += &format!("\n| {} |", spec.display_name);
            text.extend(RichKind::all().map(|kind| format!(" {} |", cell(spec.capabilities.effective(audience, kind)))));
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_documented_matrix_is_that_of_the_specs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/channels.md");
    if std::env::var_os("WRITE_DOCS").is_some() {
        std::fs::write(path, matrix()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written == matrix(), "docs/channels.md is out of date; run this test with WRITE_DOCS=1");
}
