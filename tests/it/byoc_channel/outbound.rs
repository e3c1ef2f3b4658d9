//! What we send to integrators.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tributary_channels::{
    channel::{Channel, Media, Step, StepReceipt},
    error::{FailCode, Verdict},
};
use tributary_domain::{
    content::{AttachmentContent, Image, RichContent, RichLink, Text},
    ids::OutboundId,
    outbound::{Action, Destination, OpenChannel, Outbound, OutboundAttachment, OutboundMessage},
    spec::{Audience, MediaClass, RichKind, SendClass, Support},
};
use uuid::Uuid;

use super::{
    Bench, channel,
    fake::{self, FakeIntegrator, Manner},
    now, plain_channel, snapshot,
};

pub(crate) fn outbound(action: Action) -> Outbound {
    Outbound {
        id: OutboundId::from(Uuid::parse_str("019b7890-3c00-7000-8000-00000000000a").expect("version 7")),
        to: Destination {
            interaction: Uuid::from_u128(3).into(),
            number: 3,
            language: tributary_domain::content::Language::En,
            user: "u-12".into(),
            user_name: Some("Mara E".into()),
            thread: Some("t/55 ä".into()),
            subject: Some("Order 7".into()),
            references: Vec::new(),
            answers: None,
        },
        action,
    }
}

pub(crate) fn message(content: RichContent) -> Box<OutboundMessage> {
    Box::new(OutboundMessage {
        id: Uuid::from_u128(4).into(),
        asked: content.clone(),
        content,
        fallback: "Guten Tag".into(),
        attachments: Vec::new(),
        quoted: Some("m-991".into()),
        author_name: Some("Ada".into()),
        is_automatic: false,
        at: now(),
    })
}

fn text() -> Action {
    Action::Send(message(RichContent::Text(Text { text: "Guten Tag".into() })))
}

fn with_files() -> Action {
    let file = Uuid::from_u128(5).into();
    let mut message = message(RichContent::Attachment(AttachmentContent { caption: None }));
    message.attachments = vec![
        OutboundAttachment { id: file, name: "a.png".into(), mime: "image/png".into(), bytes: 7 },
        OutboundAttachment { id: Uuid::from_u128(6).into(), name: "b.pdf".into(), mime: "application/pdf".into(), bytes: 8 },
    ];
    Action::Send(message)
}

pub(crate) fn actions() -> Vec<(&'static str, Action)> {
    let link = RichLink {
        url: "https://shop.example/7".parse().expect("an address"),
        title: "Order 7".into(),
        description: None,
        image: Some(Image::Attachment(Uuid::from_u128(5).into())),
    };
    vec![
        ("send_text", text()),
        ("send_files", with_files()),
        ("send_rich_link", Action::Send(message(RichContent::RichLink(link)))),
        ("edit", Action::Edit { target: "m-1001".into(), message: message(RichContent::Text(Text { text: "Guten Abend".into() })) }),
        ("delete", Action::Delete { target: "m-1001".into() }),
        ("react", Action::React { target: "m-991".into(), emoji: "👍".into(), is_added: true }),
        ("unreact", Action::React { target: "m-991".into(), emoji: "👍".into(), is_added: false }),
        ("seen", Action::MarkRead { target: "m-991".into() }),
        ("typing", Action::Typing { is_typing: true }),
        ("close", Action::Close),
    ]
}

#[test]
fn every_action_is_rendered_as_before() {
    let bench = Bench::new();
    for mode in ["standard", "compat_new", "compat_old"] {
        let channel = channel(&json!({"url": "https://middleware.example/hook/", "mode": mode}));
        for (name, action) in actions() {
            let has_a_call = mode == "standard" || matches!(action, Action::Send(_));
            let steps = bench.adapter.render(&channel, &outbound(action));
            if has_a_call {
                snapshot(&format!("out_{mode}_{name}"), &steps);
            } else {
                assert_eq!(steps, [Step::Nothing], "{mode} {name}");
            }
        }
    }
}

