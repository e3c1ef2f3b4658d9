//! One IMAP connection with one folder open. Knows the protocol, not what mails mean.

mod fetch;
mod flags;

use std::{collections::BTreeMap, time::Duration};

use async_imap::{
    Client, Session,
    imap_proto::{NameAttribute, Response, ResponseCode, Status},
    types::Capability,
};
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::TryStreamExt;
use secrecy::ExposeSecret;
use tokio::time::timeout;
use tributary_domain::outbound::OpenChannel;

pub(super) use self::fetch::FetchError;
use super::{
    account::{Account, Security},
    failure::MailError,
    folders::folder_name,
    net::{self, MailStream},
    oauth::{Credentials, Sasl, TokenCache, bearer},
};
use crate::channel::Cx;

/// Longest wait for the answer to one command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

const FIELD: &str = "imap_host";

/// A signed-in connection.
pub(super) struct Imap {
    session: Session<MailStream>,
    /// The server can tell us about new mails by itself.
    pub(super) has_idle: bool,
    /// What else the server can do.
    can: Abilities,
    /// Longest wait for the answer to whatever is asked while following a folder.
    patience: Duration,
}

/// Extensions that the server offers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Abilities {
    /// Numbers changes of flags (RFC 7162).
    condstore: bool,
    /// Moves mails in one step (RFC 6851).
    moves: bool,
    /// Removes single mails (RFC 4315).
    uidplus: bool,
}

/// What is known about a folder when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) uid_validity: u32,
    /// The UID that the next mail will get.
    pub(super) uid_next: u32,
    /// Number of the last change of flags, where the server numbers them.
    pub(super) highest_modseq: Option<u64>,
}

/// A mail's number, size and time of receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) uid: u32,
    pub(super) size: u32,
    pub(super) received: Option<DateTime<Utc>>,
}

