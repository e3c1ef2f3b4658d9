//! What holds for any content at all.

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::check::narrow;
use crate::{content::*, spec::Audience};

fn words() -> impl Strategy<Value = String> {
    prop_oneof![".{0,40}", "[a-zA-Z0-9<>&*_`\\[\\]()#\\n. -]{0,60}", Just(String::new())]
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(words())
}

fn url() -> impl Strategy<Value = url::Url> {
    prop_oneof![Just("https://example.com/a?b=<c>\""), Just("javascript:alert(1)"), Just("data:,x"), Just("http://[::1]:1/")]
        .prop_map(|text| text.parse().expect("an address"))
}

fn slots() -> impl Strategy<Value = Vec<TimeSlot>> {
    let instant = prop_oneof![any::<i64>(), -99_999_999_999_i64..99_999_999_999].prop_map(|seconds| {
        DateTime::from_timestamp(seconds, 0).unwrap_or(if seconds < 0 {
            DateTime::<chrono::Utc>::MIN_UTC
        } else {
            DateTime::<chrono::Utc>::MAX_UTC
        })
    });
    let slot = (words(), instant, any::<u32>()).prop_map(|(id, start, duration_min)| TimeSlot { id, start, duration_min });
    proptest::collection::vec(slot, 0..5)
}

fn zone() -> impl Strategy<Value = String> {
    prop_oneof![Just("Europe/Berlin".to_owned()), Just("Asia/Kathmandu".to_owned()), Just("nowhere".to_owned()), words()]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|x| json!(x)),
        words().prop_map(|x| json!(x)),
        any::<f64>().prop_map(|x| json!(x))
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        let key = prop_oneof![
            Just("type"),
            Just("body"),
            Just("items"),
            Just("actions"),
            Just("text"),
            Just("facts"),
            Just("title"),
            Just("choices"),
            Just("rows"),
            Just("cells"),
            Just("card"),
            Just("url"),
            Just("inlines"),
            Just("sources"),
            Just("columns"),
            Just("fallbackText")
        ];
        let kind = prop_oneof![
            Just("AdaptiveCard"),
            Just("TextBlock"),
            Just("Container"),
            Just("Table"),
            Just("FactSet"),
            Just("Input.ChoiceSet"),
            Just("Input.Text"),
            Just("Action.ShowCard"),
            Just("Action.OpenUrl"),
            Just("Media"),
            Just("RichTextBlock"),
            Just("Other")
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            (kind, proptest::collection::vec((key, inner), 0..6)).prop_map(|(kind, members)| {
                let mut object: serde_json::Map<String, Value> = members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
                object.insert("type".into(), json!(kind));
                Value::Object(object)
            }),
        ]
    })
}

fn list() -> impl Strategy<Value = RichContent> {
    let item = (words(), words(), maybe()).prop_map(|(id, title, description)| ListItem { id, title, description, image: None });
    let section = (maybe(), proptest::collection::vec(item, 0..4)).prop_map(|(title, items)| ListSection { title, items });
    (words(), maybe(), any::<bool>(), proptest::collection::vec(section, 0..4))
        .prop_map(|(title, text, multiple, sections)| RichContent::ListPicker(ListPicker { title, text, multiple, sections }))
}

fn form() -> impl Strategy<Value = RichContent> {
    let field_type =
        prop_oneof![Just(FormFieldType::Text), Just(FormFieldType::Choice), Just(FormFieldType::Checkbox), Just(FormFieldType::Date)];
    let option = (words(), words()).prop_map(|(id, title)| FormOption { id, title });
    let field = (words(), words(), field_type, any::<bool>(), maybe(), proptest::collection::vec(option, 0..3))
        .prop_map(|(id, label, field_type, required, hint, options)| FormField { id, label, field_type, required, hint, options });
    (words(), maybe(), proptest::collection::vec(field, 0..4), maybe())
        .prop_map(|(title, text, fields, submit_label)| RichContent::Form(Form { title, text, fields, submit_label }))
}

