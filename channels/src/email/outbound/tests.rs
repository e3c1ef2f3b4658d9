//! What is rendered from every kind of content, written out.

use tributary_domain::{
    content::{AppointmentRequest, Formatted, Language, Markup, PaymentRequest, QuickReplies, QuickReply, RichLink, Text},
    ids::{AttachmentId, ExternalMessageId, InteractionId, MessageId, OutboundId},
    outbound::OutboundAttachment,
};
use uuid::Uuid;

use super::*;
use crate::email::corpus::{channel, noon};

fn work(content: RichContent, fallback: &str, references: &[&str]) -> Outbound {
    Outbound {
        id: OutboundId::from(Uuid::from_u128(7)),
        to: Destination {
            interaction: InteractionId::from(Uuid::from_u128(1)),
            number: 1042,
            language: Language::De,
            user: "anna@example.test".into(),
            user_name: Some("Anna\r\nMüller".to_owned()),
            thread: None,
            subject: Some("Ihre Bestellung".to_owned()),
            references: references.iter().map(|id| ExternalMessageId::from(*id)).collect(),
            answers: references.last().map(|id| ExternalMessageId::from(*id)),
        },
        action: Action::Send(Box::new(OutboundMessage {
            id: MessageId::from(Uuid::from_u128(3)),
            asked: content.clone(),
            content,
            fallback: fallback.to_owned(),
            attachments: vec![OutboundAttachment {
                id: AttachmentId::from(Uuid::from_u128(4)),
                name: "Plan.pdf".to_owned(),
                mime: "application/pdf".to_owned(),
                bytes: 10,
            }],
            quoted: None,
            author_name: Some("Eva".to_owned()),
            is_automatic: false,
            at: noon(),
        })),
    }
}

fn rendered(content: RichContent, fallback: &str) -> MailStep {
    match render(&channel(), &work(content, fallback, &["q0@x", "hash@generated", "q1@x"])).swap_remove(0) {
        Step::Mail(mail) => *mail,
        other => panic!("no mail: {other:?}"),
    }
}

fn body_of(mail: &MailStep) -> &str {
    let html = mail.html.as_deref().expect("HTML");
    html.split_once("<body>\n").and_then(|(_, rest)| rest.split_once("\n</body>")).map(|(body, _)| body).expect("a body")
}

#[test]
fn an_answer_is_threaded_and_its_id_is_fixed() {
    let mail = rendered(RichContent::Text(Text { text: "Hallo".to_owned() }), "Hallo");
    assert_eq!(mail.subject, "Re: Ihre Bestellung");
    assert_eq!(mail.in_reply_to.as_deref(), Some("q1@x"));
    assert_eq!(mail.references, ["q0@x", "q1@x"]);
    assert_eq!((mail.from.as_str(), mail.from_name.as_deref()), ("support@example.test", Some("Example Support")));
    assert_eq!((mail.to.as_str(), mail.to_name.as_deref()), ("anna@example.test", Some("Anna Müller")));
    assert_eq!((mail.text.as_str(), mail.html.as_deref()), ("Hallo", None));
    assert_eq!(mail.attachments[0].name, "Plan.pdf");
    assert_eq!(mail.message_id, rendered(RichContent::Text(Text { text: "Anders".to_owned() }), "").message_id);
}

#[test]
fn an_answer_goes_to_the_last_mail_that_came_in() {
    let mut work = work(RichContent::Text(Text { text: "x".to_owned() }), "x", &["q0@x", "ours1@y", "q1@x", "ours2@y"]);
    work.to.answers = Some("q1@x".into());
    let threaded = |work: &Outbound| match &render(&channel(), work)[0] {
        Step::Mail(mail) => (mail.in_reply_to.clone(), mail.references.clone()),
        other => panic!("no mail: {other:?}"),
    };
    let references = ["q0@x", "ours1@y", "ours2@y", "q1@x"].map(str::to_owned).to_vec();
    assert_eq!(threaded(&work), (Some("q1@x".to_owned()), references));
    // Nothing came in that has an id: our own mails keep the thread together.
    work.to.answers = Some("hash@generated".into());
    assert_eq!(threaded(&work).0.as_deref(), Some("ours2@y"));
}