impl Listed {
    /// A mail of which the server tells nothing that can be read. It counts as one that is fetched in ranges, so that its
    /// size does not matter.
    pub(super) fn only_number(uid: u32) -> Self {
        Self { uid, size: fetch::RANGE_BYTES + 1, received: None }
    }
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
        let is_token = matches!(first, Credentials::Bearer { .. });
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
                    let message = format!("\0{}\0{}", account.user, password.expose_secret());
                    sasl(client, Sasl { mechanism: "PLAIN", message, after_refusal: "" }).await
                } else {
                    within_auth(client.login(&account.user, password.expose_secret())).await
                }
            }
            Credentials::Bearer { token, mechanism } => sasl(client, bearer(mechanism, &account.user, server, &token)).await,
        };
        let mut session = signed_in?;
        let capabilities = within(session.capabilities()).await.map_err(lost)?;
        let has_idle = capabilities.has_str("IDLE");
        let condstore = capabilities.has_str("CONDSTORE") || capabilities.has_str("QRESYNC");
        let can = Abilities { condstore, moves: capabilities.has_str("MOVE"), uidplus: capabilities.has_str("UIDPLUS") };
        if capabilities.has(&Capability::Atom("ID".to_owned())) {
            within(session.id([("name", Some("Tributary"))])).await.map_err(lost)?;
        }
        if can.condstore && capabilities.has_str("ENABLE") {
            within(session.run_command_and_check_ok("ENABLE CONDSTORE")).await.map_err(lost)?;
        }
        Ok(Self { session, has_idle, can, patience: COMMAND_TIMEOUT })
    }

    /// The same connection, more or less patient while following a folder.
    pub(super) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Opens a folder for reading and writing.
    ///
    /// # Errors
    /// [`MailError::Folder`] when there is no such folder.
    pub(super) async fn select(&mut self, folder: &str) -> Result<Folder, MailError> {
        self.select_raw(&folder_name(folder)).await
    }

    /// As [`Self::select`], by the name as the server writes it.
    ///
    /// # Errors
    /// As [`Self::select`].
    pub(super) async fn select_raw(&mut self, folder: &str) -> Result<Folder, MailError> {
        let selecting =
            async { if self.can.condstore { self.session.select_condstore(folder).await } else { self.session.select(folder).await } };
        let mailbox = within(selecting).await.map_err(|error| match error {
            async_imap::error::Error::No(said) => MailError::Folder { sentence: format!("The folder {folder} cannot be opened ({said}).") },
            other => lost(other),
        })?;
        match (mailbox.uid_validity, mailbox.uid_next) {
            (Some(uid_validity), Some(uid_next)) => Ok(Folder { uid_validity, uid_next, highest_modseq: mailbox.highest_modseq }),
            _ => Err(MailError::Folder {
                sentence: format!("The server gives no UIDVALIDITY or UIDNEXT for {folder}; such a folder cannot be followed."),
            }),
        }
    }

    /// The mails above `last`, by UID.
    ///
    /// # Errors
    /// [`FetchError`]; the connection is good for nothing then.
    pub(super) async fn list_after(&mut self, last: u32) -> Result<Vec<Listed>, FetchError> {
        let Some(first) = last.checked_add(1) else { return Ok(Vec::new()) };
        // `n:*` always means at least the newest mail, even when its UID is below n.
        let found = self.list(&format!("{first}:*")).await?;
        Ok(found.into_iter().filter(|mail| mail.uid > last).collect())
    }

    /// The mails with these UIDs, as far as they are there.
    ///
    /// # Errors
    /// As [`Self::list_after`].
    pub(super) async fn list_these(&mut self, uids: &[u32]) -> Result<Vec<Listed>, FetchError> {
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.list(&uids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")).await?;
        Ok(found.into_iter().filter(|mail| uids.contains(&mail.uid)).collect())
    }

    /// The UIDs above `last`, in order, and nothing else about the mails.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(super) async fn search_after(&mut self, last: u32) -> Result<Vec<u32>, MailError> {
        let Some(first) = last.checked_add(1) else { return Ok(Vec::new()) };
        let found = within(self.session.uid_search(format!("UID {first}:*"))).await.map_err(lost)?;
        let mut uids: Vec<u32> = found.into_iter().filter(|uid| *uid > last).collect();
        uids.sort_unstable();
        Ok(uids)
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

    async fn list(&mut self, set: &str) -> Result<Vec<Listed>, FetchError> {
        let patience = self.patience;
        let listing = async {
            let mut found = BTreeMap::new();
            let mut answers = self.session.uid_fetch(set, "(UID INTERNALDATE RFC822.SIZE)").await?;
            while let Some(answer) = answers.try_next().await? {
                let Some(uid) = answer.uid else { continue };
                match answer.size {
                    Some(size) => {
                        let received = answer.internal_date().map(|at| at.with_timezone(&Utc));
                        found.insert(uid, Listed { uid, size, received });
                    }
                    // News of flags that nobody asked for; or an entry of which the client library skips what it cannot read.
                    None => {
                        found.entry(uid).or_insert_with(|| Listed::only_number(uid));
                    }
                }
            }
            Ok(found)
        };
        Ok(within_time(patience, listing).await.map_err(FetchError::from)?.into_values().collect())
    }

    /// Waits in IDLE until something changes, `longest` has passed, or the stop signal comes.
    ///
    /// # Errors
    /// [`MailError::Unreachable`] when the server is gone: the tagged answer at the end of each IDLE proves it alive.
    pub(super) async fn idle(self, longest: Duration, stop: &tokio_util::sync::CancellationToken) -> Result<(Self, Woken), MailError> {
        let Self { session, has_idle, can, patience } = self;
        let mut handle = session.idle();
        within_time(patience, handle.init()).await.map_err(lost)?;
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
        let session = within_time(patience, handle.done()).await.map_err(lost)?;
        Ok((Self { session, has_idle, can, patience }, woken))
    }

    /// Asks whether there is news, on servers without IDLE.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(super) async fn noop(&mut self) -> Result<(), MailError> {
        within_time(self.patience, self.session.noop()).await.map_err(lost)
    }

    /// The folder for copies of sent mails: the one that is set, else the one the server calls `\Sent`.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(super) async fn sent_folder(&mut self, set: Option<&str>) -> Result<Option<String>, MailError> {
        self.special_folder(set, NameAttribute::Sent).await
    }

    /// The folder for mails that were received: the one that is set, else the one the server calls `\Archive`.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(super) async fn archive_folder(&mut self, set: Option<&str>) -> Result<Option<String>, MailError> {
        self.special_folder(set, NameAttribute::Archive).await
    }

    async fn special_folder(&mut self, set: Option<&str>, kind: NameAttribute<'static>) -> Result<Option<String>, MailError> {
        if let Some(folder) = set {
            return Ok(Some(folder_name(folder)));
        }
        let listing = async {
            let mut found = None;
            let mut names = self.session.list(Some(""), Some("*")).await?;
            while let Some(name) = names.try_next().await? {
                if name.attributes().contains(&kind) {
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

    /// Marks the mail with this `Message-ID` in the open folder as read and answered; whether it is there.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(super) async fn mark_answered(&mut self, message_id: &str) -> Result<bool, MailError> {
        if message_id.contains(['"', '\\', '\r', '\n']) || !message_id.is_ascii() {
            return Ok(false);
        }
        let query = format!("HEADER Message-ID \"<{message_id}>\"");
        let found = within(self.session.uid_search(query)).await.map_err(lost)?;
        let is_there = !found.is_empty();
        for uid in found {
            let storing = async {
                let answers = self.session.uid_store(uid.to_string(), "+FLAGS (\\Seen \\Answered)").await?;
                answers.try_collect::<Vec<_>>().await
            };
            within(storing).await.map_err(lost)?;
        }
        Ok(is_there)
    }

    /// Says goodbye; the connection is closed in any case.
    pub(super) async fn close(mut self) {
        if let Err(error) = within(self.session.logout()).await {
            tracing::debug!(error = %error, "a mail server did not answer the goodbye");
        }
    }
}

/// Answers the first challenge, and any further one with what the mechanism wants then: a further one is the server's
/// explanation of its refusal, and it waits for that line before it refuses.
struct Once {
    first: Option<String>,
    after_refusal: &'static str,
}

impl async_imap::Authenticator for Once {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        self.first.take().unwrap_or_else(|| self.after_refusal.to_owned())
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
    within_time(COMMAND_TIMEOUT, exchange).await
}

async fn within_time<T>(longest: Duration, exchange: impl Future<Output = ImapResult<T>>) -> ImapResult<T> {
    timeout(longest, exchange).await.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}

async fn sasl(client: Client<MailStream>, way: Sasl) -> Result<Session<MailStream>, MailError> {
    within_auth(client.authenticate(way.mechanism, Once { first: Some(way.message), after_refusal: way.after_refusal })).await
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
