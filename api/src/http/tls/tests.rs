//! Certificates in files, and handshakes with them.

use std::{fs, path::Path};

use axum::{Router, routing::get};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs::default_provider, pki_types::ServerName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::*;
use crate::http::listen::{self, Doors, ListenLimits};

const PATIENCE: Duration = Duration::from_secs(20);

/// A new certificate in the files of the folder.
fn issue(folder: &Path) -> CertificateDer<'static> {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("certificate.pem"), issued.cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), issued.signing_key.serialize_pem()).unwrap();
    issued.cert.der().clone()
}

fn open(folder: &Path) -> anyhow::Result<Arc<Certificates>> {
    // Another test may have been first.
    drop(default_provider().install_default());
    Certificates::open(folder.join("certificate.pem"), folder.join("key.pem"))
}

fn in_force(certificates: &Certificates) -> CertificateDer<'static> {
    certificates.current.read().unwrap().cert[0].clone()
}

#[test]
fn a_changed_certificate_is_taken_if_it_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let first = issue(folder.path());
    let certificates = open(folder.path()).unwrap();
    assert_eq!(in_force(&certificates), first);

    let key = fs::read(folder.path().join("key.pem")).unwrap();
    let second = issue(folder.path());
    certificates.renew().unwrap();
    assert_eq!(in_force(&certificates), second);

    // The key of the first one.
    fs::write(folder.path().join("key.pem"), key).unwrap();
    assert!(certificates.renew().is_err());
    fs::write(folder.path().join("certificate.pem"), "nothing").unwrap();
    assert!(certificates.renew().is_err());
    fs::remove_file(folder.path().join("certificate.pem")).unwrap();
    assert!(certificates.renew().is_err());
    assert_eq!(in_force(&certificates), second);
}

#[test]
fn a_wrong_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let why = |folder: &Path| format!("{:#}", open(folder).unwrap_err());
    assert!(why(folder.path()).contains("certificate.pem"), "{}", why(folder.path()));
    issue(folder.path());
    fs::write(folder.path().join("key.pem"), "no key").unwrap();
    assert!(why(folder.path()).contains("key.pem"), "{}", why(folder.path()));
    fs::write(folder.path().join("certificate.pem"), "").unwrap();
    assert!(why(folder.path()).contains("holds no certificate"), "{}", why(folder.path()));
}

/// For both ends of a connection to "localhost".
pub(in crate::http) fn ends() -> (TlsAcceptor, TlsConnector) {
    let folder = tempfile::tempdir().unwrap();
    let trusted = issue(folder.path());
    (open(folder.path()).unwrap().acceptor().unwrap(), connector(trusted, &[]))
}

fn connector(trusted: CertificateDer<'static>, protocols: &[&str]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

/// Shakes hands with whom the connector trusts.
pub(in crate::http) async fn connect(connector: &TlsConnector, stream: TcpStream) -> TlsStream<TcpStream> {
    connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
}

struct Server {
    trusted: CertificateDer<'static>,
    plain: std::net::SocketAddr,
    tls: std::net::SocketAddr,
    shutdown: CancellationToken,
    serving: tokio::task::JoinHandle<usize>,
}

async fn start(header: Duration) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let trusted = issue(folder.path());
    let acceptor = open(folder.path()).unwrap().acceptor().unwrap();
    let router = Router::new().route("/", get(async || "hello"));
    let (plain, tls) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let (plain_at, tls_at) = (plain.local_addr().unwrap(), tls.local_addr().unwrap());
    let limits = ListenLimits { connections: 10, header, write: PATIENCE, drain: PATIENCE };
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(listen::serve(Doors { plain, tls: Some((tls, acceptor)) }, router, limits, shutdown.clone()));
    Server { trusted, plain: plain_at, tls: tls_at, shutdown, serving }
}

impl Server {
    async fn connect(&self, protocols: &[&str]) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(self.tls).await.unwrap();
        connect(&connector(self.trusted.clone(), protocols), stream).await
    }
}

async fn exchange(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin)) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn both_doors_lead_to_the_same_and_end_in_order() {
    let server = start(PATIENCE).await;
    let mut secret = server.connect(&["http/1.1"]).await;
    assert_eq!(secret.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    // The end is an orderly one, or reading to the end would fail.
    assert!(exchange(&mut secret).await.ends_with("hello"));
    assert!(exchange(&mut TcpStream::connect(server.plain).await.unwrap()).await.ends_with("hello"));
    assert_eq!(server.connect(&["h2", "http/1.1"]).await.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));

    server.shutdown.cancel();
    assert_eq!(tokio::time::timeout(PATIENCE, server.serving).await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn who_does_not_shake_hands_is_cut() {
    let server = start(Duration::from_millis(500)).await;
    for start in ["", "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.tls).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok() && !answer.starts_with(b"HTTP"), "{start:?}: {answer:?}");
    }
}
