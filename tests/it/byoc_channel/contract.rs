//! Our bodies against the written contracts: a copy of ours always, the shared folder where there is one.

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};
use tributary_channels::channel::{Channel, Step};
use tributary_domain::content::{RichContent, Text};

use super::{
    Bench, channel, fixtures,
    outbound::{actions, message, outbound},
};

const OPENAPI: &str = "byoc-shape.handwritten.openapi.json";
const CLOUDEVENTS: &str = "cloudevents-1.0.schema.json";

/// Folders with contracts: our copy, and the shared one if it is there.
fn folders() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("TRIBUTARY_CONTRACTS").map_or_else(|| here.join("../../shared/contracts"), PathBuf::from).join("byoc");
    let mut folders = vec![here.join("it/byoc_channel/schemas")];
    if shared.is_dir() {
        folders.push(shared);
    } else {
        eprintln!("the shared contracts are absent; only our own copy is checked (TRIBUTARY_CONTRACTS names their folder)");
    }
    folders
}

fn read(folder: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(name)).expect("a contract");
    serde_json::from_str(&text).expect("JSON")
}

/// A schema of the OpenAPI document, with the others to refer to.
fn component(folder: &Path, name: &str) -> Validator {
    let document = read(folder, OPENAPI);
    let schema = json!({"$ref": format!("#/components/schemas/{name}"), "components": document["components"]});
    jsonschema::validator_for(&schema).expect("a schema")
}

fn assert_valid(validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<_> = validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:?}");
}

#[test]
fn recorded_events_are_cloud_events_with_messages_of_the_contract() {
    for folder in folders() {
        let events = jsonschema::validator_for(&read(&folder, CLOUDEVENTS)).expect("a schema");
        let messages = component(&folder, "InboundMessage");
        assert!(!events.is_valid(&json!({"id": "1"})) && !messages.is_valid(&json!({})), "the schemas can refuse");
        for (name, body) in fixtures() {
            let body: Value = serde_json::from_str(&body).expect("JSON");
            if name.starts_with("compat") {
                // The contract's own sample has a null where its schema knows none; null counts as absent.
                assert_valid(&messages, &without_nulls(body), &name);
            } else {
                assert_valid(&events, &body, &name);
            }
        }
    }
}

#[test]
fn compatibility_bodies_follow_the_contract() {
    let bench = Bench::new();
    for folder in folders() {
        for (mode, schema) in [("compat_new", "OutboundCall"), ("compat_old", "LegacyOutboundCall")] {
            let validator = component(&folder, schema);
            assert!(!validator.is_valid(&json!({})), "the schema can refuse");
            let channel = channel(&json!({"url": "https://middleware.example/box", "mode": mode}));
            let kinds = json!([
                {"kind": "TEXT", "text": "x"},
                {"kind": "FORMATTED", "markup": "MARKDOWN", "source": "*x*"},
                {"kind": "LOCATION", "latitude": 1.0, "longitude": 2.0, "name": null, "address": null},
                {"kind": "QUICK_REPLIES", "text": "?", "replies": [{"id": "a", "title": "A"}]},
                {"kind": "LIST_PICKER", "title": "?", "text": null, "multiple": false, "sections": [{"title": null, "items": [
                    {"id": "a", "title": "A", "description": null, "image": null}]}]},
                {"kind": "FORM", "title": "?", "text": null, "fields": [], "submit_label": null},
                {"kind": "ADAPTIVE_CARD", "card": {"type": "AdaptiveCard"}},
                {"kind": "FORM_ANSWERS", "question": null, "answers": []},
                {"kind": "UNSUPPORTED", "platform_type": "x", "text": null}
            ]);
            let kinds: Vec<RichContent> = serde_json::from_value(kinds).expect("contents");
            let sends = kinds.into_iter().map(|content| tributary_domain::outbound::Action::Send(message(content)));
            let mut seen = 0;
            for action in sends.chain(actions().into_iter().map(|(_, action)| action)) {
                for step in bench.adapter.render(&channel, &outbound(action)) {
                    if let Step::Http(step) = step {
                        assert_valid(&validator, &step.body, mode);
                        seen += 1;
                    }
                }
            }
            assert!(seen >= 12, "only {seen} bodies");
        }
    }
}

#[test]
fn a_message_of_ours_is_small() {
    let bench = Bench::new();
    let channel = channel(&json!({"url": "https://middleware.example/hook"}));
    let text = RichContent::Text(Text { text: "x".repeat(4096) });
    let steps = bench.adapter.render(&channel, &outbound(tributary_domain::outbound::Action::Send(message(text))));
    let [Step::Http(step)] = &steps[..] else { panic!("one call expected") };
    assert!(step.body.to_string().len() < 20_000, "a webhook stays below 20 KB (fact sheet)");
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            members.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key, without_nulls(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
