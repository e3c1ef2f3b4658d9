//! Showing a contact that one of us writes, on platforms that can show it. Best effort: nothing is stored, nothing is tried
//! again, and no message waits for it.

use std::{sync::PoisonError, time::Duration};

use tokio::time::Instant;
use tributary_domain::{
    Result, delivery,
    entity::{channel, interaction as interaction_row},
    ids::{InteractionId, WorkspaceId},
    outbound::{Action, Outbound},
    random,
};

use super::Worker;

/// Shortest time between two signs of the same kind (RELIABILITY.md, section 4).
const AT_MOST_EVERY: Duration = Duration::from_secs(3);
/// Interactions that are remembered before old ones are forgotten.
const REMEMBERED: usize = 1_000;

impl Worker {
    /// Tells the platform that somebody writes in the interaction, or has stopped; `false` when it was not told, because it
    /// cannot show that, was told just now, or takes no calls.
    ///
    /// # Errors
    /// `Storage`; `Sealed`. What the platform says to it is no error.
    pub async fn tell_typing(&self, workspace: WorkspaceId, id: InteractionId, is_typing: bool) -> Result<bool> {
        if !self.is_news(id, is_typing) {
            return Ok(false);
        }
        let read = self.store.read(workspace).await?;
        let Some(interaction) = interaction_row::by_id(workspace, id).one(read.conn()).await? else { return Ok(false) };
        let Some(found) = channel::by_id(workspace, interaction.channel_id).one(read.conn()).await? else { return Ok(false) };
        let to = delivery::destination(&read, &interaction).await?;
        drop(read);
        if !self.registry.capabilities(&found).typing || super::dispatch::held(&found, self.store.clock().now()).is_some() {
            return Ok(false);
        }
        let Some((adapter, open)) = self.open(&found).await? else { return Ok(false) };
        let account = self.account(found.id);
        let is_closed = account.breaker.lock().unwrap_or_else(PoisonError::into_inner).is_closed();
        if !is_closed || account.bucket(adapter.spec()).check().is_err() {
            return Ok(false);
        }
        let outbound = Outbound { id: random::id(), to, action: Action::Typing { is_typing } };
        for step in adapter.render(&open, &outbound) {
            if let Err(verdict) = adapter.deliver(&self.cx, &open, &step, &[]).await {
                tracing::debug!(channel.id = %found.id, verdict = %verdict, "a platform was not told that somebody writes");
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether this differs from what was told last, or that was long enough ago to be told again.
    fn is_news(&self, id: InteractionId, is_typing: bool) -> bool {
        let now = Instant::now();
        let mut told = self.typing.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() > REMEMBERED {
            told.retain(|_, at| now < *at + AT_MOST_EVERY * 2);
        }
        if is_typing {
            let is_fresh = told.get(&id).is_some_and(|at| now < *at + AT_MOST_EVERY);
            if !is_fresh {
                told.insert(id, now);
            }
            !is_fresh
        } else {
            // That somebody stopped is said once, to those who heard of the beginning.
            told.remove(&id).is_some()
        }
    }
}