fn any_content() -> impl Strategy<Value = RichContent> {
    let markup = prop_oneof![Just(Markup::Html), Just(Markup::Markdown)];
    let reply = (words(), words()).prop_map(|(id, title)| QuickReply { id, title });
    let answer = (words(), words(), proptest::collection::vec(words(), 0..3)).prop_map(|(field_id, label, values)| FormAnswer {
        field_id,
        label,
        values,
    });
    prop_oneof![
        words().prop_map(Text::content),
        (markup, words()).prop_map(|(markup, source)| RichContent::Formatted(Formatted { markup, source })),
        maybe().prop_map(|caption| RichContent::Attachment(AttachmentContent { caption })),
        (any::<f64>(), any::<f64>(), maybe(), maybe()).prop_map(|(latitude, longitude, name, address)| RichContent::Location(Location {
            latitude,
            longitude,
            name,
            address
        })),
        (url(), words(), maybe(), url()).prop_map(|(url, title, description, image)| RichContent::RichLink(RichLink {
            url,
            title,
            description,
            image: Some(Image::Url(image))
        })),
        (words(), proptest::collection::vec(reply, 0..6))
            .prop_map(|(text, replies)| RichContent::QuickReplies(QuickReplies { text, replies })),
        list(),
        (words(), maybe(), zone(), slots()).prop_map(|(title, text, time_zone, slots)| RichContent::TimePicker(TimePicker {
            title,
            text,
            time_zone,
            slots
        })),
        form(),
        value().prop_map(|card| RichContent::AdaptiveCard(AdaptiveCard { card })),
        (words(), words(), words()).prop_map(|(name, language, text)| RichContent::Template(Template {
            name,
            language,
            parameters: Vec::new(),
            text
        })),
        (words(), any::<i64>(), "[A-Z]{0,4}", url(), maybe()).prop_map(|(description, amount_minor, currency, url, reference)| {
            RichContent::PaymentRequest(PaymentRequest { description, amount_minor, currency, url, reference })
        }),
        (words(), maybe(), maybe(), zone(), slots(), proptest::option::of(url())).prop_map(
            |(title, text, location, time_zone, slots, url)| {
                RichContent::AppointmentRequest(AppointmentRequest { title, text, location, time_zone, slots, url })
            }
        ),
        slots().prop_filter_map("a slot", |slots| {
            slots.into_iter().next().map(|slot| RichContent::TimeChosen(TimeChosen { question: None, slot }))
        }),
        proptest::collection::vec(answer, 0..3).prop_map(|answers| RichContent::FormAnswers(FormAnswers { question: None, answers })),
        (words(), maybe()).prop_map(|(platform_type, text)| RichContent::Unsupported(Unsupported { platform_type, text })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(content in any_content(), answer in words()) {
        let capabilities = narrow();
        let _ = validate(&content);
        for audience in [Audience::Machine, Audience::Agent] {
            let _ = check(&content, &[AttachmentFacts { mime: "image/png", bytes: 1 }], &capabilities, audience);
        }
        for language in [Language::En, Language::De] {
            let text = content.fallback_in(language);
            let rendered = degrade(&content, &capabilities, language);
            prop_assert!(!rendered.content.fallback_in(language).is_empty() || text.trim().is_empty());
            prop_assert!(rendered.content == content || !rendered.notes.is_empty() || content.clone().sanitised() == rendered.content);
        }
        let _ = match_answer(&content, &answer);
    }

    #[test]
    fn valid_content_always_reads_as_something(content in any_content()) {
        if validate(&content).is_ok() {
            prop_assert!(!content.fallback().trim().is_empty());
        }
    }

    #[test]
    fn every_title_and_number_finds_its_own_option(titles in proptest::collection::hash_set("[a-z]{3,12}", 1..20), multiple in any::<bool>()) {
        let items = titles.iter().map(|title| ListItem { id: format!("id-{title}"), title: title.clone(), description: None, image: None });
        let items = items.collect::<Vec<_>>();
        let ids = items.iter().map(|item| item.id.clone()).collect::<Vec<_>>();
        // "and" and "und" join answers; as titles they are found by number only.
        prop_assume!(!titles.contains("and") && !titles.contains("und"));
        let question = RichContent::ListPicker(ListPicker {
            title: "Choose".into(), text: None, multiple, sections: vec![ListSection { title: None, items: items.clone() }],
        });
        let chosen = |text: &str| match match_answer(&question, text) {
            Some(RichContent::Selection(selection)) => selection.items.into_iter().map(|item| item.id).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        for (index, item) in items.iter().enumerate() {
            let expected = vec![item.id.clone()];
            prop_assert_eq!(&chosen(&(index + 1).to_string()), &expected);
            prop_assert_eq!(&chosen(&item.title.to_uppercase()), &expected);
            // The line of the fallback itself, copied back.
            prop_assert_eq!(&chosen(&format!("{}. {}", index + 1, item.title)), &expected);
        }
        if multiple {
            let all = (1..=items.len()).map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(chosen(&all), ids);
        }
        prop_assert!(chosen(&(items.len() + 1).to_string()).is_empty());
    }

    #[test]
    fn slots_are_found_by_number(slots in slots()) {
        let question = RichContent::TimePicker(TimePicker { title: "t".into(), text: None, time_zone: "Europe/Berlin".into(), slots: slots.clone() });
        for (index, slot) in slots.iter().enumerate() {
            let answer = match_answer(&question, &format!("{}.", index + 1));
            prop_assert_eq!(answer, Some(RichContent::TimeChosen(TimeChosen { question: None, slot: slot.clone() })));
        }
    }

    #[test]
    fn sanitised_html_is_stable_and_clean(source in "[a-z<>/\"'= &;:!#-]{0,200}") {
        let once = sanitise_html(&source).html;
        prop_assert_eq!(&sanitise_html(&once).html, &once);
        // Text may say anything, and so may values; only the names in tags run something.
        let tags = once.split('<').skip(1).filter_map(|piece| piece.split('>').next());
        let has_handler = tags.flat_map(|tag| tag.split('"').step_by(2)).any(|outside_quotes| outside_quotes.contains(" on"));
        prop_assert!(!once.contains("<script") && !has_handler, "{}", once);
    }
}
