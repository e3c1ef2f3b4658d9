//! A certificate for `localhost` that nobody else trusts, in files as a server wants them.

use std::{fs, sync::Arc};

use anyhow::Result;
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use tokio_rustls::TlsConnector;

/// Gone when dropped.
#[derive(Debug)]
pub struct Certificate {
    folder: tempfile::TempDir,
    der: CertificateDer<'static>,
}

impl Certificate {
    /// A new one, signed by itself.
    ///
    /// # Errors
    /// When there is no room for its files.
    pub fn issue() -> Result<Self> {
        let (issued, folder) = (rcgen::generate_simple_self_signed(["localhost".to_owned()])?, tempfile::tempdir()?);
        let this = Self { folder, der: issued.cert.der().clone() };
        fs::write(this.file(), issued.cert.pem())?;
        fs::write(this.key_file(), issued.signing_key.serialize_pem())?;
        Ok(this)
    }

    /// Path of the certificate (PEM).
    #[must_use]
    pub fn file(&self) -> String {
        self.folder.path().join("certificate.pem").display().to_string()
    }

    /// Path of its key (PEM).
    #[must_use]
    pub fn key_file(&self) -> String {
        self.folder.path().join("key.pem").display().to_string()
    }

    /// The certificate itself (DER).
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// For clients that trust it and nobody else.
    ///
    /// # Errors
    /// When it is none.
    pub fn connector(&self) -> Result<TlsConnector> {
        crate::install_tls();
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone())?;
        Ok(TlsConnector::from(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())))
    }
}
