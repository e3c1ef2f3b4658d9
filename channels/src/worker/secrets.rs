//! Keeps secrets that platforms replace, sealed like those that administrators set.

use std::sync::Arc;

use async_trait::async_trait;
use tributary_domain::{Result, channel::renew_secret, outbound::OpenChannel, seal::Vault, store::Store};

use crate::channel::{RenewedSecret, SecretKeeper};

/// The keeper over the database.
pub struct StoredSecrets {
    /// The database.
    pub store: Store,
    /// Seals.
    pub vault: Arc<Vault>,
}

impl StoredSecrets {
    async fn seal(&self, channel: &OpenChannel, renewed: RenewedSecret) -> Result<()> {
        let mut tx = self.store.write(channel.workspace).await?;
        renew_secret(&mut tx, &self.vault, channel.id, renewed.key, &renewed.replaced, renewed.value).await?;
        tx.commit().await?;
        Ok(())
    }
}

#[async_trait]
impl SecretKeeper for StoredSecrets {
    async fn keep(&self, channel: &OpenChannel, renewed: RenewedSecret) -> Result<(), String> {
        self.seal(channel, renewed).await.map_err(|error| error.to_string())
    }
}
