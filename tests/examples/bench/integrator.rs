//! A system of somebody else that hands in the messages of its customers.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tributary_tests::client::{GraphqlClient, http_client};

use super::stand::Stand;

/// The events that tell of what is handed in.
pub(crate) const MESSAGES: &str = "MESSAGE_RECEIVED";
const CREATE: &str =
    "mutation($input: CreateChannelInput!) { createChannel(input: $input) { channel { webhookUrl } errors { code message } } }";
const LIKE: &str = "{ channels(first: 50) { nodes { kind inbox { id } defaultSkill { id } defaultScript { id } } } }";
/// The token of the channels that are made here.
const TOKEN: &str = "bench-inbound-token-0123456789";

/// Channels of one workspace, each with an address that takes at most 500 requests per second.
#[derive(Clone)]
pub(crate) struct Integrator {
    addresses: Vec<String>,
    http: reqwest::Client,
}

/// A message of a customer.
pub(crate) struct Incoming {
    pub(crate) id: String,
    /// Everybody has a number and one conversation.
    pub(crate) sender: u64,
    pub(crate) text: String,
}

impl Integrator {
    /// Makes so many channels.
    pub(crate) async fn open(stand: &Stand, admin: &GraphqlClient, name: &str, channels: usize) -> Result<Self> {
        let known = admin.post(LIKE, json!({})).await?.ok()?;
        let known = known["channels"]["nodes"].as_array().into_iter().flatten().find(|one| one["kind"] == "BYOC");
        let like = known.context("the demo has no channel of an integrator")?;
        let mut addresses = Vec::new();
        for channel in 0..channels {
            let setting = |key: &str, value: &str| json!({ "key": key, "value": value });
            let name = format!("{name}-{channel}");
            let input = json!({
                "clientId": name, "name": name, "kind": "BYOC", "inboxId": like["inbox"]["id"],
                "defaultSkillId": like["defaultSkill"]["id"], "defaultScriptId": like["defaultScript"]["id"],
                "settings": [setting("url", "https://middleware.example/"), setting("inbound_token", TOKEN), setting("verify_signature", "false"),
                    setting("signing_secret", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")],
            });
            let made = admin.post(CREATE, json!({ "input": input })).await?.ok()?;
            let address = made["createChannel"]["channel"]["webhookUrl"].as_str().with_context(|| format!("no channel: {made}"))?;
            let path = address.split_once("/byoc/").map(|(_, path)| format!("/byoc/{path}")).context("another address")?;
            addresses.push(stand.writer.url(&path));
        }
        Ok(Self { addresses, http: http_client()? })
    }

    /// Hands in messages in one request; lanes use the channels in turn.
    pub(crate) async fn post(&self, lane: usize, messages: &[Incoming]) -> Result<()> {
        let event = |message: &Incoming| {
            let Incoming { id, sender, text } = message;
            let person = format!("person-{sender}");
            json!({ "specversion": "1.0", "id": id, "source": "https://middleware.example", "type": "message.created",
                "data": {
                    "idOnExternalPlatform": id, "direction": "inbound",
                    "author": { "endUserIdentity": { "idOnExternalPlatform": person, "firstName": person } },
                    "thread": { "idOnExternalPlatform": format!("thread-{person}") },
                    "messageContent": { "type": "TEXT", "payload": { "text": text } },
                } })
        };
        let (media, body) = match messages {
            [one] => ("application/cloudevents+json", event(one)),
            _ => ("application/cloudevents-batch+json", Value::Array(messages.iter().map(event).collect())),
        };
        let address = &self.addresses[lane % self.addresses.len()];
        let request = self.http.post(address).bearer_auth(TOKEN).header("content-type", media).body(body.to_string());
        let status = request.send().await?.status();
        ensure!(status.is_success(), "a request was answered with {status}");
        Ok(())
    }
}
