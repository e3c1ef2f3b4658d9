//! What the integrator tells us, by the same way as through the API: verified, stored raw, then worked on.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tributary_channels::channel::{Ingress, WebhookRequest};
use tributary_domain::{
    channel::{NewRaw, StoredRaw, store_raw},
    clock::Clock,
    ids::{InteractionId, OutboundId},
};
use tributary_tests::fake::byoc::INBOUND_TOKEN;

use super::Stage;

/// A message of a contact.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) id: String,
    pub(crate) from: String,
    pub(crate) thread: Option<String>,
    pub(crate) text: String,
    pub(crate) more: BTreeMap<String, Value>,
}

impl Heard {
    /// `id` is the platform's, unique; the person and the thread follow `from`.
    pub(crate) fn new(id: &str, from: &str, text: &str) -> Self {
        Self { id: id.to_owned(), from: from.to_owned(), thread: Some(format!("t-{from}")), text: text.to_owned(), more: BTreeMap::new() }
    }

    pub(crate) fn with(mut self, key: &str, value: Value) -> Self {
        self.more.insert(key.to_owned(), value);
        self
    }

    pub(crate) fn data(&self, at: DateTime<Utc>) -> Value {
        let mut data = json!({
            "idOnExternalPlatform": self.id,
            "createdAtOnExternal": at.to_rfc3339(),
            "direction": "inbound",
            "author": {"endUserIdentity": {"idOnExternalPlatform": self.from, "firstName": self.from}},
            "messageContent": {"type": "TEXT", "payload": {"text": self.text}},
        });
        if let Some(thread) = &self.thread {
            data["thread"] = json!({"idOnExternalPlatform": thread});
        }
        for (key, value) in &self.more {
            data[key] = value.clone();
        }
        data
    }
}

impl Stage {
    /// Takes a request as the API does.
    pub(crate) async fn take(&self, headers: &[(&'static str, String)], body: &[u8]) -> StoredRaw {
        let found = self.channel().await;
        let (adapter, open) = self.worker.open(&found).await.unwrap().unwrap();
        let Ingress::Webhook(webhook) = adapter.ingress() else { panic!("integrators call us") };
        let request = WebhookRequest {
            method: http::Method::POST,
            path: "events".to_owned(),
            query: String::new(),
            headers: headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect(),
            body: body.to_vec().into(),
            at: self.clock.now(),
        };
        let verified = webhook.verify(&open, &request).unwrap();
        let tx = self.store.write(self.workspace).await.unwrap();
        let raw = NewRaw {
            dedupe_key: verified.dedupe_key,
            form: verified.raw.form,
            headers: verified.raw.headers,
            body: verified.raw.body.to_vec(),
            at: verified.raw.at,
        };
        let stored = store_raw(&tx, self.channel, raw).await.unwrap();
        tx.commit().await.unwrap();
        stored
    }

    /// One event of the integrator, stored and not yet worked on.
    pub(crate) async fn post(&self, event: &str, kind: &str, data: &Value) -> StoredRaw {
        let (headers, body) = self.integrator.event(event, kind, data);
        self.take(&headers, &body).await
    }

    /// Several events in one request.
    pub(crate) async fn post_batch(&self, events: &[(String, &str, Value)]) -> StoredRaw {
        let events: Vec<_> = events
            .iter()
            .map(|(id, kind, data)| json!({"specversion": "1.0", "id": id, "source": "https://middleware.example", "type": kind, "data": data}))
            .collect();
        let headers =
            [("content-type", "application/cloudevents-batch+json".to_owned()), ("authorization", format!("Bearer {INBOUND_TOKEN}"))];
        self.take(&headers, json!(events).to_string().as_bytes()).await
    }

    /// One event, worked on.
    pub(crate) async fn event(&self, kind: &str, data: Value) {
        self.post(&uuid::Uuid::now_v7().to_string(), kind, &data).await;
        self.settle().await;
    }

    /// A message of a contact, worked on; gives its interaction.
    pub(crate) async fn hear(&self, heard: &Heard) -> InteractionId {
        self.event("message.created", heard.data(self.clock.now())).await;
        self.find(&heard.id).await.unwrap_or_else(|| panic!("{heard:?} was not stored")).interaction_id
    }

    /// The beginning of most tests: a contact writes.
    pub(crate) async fn conversation(&self, from: &str) -> InteractionId {
        self.hear(&Heard::new(&format!("first-of-{from}"), from, "Hello")).await
    }

    /// As [`Self::conversation`], but nothing is sent meanwhile.
    pub(crate) async fn conversation_without_settling(&self, from: &str) -> InteractionId {
        let id = format!("first-of-{from}");
        self.post(&id, "message.created", &Heard::new(&id, from, "Hello").data(self.clock.now())).await;
        while self.worker.ingest().await.unwrap() > 0 {}
        self.find(&id).await.unwrap().interaction_id
    }

    /// What became of a message of ours, by the platform's id.
    pub(crate) async fn status(&self, external_id: &str, status: &str) {
        let at = self.clock.now().to_rfc3339();
        self.event("message.status", json!({"idOnExternalPlatform": external_id, "status": status, "at": at})).await;
    }

    /// The platform shows us a message of our own.
    pub(crate) async fn echo(&self, external_id: &str, reference: Option<OutboundId>, to: &str, text: &str) {
        let mut data = json!({
            "idOnExternalPlatform": external_id,
            "direction": "outbound",
            "thread": {"idOnExternalPlatform": format!("t-{to}")},
            "author": {"user": {"id": 7}},
            "messageContent": {"type": "TEXT", "payload": {"text": text}},
            "recipients": [{"idOnExternalPlatform": to, "isPrimary": true}],
        });
        if let Some(reference) = reference {
            data["webhookId"] = json!(reference.to_string());
        }
        self.post(&uuid::Uuid::now_v7().to_string(), "message.created", &data).await;
        while self.worker.ingest().await.unwrap() > 0 {}
    }
}
