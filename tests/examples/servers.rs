//! The harness's PostgreSQL, Redis and mail servers, for tests in other languages and for playing by hand.
//!
//! `servers postgres redis mail` starts what is named and prints one line of JSON that says where it is. Then it takes
//! commands, one JSON object a line, and answers each with one line: `{"error": "…"}` or what was asked for. When its input
//! closes it ends, and with it the servers and all they held.
//!
//! An example and no program of the package: `cargo test` builds it, whoever only runs Tributary does not.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, bail};
use mail_parser::{HeaderValue, MessageParser};
use serde::Deserialize;
use serde_json::{Value, json};
use tributary_tests::{
    mail::{AGENT, CUSTOMER, MailServers, PASSWORD, StoredMail},
    postgres::{Durability, EMPTY, PgDatabase, Postgres},
    redis::Redis,
};

/// What may be asked for.
#[derive(Deserialize)]
#[serde(tag = "command", rename_all = "camelCase", deny_unknown_fields)]
enum Command {
    /// An empty database of its own.
    Database,
    /// Brings a raw mail, as the server of a stranger does.
    Deliver { from: String, to: String, raw: String },
    /// All mails of a mailbox, oldest first.
    Mails { account: String, mailbox: String },
}

/// The servers that were named.
#[derive(Default)]
struct Servers {
    postgres: Option<Postgres>,
    redis: Option<Redis>,
    mail: Option<MailServers>,
    /// Dropping one of them would remove it.
    databases: Vec<PgDatabase>,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut servers = runtime.block_on(Servers::start(std::env::args().skip(1)))?;
    say(&servers.places())?;
    for line in std::io::stdin().lock().lines() {
        let answer = runtime.block_on(servers.answer(&line?));
        say(&answer.unwrap_or_else(|error| json!({ "error": format!("{error:#}") })))?;
    }
    Ok(())
}

fn say(line: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

impl Servers {
    async fn start(names: impl Iterator<Item = String>) -> Result<Servers> {
        let mut servers = Servers::default();
        for name in names {
            match name.as_str() {
                "postgres" => servers.postgres = Some(Postgres::start(Durability::Full).await?),
                "redis" => servers.redis = Some(Redis::start().await?),
                "mail" => servers.mail = Some(MailServers::start().await?),
                other => bail!("there is no server called {other}; there are postgres, redis and mail"),
            }
        }
        Ok(servers)
    }

    fn places(&self) -> Value {
        let mail = self.mail.as_ref().map(|mail| {
            json!({
                "host": "localhost", "imapPort": mail.imap_port, "imapsPort": mail.imaps_port, "smtpPort": mail.smtp_port,
                "caPem": mail.ca_pem, "agent": AGENT, "customer": CUSTOMER, "password": PASSWORD,
            })
        });
        json!({
            "postgres": self.postgres.as_ref().map(|postgres| json!({ "port": postgres.port() })),
            "redis": self.redis.as_ref().map(|redis| json!({ "url": redis.url() })),
            "mail": mail,
        })
    }

    async fn answer(&mut self, line: &str) -> Result<Value> {
        match serde_json::from_str(line)? {
            Command::Database => {
                let server = self.postgres.as_ref().context("postgres was not named")?;
                let made = server.fresh_database(EMPTY).await?;
                let answer = json!({ "appUrl": made.app_url, "ownerUrl": made.owner_url });
                self.databases.push(made);
                Ok(answer)
            }
            Command::Deliver { from, to, raw } => {
                self.mail()?.deliver(&from, &to, raw.as_bytes()).await?;
                Ok(json!({}))
            }
            Command::Mails { account, mailbox } => {
                let mails = self.mail()?.fetch_all(&account, &mailbox).await?;
                Ok(json!({ "mails": mails.iter().map(describe).collect::<Result<Vec<_>>>()? }))
            }
        }
    }

    fn mail(&self) -> Result<&MailServers> {
        self.mail.as_ref().context("mail was not named")
    }
}

/// A mail as a customer's program shows it, with what it says about its place in a thread.
fn describe(mail: &StoredMail) -> Result<Value> {
    let read = MessageParser::default().parse(&mail.raw).context("a mail that nobody can read")?;
    Ok(json!({
        "uid": mail.uid,
        "messageId": read.message_id(),
        "inReplyTo": ids(read.in_reply_to()),
        "references": ids(read.references()),
        "from": read.from().and_then(|from| from.first()).and_then(|from| from.address()),
        "subject": read.subject(),
        "text": read.body_text(0),
        "html": read.html_body.first().and_then(|_| read.body_html(0)),
    }))
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    value.as_text_list().unwrap_or_default().iter().map(|id| id.clone().into_owned()).collect()
}
