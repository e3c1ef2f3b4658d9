//! Digital Chat: our own widget and its gateway.
//!
//! The gateway (in the API) verifies visitors and stores what they send; what we send is in the event log already, and
//! the gateway shows it from there. So there is nothing to call: delivering gives the message its own id as the
//! platform's, by which the visitor's receipts find it.

pub mod spec;

use async_trait::async_trait;
use tributary_domain::{
    ids::ExternalMessageId,
    outbound::{Action, OpenChannel, Outbound},
    spec::ChannelSpec,
};

use crate::{
    channel::{Channel, Cx, Ingress, Media, Step, StepReceipt},
    error::{ProbeError, Verdict},
};

/// The adapter.
#[derive(Debug, Clone, Copy, Default)]
pub struct DigitalChat;

#[async_trait]
impl Channel for DigitalChat {
    fn spec(&self) -> &'static ChannelSpec {
        &spec::SPEC
    }

    fn ingress(&self) -> Ingress<'_> {
        Ingress::Gateway
    }

    fn media(&self) -> Media<'_> {
        Media::Inline
    }

    fn render(&self, _channel: &OpenChannel, outbound: &Outbound) -> Vec<Step> {
        let message = match &outbound.action {
            Action::Send(message) => Some(message.id),
            _ => None,
        };
        vec![Step::Gateway { message }]
    }

    async fn deliver(&self, _cx: &Cx, _channel: &OpenChannel, step: &Step, _done: &[StepReceipt]) -> Result<StepReceipt, Verdict> {
        let external_id = match step {
            Step::Gateway { message } => message.map(|id| ExternalMessageId(id.to_string())),
            Step::Http(_) | Step::Mail(_) | Step::MailCopy(_) | Step::Nothing => None,
        };
        Ok(StepReceipt { external_id, ..StepReceipt::default() })
    }

    async fn probe(&self, _cx: &Cx, _channel: &OpenChannel) -> Result<(), ProbeError> {
        Ok(())
    }
}
