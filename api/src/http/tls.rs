//! TLS by the server itself, for those who have no proxy in front of it.
//!
//! Certificates live for weeks, servers for longer: the files are read again when they change. A certificate that cannot be
//! used leaves the one before it in force.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::Context;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(30);

/// The certificate in force.
#[derive(Debug)]
pub struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificates {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// When a file cannot be read or holds something else, or when the key is that of another certificate.
    pub fn open(certificate: PathBuf, key: PathBuf) -> anyhow::Result<Arc<Self>> {
        let current = RwLock::new(Arc::new(read(&certificate, &key)?));
        Ok(Arc::new(Self { certificate, key, current }))
    }

    /// What greets clients. Both versions of HTTP are offered; sockets come by the older one.
    ///
    /// # Errors
    /// When the system has no randomness for the keys of session tickets.
    pub fn acceptor(self: &Arc<Self>) -> anyhow::Result<TlsAcceptor> {
        let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::clone(self) as _);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Clients that come back in a crowd need no new key exchange.
        config.ticketer = aws_lc_rs::Ticketer::new()?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Keeps up with the files until `shutdown`.
    pub async fn keep_current(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let this = Arc::clone(&self);
            let renewed = tokio::task::spawn_blocking(move || this.renew()).await;
            if let Ok(Err(error)) = renewed {
                tracing::warn!(error = &*error as &dyn std::error::Error, "The new certificate cannot be used; the one before it stays");
            }
        }
    }

    fn renew(&self) -> anyhow::Result<()> {
        let found = read(&self.certificate, &self.key)?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if found.cert != current.cert {
            *current = Arc::new(found);
            tracing::info!("There is a new certificate");
        }
        Ok(())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn read(certificate: &Path, key: &Path) -> anyhow::Result<CertifiedKey> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("{} cannot be read as certificates (server.tls_certificate)", certificate.display()))?;
    anyhow::ensure!(!chain.is_empty(), "{} holds no certificate (server.tls_certificate)", certificate.display());
    let secret =
        PrivateKeyDer::from_pem_file(key).with_context(|| format!("{} cannot be read as a key (server.tls_key)", key.display()))?;
    let provider = CryptoProvider::get_default().context("no TLS provider is installed")?;
    CertifiedKey::from_der(chain, secret, provider).context("the certificate and the key do not belong together")
}

#[cfg(test)]
pub(super) mod tests;
