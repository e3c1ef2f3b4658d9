//! The secrets of one channel outside of any database.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tributary_channels::channel::{RenewedSecret, SecretKeeper};
use tributary_domain::outbound::OpenChannel;

/// Remembers what was kept, by key; refuses what replaces another value than the one it has.
#[derive(Default)]
pub struct KeptSecrets(Mutex<BTreeMap<String, SecretString>>);

impl KeptSecrets {
    /// The value that was kept last under this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).map(|value| value.expose_secret().to_owned())
    }
}

#[async_trait]
impl SecretKeeper for KeptSecrets {
    async fn keep(&self, channel: &OpenChannel, renewed: RenewedSecret) -> Result<(), String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.get(renewed.key).or_else(|| channel.secret(renewed.key)).map(|value| value.expose_secret());
        if !renewed.replaced.iter().any(|one| Some(one.expose_secret()) == known) {
            return Err(format!("{} is another one by now", renewed.key));
        }
        kept.insert(renewed.key.to_owned(), renewed.value);
        Ok(())
    }
}
