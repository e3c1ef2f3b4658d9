//! One of everything in a workspace.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tributary_domain::{actor::Role, entity::channel, inbound::AttachmentSource, media::ReadyAttachment};
use tributary_tests::client::GraphqlClient;

use crate::{
    live::{
        make::{create, make},
        place::Place,
    },
    statements::bury,
};

/// Stands in every text of the other workspace.
pub(super) const CANARY: &str = "zqxcanary";
/// How ids of merges begin: merges are no nodes.
pub(super) const MERGE: &str = "mrg_";

/// Ids by what they are of.
pub(crate) struct Things(BTreeMap<&'static str, String>);

impl Things {
    pub(super) fn get(&self, kind: &str) -> &str {
        self.0.get(kind).unwrap_or_else(|| panic!("there is no {kind}"))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(kind, id)| (*kind, id.as_str()))
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }
}

/// Makes one of everything, with `word` in every name; signed in as the admin of the workspace.
pub(crate) async fn furnish(place: &Place, word: &str) -> (GraphqlClient, Things) {
    let email = format!("{word}@example.org");
    place.add_person(&email, Role::Admin).await;
    let (client, _) = place.sign_in(&email).await;
    let named = |noun: &str| json!({ "clientId": noun, "name": format!("{noun} {word}") });
    let with = |noun: &str, more: Value| {
        let mut input = named(noun);
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let mut ids = BTreeMap::new();
    let person = json!({ "email": format!("agent-{word}@example.org"), "role": "AGENT" });
    ids.insert("person", create(&client, "Person", with("person", person)).await);
    ids.insert("team", create(&client, "Team", named("team")).await);
    ids.insert("skill", create(&client, "Skill", with("skill", json!({ "description": word }))).await);
    ids.insert("tag", create(&client, "Tag", with("tag", json!({ "colour": "#aa0000" }))).await);
    ids.insert("script", create(&client, "Script", with("script", json!({ "steps": [] }))).await);
    ids.insert("inbox", create(&client, "Inbox", named("inbox")).await);
    ids.insert("view", create(&client, "View", with("view", json!({ "filter": {}, "isShared": true }))).await);
    ids.insert("client", create(&client, "ApiClient", with("client", json!({ "kind": "BOT", "scopes": ["READ_EVENTS"] }))).await);

    let settings = json!([{ "key": "allowed_origins", "value": "https://shop.example" }]);
    let chat = json!({ "kind": "DIGITAL_CHAT", "inboxId": ids["inbox"], "defaultSkillId": ids["skill"], "defaultScriptId": ids["script"],
        "settings": settings });
    ids.insert("channel", create(&client, "Channel", with("channel", chat)).await);
    let read = place.app.store.read(place.workspace).await.unwrap();
    let channel = channel::by_id(place.workspace, ids["channel"].parse().unwrap()).one(read.conn()).await.unwrap().unwrap();
    drop(read);
    let file =
        ReadyAttachment::pending(Some(format!("{word}.png")), Some("image/png".into()), None, AttachmentSource::Reference("1".into()));
    place.write_with(&channel, &format!("visitor {word}"), &format!("hello {word}"), None, vec![file]).await;
    let query = "{ interactions(first: 1) { nodes { id contact { id } lastMessage { id attachments { id } } } } }";
    let found = client.post(query, json!({})).await.unwrap().ok().unwrap()["interactions"]["nodes"][0].clone();
    for (kind, at) in [
        ("interaction", "/id"),
        ("contact", "/contact/id"),
        ("message", "/lastMessage/id"),
        ("attachment", "/lastMessage/attachments/0/id"),
    ] {
        ids.insert(kind, found.pointer(at).and_then(Value::as_str).unwrap().to_owned());
    }
    let loser = create(&client, "Contact", with("contact", json!({ "notes": word }))).await;
    let merge = json!({ "winnerId": ids["contact"], "loserId": loser });
    let merged = make(&client, "mergeContacts", "MergeContactsInput", "contact { merges { id } }", merge).await;
    ids.insert("merge", merged["contact"]["merges"][0]["id"].as_str().unwrap().to_owned());
    bury(place, &channel, 1).await;
    let letters = client.post("{ deadLetters(first: 1) { nodes { id } } }", json!({})).await.unwrap().ok().unwrap();
    ids.insert("letter", letters["deadLetters"]["nodes"][0]["id"].as_str().unwrap().to_owned());
    (client, Things(ids))
}
