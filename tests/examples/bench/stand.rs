//! PostgreSQL, Redis, a node that writes and a node that is measured, with the demo workspace.

use std::time::Duration;

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tributary_domain::random;
use tributary_tests::{
    certificate::Certificate,
    client::{GraphqlClient, http_client},
    host::free_port,
    node::Node,
    postgres::{Durability, EMPTY, PgDatabase, Postgres},
    redis::Redis,
};

use super::cpu;

/// The core of what is measured, and that of everything else.
pub(crate) const MEASURED: usize = 0;
pub(crate) const OTHERS: usize = 1;
const PEOPLE: [&str; 4] = ["anna", "jonas", "emily", "lukas"];
/// Everybody's in the demo.
const PASSWORD: &str = "demo";

pub(crate) struct Stand {
    pub(crate) redis: Redis,
    /// Takes what is written.
    pub(crate) writer: Node,
    /// Serves subscribers and reads.
    pub(crate) measured: Node,
    /// Where the measured node speaks TLS.
    pub(crate) tls_port: u16,
    pub(crate) certificate: Certificate,
    settings: Vec<(&'static str, String)>,
    _media: tempfile::TempDir,
    pub(crate) database: PgDatabase,
    postgres: Postgres,
}

impl Stand {
    pub(crate) async fn start() -> Result<Self> {
        cpu::bind(std::process::id(), OTHERS)?;
        let postgres = Postgres::start(Durability::Fast).await?;
        let redis = Redis::start().await?;
        let database = postgres.fresh_database(EMPTY).await?;
        let (key, media) = (BASE64_STANDARD.encode(random::bytes::<32>()), tempfile::tempdir()?);
        let settings = vec![
            ("DATABASE__URL", database.app_url.clone()),
            ("DATABASE__MIGRATE_URL", database.owner_url.clone()),
            ("REDIS__URL", redis.url()),
            ("AUTH__SECRETS", key.clone()),
            ("SECRETS__MASTER_KEYS", format!("one:{key}")),
            ("MEDIA__FOLDER", media.path().display().to_string()),
            ("GRAPHQL__SOCKETS_PER_USER", "100000".to_owned()),
            ("SERVER__MAX_CONNECTIONS", "100000".to_owned()),
            ("LOG__FILTER", "warn".to_owned()),
        ];
        let mut writer = node("writer", &settings)?.arg("--demo");
        writer.start().await?;
        let (tls_port, certificate) = (free_port(), Certificate::issue()?);
        let tls = [
            ("SERVER__TLS_LISTEN", format!("127.0.0.1:{tls_port}")),
            ("SERVER__TLS_CERTIFICATE", certificate.file()),
            ("SERVER__TLS_KEY", certificate.key_file()),
        ];
        let mut measured = node("measured", settings.iter().chain(&tls))?.arg("--role").arg("api");
        measured.start().await?;
        cpu::bind(writer.process()?.pid(), OTHERS)?;
        cpu::bind(measured.process()?.pid(), MEASURED)?;
        Ok(Self { redis, writer, measured, tls_port, certificate, settings, _media: media, database, postgres })
    }

    /// One more node that serves, on the core of what is measured.
    pub(crate) async fn another(&self) -> Result<Node> {
        let mut another = node("another", &self.settings)?.arg("--role").arg("api");
        another.start().await?;
        cpu::bind(another.process()?.pid(), MEASURED)?;
        Ok(another)
    }

    /// Where the database is, for one whom row-level security does not bind.
    pub(crate) fn admin_url(&self) -> String {
        self.postgres.admin_url(&self.database.name)
    }

    /// Data statements that the measured node has run so far, by its own count.
    pub(crate) async fn statements(&self) -> Result<f64> {
        let text = http_client()?.get(self.measured.url("/metrics")).send().await?.error_for_status()?.text().await?;
        let line = text.lines().find_map(|line| line.strip_prefix("tributary_database_statements_total "));
        Ok(line.context("the node does not count its statements")?.trim().parse()?)
    }

    /// Tokens of agents, all of whom have the same rights.
    pub(crate) async fn tokens(&self) -> Result<Vec<String>> {
        let mut tokens = Vec::new();
        for person in PEOPLE {
            tokens.push(sign_in(&self.writer.url("/graphql"), &format!("{person}@example.org")).await?);
        }
        Ok(tokens)
    }

    /// Asks the writing node as an admin.
    pub(crate) async fn admin(&self) -> Result<GraphqlClient> {
        let url = self.writer.url("/graphql");
        let token = sign_in(&url, "admin@example.org").await?;
        Ok(GraphqlClient::new(&url)?.with_token(&token))
    }
}

fn node<'a>(name: &str, settings: impl IntoIterator<Item = &'a (&'static str, String)>) -> Result<Node> {
    Ok(settings.into_iter().fold(Node::new(name)?, |node, (key, value)| node.set(&format!("TRIBUTARY__{key}"), value)))
}

async fn sign_in(url: &str, email: &str) -> Result<String> {
    let query = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } errors { code message } } }";
    let input = json!({ "input": { "email": email, "password": PASSWORD } });
    let answer: Value = GraphqlClient::new(url)?.post(query, input).await?.ok()?;
    let token = answer["signIn"]["session"]["accessToken"].as_str().with_context(|| format!("{email} could not sign in: {answer}"))?;
    Ok(token.to_owned())
}

/// Between two things that are sent.
pub(crate) async fn pace(per_second: u32) {
    tokio::time::sleep(Duration::from_secs(1) / per_second).await;
}
