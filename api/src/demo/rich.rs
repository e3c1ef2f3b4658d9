//! One example of every kind of rich content and of the answer to it.

use chrono::{DateTime, Duration, Utc};
use tributary_domain::content::{
    AdaptiveCard, AppointmentRequest, AttachmentContent, Form, FormAnswer, FormAnswers, FormField, FormFieldType, FormOption, Formatted,
    ListItem, ListPicker, ListSection, Location, Markup, PaymentRequest, QuickReplies, QuickReply, RichContent, RichLink, SelectedItem,
    Selection, Template, TimeChosen, TimePicker, TimeSlot, Unsupported,
};

use super::files::FileKind;

/// Something that our side sends and what comes back.
pub(super) struct Exchange {
    /// What is sent.
    pub asked: RichContent,
    /// A file that goes with it.
    pub file: Option<FileKind>,
    /// What the contact answers.
    pub answer: Option<RichContent>,
}

fn url(path: &str) -> url::Url {
    format!("https://shop.example.org/{path}").parse().expect("a fixed prefix and plain paths make an address")
}

fn reply(id: &str, title: &str) -> QuickReply {
    QuickReply { id: id.to_owned(), title: title.to_owned() }
}

/// The question with which the script begins.
pub(super) fn script_question() -> RichContent {
    RichContent::QuickReplies(QuickReplies {
        text: "What is it about? / Worum geht es?".to_owned(),
        replies: vec![
            reply("order", "Order / Bestellung"),
            reply("return", "Return / Rückgabe"),
            reply("other", "Something else / Etwas anderes"),
        ],
    })
}

/// The contact's tap on one of the script's quick replies.
pub(super) fn script_answer(choice: usize) -> RichContent {
    let RichContent::QuickReplies(QuickReplies { replies, .. }) = script_question() else { unreachable!("it is a question") };
    let QuickReply { id, title } = replies[choice % replies.len()].clone();
    RichContent::Selection(Selection { question: None, items: vec![SelectedItem { id, title }] })
}

fn slots(now: DateTime<Utc>) -> Vec<TimeSlot> {
    let day = now.date_naive().and_hms_opt(9, 0, 0).map_or(now, |day| day.and_utc());
    (0..4)
        .map(|index| TimeSlot {
            id: format!("slot-{index}"),
            start: day + Duration::hours(24 * (index / 2 + 1) + 3 * (index % 2)),
            duration_min: 30,
        })
        .collect()
}

/// Every exchange there is, German or English.
pub(super) fn exchanges(is_german: bool, now: DateTime<Utc>) -> Vec<Exchange> {
    let say = |german: &str, english: &str| if is_german { german } else { english }.to_owned();
    let selected = |id: &str, title: String| {
        Some(RichContent::Selection(Selection { question: None, items: vec![SelectedItem { id: id.into(), title }] }))
    };
    let plain = |asked: RichContent, answer: Option<RichContent>| Exchange { asked, file: None, answer };
    let slots = slots(now);
    let chosen = Some(RichContent::TimeChosen(TimeChosen { question: None, slot: slots[1].clone() }));
    vec![
        plain(
            RichContent::Formatted(Formatted {
                markup: Markup::Html,
                source: say(
                    "<p>So geht die <b>Rücksendung</b>:</p><ol><li>Etikett drucken</li><li>Paket zukleben</li><li>In einer Filiale abgeben</li></ol>",
                    "<p>How to <b>return</b> it:</p><ol><li>Print the label</li><li>Close the box</li><li>Leave it at a parcel shop</li></ol>",
                ),
            }),
            None,
        ),
        plain(
            RichContent::Formatted(Formatted {
                markup: Markup::Markdown,
                source: say(
                    "Die Jacke ist **wasserdicht** (20 000 mm) und *atmungsaktiv*.",
                    "The jacket is **waterproof** (20,000 mm) and *breathable*.",
                ),
            }),
            None,
        ),
        Exchange {
            asked: RichContent::Attachment(AttachmentContent { caption: Some(say("Ihr Rücksendeetikett", "Your return label")) }),
            file: Some(FileKind::Letter),
            answer: None,
        },
        plain(
            RichContent::Location(Location {
                latitude: 54.3233,
                longitude: 10.1228,
                name: Some("Nordlicht Outdoor Kiel".to_owned()),
                address: Some("Am Kai 7, 24103 Kiel".to_owned()),
            }),
            None,
        ),
        plain(
            RichContent::RichLink(RichLink {
                url: url("guide/sizes"),
                title: say("Größentabelle", "Size guide"),
                description: Some(say("Maße für Jacken, Hosen und Schuhe", "Measurements for jackets, trousers and shoes")),
                image: None,
            }),
            None,
        ),
        plain(
            RichContent::QuickReplies(QuickReplies {
                text: say("Ersatz oder Erstattung?", "Replacement or refund?"),
                replies: vec![reply("replace", &say("Ersatz", "Replacement")), reply("refund", &say("Erstattung", "Refund"))],
            }),
            selected("replace", say("Ersatz", "Replacement")),
        ),
        plain(
            RichContent::ListPicker(ListPicker {
                title: say("Welche Farbe soll es sein?", "Which colour would you like?"),
                text: None,
                multiple: false,
                sections: vec![ListSection {
                    title: Some(say("Auf Lager", "In stock")),
                    items: [("blue", "Fjordblau", "Fjord blue"), ("moss", "Moosgrün", "Moss green"), ("coal", "Kohle", "Coal")]
                        .map(|(id, german, english)| ListItem {
                            id: id.to_owned(),
                            title: say(german, english),
                            description: None,
                            image: None,
                        })
                        .to_vec(),
                }],
            }),
            selected("moss", say("Moosgrün", "Moss green")),
        ),
        plain(
            RichContent::TimePicker(TimePicker {
                title: say("Wann dürfen wir anrufen?", "When may we call you?"),
                text: None,
                time_zone: "Europe/Berlin".to_owned(),
                slots: slots.clone(),
            }),
            chosen.clone(),
        ),
        form(&say),
        plain(
            card(&say),
            Some(RichContent::FormAnswers(FormAnswers {
                question: None,
                answers: vec![FormAnswer { field_id: "stars".to_owned(), label: say("Sterne", "Stars"), values: vec!["5".to_owned()] }],
            })),
        ),
        plain(
            RichContent::PaymentRequest(PaymentRequest {
                description: say("Expressversand", "Express delivery"),
                amount_minor: 1290,
                currency: "EUR".to_owned(),
                url: url("pay/express"),
                reference: Some("EX-2041".to_owned()),
            }),
            None,
        ),
        plain(
            RichContent::AppointmentRequest(AppointmentRequest {
                title: say("Stiefelanpassung in der Filiale", "Boot fitting in the shop"),
                text: Some(say("Bitte die Socken mitbringen, die Sie tragen wollen.", "Please bring the socks you are going to wear.")),
                location: Some("Am Kai 7, Kiel".to_owned()),
                time_zone: "Europe/Berlin".to_owned(),
                slots,
                url: None,
            }),
            chosen,
        ),
    ]
}

