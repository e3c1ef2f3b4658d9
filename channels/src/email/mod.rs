//! E-mail: a mailbox over IMAP (receiving) and SMTP (sending).
//!
//! One file per concern: `listen` receives (IMAP IDLE, or polling where the server has none), `inbound` turns a
//! mail into an event (`body`, `quoting`, `sanitise`, `bounce`, `automatic`, `threading`, `signs`, `origin` are its
//! parts), `outbound` renders (with `markup`, `calendar`, `signature`, `links`), `compose` writes the mail out, `smtp`
//! hands it over, `probe` checks the settings.
//!
//! Quirks: nobody confirms delivery, so a mail stays *sent* until a bounce comes; the `Message-ID` is fixed per
//! outbound work, so a second copy after a doubtful send can be recognised by the receiver; `UID FETCH n:*` always
//! answers with at least the newest mail.

mod account;
mod addresses;
mod automatic;
mod body;
mod bounce;
mod calendar;
mod compose;
mod failure;
mod folders;
mod imap;
mod inbound;
mod links;
mod listen;
mod markup;
mod net;
mod oauth;
mod origin;
mod outbound;
mod probe;
mod quoting;
mod sanitise;
mod signature;
mod signs;
mod smtp;
pub mod spec;
mod tags;
mod text;
mod threading;
mod tls;
mod tnef;
mod turns;
mod wire;

#[cfg(test)]
mod corpus;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tributary_domain::{
    inbound::InboundEvent,
    outbound::{OpenChannel, Outbound},
    spec::ChannelSpec,
};

pub use self::{listen::Waits, quoting::QUOTE_MARK};
use crate::{
    channel::{Channel, Cx, Ingress, Listen, Media, RawInbound, Sink, Step, StepReceipt},
    error::{ParseError, ProbeError, Verdict},
};

/// The adapter. Keeps nothing but access tokens that are still good, so that not every mail asks for a new one, and whose
/// turn it is to put a copy into a mailbox.
#[derive(Default)]
pub struct Email {
    tokens: oauth::TokenCache,
    copies: turns::Turns,
    waits: Waits,
}

impl Email {
    /// An adapter whose listeners wait as long as this.
    #[must_use]
    pub fn with_waits(waits: Waits) -> Self {
        Self { waits, ..Self::default() }
    }
}

#[async_trait]
impl Channel for Email {
    fn spec(&self) -> &'static ChannelSpec {
        &spec::SPEC
    }

    fn ingress(&self) -> Ingress<'_> {
        Ingress::Listen(self)
    }

    fn media(&self) -> Media<'_> {
        Media::Inline
    }

    fn render(&self, channel: &OpenChannel, outbound: &Outbound) -> Vec<Step> {
        outbound::render(channel, outbound)
    }

    async fn deliver(&self, cx: &Cx, channel: &OpenChannel, step: &Step, done: &[StepReceipt]) -> Result<StepReceipt, Verdict> {
        match step {
            Step::Mail(mail) => outbound::send(cx, &self.tokens, channel, mail).await,
            Step::MailCopy(mail) => {
                let linked: Vec<_> = done.iter().flat_map(|receipt| receipt.linked.iter().copied()).collect();
                Ok(outbound::keep_copy(cx, &self.tokens, &self.copies, channel, mail, &linked).await)
            }
            Step::Http(_) | Step::Gateway { .. } | Step::Nothing => Ok(StepReceipt::default()),
        }
    }

    async fn probe(&self, cx: &Cx, channel: &OpenChannel) -> Result<(), ProbeError> {
        probe::probe(cx, &self.tokens, channel).await
    }
}

#[async_trait]
impl Listen for Email {
    async fn listen(
        &self,
        cx: &Cx,
        channel: &OpenChannel,
        cursor: Option<serde_json::Value>,
        sink: &dyn Sink,
        shutdown: CancellationToken,
    ) -> Result<(), Verdict> {
        listen::listen(cx, &self.tokens, channel, cursor, sink, (self.waits, shutdown)).await
    }

    fn parse(&self, channel: &OpenChannel, raw: &RawInbound) -> Result<Vec<Result<InboundEvent, ParseError>>, ParseError> {
        inbound::parse(channel, raw).map(|event| vec![Ok(event)])
    }
}
