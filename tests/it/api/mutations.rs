//! Every mutation through the real transport: once as it should be, once with something wrong, and what a client relies on
//! besides: the same client id gives the same result, another version is a conflict that shows the present object.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tributary_domain::{
    actor::Role,
    delivery::{self, Claimed, Lane, OutboundAction, Outcome},
    ids::InteractionId,
};
use tributary_tests::client::GraphqlClient;

use super::schema::Schema;
use crate::{
    backend::{Backend, on_both},
    live::place::{PASSWORD, Place},
};

on_both![every_mutation_does_and_refuses];

/// Driven in [`super::sessions`], because they take no input object.
const ELSEWHERE: [&str; 3] = ["refreshSession", "signOut", "signInWithToken"];

/// Runs mutations and remembers which did something and which were refused.
struct Driver {
    schema: Schema,
    client: GraphqlClient,
    done: Mutex<BTreeSet<String>>,
    refused: Mutex<BTreeSet<String>>,
}

impl Driver {
    async fn run(&self, field: &str, input: Value, more: &str) -> Value {
        let document = self.schema.mutation(field, more);
        let answer = self.client.post(&document, json!({ "input": input })).await.unwrap();
        answer.ok().unwrap_or_else(|error| panic!("{field}({input}): {error:#}"))[field].clone()
    }

    /// Does it; the payload.
    async fn ok(&self, field: &str, input: Value) -> Value {
        let payload = self.run(field, input.clone(), "").await;
        assert_eq!(payload["errors"], json!([]), "{field}({input}): {payload}");
        self.done.lock().unwrap_or_else(PoisonError::into_inner).insert(field.to_owned());
        payload
    }

    /// Does it twice with the same client id: the same thing comes out.
    async fn create(&self, field: &str, of: &str, input: Value) -> String {
        let mut input = input;
        input["clientId"] = json!(format!("{field}-{}", input["name"].as_str().unwrap_or("1")));
        let first = self.ok(field, input.clone()).await;
        let again = self.ok(field, input).await;
        assert_eq!(first[of]["id"], again[of]["id"], "{field}: {first} {again}");
        assert!(first["cursor"].is_string(), "{field}: {first}");
        first[of]["id"].as_str().unwrap_or_else(|| panic!("{field}: {first}")).to_owned()
    }

