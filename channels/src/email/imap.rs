//! One IMAP connection with one folder open. Knows the protocol, not what mails mean.

use std::{collections::BTreeMap, time::Duration};

use async_imap::{
    Client, Session,
    imap_proto::{NameAttribute, Response, ResponseCode, Status},
    types::Capability,
};
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::TryStreamExt;
use secrecy::ExposeSecret;
use tokio::time::timeout;
use tributary_domain::outbound::OpenChannel;

use super::{
    account::{Account, Security},
    failure::MailError,
    folders::folder_name,
    net::{self, MailStream},
    oauth::{Credentials, TokenCache, xoauth2},
    wire::{FoundMail, MAX_MAIL_BYTES, MailBytes},
};
use crate::channel::Cx;

/// Longest wait for the answer to one command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// Mails above this are fetched in ranges of this size, bytes: a broken connection loses little, and no server has to
/// build one huge literal.
const RANGE_BYTES: u32 = 512 * 1024;

const FIELD: &str = "imap_host";

/// A signed-in connection.
pub(super) struct Imap {
    session: Session<MailStream>,
    /// The server can tell us about new mails by itself.
    pub(super) has_idle: bool,
}

/// What is known about a folder when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) uid_validity: u32,
    /// The UID that the next mail will get.
    pub(super) uid_next: u32,
}

/// A mail's number, size and time of receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) uid: u32,
    pub(super) size: u32,
    pub(super) received: Option<DateTime<Utc>>,
}

/// How an IDLE ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// Something changed, or it is time to look.
    Look,
    /// The stop signal came.
    Stopped,
}

impl Imap {
    /// Connects and signs in; an access token that is refused is renewed once.
    ///
    /// # Errors
    /// [`MailError`].
    pub(super) async fn open(cx: &Cx, tokens: &TokenCache, channel: &OpenChannel, account: &Account) -> Result<Self, MailError> {
        let first = tokens.credentials(cx, channel, account, false).await?;
        let is_token = matches!(first, Credentials::Bearer(_));
        match Self::sign_in(cx, account, first).await {
            Err(MailError::SignIn { .. }) if is_token => {
                Self::sign_in(cx, account, tokens.credentials(cx, channel, account, true).await?).await
            }
            other => other,
        }
    }

    async fn sign_in(cx: &Cx, account: &Account, credentials: Credentials) -> Result<Self, MailError> {
        let server = &account.imap;
        let ca = account.ca_pem.as_deref();
        let mut client = Client::new(net::open(cx, server, ca).await?);
        let mut offers_plain = greeting(&mut client).await?;
        if server.security == Security::StartTls {
            within(client.run_command_and_check_ok("STARTTLS", None))
                .await
                .map_err(|error| MailError::setting("imap_security", format!("{} does not offer STARTTLS ({error}).", server.host)))?;
            // What the server sent before TLS, its list of abilities included, may be forged: it is forgotten.
            client = Client::new(net::encrypt(client.into_inner(), server, ca).await?);
            offers_plain = false;
        }
        let signed_in = match credentials {
            Credentials::Password(password) => {
                let is_ascii = account.user.is_ascii() && password.expose_secret().is_ascii();
                if offers_plain || !is_ascii {
                    let text = format!("\0{}\0{}", account.user, password.expose_secret());
                    within_auth(client.authenticate("PLAIN", Once(Some(text)))).await
                } else {
                    within_auth(client.login(&account.user, password.expose_secret())).await
                }
            }
            Credentials::Bearer(token) => within_auth(client.authenticate("XOAUTH2", Once(Some(xoauth2(&account.user, &token))))).await,
        };
        let mut session = signed_in?;
        let capabilities = within(session.capabilities()).await.map_err(lost)?;
        let has_idle = capabilities.has_str("IDLE");
        if capabilities.has(&Capability::Atom("ID".to_owned())) {
            within(session.id([("name", Some("Tributary"))])).await.map_err(lost)?;
        }
        Ok(Self { session, has_idle })
    }

