//! Dovecot and Exim: delivery, refusals, bounces, tokens, certificates, a mailbox that starts over.

use std::sync::Arc;

use async_imap::{Authenticator, Client};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::ServerName, pki_types::pem::PemObject};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tributary_tests::{
    install_tls,
    mail::{AGENT, BOUNCED, CUSTOMER, DEFERRED, MailServers, REJECTED},
};

fn mail(subject: &str) -> Vec<u8> {
    format!("From: {CUSTOMER}\r\nTo: {AGENT}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.test>\r\n\r\nGuten Tag\r\n")
        .into_bytes()
}

#[tokio::test]
async fn a_mail_travels_from_smtp_to_imap() {
    let servers = MailServers::start().await.unwrap();
    assert!(servers.fetch_all(AGENT, "INBOX").await.unwrap().is_empty());
    servers.deliver(CUSTOMER, AGENT, &mail("hello")).await.unwrap();
    let mails = servers.wait_for_mails(AGENT, "INBOX", 1).await.unwrap();
    assert!(mails[0].text().contains("Subject: hello") && mails[0].text().contains("Guten Tag"), "{}", mails[0].text());
    assert!(!mails[0].is_seen);
    servers.stop().unwrap();
}

#[tokio::test]
async fn recipients_misbehave_as_named() {
    let servers = MailServers::start().await.unwrap();
    for (recipient, code) in [(REJECTED, "550"), (DEFERRED, "451"), ("stranger@elsewhere.test", "550")] {
        let error = format!("{:#}", servers.deliver(CUSTOMER, recipient, &mail("refused")).await.unwrap_err());
        assert!(error.contains(code), "{recipient}: {error}");
    }
    servers.deliver(CUSTOMER, BOUNCED, &mail("bounces")).await.unwrap();
    let report = servers.wait_for_mails(CUSTOMER, "INBOX", 1).await.unwrap().remove(0).text();
    assert!(report.contains("report-type=delivery-status") && report.contains("Action: failed"), "{report}");
    assert!(report.contains("bounces@example.test"), "{report}");
}

#[tokio::test]
async fn a_recreated_mailbox_has_the_mails_under_another_uid_validity() {
    let servers = MailServers::start().await.unwrap();
    for subject in ["one", "two", "three"] {
        servers.deliver(CUSTOMER, AGENT, &mail(subject)).await.unwrap();
    }
    servers.wait_for_mails(AGENT, "INBOX", 3).await.unwrap();
    servers.expunge(AGENT, "INBOX").await.unwrap();
    servers.deliver(CUSTOMER, AGENT, &mail("four")).await.unwrap();
    let before = servers.wait_for_mails(AGENT, "INBOX", 1).await.unwrap();
    let old = servers.uid_validity(AGENT, "INBOX").await.unwrap();
    let new = servers.recreate(AGENT, "INBOX").await.unwrap();
    assert_ne!(new, old);
    assert_eq!(servers.uid_validity(AGENT, "INBOX").await.unwrap(), new);
    let after = servers.fetch_all(AGENT, "INBOX").await.unwrap();
    // A number that named another mail before.
    assert_eq!((before[0].uid, after[0].uid, after.len()), (4, 1, 1));
    assert_eq!(after[0].raw, before[0].raw);
    servers.expunge(AGENT, "INBOX").await.unwrap();
    assert!(servers.fetch_all(AGENT, "INBOX").await.unwrap().is_empty());
}

struct Bearer(String);

impl Authenticator for Bearer {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        std::mem::take(&mut self.0)
    }
}

/// Signs in over TLS, checking the certificate against the authority.
async fn sign_in_with(servers: &MailServers, token: &str) -> Result<(), String> {
    install_tls();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(servers.ca_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let tcp = TcpStream::connect(("127.0.0.1", servers.imaps_port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    let mut client = Client::new(tls);
    client.read_response().await.unwrap().unwrap();
    let bearer = Bearer(format!("user={AGENT}\x01auth=Bearer {token}\x01\x01"));
    client.authenticate("XOAUTH2", bearer).await.map(drop).map_err(|(error, _)| error.to_string())
}

#[tokio::test]
async fn tokens_sign_in_over_tls_until_they_expire() {
    let servers = MailServers::shared().await;
    sign_in_with(servers, &servers.xoauth2_token(AGENT)).await.unwrap();
    sign_in_with(servers, &servers.expired_token(AGENT)).await.unwrap_err();
    sign_in_with(servers, "nonsense").await.unwrap_err();
    sign_in_with(servers, &servers.xoauth2_token(CUSTOMER)).await.unwrap_err();
}
