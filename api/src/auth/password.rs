//! Passwords: Argon2id, off the async threads, a few at a time.
//!
//! Every hash takes 19 MiB and tens of milliseconds of a core, so at most as many run at once as the machine has cores;
//! the others wait in line. Somebody who knocks with an unknown address costs the same time as one with a wrong
//! password: [`Passwords::verify`] then checks against a hash nobody has the password of.

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// Longest password that is looked at, in bytes; longer ones are refused before hashing.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// What can go wrong with a password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Longer than [`MAX_PASSWORD_BYTES`].
    #[error("the password is longer than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    /// The stored hash cannot be read, or hashing failed.
    #[error("the password cannot be hashed or its stored hash cannot be read")]
    Hash(#[source] password_hash::Error),
    /// A stored hash is not in the PHC string format.
    #[error("the stored hash is not in PHC string format")]
    Stored(#[source] password_hash::phc::Error),
    /// The process is shutting down.
    #[error("the process is shutting down")]
    Stopped,
}

/// Hashes and verifies passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    decoy: Arc<str>,
}

impl Passwords {
    /// At most `concurrency` hashes at once (at least one).
    ///
    /// # Errors
    /// [`PasswordError::Hash`] when the system has no randomness.
    pub fn new(concurrency: usize) -> Result<Self, PasswordError> {
        let decoy = hash_now(b"nobody's password")?;
        Ok(Self { permits: Arc::new(Semaphore::new(concurrency.max(1))), decoy: decoy.into() })
    }

    /// Hash to store, as a PHC string with its own salt and parameters.
    ///
    /// # Errors
    /// See [`PasswordError`].
    pub async fn hash(&self, password: SecretString) -> Result<String, PasswordError> {
        check_length(&password)?;
        self.off_thread(move || hash_now(password.expose_secret().as_bytes())).await
    }

    /// Whether `password` belongs to `stored`. Pass `None` for an unknown user or one without a password: it takes as
    /// long and is never true.
    ///
    /// # Errors
    /// See [`PasswordError`]; a wrong password is `Ok(false)`.
    pub async fn verify(&self, password: SecretString, stored: Option<String>) -> Result<bool, PasswordError> {
        check_length(&password)?;
        let is_known = stored.is_some();
        let stored: Arc<str> = stored.map_or_else(|| Arc::clone(&self.decoy), Into::into);
        let is_right = self.off_thread(move || verify_now(password.expose_secret().as_bytes(), &stored)).await?;
        Ok(is_right && is_known)
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        // The permit moves into the thread: a caller that goes away must not make room while its hash still runs.
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_closed| PasswordError::Stopped)?;
        let running = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        running.await.map_err(|_cancelled| PasswordError::Stopped)?
    }
}

fn check_length(password: &SecretString) -> Result<(), PasswordError> {
    if password.expose_secret().len() > MAX_PASSWORD_BYTES { Err(PasswordError::TooLong) } else { Ok(()) }
}

fn hash_now(password: &[u8]) -> Result<String, PasswordError> {
    // The defaults of the crate are OWASP's first choice for Argon2id: 19 MiB, two passes, one lane.
    Ok(Argon2::default().hash_password(password).map_err(PasswordError::Hash)?.to_string())
}

fn verify_now(password: &[u8], stored: &str) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(PasswordError::Stored)?;
    match Argon2::default().verify_password(password, &stored) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(other) => Err(PasswordError::Hash(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn right_wrong_unknown_and_absurd_passwords() {
        let passwords = Passwords::new(2).unwrap();
        let stored = passwords.hash("correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, passwords.hash("correct horse".into()).await.unwrap());
        assert!(passwords.verify("correct horse".into(), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("correct hors".into(), Some(stored.clone())).await.unwrap());
        // Not even the text behind the decoy opens an account without a password.
        assert!(!passwords.verify("nobody's password".into(), None).await.unwrap());
        assert!(matches!(passwords.verify("x".repeat(1025).into(), Some(stored)).await, Err(PasswordError::TooLong)));
        assert!(matches!(passwords.verify("x".into(), Some("plain".into())).await, Err(PasswordError::Stored(_))));
    }

    #[tokio::test]
    async fn one_place_serves_many_in_line() {
        let passwords = Passwords::new(1).unwrap();
        let stored = passwords.hash("a".into()).await.unwrap();
        let all = (0..4).map(|_| passwords.verify("a".into(), Some(stored.clone())));
        assert!(futures_util::future::join_all(all).await.into_iter().all(|result| result.unwrap()));
        assert_eq!(passwords.permits.available_permits(), 1);
    }
}
