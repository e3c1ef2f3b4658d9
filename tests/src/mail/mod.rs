//! Real mail servers: Dovecot (IMAP with IDLE, STARTTLS, TLS, XOAUTH2) and Exim (SMTP with AUTH, STARTTLS, bounces).
//!
//! Accounts [`AGENT`], [`SECOND_AGENT`], [`CUSTOMER`], password [`PASSWORD`]. Recipients that misbehave: [`REJECTED`],
//! [`DEFERRED`], [`BOUNCED`]. Other domains are accepted after sign-in and bounce, and are refused without. Exim believes
//! any XOAUTH2 text with a user in it; Dovecot checks the token.

mod config;

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use async_imap::Session;
use base64::{Engine, prelude::BASE64_STANDARD};
use config::Layout;
use futures_util::TryStreamExt;
use jsonwebtoken::{EncodingKey, Header};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor, address::Envelope};
use tokio::{net::TcpStream, sync::OnceCell, time::Instant};

use crate::{
    host::{Program, Scratch, User, free_port},
    process::{Launch, Process, Signal},
};

/// The mailbox of the company.
pub const AGENT: &str = "agent@example.test";
/// A second mailbox of the company.
pub const SECOND_AGENT: &str = "agent2@example.test";
/// The mailbox of a contact.
pub const CUSTOMER: &str = "customer@example.test";
/// Password of every account.
pub const PASSWORD: &str = "secret";
/// Answered with 550 at RCPT.
pub const REJECTED: &str = "reject550@example.test";
/// Answered with 451 at RCPT.
pub const DEFERRED: &str = "defer451@example.test";
/// Accepted, then a delivery status notification goes to the sender.
pub const BOUNCED: &str = "bounce@example.test";

const TOKEN_KEY: &str = "mail-test-hmac-secret-000000000000";
const READY_WITHIN: Duration = Duration::from_secs(20);

/// Both servers, with their mail in a scratch folder.
#[derive(Debug)]
pub struct MailServers {
    /// IMAP in the clear with STARTTLS.
    pub imap_port: u16,
    /// IMAP over TLS from the first byte.
    pub imaps_port: u16,
    /// SMTP in the clear with STARTTLS and AUTH.
    pub smtp_port: u16,
    /// Certificate of the authority that signed the servers' own one (`localhost`, 127.0.0.1).
    pub ca_pem: String,
    // The processes end before their folder goes.
    dovecot: Process,
    exim: Process,
    scratch: Scratch,
}

/// A mail as it lies in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMail {
    /// Its number, valid as long as the mailbox keeps its UIDVALIDITY.
    pub uid: u32,
    /// Whether it has the flag `\Seen`.
    pub is_seen: bool,
    /// The whole message.
    pub raw: Vec<u8>,
}

impl StoredMail {
    /// The message as text, damaged bytes replaced; for assertions.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }
}

