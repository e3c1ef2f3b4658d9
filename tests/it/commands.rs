//! The program's commands, run as an operator runs them; on SQLite and on PostgreSQL.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};
use tributary_tests::{
    client::GraphqlClient,
    node::{Node, binary},
};

use crate::backend::{Backend, Ground, on_both};

/// Longest wait for something that takes a moment.
const PATIENCE: Duration = Duration::from_secs(60);
const FOUNDING: [&str; 10] = [
    "create-workspace",
    "Acme",
    "--slug",
    "acme",
    "--admin-email",
    "ada@example.org",
    "--admin-name",
    "Ada",
    "--admin-password",
    "correct horse battery",
];

/// A deployment of one node, started or not.
struct Deployment {
    node: Node,
    ground: Ground,
}

/// What a command came to.
#[derive(Debug)]
struct Outcome {
    is_success: bool,
    out: String,
    err: String,
}

impl Outcome {
    async fn of(mut command: Command) -> Self {
        let output = timeout(PATIENCE, command.output()).await.unwrap().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { is_success: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Deployment {
    async fn on(backend: Backend) -> Self {
        let ground = backend.open().await;
        let mut node = Node::new("commands").unwrap();
        for (key, value) in ground.settings() {
            node = node.set(&key, &value);
        }
        Self { node, ground }
    }

    /// With the settings of the node.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary().unwrap());
        command.args(args).current_dir(self.node.folder()).env_clear().kill_on_drop(true).stdin(Stdio::null());
        command.envs(self.ground.settings());
        command
    }

    async fn run(&self, args: &[&str]) -> Outcome {
        Outcome::of(self.command(args)).await
    }

    /// Starts `tail` and returns its lines; it ends with the returned child.
    fn tail(&self, more: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
        let mut child = self.command(&[&["tail", "acme"], more].concat()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        (child, lines)
    }

    async fn sign_in(&self, password: &str) -> GraphqlClient {
        let client = GraphqlClient::new(&self.node.url("/graphql")).unwrap();
        let query = "mutation($i: SignInInput!) { signIn(input: $i) { session { accessToken } errors { code } } }";
        let answer = client.post(query, json!({"i": {"email": "ADA@example.org", "password": password}})).await.unwrap();
        let data = answer.ok().unwrap();
        client.with_token(data["signIn"]["session"]["accessToken"].as_str().unwrap_or_else(|| panic!("no session: {data}")))
    }
}

async fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> Value {
    let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().expect("the log goes on");
    serde_json::from_str(&line).unwrap()
}

async fn add_tag(client: &GraphqlClient, name: &str) {
    let query = "mutation($i: CreateTagInput!) { createTag(input: $i) { tag { id } errors { code message } } }";
    let answer = client.post(query, json!({"i": {"clientId": name, "name": name, "colour": "#112233"}})).await.unwrap();
    assert_eq!(answer.ok().unwrap()["createTag"]["errors"], json!([]));
}

async fn a_new_workspace_can_be_worked_in(backend: Backend) {
    let mut deployment = Deployment::on(backend).await;
    let made = deployment.run(&FOUNDING).await;
    assert!(made.is_success && made.out.contains("ada@example.org") && !made.out.contains("correct horse"), "{made:?}");
    let again = deployment.run(&FOUNDING).await;
    assert!(!again.is_success && again.err.contains("there is a workspace acme already"), "{again:?}");
    let other = ["create-workspace", "Other", "--slug", "other", "--admin-email", "bo@example.org", "--admin-name", "Bo"];
    let mut other = deployment.command(&other);
    other.env("TRIBUTARY__SERVER__LISTEN", "127.0.0.1:4321");
    let invented = Outcome::of(other).await;
    assert!(invented.is_success && invented.out.contains("password    "), "{invented:?}");
    assert!(invented.out.contains("sign in at  http://localhost:4321/\n"), "where the server listens: {invented:?}");
    let wrong = ["create-workspace", "Wrong", "--slug", "Not A Slug", "--admin-email", "cy@example.org", "--admin-name", "Cy"];
    let wrong = deployment.run(&wrong).await;
    assert!(!wrong.is_success && wrong.err.contains("lower-case letters"), "{wrong:?}");

    deployment.node.start().await.unwrap();
    let client = deployment.sign_in("correct horse battery").await;
    let query = "{ viewer { person { name role } } views(first: 20) { nodes { name isShared count } } inboxes(first: 5) { nodes { name } } \
        skills(first: 5) { nodes { name } } scripts(first: 5) { nodes { name } } workspace { name } }";
    let data = client.post(query, json!({})).await.unwrap().ok().unwrap();
    assert_eq!(data["viewer"]["person"], json!({"name": "Ada", "role": "ADMIN"}));
    assert_eq!(data["workspace"], json!({"name": "Acme"}));
    assert_eq!(data["views"]["nodes"].as_array().unwrap().len(), 7);
    for list in ["inboxes", "skills", "scripts"] {
        assert_eq!(data[list]["nodes"].as_array().unwrap().len(), 1, "{list}");
    }
    deployment.node.terminate(PATIENCE).unwrap();
}

async fn tail_follows_beside_the_server(backend: Backend) {
    let mut deployment = Deployment::on(backend).await;
    assert!(deployment.run(&FOUNDING).await.is_success);
    let unknown = deployment.run(&["tail", "nowhere"]).await;
    assert!(!unknown.is_success && unknown.err.contains("there is no workspace nowhere"), "{unknown:?}");
    deployment.node.start().await.unwrap();
    let client = deployment.sign_in("correct horse battery").await;
    let cursor = client.post("{ logCursor }", json!({})).await.unwrap().ok().unwrap()["logCursor"].as_str().unwrap().to_owned();

    let (_child, mut lines) = deployment.tail(&["--after", &cursor]);
    add_tag(&client, "first").await;
    let first = line(&mut lines).await;
    add_tag(&client, "second").await;
    let second = line(&mut lines).await;
    assert_eq!((&first["kind"], &second["kind"]), (&json!("TAG_CHANGED"), &json!("TAG_CHANGED")));
    assert_eq!(second["seq"].as_i64().unwrap(), first["seq"].as_i64().unwrap() + 1);

    let (_other, mut resumed) = deployment.tail(&["--after", first["cursor"].as_str().unwrap()]);
    assert_eq!(line(&mut resumed).await, second);
    let forged = deployment.run(&["tail", "acme", "--after", "AAAA"]).await;
    assert!(!forged.is_success && forged.err.contains("--after"), "{forged:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_one_file_is_refused() {
    let mut deployment = Deployment::on(Backend::Embedded).await;
    deployment.node.start().await.unwrap();
    let second = deployment.run(&["serve"]).await;
    assert!(!second.is_success && second.err.contains("used by another process"), "{second:?}");
    deployment.node.terminate(PATIENCE).unwrap();
}

on_both!(a_new_workspace_can_be_worked_in, tail_follows_beside_the_server);

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_checked_by_name() {
    let deployment = Deployment::on(Backend::Embedded).await;
    let sound = deployment.run(&["check-config"]).await;
    assert!(sound.is_success && sound.out.contains("the settings are sound"), "{sound:?}");
    let mut unknown = deployment.command(&["check-config"]);
    unknown.env("TRIBUTARY__SERVER__NO_SUCH_KEY", "1");
    let unknown = Outcome::of(unknown).await;
    assert!(!unknown.is_success && unknown.err.contains("TRIBUTARY__SERVER__NO_SUCH_KEY"), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_file_is_what_is_served() {
    let served = Deployment::on(Backend::Embedded).await.run(&["schema"]).await;
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql")).unwrap();
    assert!(served.out == file, "schema.graphql is not what the server serves: make schema");
}
