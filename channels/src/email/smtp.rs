//! Handing a mail to the SMTP server, and what its answers mean.
//!
//! The dialogue is written out here instead of using a library's transport, for three reasons: whether a lost
//! connection is harmless depends on the exact point (before or after the final dot), sockets are opened by
//! [`super::net`] alone, and no library may write passwords or mails into a log.

mod dialogue;

use std::time::Duration;

use secrecy::ExposeSecret;

use self::dialogue::{Dialogue, Problem};
use super::{
    account::{Account, Mechanism, Security},
    bounce::fail_code,
    failure::MailError,
    net,
    oauth::{Credentials, Sasl, bearer},
};
use crate::{
    channel::Cx,
    error::{FailCode, Reach, Verdict},
};

pub(super) use self::dialogue::Reply;

/// Wait that we propose when a server asks us to slow down (RFC 5321 gives none).
const SLOW_DOWN: Duration = Duration::from_secs(60);

const FIELD: &str = "smtp_host";

/// Who sends and who receives, by the SMTP server's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) from: String,
    pub(super) to: String,
}

/// The part of the dialogue in which something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA` and the mail itself, without the final dot: the server cannot have taken it.
    Data,
    /// The final dot was on its way.
    Final,
}

/// A mail that was not handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SmtpError {
    /// The server said no.
    Refused { stage: Stage, reply: Reply },
    /// The connection broke.
    Lost { stage: Stage, reason: String },
    /// Larger than the server takes.
    TooLarge { bytes: u64, limit: u64 },
    /// An address outside of ASCII, and a server that does not know such.
    NoInternationalAddresses,
}

/// A server that waits for our mail.
pub(super) struct Ready(Dialogue);

/// Connects and signs in.
///
/// # Errors
/// [`MailError`].
pub(super) async fn ready(cx: &Cx, account: &Account, credentials: &Credentials) -> Result<Ready, MailError> {
    Ok(Ready(open(cx, account, credentials).await?))
}

impl Ready {
    /// The largest mail that the server takes, bytes, if it says so.
    pub(super) fn size_limit(&self) -> Option<u64> {
        self.0.size_limit()
    }

    /// Sends one mail; the server's words on success.
    ///
    /// # Errors
    /// [`SmtpError`].
    pub(super) async fn send(mut self, envelope: &Envelope, mail: &[u8]) -> Result<String, SmtpError> {
        let answer = hand_over(&mut self.0, envelope, mail).await;
        if !matches!(answer, Err(SmtpError::Lost { .. })) {
            self.0.quit().await;
        }
        answer
    }

    /// Leaves without a mail.
    pub(super) async fn leave(self) {
        self.0.quit().await;
    }
}

/// Connects and signs in, and leaves again.
///
/// # Errors
/// [`MailError`].
pub(super) async fn check(cx: &Cx, account: &Account, credentials: &Credentials) -> Result<(), MailError> {
    open(cx, account, credentials).await?.quit().await;
    Ok(())
}

async fn open(cx: &Cx, account: &Account, credentials: &Credentials) -> Result<Dialogue, MailError> {
    let (server, ca) = (&account.smtp, account.ca_pem.as_deref());
    let name = account.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let mut dialogue = Dialogue::over(net::open(cx, server, ca).await?);
    dialogue.greeting().await.map_err(setup)?;
    dialogue.hello(name).await.map_err(setup)?;
    if server.security == Security::StartTls {
        if !dialogue.offers("STARTTLS") {
            return Err(MailError::setting("smtp_security", format!("{}:{} does not offer STARTTLS.", server.host, server.port)));
        }
        dialogue.command("STARTTLS").await.map_err(setup)?;
        // What the server said before TLS may be forged: its abilities are asked for again.
        dialogue = Dialogue::over(net::encrypt(dialogue.into_stream(), server, ca).await?);
        dialogue.hello(name).await.map_err(setup)?;
    }
    let offered = dialogue.mechanisms();
    let offers = |name: &str| offered.iter().any(|one| one.eq_ignore_ascii_case(name));
    let outcome = match credentials {
        Credentials::Bearer { token, mechanism } => {
            // Where the server knows only the other way to present a token, that one is as good.
            let other = if *mechanism == Mechanism::XOAuth2 { Mechanism::OAuthBearer } else { Mechanism::XOAuth2 };
            let ways = [*mechanism, other].map(|mechanism| bearer(mechanism, &account.user, server, token));
            match ways.into_iter().find(|way| offers(way.mechanism)) {
                Some(way) => dialogue.auth(&way).await,
                None => return Err(MailError::setting("auth", "The SMTP server does not offer to sign in with an access token.")),
            }
        }
        Credentials::Password(password) if offers("PLAIN") => {
            let message = format!("\0{}\0{}", account.user, password.expose_secret());
            dialogue.auth(&Sasl { mechanism: "PLAIN", message, after_refusal: "" }).await
        }
        Credentials::Password(password) if offers("LOGIN") => dialogue.auth_login(&account.user, password.expose_secret()).await,
        Credentials::Password(_) => return Err(MailError::setting("auth", "The SMTP server does not offer to sign in with a password.")),
    };
    match outcome {
        Ok(()) => Ok(dialogue),
        // RFC 4954: 454 is the server's own trouble, every other refusal is about us.
        Err(Problem::Refused(reply)) if reply.code >= 500 => {
            Err(MailError::sign_in("user", format!("The SMTP server refuses user name and password or token ({reply}).")))
        }
        Err(problem) => Err(setup(problem)),
    }
}

