//! TLS as a mail client: the public roots, a private CA if one is set, and self-signed certificates that an
//! administrator gave us byte for byte.

use std::sync::Arc;

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};

use super::{account::Server, failure::MailError};

/// The configuration for one connection.
///
/// # Errors
/// [`MailError::Setting`] when `ca_pem` holds no readable certificate.
pub(super) fn client_config(ca_pem: Option<&str>) -> Result<Arc<ClientConfig>, MailError> {
    let bad_ca = |what: &str| MailError::setting("ca_pem", format!("The CA certificate cannot be read: {what}."));
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let mut given = Vec::new();
    if let Some(pem) = ca_pem {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|_| bad_ca("it is not PEM"))?;
            roots.add(certificate.clone()).map_err(|_| bad_ca("it is not a certificate"))?;
            given.push(certificate);
        }
        if given.is_empty() {
            return Err(bad_ca("it holds no certificate"));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| bad_ca(&error.to_string()))?;
    let verifier = ChainOrPinned { chain, given, provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad_ca(&error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The ordinary chain check; besides it, a certificate that the administrator gave us is accepted as the server's own.
///
/// Small installations use one self-signed certificate as CA and server certificate at once, which the chain check
/// refuses by rule. The name is checked in either case.
#[derive(Debug)]
struct ChainOrPinned {
    chain: Arc<WebPkiServerVerifier>,
    given: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ChainOrPinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        if self.given.iter().any(|given| given.as_ref() == end_entity.as_ref()) {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        self.chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// A sentence about a failed handshake.
pub(super) fn explain(server: &Server, error: &std::io::Error) -> String {
    let Server { host, port, .. } = server;
    match error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
        Some(TlsError::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })) => {
            format!("The certificate of {host}:{port} is for another name than {host}.")
        }
        Some(TlsError::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            format!("The certificate of {host}:{port} comes from an authority that is not known here; give its CA certificate.")
        }
        Some(TlsError::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) => {
            format!("The certificate of {host}:{port} has expired.")
        }
        Some(TlsError::InvalidMessage(_)) => format!("{host}:{port} does not speak TLS; perhaps the port wants STARTTLS."),
        _ => format!("The TLS handshake with {host}:{port} failed: {error}."),
    }
}
