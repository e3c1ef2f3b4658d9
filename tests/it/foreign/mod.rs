//! F19: every id argument of every operation, found in the schema, gets the id of another workspace. Nothing of that
//! workspace is told, nothing in it changes, and the answer is a refusal.
//!
//! That the second wall holds when the first is gone is shown where the first one can be taken away:
//! `store_contract::walls::the_second_wall_holds_alone`.

mod plan;
pub(crate) mod things;

use serde_json::{Value, json};
use tributary_tests::client::{GraphqlClient, Message};

use self::{
    plan::{Kind, Plan, plans},
    things::CANARY,
};
use crate::{
    backend::{Backend, on_both},
    live::place::Place,
};

on_both!(ids_of_another_workspace_lead_nowhere);

/// Taking off what is not there changes nothing, and neither does deciding about letters that are not there. A message is
/// edited once it was sent, which nothing here is; that check is the one of `sendMessage`.
const HARMLESS: [&str; 7] = [
    "setInteractionTags.input.remove",
    "dropDeadLetters.input.channelId",
    "dropDeadLetters.input.ids",
    "replayDeadLetters.input.channelId",
    "replayDeadLetters.input.ids",
    "editMessage.input.content.listPicker.sections.items.image.attachmentId",
    "editMessage.input.content.richLink.image.attachmentId",
];

async fn ids_of_another_workspace_lead_nowhere(backend: Backend) {
    let ours = Place::start(backend).await;
    let theirs = ours.neighbour().await;
    let (us, own) = things::furnish(&ours, "us").await;
    let (them, foreign) = things::furnish(&theirs, CANARY).await;
    let before = theirs.cursor(&them).await;
    let cursor = ours.cursor(&us).await;
    let all = plans(&tributary_api::graphql::sdl());
    assert!(all.len() > 100, "only {} id arguments were found", all.len());
    let mut wrong = Vec::new();
    for plan in &all {
        for (kind, id) in plan.targets(&foreign) {
            let variables = plan.variables(&own, id, &cursor);
            let place = format!("{} with a {kind}", plan.path());
            let answer = ask(&us, plan, &variables).await;
            let text = answer.to_string();
            if text.contains(CANARY) || foreign.ids().any(|id| answer["data"].to_string().contains(id)) {
                wrong.push(format!("{place} tells: {text}"));
            }
            if plan.kind == Kind::Mutation && !is_refused_for(&answer, plan) && !HARMLESS.contains(&plan.path().as_str()) {
                wrong.push(format!("{place} is not refused for the id: {text} to {variables}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    let changes = "query($after: LogCursor!) { events(after: $after, first: 100) { events { kind entityId } } }";
    let changes = them.post(changes, json!({ "after": before })).await.unwrap().ok().unwrap();
    assert_eq!(changes["events"]["events"], json!([]), "nothing has changed there");

    // The same ids are good where they belong: what was refused was refused for its workspace.
    for id in foreign.ids() {
        let node = "query($id: ID!) { node(id: $id) { __typename } }";
        let found = them.post(node, json!({ "id": id })).await.unwrap().ok().unwrap();
        assert!(found["node"].is_object() || id.starts_with(things::MERGE), "{id}");
        let found = us.post(node, json!({ "id": id })).await.unwrap();
        assert_eq!(found.at("/node"), &Value::Null);
    }
}

/// The whole answer; for a subscription its first message.
async fn ask(client: &GraphqlClient, plan: &Plan, variables: &Value) -> Value {
    if plan.kind != Kind::Subscription {
        return client.post(&plan.query, variables.clone()).await.unwrap().body;
    }
    let socket = client.socket().await.unwrap();
    let mut messages = socket.subscribe(&plan.query, variables.clone()).unwrap();
    match messages.next_message().await.unwrap() {
        Message::Next(result) => result,
        Message::Error(errors) => json!({ "errors": errors, "data": null }),
        other => panic!("{}: {other:?}", plan.path()),
    }
}

/// Whether the id itself is the reason: it is not there, or this input is wrong.
fn is_refused_for(answer: &Value, plan: &Plan) -> bool {
    let payload = &answer["data"][&plan.field];
    let errors =
        [payload["errors"].as_array().cloned().unwrap_or_default(), answer["errors"].as_array().cloned().unwrap_or_default()].concat();
    errors.iter().any(|error| {
        let code = error["code"].as_str().or(error["extensions"]["code"].as_str()).unwrap_or_default();
        code == "NOT_FOUND" || code == "INVALID" && plan.ends().any(|name| error.to_string().contains(name))
    })
}