fn setup(problem: Problem) -> MailError {
    match problem {
        Problem::Refused(reply) => MailError::unreachable(FIELD, format!("The SMTP server turns us away ({reply}).")),
        Problem::Lost(reason) => MailError::unreachable(FIELD, format!("SMTP: {reason}.")),
    }
}

async fn hand_over(dialogue: &mut Dialogue, envelope: &Envelope, mail: &[u8]) -> Result<String, SmtpError> {
    let at = |stage: Stage| {
        move |problem: Problem| match problem {
            Problem::Refused(reply) => SmtpError::Refused { stage, reply },
            Problem::Lost(reason) => SmtpError::Lost { stage, reason },
        }
    };
    let bytes = mail.len() as u64;
    if let Some(limit) = dialogue.size_limit().filter(|limit| bytes > *limit) {
        return Err(SmtpError::TooLarge { bytes, limit });
    }
    let mut from = format!("MAIL FROM:<{}>", envelope.from);
    if dialogue.offers("SIZE") {
        from.push_str(&format!(" SIZE={bytes}"));
    }
    if dialogue.offers("8BITMIME") && !mail.is_ascii() {
        from.push_str(" BODY=8BITMIME");
    }
    if !envelope.from.is_ascii() || !envelope.to.is_ascii() {
        if !dialogue.offers("SMTPUTF8") {
            return Err(SmtpError::NoInternationalAddresses);
        }
        from.push_str(" SMTPUTF8");
    }
    dialogue.command(&from).await.map_err(at(Stage::Sender))?;
    dialogue.command(&format!("RCPT TO:<{}>", envelope.to)).await.map_err(at(Stage::Recipient))?;
    dialogue.command("DATA").await.map_err(at(Stage::Data))?;
    dialogue.write_mail(mail).await.map_err(at(Stage::Data))?;
    let reply = dialogue.finish().await.map_err(at(Stage::Final))?;
    Ok(reply.to_string())
}

impl From<SmtpError> for Verdict {
    fn from(error: SmtpError) -> Self {
        let retry = |after, reach, reason| Self::Retry { after, pauses_account: false, reach, reason };
        match error {
            SmtpError::Lost { stage: Stage::Final, reason } => Self::Ambiguous { reason: format!("SMTP, after the mail: {reason}") },
            SmtpError::Lost { reason, .. } => retry(None, Reach::Broken, format!("SMTP: {reason}")),
            SmtpError::TooLarge { bytes, limit } => {
                Self::Fail { code: FailCode::TooLarge, detail: format!("the mail has {bytes} bytes, the server takes {limit}") }
            }
            SmtpError::NoInternationalAddresses => {
                Self::Fail { code: FailCode::RecipientUnknown, detail: "the server does not take addresses outside of ASCII".to_owned() }
            }
            SmtpError::Refused { reply, .. } if reply.code == 530 || reply.code == 535 => {
                Self::Suspend { reason: format!("The SMTP server wants us to sign in again ({reply}).") }
            }
            // 421 closes the connection and 450 limits the sender as often as it greylists one recipient.
            SmtpError::Refused { reply, .. } if reply.code == 421 => retry(Some(SLOW_DOWN), Reach::Answered, format!("SMTP: {reply}")),
            SmtpError::Refused { reply, .. } if (400..500).contains(&reply.code) => retry(None, Reach::Answered, format!("SMTP: {reply}")),
            SmtpError::Refused { stage, reply } => Self::Fail { code: final_code(stage, &reply), detail: reply.to_string() },
        }
    }
}

fn final_code(stage: Stage, reply: &Reply) -> FailCode {
    let by_words = fail_code(reply.enhanced().unwrap_or_default(), &reply.to_string());
    match (stage, reply.code, by_words) {
        (_, 552, _) if reply.enhanced().is_none_or(|code| !code.starts_with("5.2.2")) => FailCode::TooLarge,
        (_, _, code) if code != FailCode::Other => code,
        (Stage::Sender, ..) => FailCode::NotPermitted,
        (Stage::Recipient, ..) => FailCode::RecipientUnknown,
        (Stage::Data | Stage::Final, ..) => FailCode::ContentRefused,
    }
}

#[cfg(test)]
mod tests;
