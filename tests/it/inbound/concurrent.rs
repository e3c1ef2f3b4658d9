//! Channels wait for nobody but themselves: stored requests, and connections that are held open.

use std::{
    borrow::Cow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
};

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tributary_channels::{
    byoc::Byoc,
    channel::{
        Accepted, Channel, Cx, Ingress, Listen, Media, RawInbound, Settings, Sink, Step, StepReceipt, Verified, Webhook, WebhookReply,
        WebhookRequest,
    },
    error::{FieldError, ParseError, ProbeError, Verdict, WebhookReject},
    registry::Registry,
    worker,
};
use tributary_domain::{
    channel::{ChannelHealth, HealthCause, HealthReason, set_health},
    clock::Clock,
    inbound::{AttachmentSource, InboundAttachment, InboundEvent},
    outbound::{OpenChannel, Outbound},
    spec::{Capabilities, ChannelSpec},
};

use crate::{
    stage::{Heard, PATIENCE, Setup, Stage, on_both},
    store_contract::place::Place,
};

on_both!(a_slow_request_delays_no_other_channel, a_reader_that_breaks_off_harms_no_neighbour, a_channel_is_healthy_once_it_is_signed_in);

/// Where a request with the word "slow" in it waits, and how the test learns of it.
struct Gate {
    arrived: Notify,
    open: Mutex<mpsc::Receiver<()>>,
}

/// How a listener is told to sign in, and how the test learns that it was called and that it was let in.
#[derive(Default)]
struct Door {
    called: Notify,
    open: Notify,
    passed: Notify,
}

/// The integrator's channel with another way in.
#[derive(Default)]
pub(super) struct Odd {
    inner: Byoc,
    gate: Option<Gate>,
    door: Option<Arc<Door>>,
    /// Takes messages with the word "overlooked" for something else.
    pub(super) is_blind: AtomicBool,
    /// Names files that nobody has for messages with the word "lost".
    pub(super) loses_files: AtomicBool,
}

#[async_trait]
impl Channel for Odd {
    fn spec(&self) -> &'static ChannelSpec {
        self.inner.spec()
    }

    fn capabilities(&self, settings: &Settings) -> Cow<'static, Capabilities> {
        self.inner.capabilities(settings)
    }

    fn ingress(&self) -> Ingress<'_> {
        if self.door.is_some() { Ingress::Listen(self) } else { Ingress::Webhook(self) }
    }

    fn media(&self) -> Media<'_> {
        self.inner.media()
    }

    fn render(&self, channel: &OpenChannel, outbound: &Outbound) -> Vec<Step> {
        self.inner.render(channel, outbound)
    }

    async fn deliver(&self, cx: &Cx, channel: &OpenChannel, step: &Step, done: &[StepReceipt]) -> Result<StepReceipt, Verdict> {
        self.inner.deliver(cx, channel, step, done).await
    }

    async fn probe(&self, cx: &Cx, channel: &OpenChannel) -> Result<(), ProbeError> {
        self.inner.probe(cx, channel).await
    }
}

impl Odd {
    fn webhook(&self) -> &dyn Webhook {
        let Ingress::Webhook(webhook) = self.inner.ingress() else { panic!("integrators call us") };
        webhook
    }
}

impl Webhook for Odd {
    fn verify(&self, channel: &OpenChannel, request: &WebhookRequest) -> Result<Verified, WebhookReject> {
        self.webhook().verify(channel, request)
    }

    fn challenge(&self, channel: &OpenChannel, request: &WebhookRequest) -> Option<WebhookReply> {
        self.webhook().challenge(channel, request)
    }

    fn parse(&self, channel: &OpenChannel, raw: &RawInbound) -> Result<Vec<Result<InboundEvent, ParseError>>, ParseError> {
        assert!(!String::from_utf8_lossy(&raw.body).contains("poison"), "a mistake in the adapter");
        if let Some(gate) = self.gate.as_ref().filter(|_| String::from_utf8_lossy(&raw.body).contains("slow")) {
            gate.arrived.notify_one();
            let _ = gate.open.lock().unwrap().recv_timeout(PATIENCE);
        }
        let mut items = self.webhook().parse(channel, raw)?;
        for item in &mut items {
            let is_overlooked = matches!(item, Ok(InboundEvent::Message(message)) if message.content.fallback() == "overlooked");
            if is_overlooked && self.is_blind.load(Ordering::SeqCst) {
                *item = Ok(InboundEvent::Ignored { reason: "taken for something else".to_owned() });
            }
        }
        if self.loses_files.load(Ordering::SeqCst) {
            for item in &mut items {
                if let Ok(InboundEvent::Message(message)) = item
                    && message.content.fallback() == "lost"
                {
                    let source = AttachmentSource::Stored(tributary_domain::random::id());
                    message.attachments.push(InboundAttachment { name: None, mime: None, content_id: None, source });
                }
            }
        }
        Ok(items)
    }

    fn max_body_bytes(&self) -> usize {
        self.webhook().max_body_bytes()
    }

    fn keys(&self, raw: &RawInbound) -> Vec<Option<String>> {
        self.webhook().keys(raw)
    }

