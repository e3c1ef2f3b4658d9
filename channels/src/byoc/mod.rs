//! Bring your own channel: an integrator's middleware stands between us and a platform that we do not know.
//!
//! In: CloudEvents (`events`) and, for those who come from elsewhere, one older JSON form unchanged (`messages`).
//! Out: signed webhooks (mode `standard`), or one of two older bodies (`compat_new`, `compat_old`). Settings: [`spec`].
//! Quirks: what the channel can do is declared by the integrator (`capabilities.rs`); an accepted message may get its id
//! later by `message.status`; the compatibility modes know no idempotency key, so they are send class C.
//! The only state is a cache of access tokens (`token.rs`), which may be lost at any time.

mod capabilities;
mod content;
mod deliver;
mod events;
mod inbound;
mod outbound;
mod probe;
pub mod spec;
mod token;
mod wire;

use std::borrow::Cow;

use async_trait::async_trait;
use tributary_domain::{
    outbound::{OpenChannel, Outbound},
    spec::{Capabilities, ChannelSpec, SendClass},
};

use crate::{
    channel::{
        Accepted, Channel, Cx, Fetch, FetchedFile, Ingress, Media, RawInbound, Settings, Step, StepReceipt, Verified, Webhook,
        WebhookReply, WebhookRequest,
    },
    error::{FieldError, ParseError, ProbeError, Verdict, WebhookReject},
};

/// The adapter.
#[derive(Debug, Default)]
pub struct Byoc {
    tokens: token::TokenCache,
}

/// Which bodies the integrator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Standard,
    CompatNew,
    CompatOld,
}

impl Mode {
    /// The channel's mode; nothing else than the two compatibility modes is one.
    fn of(settings: &Settings) -> Self {
        match settings.get("mode").and_then(serde_json::Value::as_str) {
            Some("compat_new") => Self::CompatNew,
            Some("compat_old") => Self::CompatOld,
            _ => Self::Standard,
        }
    }
}

#[async_trait]
impl Channel for Byoc {
    fn spec(&self) -> &'static ChannelSpec {
        &spec::SPEC
    }

    fn capabilities(&self, settings: &Settings) -> Cow<'static, Capabilities> {
        capabilities::of(settings)
    }

    fn send_class(&self, settings: &Settings) -> SendClass {
        match Mode::of(settings) {
            Mode::Standard => self.spec().send_class,
            Mode::CompatNew | Mode::CompatOld => SendClass::C,
        }
    }

    fn ingress(&self) -> Ingress<'_> {
        Ingress::Webhook(self)
    }

    fn media(&self) -> Media<'_> {
        Media::Fetch(self)
    }

    fn render(&self, channel: &OpenChannel, outbound: &Outbound) -> Vec<Step> {
        outbound::render(channel, outbound)
    }

    async fn deliver(&self, cx: &Cx, channel: &OpenChannel, step: &Step, _done: &[StepReceipt]) -> Result<StepReceipt, Verdict> {
        deliver::deliver(&self.tokens, cx, channel, step).await
    }

    async fn probe(&self, cx: &Cx, channel: &OpenChannel) -> Result<(), ProbeError> {
        probe::probe(&self.tokens, cx, channel).await
    }
}

impl Webhook for Byoc {
    fn verify(&self, channel: &OpenChannel, request: &WebhookRequest) -> Result<Verified, WebhookReject> {
        inbound::verify(channel, request)
    }

    fn max_body_bytes(&self) -> usize {
        inbound::MAX_BATCH_BYTES
    }

    fn challenge(&self, channel: &OpenChannel, request: &WebhookRequest) -> Option<WebhookReply> {
        inbound::challenge(channel, request)
    }

    fn parse(
        &self,
        channel: &OpenChannel,
        raw: &RawInbound,
    ) -> Result<Vec<Result<tributary_domain::inbound::InboundEvent, ParseError>>, ParseError> {
        inbound::parse(channel, raw)
    }

    fn keys(&self, raw: &RawInbound) -> Vec<Option<String>> {
        inbound::keys(raw)
    }

    fn reply(&self, accepted: &Accepted, items: &[Vec<FieldError>]) -> WebhookReply {
        inbound::reply(accepted, items)
    }
}

#[async_trait]
impl Fetch for Byoc {
    async fn fetch(&self, cx: &Cx, channel: &OpenChannel, reference: &str) -> Result<FetchedFile, Verdict> {
        deliver::fetch(cx, channel, reference).await
    }
}