impl MailServers {
    /// The servers that the tests of this process share; a test that needs an empty mailbox starts its own.
    ///
    /// # Panics
    /// When they cannot be started; the message says why and what to install.
    pub async fn shared() -> &'static MailServers {
        static SHARED: OnceCell<MailServers> = OnceCell::const_new();
        SHARED.get_or_init(|| async { MailServers::start().await.unwrap_or_else(|error| panic!("mail servers: {error:#}")) }).await
    }

    /// Starts both servers with empty mailboxes; takes about half a second.
    ///
    /// # Errors
    /// When they are not installed, Dovecot is not 2.3, or they do not start.
    pub async fn start() -> Result<MailServers> {
        let dovecot = Program { name: "dovecot", package: "dovecot-imapd dovecot-lmtpd" }.find()?;
        let exim = Program { name: "exim4", package: "exim4-daemon-light" }.find()?;
        let scratch = Scratch::new()?;
        let folder = scratch.path();
        let version = Launch::new("dovecot", &dovecot, folder).arg("--version").run().await?;
        ensure!(version.starts_with("2.3."), "the tests need Dovecot 2.3 (Debian 12), this is {version}");
        for name in ["run", "state", "mail", "spool", "keys/default/HS256"] {
            scratch.folder(name)?;
        }
        let layout = Layout { folder, user: User::ordinary()?, imap: free_port(), imaps: free_port(), smtp: free_port(), exim: &exim };
        let ca_pem = make_certificates(&scratch).await?;
        scratch.file("passwords", &config::passwords(&[AGENT, SECOND_AGENT, CUSTOMER], PASSWORD))?;
        scratch.file("keys/default/HS256/default", &BASE64_STANDARD.encode(TOKEN_KEY))?;
        scratch.file("oauth2.conf", &config::oauth(&layout))?;
        let dovecot_conf = scratch.file("dovecot.conf", &config::dovecot(&layout))?;
        let exim_conf = scratch.file("exim.conf", &config::exim(&layout, PASSWORD))?;
        let Layout { imap, imaps, smtp, .. } = layout;
        let dovecot = Launch::new("dovecot", dovecot, folder).for_user().args(["-F", "-c"]).arg(dovecot_conf).spawn()?;
        // -C makes the setuid program drop to the caller; -q5s looks at its queue every five seconds.
        let exim = Launch::new("exim", exim, folder).for_user().arg("-C").arg(exim_conf).args(["-bdf", "-q5s"]).spawn()?;
        dovecot.wait_for_port(imap, READY_WITHIN).await.with_context(|| read(&scratch, "dovecot.log"))?;
        dovecot.wait_for_port(imaps, READY_WITHIN).await.with_context(|| read(&scratch, "dovecot.log"))?;
        exim.wait_for_port(smtp, READY_WITHIN).await.with_context(|| read(&scratch, "exim_mainlog"))?;
        Ok(MailServers { imap_port: imap, imaps_port: imaps, smtp_port: smtp, ca_pem, dovecot, exim, scratch })
    }

    /// A token that Dovecot takes for the account for one hour; its times are in the past, as Dovecot demands.
    ///
    /// # Panics
    /// Never: the claims are plain and the key is symmetric.
    pub fn xoauth2_token(&self, account: &str) -> String {
        self.token_until(account, 3_600)
    }

    /// A token whose time is over.
    pub fn expired_token(&self, account: &str) -> String {
        self.token_until(account, -60)
    }

    fn token_until(&self, account: &str, seconds: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock stands after 1970").as_secs().cast_signed();
        let claims = serde_json::json!({ "sub": account, "email": account, "iat": now - 120, "nbf": now - 120, "exp": now + seconds });
        jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(TOKEN_KEY.as_bytes()))
            .expect("plain claims and a symmetric key always make a token")
    }

    /// Sends a raw message over SMTP without sign-in, as the server of a stranger does.
    ///
    /// # Errors
    /// When the server refuses the sender, the recipient or the message.
    pub async fn deliver(&self, from: &str, to: &str, raw: &[u8]) -> Result<()> {
        let envelope = Envelope::new(Some(from.parse()?), vec![to.parse()?])?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(self.smtp_port).build();
        transport.send_raw(&envelope, raw).await.map(drop).with_context(|| format!("no delivery to {to}"))
    }

    /// Everything in a mailbox of an account, oldest first; reading does not mark it as seen.
    ///
    /// # Errors
    /// When the mailbox does not exist or Dovecot does not answer.
    pub async fn fetch_all(&self, account: &str, mailbox: &str) -> Result<Vec<StoredMail>> {
        let mut session = self.sign_in(account).await?;
        let count = session.examine(mailbox).await?.exists;
        let mut mails = Vec::new();
        // Asking an empty mailbox for 1:* is an error of some servers.
        if count > 0 {
            let fetched: Vec<_> = session.fetch("1:*", "(UID FLAGS BODY.PEEK[])").await?.try_collect().await?;
            for mail in fetched {
                mails.push(StoredMail {
                    uid: mail.uid.context("a mail without UID")?,
                    is_seen: mail.flags().any(|flag| flag == async_imap::types::Flag::Seen),
                    raw: mail.body().context("a mail without body")?.to_vec(),
                });
            }
        }
        session.logout().await?;
        Ok(mails)
    }

    /// Waits until the mailbox holds at least `count` mails and returns them all.
    ///
    /// # Errors
    /// When twenty seconds pass first; with what Exim logged.
    pub async fn wait_for_mails(&self, account: &str, mailbox: &str, count: usize) -> Result<Vec<StoredMail>> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let mails = self.fetch_all(account, mailbox).await?;
            if mails.len() >= count {
                return Ok(mails);
            }
            ensure!(Instant::now() < deadline, "{} of {count} mails in {mailbox} of {account}\n{}", mails.len(), self.logs());
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// The UIDVALIDITY of a mailbox.
    ///
    /// # Errors
    /// When the mailbox does not exist.
    pub async fn uid_validity(&self, account: &str, mailbox: &str) -> Result<u32> {
        let mut session = self.sign_in(account).await?;
        let found = session.examine(mailbox).await?.uid_validity;
        session.logout().await?;
        found.context("Dovecot names no UIDVALIDITY")
    }

    /// What a restored or moved mailbox looks like to a client: the mails are the same, their numbers start over and
    /// the UIDVALIDITY is another one. Returns the new one.
    ///
    /// # Errors
    /// When the mailbox does not exist.
    pub async fn recreate(&self, account: &str, mailbox: &str) -> Result<u32> {
        let old = self.uid_validity(account, mailbox).await?;
        let folder = self.scratch.path().join("mail").join(account);
        let folder = if mailbox == "INBOX" { folder } else { folder.join(format!(".{}", mailbox.replace('/', "."))) };
        // Without its lists Dovecot numbers the files that it finds anew. What it keeps about UIDVALIDITY stays, or the
        // new one would be the second of the clock, perhaps that of the old one.
        for entry in fs::read_dir(&folder).with_context(|| format!("no mailbox in {folder:?}"))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if ["dovecot-uidlist", "dovecot.index", "dovecot.list"].iter().any(|list| name.starts_with(list)) {
                fs::remove_file(entry.path())?;
            }
        }
        let new = self.uid_validity(account, mailbox).await?;
        ensure!(new != old, "UIDVALIDITY of {mailbox} is still {old}");
        Ok(new)
    }

    /// Reads the mail with this UID, as a person does in another program.
    ///
    /// # Errors
    /// When the mailbox does not exist.
    pub async fn mark_seen(&self, account: &str, mailbox: &str, uid: u32) -> Result<()> {
        let words = ["flags", "add", "-u", account, "\\Seen", "mailbox", mailbox, "uid", &uid.to_string()];
        self.doveadm(&words).await.map(drop)
    }

    /// Removes every mail of a mailbox for good.
    ///
    /// # Errors
    /// When the mailbox does not exist.
    pub async fn expunge(&self, account: &str, mailbox: &str) -> Result<()> {
        self.doveadm(&["expunge", "-u", account, "mailbox", mailbox, "all"]).await.map(drop)
    }

    async fn doveadm(&self, words: &[&str]) -> Result<String> {
        let doveadm = Program { name: "doveadm", package: "dovecot-core" }.find()?;
        let conf = self.scratch.path().join("dovecot.conf");
        Launch::new("doveadm", doveadm, self.scratch.path()).for_user().arg("-c").arg(conf).args(words).run().await
    }

    async fn sign_in(&self, account: &str) -> Result<Session<TcpStream>> {
        let mut client = async_imap::Client::new(TcpStream::connect(("127.0.0.1", self.imap_port)).await?);
        client.read_response().await?.context("Dovecot closed without a greeting")?;
        client.login(account, PASSWORD).await.map_err(|(error, _)| error).with_context(|| format!("{account} cannot sign in"))
    }

    /// Stops answering IMAP, connections stay open; for a test of a mailbox that hangs.
    ///
    /// # Errors
    /// When Dovecot has ended.
    pub fn freeze_imap(&self) -> Result<()> {
        self.dovecot.freeze()
    }

    /// Lets Dovecot go on.
    ///
    /// # Errors
    /// When Dovecot has ended.
    pub fn thaw_imap(&self) -> Result<()> {
        self.dovecot.thaw()
    }

    /// What both servers logged, for error messages.
    pub fn logs(&self) -> String {
        format!("{}\n{}\n{}", read(&self.scratch, "dovecot.log"), read(&self.scratch, "exim_mainlog"), self.exim.log_tail())
    }

    /// Stops both servers in order.
    ///
    /// # Errors
    /// When one of them does not end within ten seconds.
    pub fn stop(mut self) -> Result<()> {
        self.exim.end(Signal::Term, Duration::from_secs(10))?;
        self.dovecot.end(Signal::Term, Duration::from_secs(10)).map(drop)
    }
}

fn read(scratch: &Scratch, name: &str) -> String {
    format!("{name}: {}", fs::read_to_string(scratch.path().join(name)).unwrap_or_else(|error| error.to_string()))
}

/// Returns the authority's certificate.
async fn make_certificates(scratch: &Scratch) -> Result<String> {
    let openssl = Program { name: "openssl", package: "openssl" }.find()?;
    scratch.file("openssl.conf", config::CERTIFICATES)?;
    let common = "req -x509 -config openssl.conf -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30";
    for rest in [
        "-extensions authority -subj /CN=test-authority -keyout ca.key -out ca.pem",
        "-extensions server -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem",
    ] {
        let words = common.split(' ').chain(rest.split(' '));
        Launch::new("openssl", &openssl, scratch.path()).for_user().args(words).run().await?;
    }
    Ok(fs::read_to_string(scratch.path().join("ca.pem"))?)
}