    /// Opens a folder for reading and writing.
    ///
    /// # Errors
    /// [`MailError::Folder`] when there is no such folder.
    pub(super) async fn select(&mut self, folder: &str) -> Result<Folder, MailError> {
        let mailbox = within(self.session.select(folder_name(folder))).await.map_err(|error| match error {
            async_imap::error::Error::No(said) => MailError::Folder { sentence: format!("The folder {folder} cannot be opened ({said}).") },
            other => lost(other),
        })?;
        match (mailbox.uid_validity, mailbox.uid_next) {
            (Some(uid_validity), Some(uid_next)) => Ok(Folder { uid_validity, uid_next }),
            _ => Err(MailError::Folder {
                sentence: format!("The server gives no UIDVALIDITY or UIDNEXT for {folder}; such a folder cannot be followed."),
            }),
        }
    }

    /// The mails above `last`, by UID.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(super) async fn list_after(&mut self, last: u32) -> Result<Vec<Listed>, MailError> {
        let Some(first) = last.checked_add(1) else { return Ok(Vec::new()) };
        // `n:*` always means at least the newest mail, even when its UID is below n.
        let found = self.list(&format!("{first}:*")).await?;
        Ok(found.into_iter().filter(|mail| mail.uid > last).collect())
    }

    /// The UIDs of mails that came in on this day or later.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(super) async fn search_since(&mut self, day: NaiveDate) -> Result<Vec<u32>, MailError> {
        let found = within(self.session.uid_search(format!("SINCE {}", day.format("%-d-%b-%Y")))).await.map_err(lost)?;
        let mut uids: Vec<u32> = found.into_iter().collect();
        uids.sort_unstable();
        Ok(uids)
    }

    async fn list(&mut self, set: &str) -> Result<Vec<Listed>, MailError> {
        let listing = async {
            let mut found = BTreeMap::new();
            let mut answers = self.session.uid_fetch(set, "(UID INTERNALDATE RFC822.SIZE)").await?;
            while let Some(answer) = answers.try_next().await? {
                if let (Some(uid), Some(size)) = (answer.uid, answer.size) {
                    let received = answer.internal_date().map(|at| at.with_timezone(&Utc));
                    found.insert(uid, Listed { uid, size, received });
                }
            }
            Ok(found)
        };
        Ok(within(listing).await.map_err(lost)?.into_values().collect())
    }

    /// Fetches mails without marking them as read. A mail that vanished meanwhile is left out.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(super) async fn fetch(&mut self, mails: &[Listed]) -> Result<Vec<FoundMail>, MailError> {
        let small: Vec<String> = mails.iter().filter(|mail| mail.size <= RANGE_BYTES).map(|mail| mail.uid.to_string()).collect();
        let mut whole = if small.is_empty() { BTreeMap::new() } else { self.fetch_whole(&small.join(",")).await? };
        let mut found = Vec::with_capacity(mails.len());
        for mail in mails {
            let bytes = if mail.size > MAX_MAIL_BYTES {
                self.fetch_section(mail.uid, "BODY.PEEK[HEADER]").await?.map(MailBytes::HeaderOnly)
            } else if mail.size > RANGE_BYTES {
                self.fetch_ranges(mail).await?.map(MailBytes::Whole)
            } else {
                whole.remove(&mail.uid).map(MailBytes::Whole)
            };
            if let Some(bytes) = bytes {
                found.push(FoundMail { uid: mail.uid, size: mail.size, received: mail.received, bytes });
            }
        }
        Ok(found)
    }

    async fn fetch_whole(&mut self, set: &str) -> Result<BTreeMap<u32, Bytes>, MailError> {
        let fetching = async {
            let mut found = BTreeMap::new();
            let mut answers = self.session.uid_fetch(set, "(UID BODY.PEEK[])").await?;
            while let Some(answer) = answers.try_next().await? {
                if let (Some(uid), Some(body)) = (answer.uid, answer.body()) {
                    found.insert(uid, Bytes::copy_from_slice(body));
                }
            }
            Ok(found)
        };
        within(fetching).await.map_err(lost)
    }

    async fn fetch_ranges(&mut self, mail: &Listed) -> Result<Option<Bytes>, MailError> {
        let mut whole = Vec::with_capacity(mail.size as usize);
        loop {
            let item = format!("BODY.PEEK[]<{}.{RANGE_BYTES}>", whole.len());
            let Some(range) = self.fetch_section(mail.uid, &item).await? else { return Ok(None) };
            whole.extend_from_slice(&range);
            // RFC822.SIZE is wrong on some servers: the end is where a range comes back short.
            if range.len() < RANGE_BYTES as usize || whole.len() >= MAX_MAIL_BYTES as usize {
                return Ok(Some(whole.into()));
            }
        }
    }

    async fn fetch_section(&mut self, uid: u32, item: &str) -> Result<Option<Bytes>, MailError> {
        let fetching = async {
            let mut found = None;
            let mut answers = self.session.uid_fetch(uid.to_string(), format!("(UID {item})")).await?;
            while let Some(answer) = answers.try_next().await? {
                if answer.uid == Some(uid)
                    && let Some(bytes) = answer.body().or_else(|| answer.header())
                {
                    found = Some(Bytes::copy_from_slice(bytes));
                }
            }
            Ok(found)
        };
        within(fetching).await.map_err(lost)
    }

    /// Waits in IDLE until something changes, `longest` has passed, or the stop signal comes.
    ///
    /// # Errors
    /// [`MailError::Unreachable`] when the server is gone: the tagged answer at the end of each IDLE proves it alive.
    pub(super) async fn idle(self, longest: Duration, stop: &tokio_util::sync::CancellationToken) -> Result<(Self, Woken), MailError> {
        let Self { session, has_idle } = self;
        let mut handle = session.idle();
        within(handle.init()).await.map_err(lost)?;
        let woken = {
            let (waiting, _interrupt) = handle.wait_with_timeout(longest);
            tokio::select! {
                () = stop.cancelled() => Woken::Stopped,
                // The outer limit holds even while the server keeps sending "still here".
                ended = timeout(longest, waiting) => match ended {
                    Ok(Ok(_)) | Err(_) => Woken::Look,
                    Ok(Err(error)) => return Err(lost(error)),
                },
            }
        };
        let session = within(handle.done()).await.map_err(lost)?;
        Ok((Self { session, has_idle }, woken))
    }

    /// Asks whether there is news, on servers without IDLE.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(super) async fn noop(&mut self) -> Result<(), MailError> {
        within(self.session.noop()).await.map_err(lost)
    }

    /// The folder for copies of sent mails: the one that is set, else the one the server calls `\Sent`.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(super) async fn sent_folder(&mut self, set: Option<&str>) -> Result<Option<String>, MailError> {
        if let Some(folder) = set {
            return Ok(Some(folder_name(folder)));
        }
        let listing = async {
            let mut found = None;
            let mut names = self.session.list(Some(""), Some("*")).await?;
            while let Some(name) = names.try_next().await? {
                if name.attributes().contains(&NameAttribute::Sent) {
                    found = Some(name.name().to_owned());
                }
            }
            Ok(found)
        };
        within(listing).await.map_err(lost)
    }

    /// Puts a mail into a folder, marked as read.
    ///
    /// # Errors
    /// [`MailError::Unreachable`], also when the server refuses it.
    pub(super) async fn append(&mut self, folder: &str, mail: &[u8]) -> Result<(), MailError> {
        within(self.session.append(folder, Some("(\\Seen)"), None, mail)).await.map_err(lost)
    }

    /// Marks the mail with this `Message-ID` in the open folder as read and answered.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(super) async fn mark_answered(&mut self, message_id: &str) -> Result<(), MailError> {
        if message_id.contains(['"', '\\', '\r', '\n']) || !message_id.is_ascii() {
            return Ok(());
        }
        let query = format!("HEADER Message-ID \"<{message_id}>\"");
        let found = within(self.session.uid_search(query)).await.map_err(lost)?;
        for uid in found {
            let storing = async {
                let answers = self.session.uid_store(uid.to_string(), "+FLAGS (\\Seen \\Answered)").await?;
                answers.try_collect::<Vec<_>>().await
            };
            within(storing).await.map_err(lost)?;
        }
        Ok(())
    }

    /// Says goodbye; the connection is closed in any case.
    pub(super) async fn close(mut self) {
        if let Err(error) = within(self.session.logout()).await {
            tracing::debug!(error = %error, "a mail server did not answer the goodbye");
        }
    }
}