async fn deliver(bench: &Bench, channel: &OpenChannel, action: Action) -> Result<StepReceipt, Verdict> {
    let steps = bench.adapter.render(channel, &outbound(action));
    assert_eq!(steps.len(), 1);
    bench.adapter.deliver(&bench.cx, channel, &steps[0], &[]).await
}

async fn start(bench: &Bench, manner: Manner, mode: &str) -> (FakeIntegrator, OpenChannel) {
    let integrator = FakeIntegrator::start(manner, Arc::new(bench.clock.clone())).await;
    let mut settings = json!({"url": integrator.url(), "mode": mode});
    if manner != Manner::Signed {
        settings["token_url"] = integrator.token_url().into();
        settings["client_id"] = fake::CLIENT.0.into();
    }
    (integrator, channel(&settings))
}

fn receipt(id: &str) -> Result<StepReceipt, Verdict> {
    Ok(StepReceipt { external_id: Some(id.into()), ..StepReceipt::default() })
}

#[tokio::test]
async fn a_message_arrives_once_however_often_it_is_sent() {
    let bench = Bench::new();
    let (integrator, channel) = start(&bench, Manner::Signed, "standard").await;
    assert_eq!(deliver(&bench, &channel, text()).await, receipt("ext-1"));
    bench.clock.advance(TimeDelta::hours(2));
    assert_eq!(deliver(&bench, &channel, text()).await, receipt("ext-1"));
    let received = integrator.received();
    assert_eq!(received.iter().map(|one| one.is_repeat).collect::<Vec<_>>(), [false, true]);
    assert_eq!(received[0].body, received[1].body, "a retry says the same");
    assert_eq!(received[0].id, "out_019b78903c007000800000000000000a");
    assert_eq!(received[0].body["type"], "message.send");
    assert_eq!(
        received[0].body["data"]["messageContent"],
        json!({"type": "TEXT", "payload": {"text": "Guten Tag"}, "fallbackText": "Guten Tag"})
    );
}

#[tokio::test]
async fn every_action_is_taken_by_a_strict_integrator() {
    let bench = Bench::new();
    let (integrator, channel) = start(&bench, Manner::SignedWithToken, "standard").await;
    for (name, mut work) in actions().into_iter().map(|(name, action)| (name, outbound(action))) {
        work.id = Uuid::now_v7().into();
        for step in bench.adapter.render(&channel, &work) {
            let receipt = bench.adapter.deliver(&bench.cx, &channel, &step, &[]).await;
            assert!(receipt.as_ref().is_ok_and(|receipt| receipt.external_id.is_some()), "{name}: {receipt:?}");
        }
    }
    assert_eq!(integrator.received().len(), actions().len());
    assert_eq!(integrator.token_calls().len(), 1, "one token serves many calls");
}

#[tokio::test]
async fn files_go_as_links_that_open_them_for_a_quarter_of_an_hour() {
    let bench = Bench::new();
    for mode in ["standard", "compat_new", "compat_old"] {
        let (integrator, channel) = start(&bench, if mode == "standard" { Manner::Signed } else { Manner::TokenOnly }, mode).await;
        deliver(&bench, &channel, with_files()).await.expect("taken");
        let body = integrator.received().remove(0).body;
        let data = if mode == "standard" { &body["data"] } else { &body };
        let mut links = vec![(&data["attachments"][0]["url"], 5), (&data["attachments"][1]["url"], 6)];
        if mode != "compat_old" {
            assert_eq!(data["messageContent"]["type"], "FILE");
            links.push((&data["messageContent"]["payload"]["url"], 5));
        }
        for (link, file) in links {
            let url: url::Url = link.as_str().expect("a link").parse().expect("an address");
            assert_eq!(url.origin().ascii_serialization(), "https://inbox.example");
            let (query, file) = (url.query().expect("signed"), Uuid::from_u128(file).into());
            assert_eq!(url.path(), format!("/media/{file}"));
            let clock = &bench.cx.clock;
            assert_eq!(bench.cx.links.verify(file, query, clock.now() + TimeDelta::seconds(899)), Ok(channel.workspace));
            assert!(bench.cx.links.verify(file, query, clock.now() + TimeDelta::seconds(900)).is_err());
        }
    }
}