    fn reply(&self, accepted: &Accepted, items: &[Vec<FieldError>]) -> WebhookReply {
        self.webhook().reply(accepted, items)
    }
}

#[async_trait]
impl Listen for Odd {
    async fn listen(
        &self,
        _cx: &Cx,
        _channel: &OpenChannel,
        _cursor: Option<serde_json::Value>,
        sink: &dyn Sink,
        shutdown: CancellationToken,
    ) -> Result<(), Verdict> {
        let door = self.door.as_ref().expect("only called with a door");
        door.called.notify_one();
        tokio::select! {
            () = door.open.notified() => {}
            () = shutdown.cancelled() => return Ok(()),
        }
        sink.signed_in().await?;
        door.passed.notify_one();
        shutdown.cancelled().await;
        Ok(())
    }

    fn parse(&self, channel: &OpenChannel, raw: &RawInbound) -> Result<Vec<Result<InboundEvent, ParseError>>, ParseError> {
        self.webhook().parse(channel, raw)
    }
}

pub(super) async fn stage_of(place: Place, odd: Arc<Odd>) -> Stage {
    Stage::with(place, Setup { registry: Registry::with([odd as Arc<dyn Channel>]), ..Setup::default() }).await
}

async fn a_slow_request_delays_no_other_channel(place: Place) {
    let (opens, open) = mpsc::channel();
    let gate = Gate { arrived: Notify::new(), open: Mutex::new(open) };
    let odd = Arc::new(Odd { gate: Some(gate), ..Odd::default() });
    let mut stage = stage_of(place, odd.clone()).await;
    let now = stage.clock.now();
    stage.post("e-1", "message.created", &Heard::new("m-1", "mara", "slow").data(now)).await;
    stage.post("e-2", "message.created", &Heard::new("m-2", "mara", "behind it").data(now)).await;
    let worker = stage.worker.clone();
    let working = tokio::spawn(async move { worker.ingest().await.unwrap() });
    odd.gate.as_ref().unwrap().arrived.notified().await;

    let slow = stage.channel;
    stage.channel = stage.another_channel().await;
    stage.post("e-3", "message.created", &Heard::new("m-3", "nils", "Hello").data(now)).await;
    let other = tokio::time::timeout(PATIENCE, stage.worker.ingest()).await.expect("the other channel waits for nobody");
    assert_eq!(other.unwrap(), 1);
    assert_eq!(stage.find("m-3").await.unwrap().channel_id, stage.channel);
    assert!(stage.find("m-2").await.is_none(), "order holds inside a channel");
    stage.channel = slow;
    stage.post("e-4", "message.created", &Heard::new("m-4", "mara", "behind both").data(now)).await;
    assert_eq!(stage.worker.ingest().await.unwrap(), 0, "nobody overtakes");

    opens.send(()).unwrap();
    assert_eq!(working.await.unwrap(), 2);
    assert!(stage.find("m-1").await.is_some() && stage.find("m-2").await.is_some());
    assert_eq!(stage.worker.ingest().await.unwrap(), 1);
}

async fn a_reader_that_breaks_off_harms_no_neighbour(place: Place) {
    let stage = stage_of(place, Arc::new(Odd::default())).await;
    let now = stage.clock.now();
    stage.post("e-1", "message.created", &Heard::new("m-1", "mara", "poison").data(now)).await;
    stage.post("e-2", "message.created", &Heard::new("m-2", "mara", "behind it").data(now)).await;
    assert_eq!(stage.worker.ingest().await.unwrap(), 2);
    assert!(stage.find("m-1").await.is_none() && stage.find("m-2").await.is_some());
    let letters = stage.letters().await;
    assert_eq!(letters.iter().map(|letter| letter.error.as_str()).collect::<Vec<_>>(), ["its reader broke off"]);
    stage.pass(3_600).await;
    assert_eq!(stage.worker.ingest().await.unwrap(), 0, "it is not tried for ever");
}

async fn a_channel_is_healthy_once_it_is_signed_in(place: Place) {
    let door = Arc::new(Door::default());
    let stage = stage_of(place, Arc::new(Odd { door: Some(door.clone()), ..Odd::default() })).await;
    let id = stage.channel;
    let wrong = "The server refuses the password.";
    let refused = || HealthReason::new(HealthCause::Refused, wrong);
    stage.command(move |tx| Box::pin(set_health(tx, id, ChannelHealth::NeedsSignIn, Some(refused())))).await.unwrap();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(worker::run(stage.worker.clone(), shutdown.clone()));
    tokio::time::timeout(PATIENCE, door.called.notified()).await.expect("somebody listens");
    let before = stage.channel().await;
    assert_eq!((before.health, before.health_reason.as_deref()), (ChannelHealth::NeedsSignIn, Some(wrong)), "its queue stays held");
    door.open.notify_one();
    tokio::time::timeout(PATIENCE, door.passed.notified()).await.expect("it is let in");
    let after = stage.channel().await;
    assert_eq!((after.health, after.health_reason), (ChannelHealth::Waiting, None), "it works, and has heard nothing yet");
    shutdown.cancel();
    tokio::time::timeout(PATIENCE, running).await.expect("all loops end").unwrap();
}