/// Answers the first challenge, and any further one with an empty line: a further one is the server's explanation of
/// its refusal, and it waits for that line before it refuses.
struct Once(Option<String>);

impl async_imap::Authenticator for Once {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        self.0.take().unwrap_or_default()
    }
}

/// Reads the greeting; whether it says that AUTHENTICATE PLAIN is possible.
async fn greeting(client: &mut Client<MailStream>) -> Result<bool, MailError> {
    let greeting = within(async { Ok(client.read_response().await?) }).await.map_err(lost)?;
    let Some(greeting) = greeting else {
        return Err(MailError::unreachable(FIELD, "The IMAP server closed the connection without a greeting."));
    };
    match greeting.parsed() {
        Response::Data { status: Status::Ok, outcome } => Ok(match &outcome.code {
            Some(ResponseCode::Capabilities(offered)) => offered
                .iter()
                .any(|one| matches!(one, async_imap::imap_proto::Capability::Auth(name) if name.eq_ignore_ascii_case("PLAIN"))),
            _ => false,
        }),
        Response::Data { status: Status::Bye, outcome } => {
            let said = outcome.information.as_deref().unwrap_or("no reason");
            Err(MailError::unreachable(FIELD, format!("The IMAP server turns us away: {said}.")))
        }
        _ => Err(MailError::unreachable(FIELD, "What answers at the IMAP host and port is no IMAP server.")),
    }
}

