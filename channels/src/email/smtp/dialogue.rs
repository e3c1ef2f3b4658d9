//! The lines of RFC 5321 over any stream: one command, one reply.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    time::timeout,
};

use crate::email::{net::MailStream, oauth::Sasl};

/// Longest wait for a reply, except the last.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// Longest wait for the reply to the mail, in which servers check for spam and viruses (RFC 5321 4.5.3.2.6: 10 min; we
/// take less, because a doubtful outcome is better told soon).
const FINAL_TIMEOUT: Duration = Duration::from_secs(180);

/// Longest line that is read, bytes (RFC 5321: 512).
const MAX_LINE_BYTES: u64 = 4096;

/// Most lines of one reply.
const MAX_LINES: usize = 100;

/// A server's reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::email) struct Reply {
    pub(in crate::email) code: u16,
    pub(in crate::email) lines: Vec<String>,
}

impl Reply {
    /// The enhanced status code (RFC 3463) at the beginning, if there is one.
    pub(in crate::email) fn enhanced(&self) -> Option<&str> {
        let first = self.lines.first()?.split_whitespace().next()?;
        let is_code =
            first.split('.').count() == 3 && first.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        is_code.then_some(first)
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: String = self.lines.join(" ").chars().filter(|c| !c.is_control()).take(300).collect();
        write!(f, "{} {words}", self.code)
    }
}

/// What went wrong with one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::email) enum Problem {
    /// The server said no.
    Refused(Reply),
    /// No reply, or something that is none.
    Lost(String),
}

/// A connection to an SMTP server.
pub(in crate::email) struct Dialogue {
    stream: BufReader<MailStream>,
    abilities: Vec<String>,
}

impl Dialogue {
    pub(in crate::email) fn over(stream: MailStream) -> Self {
        Self { stream: BufReader::new(stream), abilities: Vec::new() }
    }

    pub(in crate::email) fn into_stream(self) -> MailStream {
        self.stream.into_inner()
    }

    pub(in crate::email) async fn greeting(&mut self) -> Result<(), Problem> {
        positive(self.reply(COMMAND_TIMEOUT).await?).map(drop)
    }

    /// `EHLO`; what the server offers is known afterwards.
    pub(in crate::email) async fn hello(&mut self, name: &str) -> Result<(), Problem> {
        let reply = self.command(&format!("EHLO {name}")).await?;
        self.abilities = reply.lines.into_iter().skip(1).collect();
        Ok(())
    }

    fn ability(&self, name: &str) -> Option<&str> {
        self.abilities.iter().find_map(|line| {
            let (word, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
            word.eq_ignore_ascii_case(name).then_some(rest)
        })
    }

    pub(in crate::email) fn offers(&self, name: &str) -> bool {
        self.ability(name).is_some()
    }

    /// The largest mail, bytes, if the server says it; 0 means no limit (RFC 1870).
    pub(in crate::email) fn size_limit(&self) -> Option<u64> {
        self.ability("SIZE")?.trim().parse().ok().map(|limit| if limit == 0 { u64::MAX } else { limit })
    }

    pub(in crate::email) fn mechanisms(&self) -> Vec<String> {
        self.ability("AUTH").unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    }

    /// One command and its reply.
    pub(in crate::email) async fn command(&mut self, line: &str) -> Result<Reply, Problem> {
        // Addresses come from outside; a line break in one would be a second command.
        if line.contains(['\r', '\n', '\0']) {
            return Err(Problem::Lost("a command with a line break was not sent".to_owned()));
        }
        self.write(format!("{line}\r\n").as_bytes()).await?;
        positive(self.reply(COMMAND_TIMEOUT).await?)
    }

    /// Signs in with a mechanism that needs one message.
    pub(in crate::email) async fn auth(&mut self, way: &Sasl) -> Result<(), Problem> {
        let reply = self.command(&format!("AUTH {} {}", way.mechanism, STANDARD.encode(&way.message))).await?;
        if reply.code != 334 {
            return Ok(());
        }
        // The challenge explains the refusal; our line, mostly an empty one, asks for the refusal itself.
        match self.command(&STANDARD.encode(way.after_refusal)).await {
            Ok(reply) => Err(Problem::Refused(Reply { code: 535, lines: reply.lines })),
            Err(problem) => Err(problem),
        }
    }

    pub(in crate::email) async fn auth_login(&mut self, user: &str, password: &str) -> Result<(), Problem> {
        self.command("AUTH LOGIN").await?;
        self.command(&STANDARD.encode(user)).await?;
        self.command(&STANDARD.encode(password)).await.map(drop)
    }

    /// Writes a mail with CRLF line ends and doubled leading dots, up to but without the final dot.
    pub(in crate::email) async fn write_mail(&mut self, mail: &[u8]) -> Result<(), Problem> {
        let mut out = Vec::with_capacity(mail.len() + mail.len() / 64 + 2);
        for line in mail.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.starts_with(b".") {
                out.push(b'.');
            }
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
        if mail.ends_with(b"\n") {
            // What the splitting sees after the last line end is no line.
            out.truncate(out.len() - 2);
        }
        self.write(&out).await
    }

    /// The final dot and what the server says to the mail.
    pub(in crate::email) async fn finish(&mut self) -> Result<Reply, Problem> {
        self.write(b".\r\n").await?;
        positive(self.reply(FINAL_TIMEOUT).await?)
    }

    /// Says goodbye; the mail's fate is known already, so what is answered does not matter.
    pub(in crate::email) async fn quit(mut self) {
        if let Err(problem) = self.command("QUIT").await {
            tracing::debug!(?problem, "an SMTP server did not answer the goodbye");
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let writing = async {
            self.stream.get_mut().write_all(bytes).await?;
            self.stream.get_mut().flush().await
        };
        match timeout(FINAL_TIMEOUT, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Problem::Lost(format!("the connection broke: {error}"))),
            Err(_) => Err(Problem::Lost("the server takes no more bytes".to_owned())),
        }
    }

    async fn reply(&mut self, longest: Duration) -> Result<Reply, Problem> {
        match timeout(longest, self.read_reply()).await {
            Ok(reply) => reply,
            Err(_) => Err(Problem::Lost("the server does not answer".to_owned())),
        }
    }

    async fn read_reply(&mut self) -> Result<Reply, Problem> {
        let mut lines = Vec::new();
        while lines.len() < MAX_LINES {
            let line = self.line().await?;
            let code: u16 = line
                .get(..3)
                .and_then(|code| code.parse().ok())
                .filter(|code| (200..600).contains(code))
                .ok_or_else(|| Problem::Lost("what the server says is no SMTP".to_owned()))?;
            lines.push(line.get(4..).unwrap_or_default().trim_end().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, lines });
            }
        }
        Err(Problem::Lost("the server's reply does not end".to_owned()))
    }

    async fn line(&mut self) -> Result<String, Problem> {
        use tokio::io::AsyncReadExt;
        let mut line = Vec::new();
        let read = (&mut self.stream).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await;
        match read {
            Ok(_) if line.ends_with(b"\n") => Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            Ok(0) => Err(Problem::Lost("the server closed the connection".to_owned())),
            Ok(_) => Err(Problem::Lost("the server broke off inside a line".to_owned())),
            Err(error) => Err(Problem::Lost(format!("the connection broke: {error}"))),
        }
    }
}

fn positive(reply: Reply) -> Result<Reply, Problem> {
    if (200..400).contains(&reply.code) { Ok(reply) } else { Err(Problem::Refused(reply)) }
}