#[tokio::test]
async fn access_tokens_are_kept_renewed_and_given_up() {
    let bench = Bench::new();
    let (integrator, channel) = start(&bench, Manner::SignedWithToken, "standard").await;
    assert_eq!(deliver(&bench, &channel, text()).await, receipt("ext-1"));
    integrator.expire_tokens();
    assert_eq!(deliver(&bench, &channel, text()).await, receipt("ext-1"));
    assert_eq!(integrator.token_calls(), ["application/json", "application/json"]);
    bench.clock.advance(TimeDelta::days(1));
    assert_eq!(deliver(&bench, &channel, text()).await, receipt("ext-1"));
    assert_eq!(integrator.token_calls().len(), 3, "a token is not used to its last second");

    integrator.answer_next(401, None, "");
    integrator.answer_next(401, None, "");
    let refused = deliver(&bench, &channel, text()).await;
    assert!(matches!(refused, Err(Verdict::Suspend { .. })), "{refused:?}");
    assert_eq!(integrator.token_calls().len(), 4, "a refused token is renewed once");

    integrator.expire_tokens();
    integrator.take_form_tokens_only();
    assert_eq!(deliver(&bench, &channel, text()).await, receipt("ext-1"));
    assert!(integrator.token_calls().ends_with(&["application/json".into(), "application/x-www-form-urlencoded".into()]));

    let mut wrong = channel.clone();
    wrong.secrets.insert("client_secret".into(), "wrong".into());
    let refused = deliver(&bench, &wrong, text()).await;
    assert!(
        matches!(refused, Err(Verdict::Suspend { reason }) if reason.contains("client secret")),
        "another secret never meets a kept token"
    );
}