    /// Is refused with this code and path; the payload.
    async fn no(&self, field: &str, code: &str, path: &[&str], input: Value) -> Value {
        let payload = self.run(field, input.clone(), "").await;
        let error = &payload["errors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!(path)), "{field}({input}): {payload}");
        assert_eq!(payload["cursor"], Value::Null, "{field}({input}): {payload}");
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(field.to_owned());
        payload
    }

    /// Is a conflict on a version that nobody has seen, and shows the object as it is.
    async fn stale(&self, field: &str, of: &str, id: &str, input: Value) {
        let mut input = input;
        input["expectedVersion"] = json!(9_007_199_254_740_991_i64);
        let payload = self.no(field, "CONFLICT", &[], input).await;
        assert_eq!(payload[of]["id"], json!(id), "{field}: {payload}");
    }
}

async fn every_mutation_does_and_refuses(backend: Backend) {
    let place = Place::start(backend).await;
    let me = place.add_person("ada@example.org", Role::Admin).await.to_string();
    let (client, _) = place.sign_in("ada@example.org").await;
    let driver = Driver { schema: Schema::served(), client, done: Mutex::default(), refused: Mutex::default() };
    let names = set_up(&driver, &me).await;
    contacts(&driver).await;
    interactions(&driver, &place, &names, &me).await;
    messages(&driver, &place).await;
    dead_letters(&driver, &place).await;
    people(&driver, &names, &me).await;
    let all: BTreeSet<String> = driver.schema.fields("Mutation").iter().map(|field| field.node.name.node.to_string()).collect();
    let expected: BTreeSet<String> = all.iter().filter(|name| !ELSEWHERE.contains(&name.as_str())).cloned().collect();
    assert_eq!(*driver.done.lock().unwrap_or_else(PoisonError::into_inner), expected, "did something");
    assert_eq!(*driver.refused.lock().unwrap_or_else(PoisonError::into_inner), expected, "was refused");
}

/// Ids of what was set up and stays.
struct Names {
    inbox: String,
    skill: String,
    tag: String,
    script: String,
}

/// What administrators keep: make, change, remove.
async fn set_up(driver: &Driver, me: &str) -> Names {
    let mut kept = Vec::new();
    for (noun, new, change) in [
        ("Skill", json!({ "name": "Refunds", "description": "Money back" }), json!({ "description": null })),
        ("Tag", json!({ "name": "Urgent", "colour": "#ff0000" }), json!({ "colour": "#00ff00" })),
        ("Team", json!({ "name": "North", "memberIds": [me] }), json!({ "memberIds": [] })),
        ("Inbox", json!({ "name": "Complaints" }), json!({ "name": "Praise" })),
        ("Script", json!({ "name": "Hello", "steps": [{ "setPriority": "HIGH" }] }), json!({ "steps": [{ "handToHumans": {} }] })),
        ("View", json!({ "name": "Mine", "filter": { "assignment": "MINE" } }), json!({ "sort": "PRIORITY" })),
    ] {
        let of = noun.to_lowercase();
        let (create, update, delete) = (format!("create{noun}"), format!("update{noun}"), format!("delete{noun}"));
        let id = driver.create(&create, &of, new.clone()).await;
        let mut nameless = new.clone();
        (nameless["name"], nameless["clientId"]) = (json!(" "), json!("nameless"));
        driver.no(&create, "INVALID", &["name"], nameless).await;
        let with = |change: &Value| {
            let mut input = change.clone();
            input[format!("{of}Id")] = json!(id);
            input
        };
        driver.stale(&update, &of, &id, with(&change)).await;
        let changed = driver.ok(&update, with(&change)).await;
        let gone = driver
            .create(&create, &of, {
                let mut other = new.clone();
                other["name"] = json!("Other");
                other
            })
            .await;
        let refused = driver.no(&delete, "CONFLICT", &[], json!({ "id": gone, "expectedVersion": 1 })).await;
        assert_eq!((&refused["node"]["id"], &refused["deletedId"]), (&json!(gone), &Value::Null), "{refused}");
        let deleted = driver.ok(&delete, json!({ "id": gone })).await;
        assert_eq!((&deleted["node"], &deleted["deletedId"]), (&Value::Null, &json!(gone)), "{deleted}");
        assert!(changed[&of]["version"].as_i64().unwrap() > 0, "{changed}");
        kept.push(id);
    }
    driver.no("updateWorkspace", "INVALID", &["reopenDays"], json!({ "reopenDays": 9999 })).await;
    let workspace = driver.ok("updateWorkspace", json!({ "reopenDays": 3, "defaultLanguage": "de-AT" })).await["workspace"].clone();
    assert!(workspace["version"].as_i64().unwrap() > 0, "{workspace}");
    driver.stale("updateWorkspace", "workspace", workspace["id"].as_str().unwrap(), json!({ "name": "Other" })).await;
    let node = driver.client.post("query($id: ID!) { node(id: $id) { ... on Workspace { version } } }", json!({ "id": workspace["id"] }));
    assert_eq!(node.await.unwrap().ok().unwrap()["node"]["version"], workspace["version"]);
    let [skill, tag, _, inbox, script, _] = kept.as_slice() else { panic!("six nouns") };
    Names { inbox: inbox.clone(), skill: skill.clone(), tag: tag.clone(), script: script.clone() }
}

async fn contacts(driver: &Driver) {
    let winner = driver.create("createContact", "contact", json!({ "name": "Cy", "email": "cy@example.org", "language": "en" })).await;
    let loser = driver.create("createContact", "contact", json!({ "name": "Cyrus" })).await;
    driver.no("createContact", "INVALID", &["email"], json!({ "clientId": "x", "name": "X", "email": "no address" })).await;
    driver.stale("updateContact", "contact", &winner, json!({ "contactId": winner, "name": "Cy" })).await;
    driver.ok("updateContact", json!({ "contactId": winner, "notes": "likes tea", "fields": [{ "key": "tier", "value": "gold" }] })).await;
    let both = json!({ "winnerId": winner, "loserId": loser });
    let mut stale = both.clone();
    stale["expectedLoserVersion"] = json!(1);
    let refused = driver.no("mergeContacts", "CONFLICT", &[], stale).await;
    assert_eq!((&refused["contact"]["id"], &refused["loser"]["id"]), (&json!(winner), &json!(loser)), "both as they are");
    let merged = driver.ok("mergeContacts", both).await;
    let merges = "query($id: ID!) { node(id: $id) { ... on Contact { merges { id } } } }";
    let merge = driver.client.post(merges, json!({ "id": winner })).await.unwrap().ok().unwrap()["node"]["merges"][0]["id"].clone();
    driver.stale("unmergeContacts", "contact", &winner, json!({ "mergeId": merge })).await;
    let version = &merged["contact"]["version"];
    let apart = driver.ok("unmergeContacts", json!({ "mergeId": merge, "expectedVersion": version })).await;
    assert_eq!(apart["loser"]["id"], json!(loser));
}

async fn interactions(driver: &Driver, place: &Place, names: &Names, me: &str) {
    let chat = place.add_channel("Chat", None).await;
    place.write(&chat, "visitor", "hello").await;
    let id = first_interaction(driver, "visitor").await;
    let with = |more: Value| {
        let mut input = more;
        input["interactionId"] = json!(id);
        input
    };
    for (field, good, bad, path) in [
        ("assignInteraction", json!({ "assigneeId": me }), json!({ "assigneeId": names.tag }), "assigneeId"),
        (
            "setInteractionPriority",
            json!({ "priority": "HIGH" }),
            json!({ "interactionId": names.tag, "priority": "LOW" }),
            "interactionId",
        ),
        ("setInteractionSkill", json!({ "skillId": names.skill }), json!({ "skillId": names.tag }), "skillId"),
        ("moveInteraction", json!({ "inboxId": names.inbox }), json!({ "inboxId": names.tag }), "inboxId"),
        ("snoozeInteraction", json!({ "until": "2100-01-01T00:00:00Z" }), json!({ "until": "2000-01-01T00:00:00Z" }), "until"),
        ("setInteractionStatus", json!({ "status": "OPEN" }), json!({ "status": "SNOOZED" }), "status"),
    ] {
        driver.stale(field, "interaction", &id, with(good.clone())).await;
        driver.ok(field, with(good)).await;
        let bad = if bad.get("interactionId").is_some() { bad } else { with(bad) };
        driver.no(field, "INVALID", &[path], bad).await;
    }
    driver.stale("setInteractionTags", "interaction", &id, with(json!({ "add": [names.tag] }))).await;
    driver.ok("setInteractionTags", with(json!({ "add": [names.tag] }))).await;
    driver.no("setInteractionTags", "INVALID", &["add", "1"], with(json!({ "add": [names.tag, names.skill] }))).await;
    driver.ok("markInteractionRead", with(json!({}))).await;
    driver.no("markInteractionRead", "INVALID", &["interactionId"], json!({ "interactionId": names.tag })).await;
    driver.ok("setPresence", with(json!({ "tabId": "1", "state": "REPLYING" }))).await;
    presence_refused(driver, with(json!({ "tabId": "a:b", "state": "VIEWING" }))).await;
    // What the state machine does not allow is a conflict, which shows where it stands.
    driver.ok("setInteractionStatus", with(json!({ "status": "CLOSED" }))).await;
    let closed = driver.no("setInteractionStatus", "CONFLICT", &[], with(json!({ "status": "OPEN" }))).await;
    assert_eq!(closed["interaction"]["id"], json!(id));
}

/// Presence is not in the log, so its payload has no cursor.
async fn presence_refused(driver: &Driver, input: Value) {
    let payload = driver.run("setPresence", input, "").await;
    assert_eq!((&payload["errors"][0]["code"], &payload["errors"][0]["field"]), (&json!("INVALID"), &json!(["tabId"])));
    driver.refused.lock().unwrap_or_else(PoisonError::into_inner).insert("setPresence".to_owned());
}

async fn first_interaction(driver: &Driver, contact: &str) -> String {
    let query = "{ interactions(first: 10) { nodes { id identity { externalId } } } }";
    let found = driver.client.post(query, json!({})).await.unwrap().ok().unwrap();
    let nodes = found["interactions"]["nodes"].as_array().unwrap();
    let found = nodes.iter().find(|node| node["identity"]["externalId"] == contact).unwrap_or_else(|| panic!("{nodes:?}"));
    found["id"].as_str().unwrap().to_owned()
}

async fn messages(driver: &Driver, place: &Place) {
    let chat = place.add_channel("Another chat", None).await;
    let reader = place.cursor(&driver.client).await;
    place.write(&chat, "customer", "where is my order?").await;
    let id = first_interaction(driver, "customer").await;
    let send = |client_id: &str, content: Value| json!({ "interactionId": id, "clientId": client_id, "content": content });
    let text = json!({ "text": { "text": "on its way" } });

    let sent = driver.ok("sendMessage", send("one", text.clone())).await["message"]["id"].clone();
    assert_eq!(driver.ok("sendMessage", send("one", text.clone())).await["message"]["id"], sent, "the same client id, the same message");
    driver.no("sendMessage", "EMPTY", &["content", "text", "text"], send("two", json!({ "text": { "text": " " } }))).await;
    let mut late = send("three", text.clone());
    late["seen"] = json!(reader);
    let newer = driver.run("sendMessage", late, "newer { text }").await;
    assert_eq!((&newer["errors"][0]["code"], &newer["newer"][0]["text"]), (&json!("CONFLICT"), &json!("where is my order?")), "{newer}");
    // Files and images that are not the writer's own lead nowhere, in the message as in its preview.
    let nobody = format!("att_{}", "0".repeat(32));
    let list = json!({ "listPicker": { "title": "Which?", "sections": [{ "items": [
        { "id": "1", "title": "One" }, { "id": "2", "title": "Two", "image": { "attachmentId": nobody } } ] }] } });
    let image = ["content", "listPicker", "sections", "0", "items", "1", "image", "attachmentId"];
    driver.no("sendMessage", "INVALID", &image, send("four", list.clone())).await;
    let mut foreign = send("five", text.clone());
    foreign["attachmentIds"] = json!([nobody]);
    driver.no("sendMessage", "INVALID", &["attachmentIds", "0"], foreign).await;
    let preview = "query($channel: ID!, $content: RichContentInput!, $files: [ID!]!) { \
        previewContent(channelId: $channel, content: $content, attachmentIds: $files) { fallbackText rendered { text support } violations { code field } } }";
    let channel = chat.id.to_string();
    let refused = driver.client.post(preview, json!({ "channel": channel, "content": list, "files": [] })).await.unwrap();
    assert_eq!(refused.errors()[0]["extensions"]["field"], json!(image), "{:?}", refused.body);
    let refused = driver.client.post(preview, json!({ "channel": channel, "content": text, "files": [nobody] })).await.unwrap();
    assert_eq!(refused.errors()[0]["extensions"]["field"], json!(["attachmentIds", "0"]), "{:?}", refused.body);
    let empty = json!({ "channel": channel, "content": { "text": { "text": "" } }, "files": [] });
    let shown = driver.client.post(preview, empty).await.unwrap().ok().unwrap();
    assert_eq!(shown["previewContent"]["violations"], json!([{ "code": "EMPTY", "field": ["text", "text"] }]), "{shown}");
    let shown = driver.client.post(preview, json!({ "channel": channel, "content": text, "files": [] })).await.unwrap().ok().unwrap();
    assert_eq!(shown["previewContent"]["rendered"]["text"], "on its way", "{shown}");
    let bad_script = json!({ "clientId": "images", "name": "Images", "steps": [{ "sendContent": list }] });
    let in_step = ["steps", "0", "sendContent", "listPicker", "sections", "0", "items", "1", "image", "attachmentId"];
    driver.no("createScript", "INVALID", &in_step, bad_script).await;

    // What was really sent, and whether one may answer.
    let query = "query($id: ID!) { node(id: $id) { ... on Message { clientId renderedAs { text support } delivery { state queuedAt } \
        interaction { replyPolicy { mayReply kinds reason } } } } }";
    let message = driver.client.post(query, json!({ "id": sent })).await.unwrap().ok().unwrap()["node"].clone();
    assert_eq!((&message["clientId"], &message["renderedAs"]["text"]), (&json!("one"), &json!("on its way")), "{message}");
    assert!(message["delivery"]["queuedAt"].is_string() && message["interaction"]["replyPolicy"]["mayReply"] == true, "{message}");

    let note = driver.ok("addNote", json!({ "interactionId": id, "clientId": "note", "text": "a VIP" })).await["message"]["id"].clone();
    driver.no("addNote", "INVALID", &["text"], json!({ "interactionId": id, "clientId": "empty", "text": " " })).await;
    let edit = json!({ "messageId": note, "content": { "text": { "text": "a great VIP" } } });
    driver.stale("editMessage", "message", note.as_str().unwrap(), edit.clone()).await;
    driver.ok("editMessage", edit).await;
    driver.stale("deleteMessage", "message", note.as_str().unwrap(), json!({ "messageId": note })).await;
    driver.ok("deleteMessage", json!({ "messageId": note })).await;

    driver.ok("cancelMessage", json!({ "messageId": sent })).await;
    driver.no("cancelMessage", "CONFLICT", &[], json!({ "messageId": sent })).await;
    driver.no("retryMessage", "CONFLICT", &[], json!({ "messageId": sent })).await;
    driver.no("resolveUnconfirmed", "CONFLICT", &[], json!({ "messageId": sent, "action": "MARK_SENT" })).await;
    let failed = driver.ok("sendMessage", send("six", text.clone())).await["message"]["id"].clone();
    attempt(place, &id, Outcome::Failed { code: "REFUSED".into(), detail: None }).await;
    driver.ok("retryMessage", json!({ "messageId": failed })).await;
    attempt(place, &id, Outcome::Unconfirmed { reason: "the connection broke".into() }).await;
    driver.ok("resolveUnconfirmed", json!({ "messageId": failed, "action": "MARK_SENT" })).await;
    driver.ok("react", json!({ "messageId": failed, "emoji": "👍" })).await;
    driver.no("react", "INVALID", &["emoji"], json!({ "messageId": failed, "emoji": "" })).await;
}

/// Sends the next message of an interaction with this outcome, as a worker would; what else waits there goes out before.
async fn attempt(place: &Place, interaction: &str, outcome: Outcome) {
    let id: InteractionId = interaction.parse().unwrap();
    let lanes = delivery::claim(&place.app.store, "test", Duration::from_secs(15), 10, &|_| 10).await.unwrap();
    let lane = lanes.iter().find(|lane| lane.interaction == id).unwrap_or_else(|| panic!("{lanes:?}"));
    assert!(send_next(place, lane, outcome).await, "no work");
}

/// Sends the next message of a lane with this outcome, what else waits there before, and gives the lane back. `false`: there
/// was no message.
pub(crate) async fn send_next(place: &Place, lane: &Lane, outcome: Outcome) -> bool {
    let store = &place.app.store;
    let mut is_sent = false;
    while !is_sent {
        let read = store.read(place.workspace).await.unwrap();
        let Claimed::Fresh(row) = delivery::next(&read, lane).await.unwrap() else { break };
        drop(read);
        is_sent = row.action.0 == OutboundAction::Send;
        let outcome = if is_sent { outcome.clone() } else { Outcome::Sent { external_id: None } };
        let mut tx = store.write(place.workspace).await.unwrap();
        delivery::begin(&mut tx, lane, row.id).await.unwrap();
        delivery::record(&mut tx, lane, row.id, outcome).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = store.write(place.workspace).await.unwrap();
    let now = store.lease_now().await.unwrap();
    delivery::release(&mut tx, lane, now, Duration::ZERO).await.unwrap();
    tx.commit().await.unwrap();
    is_sent
}

async fn dead_letters(driver: &Driver, place: &Place) {
    let chat = place.add_channel("A third chat", None).await;
    place.write(&chat, "unlucky", "anybody there?").await;
    let id = first_interaction(driver, "unlucky").await;
    for (client_id, field) in [("seven", "replayDeadLetters"), ("eight", "dropDeadLetters")] {
        let content = json!({ "text": { "text": "sorry" } });
        driver.ok("sendMessage", json!({ "interactionId": id, "clientId": client_id, "content": content })).await;
        attempt(place, &id, Outcome::Failed { code: "REFUSED".into(), detail: None }).await;
        driver.no(field, "INVALID", &["ids"], json!({ "ids": [], "channelId": chat.id.to_string() })).await;
        let handled = driver.ok(field, json!({ "channelId": chat.id.to_string() })).await;
        assert_eq!(handled["deadLetters"].as_array().unwrap().len(), 1, "{handled}");
        if field == "replayDeadLetters" {
            attempt(place, &id, Outcome::Sent { external_id: None }).await;
        }
    }
    let since = "2020-01-01T00:00:00Z";
    let backwards = json!({ "channelId": chat.id.to_string(), "since": since, "until": since });
    driver.no("replayInbound", "INVALID", &["until"], backwards).await;
    let replayed = driver.ok("replayInbound", json!({ "channelId": chat.id.to_string(), "since": since })).await;
    assert_eq!((&replayed["requests"], &replayed["cursor"]), (&json!(0), &Value::Null), "a chat's frames are not kept");
}

async fn people(driver: &Driver, names: &Names, me: &str) {
    let inbox = driver.create("createInbox", "inbox", json!({ "name": "Chats" })).await;
    let new = json!({ "kind": "DIGITAL_CHAT", "name": "Shop", "inboxId": inbox, "defaultSkillId": names.skill, "defaultScriptId": names.script, "settings": [{ "key": "allowed_origins", "value": "https://shop.example" }] });
    let channel = driver.create("createChannel", "channel", new.clone()).await;
    let mut nameless = new;
    (nameless["name"], nameless["clientId"]) = (json!(""), json!("nameless"));
    driver.no("createChannel", "INVALID", &["name"], nameless).await;
    driver.stale("updateChannel", "channel", &channel, json!({ "channelId": channel, "name": "Shop 2" })).await;
    driver.ok("updateChannel", json!({ "channelId": channel, "name": "Shop 2" })).await;
    let words = |key: &str, value: &str| json!({ "channelId": channel, "settings": [{ "key": key, "value": value }] });
    driver.ok("updateChannel", words("greeting_de", "Moin!")).await;
    driver.no("updateChannel", "INVALID", &["settings", "greeting_de"], words("greeting_de", &"x".repeat(501))).await;
    driver.no("updateChannel", "INVALID", &["settings", "subtitle_fr"], words("subtitle_fr", "Bonjour")).await;
    driver.ok("probeChannel", json!({ "channelId": channel })).await;
    driver.no("probeChannel", "INVALID", &["channelId"], json!({ "channelId": inbox })).await;
    let refused = driver.no("deleteChannel", "CONFLICT", &[], json!({ "id": channel, "expectedVersion": 1 })).await;
    assert_eq!(refused["node"], json!({ "__typename": "Channel", "id": channel }));
    driver.ok("deleteChannel", json!({ "id": channel })).await;

    let client = driver.create("createApiClient", "apiClient", json!({ "name": "CRM", "kind": "CLIENT", "scopes": ["READ_EVENTS"] })).await;
    driver
        .no("createApiClient", "INVALID", &["name"], json!({ "clientId": "x", "name": "", "kind": "BOT", "scopes": ["READ_EVENTS"] }))
        .await;
    driver.no("revokeApiClient", "INVALID", &["id"], json!({ "id": inbox })).await;
    driver.ok("revokeApiClient", json!({ "id": client })).await;

    let new = json!({ "name": "Bo", "email": "bo@example.org", "role": "AGENT", "password": "long enough for anybody" });
    let bo = driver.create("createPerson", "person", new).await;
    let short = json!({ "clientId": "short", "name": "Cy", "email": "cy2@example.org", "role": "AGENT", "password": "short" });
    driver.no("createPerson", "INVALID", &["password"], short).await;
    driver.stale("updatePerson", "person", &bo, json!({ "personId": bo, "name": "Bob" })).await;
    driver.ok("updatePerson", json!({ "personId": bo, "role": "SUPERVISOR" })).await;
    driver.stale("updateProfile", "person", me, json!({ "name": "Ada L." })).await;
    driver.ok("updateProfile", json!({ "name": "Ada L.", "language": "de" })).await;
    let wrong = json!({ "currentPassword": "wrong", "newPassword": "another good password" });
    driver.no("updateProfile", "INVALID", &["currentPassword"], wrong).await;

    sign_in(driver, PASSWORD, json!([])).await;
    sign_in(driver, "wrong", json!(["UNAUTHENTICATED"])).await;
}

/// A session has no id and signing in no cursor.
async fn sign_in(driver: &Driver, password: &str, expected: Value) {
    let payload = driver.run("signIn", json!({ "email": "ada@example.org", "password": password }), "session { accessToken }").await;
    let codes: Vec<_> = payload["errors"].as_array().unwrap().iter().map(|error| error["code"].clone()).collect();
    assert_eq!(json!(codes), expected, "{payload}");
    let set = if codes.is_empty() { &driver.done } else { &driver.refused };
    set.lock().unwrap_or_else(PoisonError::into_inner).insert("signIn".to_owned());
}