type ImapResult<T> = Result<T, async_imap::error::Error>;

async fn within<T>(exchange: impl Future<Output = ImapResult<T>>) -> ImapResult<T> {
    timeout(COMMAND_TIMEOUT, exchange).await.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}

async fn within_auth(
    exchange: impl Future<Output = Result<Session<MailStream>, (async_imap::error::Error, Client<MailStream>)>>,
) -> Result<Session<MailStream>, MailError> {
    match timeout(COMMAND_TIMEOUT, exchange).await {
        Ok(Ok(session)) => Ok(session),
        Ok(Err((error, _))) => Err(refused(error)),
        Err(_) => Err(lost(std::io::Error::from(std::io::ErrorKind::TimedOut).into())),
    }
}

fn refused(error: async_imap::error::Error) -> MailError {
    use async_imap::error::Error;
    match error {
        // RFC 5530: the server has a problem of its own, not with us.
        Error::No(said) if said.to_ascii_uppercase().contains("UNAVAILABLE") || said.to_ascii_uppercase().contains("INUSE") => {
            MailError::unreachable(FIELD, format!("The IMAP server cannot sign us in at the moment ({said})."))
        }
        Error::No(said) | Error::Bad(said) => {
            MailError::sign_in("user", format!("The IMAP server refuses user name and password or token ({said})."))
        }
        Error::Validate(_) => MailError::sign_in("password", "User name and password may not contain line breaks."),
        other => lost(other),
    }
}

fn lost(error: async_imap::error::Error) -> MailError {
    use async_imap::error::Error;
    let what = match error {
        Error::Io(error) => format!("the connection broke: {error}"),
        Error::ConnectionLost => "the server closed the connection".to_owned(),
        // The texts of the other errors may quote mails; their kind is enough.
        Error::No(said) | Error::Bad(said) => format!("the server refused a command ({said})"),
        Error::Append => "the server did not take the copy".to_owned(),
        _ => "the server sent something that is no IMAP".to_owned(),
    };
    MailError::unreachable(FIELD, format!("IMAP: {what}."))
}
