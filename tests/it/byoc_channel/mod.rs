//! The integrator's channel, against a middleware that checks what real ones check.

mod contract;
mod inbound;
mod outbound;

use std::{path::Path, sync::Arc};

use chrono::{DateTime, TimeZone, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};
use tributary_channels::{
    byoc::Byoc,
    channel::{Channel, Cx, Ingress, Webhook, WebhookRequest},
    shared::{
        guard::AddressGuard,
        http::{GuardedClient, Limits},
    },
};
use tributary_domain::{
    clock::TestClock,
    media::{MediaLinks, MediaStore},
    outbound::OpenChannel,
};
use tributary_tests::fake::{byoc as fake, secrets::KeptSecrets};
use uuid::Uuid;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 8, 0, 0).single().expect("a time")
}

/// A channel with these settings over the usual secrets.
fn channel(settings: &Value) -> OpenChannel {
    let secrets = [("signing_secret", fake::SIGNING_SECRET), ("inbound_token", fake::INBOUND_TOKEN), ("client_secret", fake::CLIENT.1)];
    OpenChannel {
        workspace: Uuid::from_u128(1).into(),
        id: Uuid::from_u128(2).into(),
        name: "Integration".into(),
        token: "path-token".into(),
        settings: settings.as_object().expect("an object").clone(),
        secrets: secrets.map(|(key, value)| (key.to_owned(), SecretString::from(value))).into(),
    }
}

/// Everything an adapter needs; this machine's own addresses are listed, as on-premise.
struct Bench {
    cx: Cx,
    clock: TestClock,
    adapter: Byoc,
    _files: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let clock = TestClock::at(now());
        let files = tempfile::tempdir().expect("a folder");
        let guard = AddressGuard::new(vec!["127.0.0.0/8".parse().expect("a network")]);
        let cx = Cx {
            clock: Arc::new(clock.clone()),
            http: GuardedClient::new(guard, Limits::default()).expect("a client"),
            media: MediaStore::folder(files.path()).expect("a store"),
            public_url: "https://inbox.example/".parse().expect("an address"),
            links: MediaLinks::new([7; 32]),
            secrets: Arc::new(KeptSecrets::default()),
        };
        Self { cx, clock, adapter: Byoc::default(), _files: files }
    }
}

fn webhook(adapter: &Byoc) -> &dyn Webhook {
    match adapter.ingress() {
        Ingress::Webhook(webhook) => webhook,
        _ => panic!("integrators call us"),
    }
}

fn request(path: &str, headers: &[(&'static str, &str)], body: impl Into<bytes::Bytes>) -> WebhookRequest {
    WebhookRequest {
        method: http::Method::POST,
        path: path.into(),
        query: String::new(),
        headers: headers.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect(),
        body: body.into(),
        at: now(),
    }
}

/// The recorded bodies, by name.
fn fixtures() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../channels/src/byoc/fixtures");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .expect("the fixtures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).expect("a fixture"))
        })
        .collect();
    found.sort();
    assert!(found.len() >= 24, "fixtures are missing");
    found
}

fn bearer() -> String {
    format!("Bearer {}", fake::INBOUND_TOKEN)
}

fn snapshot(name: &str, value: &impl serde::Serialize) {
    insta::with_settings!({snapshot_path => "../../../channels/src/byoc/fixtures/snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_json_snapshot!(name, value);
    });
}

/// A channel that declares nothing beside its address.
fn plain_channel() -> OpenChannel {
    channel(&json!({"url": "https://middleware.example/hook"}))
}