#[tokio::test]
async fn compatibility_bodies_reach_their_addresses() {
    let bench = Bench::new();
    for (mode, path) in [
        ("compat_new", "/integration/box/2.0/channel/chn_00000000000000000000000000000002/outbound"),
        ("compat_old", "/integration/box/1.0/posts/t%2F55%20%C3%A4/messages"),
    ] {
        let (integrator, channel) = start(&bench, Manner::TokenOnly, mode).await;
        assert_eq!(deliver(&bench, &channel, text()).await, receipt("ext-1"));
        assert_eq!(integrator.received()[0].path, path);
        assert_eq!(bench.adapter.send_class(&channel.settings), SendClass::C);
        assert_eq!(bench.adapter.render(&channel, &outbound(Action::Close)), [Step::Nothing]);
        assert_eq!(deliver(&bench, &channel, Action::Close).await, Ok(StepReceipt::default()));
        integrator.answer_next(200, None, r#"{"message":{"idOnExternalPlatform":"m-7"},"consumerContact":{}}"#);
        assert_eq!(deliver(&bench, &channel, text()).await, receipt("m-7"));
    }
    assert_eq!(bench.adapter.send_class(&plain_channel().settings), SendClass::A);
}

fn retry(after_s: Option<u64>, pauses: bool) -> impl Fn(&Result<StepReceipt, Verdict>) -> bool {
    move |outcome| {
        matches!(outcome, Err(Verdict::Retry { after, pauses_account, .. })
            if *after == after_s.map(Duration::from_secs) && *pauses_account == pauses)
    }
}

fn fails(expected: FailCode) -> impl Fn(&Result<StepReceipt, Verdict>) -> bool {
    move |outcome| matches!(outcome, Err(Verdict::Fail { code, .. }) if *code == expected)
}

#[tokio::test]
async fn every_answer_has_its_consequence() {
    type Check = Box<dyn Fn(&Result<StepReceipt, Verdict>) -> bool>;
    type Case = (u16, Option<(&'static str, &'static str)>, &'static str, Check);
    let bench = Bench::new();
    let (integrator, channel) = start(&bench, Manner::Signed, "standard").await;
    let is = |expected: Result<StepReceipt, Verdict>| -> Check { Box::new(move |outcome| *outcome == expected) };
    let suspends = || -> Check { Box::new(|outcome| matches!(outcome, Err(Verdict::Suspend { .. }))) };
    let accepted = || Ok(StepReceipt::default());
    let cases: Vec<Case> = vec![
        (200, None, r#"{"idOnExternalPlatform":"m-1"}"#, is(receipt("m-1"))),
        (201, None, r#"{"idOnExternalPlatform":77}"#, is(receipt("77"))),
        (202, None, "", is(accepted())),
        (200, None, "<html>", is(accepted())),
        (200, None, r#"{"idOnExternalPlatform":"a\u0000b"}"#, is(accepted())),
        (409, None, r#"{"idOnExternalPlatform":"m-1"}"#, is(receipt("m-1"))),
        (409, None, "", Box::new(fails(FailCode::Other))),
        (400, None, "", Box::new(fails(FailCode::ContentRefused))),
        (403, None, "", Box::new(fails(FailCode::NotPermitted))),
        (404, None, "", Box::new(fails(FailCode::RecipientUnknown))),
        (410, None, "", Box::new(fails(FailCode::EndpointGone))),
        (413, None, "", Box::new(fails(FailCode::TooLarge))),
        (418, None, "", Box::new(fails(FailCode::Other))),
        (422, None, "", Box::new(fails(FailCode::ContentRefused))),
        (401, None, "", suspends()),
        (301, Some(("location", "https://elsewhere.example/")), "", suspends()),
        (307, Some(("location", "/other")), "", suspends()),
        (408, None, "", Box::new(retry(None, false))),
        (425, None, "", Box::new(retry(None, false))),
        (429, Some(("retry-after", "7")), "", Box::new(retry(Some(7), true))),
        (429, Some(("retry-after", "Thu, 01 Jan 2026 08:01:00 GMT")), "", Box::new(retry(Some(60), true))),
        (429, None, "", Box::new(retry(None, true))),
        (500, None, "", Box::new(retry(None, false))),
        (502, None, "", Box::new(retry(None, false))),
        (503, Some(("retry-after", "30")), "", Box::new(retry(Some(30), false))),
        (504, None, "", Box::new(retry(None, false))),
    ];
    for (status, header, body, is_right) in cases {
        integrator.answer_next(status, header, body);
        let outcome = deliver(&bench, &channel, text()).await;
        assert!(is_right(&outcome), "{status} {header:?}: {outcome:?}");
    }
    integrator.answer_next(422, None, &format!("no\n{}", "x".repeat(10_000)));
    let Err(Verdict::Fail { detail, .. }) = deliver(&bench, &channel, text()).await else { panic!("must fail") };
    assert!(detail.starts_with("status 422: nox") && detail.len() < 600, "their own words, cut");
    assert!(integrator.received().is_empty());
}

#[tokio::test]
async fn without_idempotency_doubt_stays_doubt() {
    let bench = Bench::new();
    let (integrator, compat) = start(&bench, Manner::TokenOnly, "compat_new").await;
    for status in [500, 502, 504] {
        integrator.answer_next(status, None, "");
        let outcome = deliver(&bench, &compat, text()).await;
        assert!(matches!(outcome, Err(Verdict::Ambiguous { .. })), "{status}: {outcome:?}");
    }
    integrator.answer_next(503, None, "");
    assert!(retry(None, false)(&deliver(&bench, &compat, text()).await));
    integrator.answer_next(403, None, "");
    assert_eq!(deliver(&bench, &compat, text()).await, receipt("ext-1"), "403 is a stale token there");

    // A server that hangs up after reading: with our id it can be asked again, without it cannot.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 8192];
            drop(tokio::io::AsyncReadExt::read(&mut socket, &mut request).await);
        }
    });
    let url = format!("http://{address}/");
    let outcome = deliver(&bench, &channel(&json!({"url": url})), text()).await;
    assert!(retry(None, false)(&outcome), "{outcome:?}");
    let outcome = deliver(&bench, &channel(&json!({"url": url, "mode": "compat_new"})), text()).await;
    assert!(matches!(outcome, Err(Verdict::Ambiguous { .. })), "{outcome:?}");
}

#[tokio::test]
async fn settings_that_cannot_work_hold_the_queue() {
    let bench = Bench::new();
    let mut keyless = channel(&json!({"url": "http://127.0.0.1:9/"}));
    keyless.secrets.remove("signing_secret");
    let mut bad_ca = channel(&json!({"url": "https://127.0.0.1:9/"}));
    bad_ca.settings.insert("ca_pem".into(), "no certificate".into());
    let private = channel(&json!({"url": "https://10.0.0.1/hook"}));
    let metadata = channel(&json!({"url": "http://169.254.169.254/latest"}));
    let nowhere = channel(&json!({}));
    for broken in [keyless, bad_ca, private, metadata, nowhere] {
        let outcome = deliver(&bench, &broken, text()).await;
        assert!(matches!(outcome, Err(Verdict::Suspend { .. })), "{:?}: {outcome:?}", broken.settings);
    }
}

#[tokio::test]
async fn the_probe_wants_proof_and_says_what_to_do() {
    let bench = Bench::new();
    let (integrator, good) = start(&bench, Manner::SignedWithToken, "standard").await;
    let probe = async |channel: &OpenChannel| bench.adapter.probe(&bench.cx, channel).await.map_err(|error| error.field);
    assert_eq!(probe(&good).await, Ok(()));
    integrator.prove_by(false, true);
    assert_eq!(probe(&good).await, Ok(()));
    integrator.prove_by(false, false);
    assert_eq!(probe(&good).await, Err(Some("url")));
    integrator.answer_next(200, None, r#"{"challenge":"something else"}"#);
    assert_eq!(probe(&good).await, Err(Some("url")));
    assert!(integrator.received().is_empty(), "a probe sends no message");

    let other_secret = |key: &str, value: &str| {
        let mut channel = good.clone();
        channel.secrets.insert(key.into(), value.into());
        channel
    };
    let other_setting = |key: &str, value: Value| {
        let mut channel = good.clone();
        channel.settings.insert(key.into(), value);
        channel
    };
    let unknown_key = "whsec_bmV4dC1zaWduaW5nLXNlY3JldC1rZXktMDAwMDAwMDI=";
    assert_eq!(probe(&other_secret("signing_secret", unknown_key)).await, Err(Some("signing_secret")));
    assert_eq!(probe(&other_secret("signing_secret", "short")).await, Err(Some("signing_secret")));
    assert_eq!(probe(&other_secret("inbound_token", " ")).await, Err(Some("inbound_token")));
    assert_eq!(probe(&other_setting("url", json!("hook"))).await, Err(Some("url")));
    assert_eq!(probe(&other_setting("url", json!("https://192.168.0.1/"))).await, Err(Some("url")));

    let (_compat, good) = start(&bench, Manner::TokenOnly, "compat_new").await;
    assert_eq!(probe(&good).await, Ok(()));
    let mut wrong = good.clone();
    wrong.secrets.insert("client_secret".into(), "wrong".into());
    assert_eq!(probe(&wrong).await, Err(Some("token_url")));
}

#[test]
fn capabilities_are_what_the_integrator_declares() {
    let bench = Bench::new();
    let declared = json!({
        "class": "messaging", "maxText": 4000, "rich": {"quickReplies": {"max": 10, "maxTitle": 20}, "richLink": true, "location": true},
        "attachments": {"types": ["image/png", "application/pdf"], "maxMegabytes": 5, "maxCount": 3}, "proactive": true,
        "windowHours": 24, "typing": true, "seen": true, "edit": {}, "delete": true, "hide": true, "like": true, "replyTo": true
    });
    let of = |mode: &str, declared: &Value| {
        let channel = channel(&json!({"url": "https://middleware.example/", "mode": mode, "capabilities": declared}));
        bench.adapter.capabilities(&channel.settings).into_owned()
    };
    let has = |capabilities: &tributary_domain::spec::Capabilities, kind| {
        [Audience::Machine, Audience::Agent].into_iter().all(|audience| {
            capabilities.extensions.iter().any(|one| one.audience == audience && one.kind == kind && one.support == Support::Native)
        })
    };
    let standard = of("standard", &declared);
    assert!(has(&standard, RichKind::QuickReplies) && has(&standard, RichKind::RichLink) && has(&standard, RichKind::Location));
    assert!(!has(&standard, RichKind::Form), "undeclared kinds are fallback text");
    assert_eq!((standard.text.max, standard.rich.quick_replies, standard.rich.quick_reply_title), (4000, 10, 20));
    assert_eq!(standard.media.iter().map(|limit| limit.class).collect::<Vec<_>>(), [MediaClass::Image, MediaClass::File]);
    assert!(standard.media.iter().all(|limit| limit.max_bytes == 5_000_000));
    assert_eq!((standard.max_attachments, standard.reply_window.map(|window| window.window_s)), (3, Some(86_400)));
    assert!(standard.may_start && standard.typing && standard.read_marks && standard.edit.is_some() && standard.delete);
    assert!(standard.reactions && standard.quotes);
    let new = of("compat_new", &declared);
    assert!(has(&new, RichKind::QuickReplies) && !has(&new, RichKind::Location) && new.quotes);
    assert!(!new.typing && !new.read_marks && new.edit.is_none() && !new.delete && !new.reactions);
    let old = of("compat_old", &declared);
    assert!(!has(&old, RichKind::QuickReplies) && !old.quotes && old.max_attachments == 3);
    let bare = &bench.adapter.spec().capabilities;
    for nothing in [Value::Null, json!(""), json!("{"), json!([]), json!({"rich": {"hologram": true}}), json!({"typing": "yes"})] {
        assert_eq!(of("standard", &nothing), *bare, "{nothing}");
    }
}

#[tokio::test]
async fn files_are_fetched_and_refusals_told_apart() {
    let bench = Bench::new();
    let (integrator, channel) = start(&bench, Manner::Signed, "standard").await;
    let Media::Fetch(media) = bench.adapter.media() else { panic!("files are fetched") };
    let fetch = async |url: &str| media.fetch(&bench.cx, &channel, url).await;
    integrator.answer_next(200, Some(("content-type", "image/png")), "bytes");
    let file = fetch(&integrator.url()).await.map_err(|verdict| verdict.to_string()).expect("a file");
    assert_eq!(file.mime.as_deref(), Some("image/png"));
    let chunks: Vec<_> = futures_util::StreamExt::collect::<Vec<_>>(file.body).await;
    let bytes: Vec<u8> = chunks.into_iter().flat_map(|chunk| chunk.expect("whole")).collect();
    assert_eq!(bytes, b"bytes");
    for (status, is_final) in [(404, true), (403, true), (503, false), (429, false)] {
        integrator.answer_next(status, None, "");
        match fetch(&integrator.url()).await.err() {
            Some(Verdict::Fail { .. }) => assert!(is_final, "{status}"),
            Some(Verdict::Retry { .. }) => assert!(!is_final, "{status}"),
            other => panic!("{status}: {other:?}"),
        }
    }
    for never in ["http://10.0.0.1/a.png", "file:///etc/passwd", "no address"] {
        assert!(matches!(fetch(never).await.err(), Some(Verdict::Fail { .. })), "{never}: a bad file stops no channel");
    }
}