fn form(say: &dyn Fn(&str, &str) -> String) -> Exchange {
    let field = |id: &str, label: String, field_type, options: Vec<FormOption>| FormField {
        id: id.to_owned(),
        label,
        field_type,
        required: true,
        hint: None,
        options,
    };
    let reason = vec![
        FormOption { id: "size".to_owned(), title: say("Passt nicht", "Does not fit") },
        FormOption { id: "damage".to_owned(), title: say("Beschädigt", "Damaged") },
    ];
    let answers = [
        ("order", say("Bestellnummer", "Order number"), "NL-48211".to_owned()),
        ("reason", say("Grund", "Reason"), say("Passt nicht", "Does not fit")),
    ];
    Exchange {
        asked: RichContent::Form(Form {
            title: say("Rücksendung anmelden", "Register a return"),
            text: None,
            fields: vec![
                field("order", say("Bestellnummer", "Order number"), FormFieldType::Text, Vec::new()),
                field("reason", say("Grund", "Reason"), FormFieldType::Choice, reason),
            ],
            submit_label: Some(say("Absenden", "Submit")),
        }),
        file: None,
        answer: Some(RichContent::FormAnswers(FormAnswers {
            question: None,
            answers: answers
                .map(|(field_id, label, value)| FormAnswer { field_id: field_id.to_owned(), label, values: vec![value] })
                .to_vec(),
        })),
    }
}

fn card(say: &dyn Fn(&str, &str) -> String) -> RichContent {
    RichContent::AdaptiveCard(AdaptiveCard {
        card: serde_json::json!({
            "type": "AdaptiveCard",
            "version": "1.5",
            "body": [
                { "type": "TextBlock", "text": say("Wie zufrieden sind Sie?", "How satisfied are you?"), "weight": "Bolder", "wrap": true },
                { "type": "Input.ChoiceSet", "id": "stars", "label": say("Sterne", "Stars"), "choices": [
                    { "title": "5", "value": "5" }, { "title": "3", "value": "3" }, { "title": "1", "value": "1" }
                ]}
            ],
            "actions": [{ "type": "Action.Submit", "title": say("Absenden", "Submit") }]
        }),
    })
}

/// What only programs send: a template that a platform approved.
pub(super) fn template(order: &str) -> RichContent {
    RichContent::Template(Template {
        name: "order_shipped".to_owned(),
        language: "en".to_owned(),
        parameters: vec![tributary_domain::content::TemplateParameter { name: "1".to_owned(), value: order.to_owned() }],
        text: format!("Your order {order} has been shipped."),
    })
}

/// Something that the other side knows and we do not.
pub(super) fn unknown() -> RichContent {
    RichContent::Unsupported(Unsupported { platform_type: "STICKER".to_owned(), text: Some("🏔️".to_owned()) })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use tributary_domain::content::validate;

    #[test]
    fn every_example_is_valid_in_both_languages() {
        let now = DateTime::from_timestamp(1_780_000_000, 0).expect("a time");
        for is_german in [true, false] {
            for exchange in super::exchanges(is_german, now) {
                assert_eq!(validate(&exchange.asked), Ok(()), "{:?}", exchange.asked);
                assert!(exchange.answer.is_none_or(|answer| validate(&answer).is_ok()));
            }
        }
        assert_eq!(validate(&super::script_question()), Ok(()));
        assert_eq!(validate(&super::template("NL-1")), Ok(()));
    }
}