#[test]
fn a_new_conversation_keeps_its_subject() {
    let mut new = work(RichContent::Text(Text { text: "x".to_owned() }), "x", &[]);
    let subject = |work: &Outbound| match &render(&channel(), work)[0] {
        Step::Mail(mail) => (mail.subject.clone(), mail.in_reply_to.clone()),
        other => panic!("no mail: {other:?}"),
    };
    assert_eq!(subject(&new), ("Ihre Bestellung".to_owned(), None));
    new.to.subject = None;
    assert_eq!(subject(&new).0, "Example Support");
}

#[test]
fn markdown_and_html_are_both_sent_with_text_beside() {
    let markdown = Formatted { markup: Markup::Markdown, source: "**Fett** <script>x</script>\n\n- a\n- b".to_owned() };
    let mail = rendered(RichContent::Formatted(markdown), "Fett\n\n- a\n- b");
    assert_eq!(body_of(&mail).trim(), "<p><strong>Fett</strong> </p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>");
    assert_eq!(mail.text, "Fett\n\n- a\n- b");
    let html = Formatted { markup: Markup::Html, source: "<p>Hallo</p>".to_owned() };
    assert_eq!(body_of(&rendered(RichContent::Formatted(html), "Hallo")), "<p>Hallo</p>");
    let asleep = Formatted { markup: Markup::Html, source: "<img data-remote-src=\"https://shop.example/a.png\">".to_owned() };
    assert_eq!(body_of(&rendered(RichContent::Formatted(asleep), "")), "<img src=\"https://shop.example/a.png\">");
}

#[test]
fn a_rich_link_is_a_card_whose_picture_travels_along() {
    let image = AttachmentId::from(Uuid::from_u128(9));
    let link = RichLink {
        url: "https://shop.example/jacke?a=1&b=2".parse().expect("an address"),
        title: "Jacke <rot>".to_owned(),
        description: Some("Warm & trocken".to_owned()),
        image: Some(Image::Attachment(image)),
    };
    let mail = rendered(RichContent::RichLink(link), "Jacke <rot>\nhttps://shop.example/jacke?a=1&b=2");
    let body = body_of(&mail);
    assert!(body.starts_with("<table") && body.contains("Jacke &lt;rot&gt;</a><br>Warm &amp; trocken"), "{body}");
    assert!(body.contains("href=\"https://shop.example/jacke?a=1&amp;b=2\"") && body.contains(&format!("src=\"cid:{image}\"")), "{body}");
    let shown: Vec<_> = mail.attachments.iter().filter_map(|file| file.content_id.clone()).collect();
    assert_eq!(shown, [image.to_string()]);
}

#[test]
fn a_request_has_a_button_and_a_question_is_text() {
    let url: url::Url = "https://pay.example/4711".parse().expect("an address");
    let payment =
        PaymentRequest { description: "Rechnung 4711".to_owned(), amount_minor: 1999, currency: "EUR".to_owned(), url, reference: None };
    let mail = rendered(RichContent::PaymentRequest(payment), "Rechnung 4711\n19,99 €");
    assert!(body_of(&mail).contains("<p>Rechnung 4711<br>\n19,99 €</p>") && body_of(&mail).contains("href=\"https://pay.example/4711\""));
    let unbookable = AppointmentRequest {
        title: "Termin".to_owned(),
        text: None,
        location: None,
        time_zone: "Europe/Berlin".to_owned(),
        slots: Vec::new(),
        url: None,
    };
    assert_eq!(rendered(RichContent::AppointmentRequest(unbookable), "Termin").html, None);
    let question = QuickReplies { text: "Passt das?".to_owned(), replies: vec![QuickReply { id: "y".to_owned(), title: "Ja".to_owned() }] };
    let mail = rendered(RichContent::QuickReplies(question), "Passt das?\n1. Ja");
    assert_eq!((mail.text.as_str(), mail.html), ("Passt das?\n1. Ja", None));
}

#[test]
fn what_a_mail_cannot_do_is_nothing_to_do() {
    for action in [Action::Close, Action::Typing { is_typing: true }, Action::Delete { target: "a@x".into() }] {
        let mut work = work(RichContent::Text(Text { text: "x".to_owned() }), "x", &[]);
        work.action = action;
        assert_eq!(render(&channel(), &work), [Step::Nothing]);
    }
}
