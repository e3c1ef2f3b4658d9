//! Whether and how we may answer now: one pure function that the API shows and sending enforces.

use chrono::{DateTime, Duration, Utc};
use sea_orm::Iterable;

use crate::{
    actor::Actor,
    channel::ChannelHealth,
    content::RichContent,
    entity::{channel, contact, interaction},
    error::{Error, Result},
    spec::{Audience, Capabilities, RichKind, Support},
    state::InteractionStatus,
};

/// Why we may not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyRefusal {
    /// It is closed or trashed.
    InteractionClosed,
    /// The platform's reply window has closed.
    WindowClosed,
    /// The window has closed, but approved templates may be sent.
    TemplatesOnly,
    /// The channel is switched off.
    ChannelDisabled,
    /// The channel's credentials are broken.
    ChannelNeedsSignIn,
    /// The contact is blocked.
    ContactBlocked,
    /// This actor may not send.
    NotPermitted,
}

/// Whether and how we may answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyPolicy {
    /// Why not; `None` when we may. With [`ReplyRefusal::TemplatesOnly`] templates may still be sent.
    pub refusal: Option<ReplyRefusal>,
    /// Until when; `None`: no end.
    pub until: Option<DateTime<Utc>>,
    /// Kinds that may be sent besides text.
    pub kinds: Vec<RichKind>,
}

/// When the platform's reply window closes; `None` without a window, or when nothing ever opened it.
pub(crate) fn window_end(interaction: &interaction::Model, capabilities: &Capabilities, audience: Audience) -> Option<DateTime<Utc>> {
    let window = capabilities.reply_window?;
    let seconds = match audience {
        Audience::Agent => window.human_window_s.unwrap_or(window.window_s),
        Audience::Machine => window.window_s,
    };
    interaction.last_inbound_at.map(|last| last + Duration::seconds(i64::from(seconds)))
}

/// Works out the policy for an actor.
#[must_use]
pub fn reply_policy(
    actor: &Actor,
    interaction: &interaction::Model,
    channel: &channel::Model,
    contact: &contact::Model,
    capabilities: &Capabilities,
    audience: Audience,
    now: DateTime<Utc>,
) -> ReplyPolicy {
    let until = window_end(interaction, capabilities, audience);
    let is_closed = capabilities.reply_window.is_some() && until.is_none_or(|until| until <= now);
    let refusal = if matches!(interaction.status, InteractionStatus::Closed | InteractionStatus::Trashed) {
        Some(ReplyRefusal::InteractionClosed)
    } else if actor.must_send().is_err() {
        Some(ReplyRefusal::NotPermitted)
    } else if contact.is_blocked {
        Some(ReplyRefusal::ContactBlocked)
    } else if !channel.is_enabled {
        Some(ReplyRefusal::ChannelDisabled)
    } else if channel.health == ChannelHealth::NeedsSignIn {
        Some(ReplyRefusal::ChannelNeedsSignIn)
    } else if is_closed {
        let templates = capabilities.reply_window.is_some_and(|window| window.templates_after);
        Some(if templates { ReplyRefusal::TemplatesOnly } else { ReplyRefusal::WindowClosed })
    } else {
        None
    };
    let kinds = match refusal {
        None => RichKind::iter().filter(|kind| capabilities.effective(audience, *kind) > Support::Refused).collect(),
        Some(ReplyRefusal::TemplatesOnly) => vec![RichKind::Template],
        Some(_) => Vec::new(),
    };
    ReplyPolicy { refusal, until, kinds }
}

impl ReplyPolicy {
    /// Refuses what the policy does not allow.
    ///
    /// # Errors
    /// `Forbidden` when the actor may not send; `Unsupported` with the reason otherwise.
    pub fn must_allow(&self, content: &RichContent) -> Result<()> {
        match self.refusal {
            None => Ok(()),
            Some(ReplyRefusal::TemplatesOnly) if matches!(content, RichContent::Template(_)) => Ok(()),
            Some(ReplyRefusal::NotPermitted) => Err(Error::Forbidden("the token lacks the scope")),
            Some(reason) => Err(Error::Unsupported { capability: format!("replying now ({reason:?})") }),
        }
    }
}
