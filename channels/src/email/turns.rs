//! One at a time for each channel.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use tributary_domain::ids::ChannelId;

/// Whose turn it is, by channel. Channels never wait for each other.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<ChannelId, Arc<Turn<()>>>>);

impl Turns {
    /// Waits for the channel's turn, which lasts as long as what is returned.
    pub(super) async fn turn(&self, channel: ChannelId) -> OwnedMutexGuard<()> {
        let turn = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(channel).or_default().clone();
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_channels_do_not_wait_for_each_other() {
        let channel = |n| ChannelId::from(uuid::Uuid::from_u128(n));
        let turns = Turns::default();
        let turn = turns.turn(channel(1)).await;
        drop(turns.turn(channel(2)).await);
        assert!(turns.turn(channel(1)).now_or_never().is_none(), "two at once");
        drop(turn);
        assert!(turns.turn(channel(1)).now_or_never().is_some());
    }
}
