//! Lists cost the same number of SQL statements however long they are.

use std::path::Path;

use serde_json::{Value, json};
use tributary_domain::{
    actor::Role,
    channel::{DeadLetterCause, NewRaw, StoredRaw, bury_inbound, store_raw},
    entity::channel,
    inbound::AttachmentSource,
    media::ReadyAttachment,
};
use tributary_tests::client::GraphqlClient;

use crate::{
    backend::{Backend, on_both},
    live::{
        make::{create, make},
        place::Place,
    },
};

// One thread: less of what a step of the execution asks for is then split.
on_both!(one thread: the_inbox_page, the_thread, what_the_web_client_asks, every_other_list);

/// The longest page that is asked for.
const ROWS: usize = 50;
/// Statements that one run may need more than another. What a step of the execution asks for is collected for a
/// millisecond, so a step that two branches reach at different times takes one statement or two. A statement for each row
/// would be forty more.
pub(crate) const SPLITS: u64 = 5;

/// Statements that the pages people look at all day take at most, the question for the viewer's rights included, whatever is
/// selected of their rows.
const MOST: u64 = 3;

/// A workspace with an admin who has fifty of everything.
struct House {
    place: Place,
    client: GraphqlClient,
}

impl House {
    async fn new(backend: Backend) -> Self {
        let place = Place::start(backend).await;
        place.add_person("ada@example.org", Role::Admin).await;
        let (client, _) = place.sign_in("ada@example.org").await;
        Self { place, client }
    }

    async fn make(&self, mutation: &str, input_type: &str, selection: &str, input: Value) -> Value {
        make(&self.client, mutation, input_type, selection, input).await
    }

    async fn create(&self, noun: &str, input: Value) -> String {
        create(&self.client, noun, input).await
    }

    /// Ids of the newest interactions.
    async fn interactions(&self) -> Vec<Value> {
        let query = "{ interactions(first: 50) { nodes { id contact { id } lastMessage { id } } } }";
        self.client.post(query, json!({})).await.unwrap().ok().unwrap()["interactions"]["nodes"].as_array().unwrap().clone()
    }

    /// The list at `pointer` has as many rows as are asked for, and costs the same for 1, 10 and 50 of them.
    async fn costs_the_same(&self, query: &str, pointer: &str, variables: Value) {
        let [one, ten, fifty] = self.costs(query, pointer, variables).await;
        // One row may lack what the others have, such as a default.
        let is_flat = 0 < one && one <= ten + SPLITS && fifty <= ten + SPLITS;
        assert!(is_flat, "statements for 1, 10 and 50 rows: {one}, {ten} and {fifty} of {query}");
    }

    /// As [`House::costs_the_same`], and it is hardly anything.
    async fn costs_little(&self, query: &str, pointer: &str, variables: Value) {
        let costs = self.costs(query, pointer, variables).await;
        assert!(costs.iter().all(|cost| *cost <= MOST), "statements for 1, 10 and 50 rows: {costs:?} of {query}");
    }

    /// Statements for 1, 10 and 50 rows of the list at `pointer`.
    async fn costs(&self, query: &str, pointer: &str, variables: Value) -> [u64; 3] {
        let mut costs = Vec::new();
        // What is kept for a while, such as the session, is there after the first time.
        for rows in [ROWS, 1, 10, ROWS] {
            let mut variables = variables.clone();
            variables["rows"] = json!(rows);
            let before = self.place.app.store.statements();
            let data = self.client.post(query, variables).await.unwrap().ok().unwrap();
            costs.push(self.place.app.store.statements() - before);
            assert_eq!(data.pointer(pointer).and_then(Value::as_array).map(Vec::len), Some(rows), "{query}: {data}");
        }
        [costs[1], costs[2], costs[3]]
    }
}

/// Every row with its contact, channel, last message, assignee, tags and unread count.
async fn the_inbox_page(backend: Backend) {
    let house = House::new(backend).await;
    furnish_interactions(&house).await;
    let query = "query($rows: Int!) { interactions(first: $rows) { pageInfo { hasNextPage } nodes {
        id reference status priority unreadCount waitingSince hasFailedMessage lastActivityAt
        contact { id name avatarUrl } channel { id name kind } identity { externalId channel { kind } } inbox { name team { name } }
        lastMessage { text direction author { name person { name } contact { name } } delivery { state attempts } attachments { id } }
        messages(last: 2) { pageInfo { hasPreviousPage } nodes { text } }
        assignee { id name } tags { name colour } skill { name } replyPolicy { mayReply until kinds reason }
    } } }";
    house.costs_little(query, "/interactions/nodes", json!({})).await;
}

async fn furnish_interactions(house: &House) -> channel::Model {
    let chat = house.place.add_channel("Chat", None).await;
    let person = house.create("Person", json!({ "clientId": "p", "name": "Bo", "email": "bo@example.org", "role": "AGENT" })).await;
    let skill = house.create("Skill", json!({ "clientId": "s", "name": "German" })).await;
    let mut tags = Vec::new();
    for name in ["urgent", "shipping"] {
        tags.push(house.create("Tag", json!({ "clientId": name, "name": name, "colour": "#aa0000" })).await);
    }
    for n in 0..ROWS {
        house.place.write(&chat, &format!("visitor-{n}"), "moin").await;
    }
    for row in house.interactions().await {
        let on = &row["id"];
        house.make("setInteractionTags", "SetInteractionTagsInput", "cursor", json!({ "interactionId": on, "add": tags })).await;
        house.make("setInteractionSkill", "SetInteractionSkillInput", "cursor", json!({ "interactionId": on, "skillId": skill })).await;
        house.make("assignInteraction", "AssignInteractionInput", "cursor", json!({ "interactionId": on, "assigneeId": person })).await;
        let answer = json!({ "interactionId": on, "clientId": on, "content": { "text": { "text": "moin moin" } } });
        house.make("sendMessage", "SendMessageInput", "cursor", answer).await;
    }
    chat
}

/// Every message with its author, files, quoted message, reactions and delivery.
async fn the_thread(backend: Backend) {
    let house = House::new(backend).await;
    let on = furnish_thread(&house).await;
    let query = "query($rows: Int!, $on: ID!) { node(id: $on) { ... on Interaction { messages(last: $rows) { nodes {
        id text direction entry at author { kind name person { name } contact { name } }
        attachments { id name state url } quoted { id text author { name } }
        reactions { emoji isMine author { name person { name } } } mentions { name } delivery { state attempts nextAttemptAt }
        renderedAs { text } interaction { id contact { name } }
    } } } } }";
    house.costs_little(query, "/node/messages/nodes", json!({ "on": on })).await;
}

/// Fifty messages with files and reactions, each quotes the one before; and a note that mentions somebody.
async fn furnish_thread(house: &House) -> Value {
    let chat = house.place.add_channel("Chat", None).await;
    let mut quoted = house.place.write_with(&chat, "mara", "first", None, vec![]).await;
    let on = house.interactions().await[0]["id"].clone();
    let cy = house.create("Person", json!({ "clientId": "cy", "name": "Cy", "email": "cy@example.org", "role": "AGENT" })).await;
    let note = json!({ "interactionId": on, "clientId": "note", "text": "for Cy", "mentionIds": [cy] });
    for n in 0..ROWS {
        let source = AttachmentSource::Reference(n.to_string());
        let file = ReadyAttachment::pending(Some("a.png".into()), Some("image/png".into()), None, source);
        quoted = house.place.write_with(&chat, "mara", &format!("text {n}"), Some(quoted), vec![file]).await;
        let newest = house.interactions().await[0]["lastMessage"]["id"].clone();
        house.make("react", "ReactInput", "cursor", json!({ "messageId": newest, "emoji": "👍" })).await;
    }
    house.make("addNote", "AddNoteInput", "cursor", note).await;
    on
}

/// The list, the head and the thread exactly as our web client asks for them.
async fn what_the_web_client_asks(backend: Backend) {
    let house = House::new(backend).await;
    furnish_interactions(&house).await;
    let view = house.create("View", json!({ "clientId": "all", "name": "All of them", "filter": {} })).await;
    let page = document("InteractionPage").replace("$first", "$rows");
    house.costs_little(&page, "/interactions/nodes", json!({ "viewId": view })).await;
    let on = furnish_thread(&house).await;
    let thread = document("Thread").replace("$last", "$rows");
    house.costs_little(&thread, "/node/messages/nodes", json!({ "id": on })).await;
    let before = house.place.app.store.statements();
    house.client.post(&document("Interaction"), json!({ "id": on })).await.unwrap().ok().unwrap();
    assert!(house.place.app.store.statements() - before <= MOST);
}

/// An operation of the web client with the fragments that it takes.
fn document(operation: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("web-client/src");
    let files =
        ["features/inbox/inbox.graphql", "features/interaction/interaction.graphql", "live/live.graphql", "content/content.graphql"];
    let text: String = files.iter().map(|file| std::fs::read_to_string(root.join(file)).unwrap() + "\n").collect();
    // A definition begins at the beginning of a line, and so does its end.
    let mut definitions: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match definitions.last_mut() {
            Some(last) if !["query ", "mutation ", "fragment ", "subscription "].iter().any(|word| line.starts_with(word)) => {
                last.push_str(line);
                last.push('\n');
            }
            _ => definitions.push(format!("{line}\n")),
        }
    }
    let named = |kind: &str, name: &str| {
        let is_it = |text: &&String| text.strip_prefix(kind).is_some_and(|rest| rest.trim_start().split([' ', '(']).next() == Some(name));
        definitions.iter().find(is_it).unwrap_or_else(|| panic!("the web client has no {kind} {name}")).clone()
    };
    let (mut all, mut taken) = (named("query", operation), Vec::new());
    while let Some(name) = spreads(&all).into_iter().find(|name| !taken.contains(name)) {
        all.push_str(&named("fragment", &name));
        taken.push(name);
    }
    all
}

/// Names of the fragments that a text spreads.
fn spreads(text: &str) -> Vec<String> {
    let names = text.split("...").skip(1).map(|rest| rest.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default());
    // `... on Type` begins with a blank.
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

async fn every_other_list(backend: Backend) {
    let house = House::new(backend).await;
    let chat = furnish_interactions(&house).await;
    furnish_settings(&house).await;
    for (n, row) in house.interactions().await.into_iter().enumerate() {
        let other = house.create("Contact", json!({ "clientId": format!("c{n}"), "name": format!("Moin {n}") })).await;
        let merge = json!({ "winnerId": row["contact"]["id"], "loserId": other });
        house.make("mergeContacts", "MergeContactsInput", "cursor", merge).await;
        // One that is found: the other one is part of somebody else now.
        house.create("Contact", json!({ "clientId": format!("d{n}"), "name": format!("Moin too {n}") })).await;
        bury(&house.place, &chat, n).await;
    }
    let lists = [
        (
            "contacts",
            "",
            "id name fields { key value } identities { externalId channel { name } } mergedInto { id } merges { loser { name } mergedBy { name person { name } } } interactions(first: 3) { nodes { id } }",
        ),
        (
            "channels",
            "",
            "id name kind health { state queued openDeadLetters } inbox { name team { name } } defaultSkill { name } defaultScript { name } capabilities { text { max } } settings { key } webhookUrl widget { scriptTag }",
        ),
        ("people", "", "id name role status teams { name } skills { proficiency skill { name } }"),
        ("teams", "", "id name members(first: 3) { pageInfo { hasNextPage } nodes { name } }"),
        ("inboxes", "", "id name team { name }"),
        ("tags", "", "id name colour"),
        ("skills", "", "id name description"),
        ("scripts", "", "id name steps { __typename ... on SetSkillStep { skill { name } } ... on HandToHumansStep { inbox { name } } }"),
        ("views", "", "id name inbox { name } count unreadCount filter { tagIds }"),
        ("apiClients", "", "id name role scopes lastUsedAt"),
        ("auditEntries", "", "id action at detail entityId actor { name person { name } }"),
        ("deadLetters", "", "id error excerpt state channel { name } message { text }"),
        (
            "search",
            "text: \"moin\", kinds: [MESSAGE], ",
            "__typename ... on MessageHit { excerpt message { text author { name contact { name } } interaction { reference contact { name } channel { name } } } }",
        ),
        ("search", "text: \"moin\", kinds: [CONTACT], ", "__typename ... on ContactHit { contact { name identities { externalId } } }"),
    ];
    for (list, arguments, selection) in lists {
        let query =
            format!("query($rows: Int!) {{ {list}({arguments}first: $rows) {{ pageInfo {{ hasNextPage }} nodes {{ {selection} }} }} }}");
        house.costs_the_same(&query, &format!("/{list}/nodes"), json!({})).await;
    }
    let start = house.place.cursor(&house.client).await;
    for n in 0..ROWS {
        house.place.write(&chat, &format!("visitor-{n}"), "and moin again").await;
    }
    let events = "query($rows: Int!, $ids: [ID!]!, $after: LogCursor!) { nodes(ids: $ids) { id ... on Interaction { contact { name } } }
        events(first: $rows, after: $after) { cursor events { seq kind actor { name contact { name } } entity { id
            ... on Message { text author { name } interaction { reference contact { name } } } ... on Interaction { contact { name } } } } } }";
    let ids: Vec<_> = house.interactions().await.into_iter().map(|row| row["id"].clone()).collect();
    house.costs_the_same(events, "/events/events", json!({ "ids": ids, "after": start })).await;
    let of_view = "query($rows: Int!, $view: ID!) { interactions(first: $rows, viewId: $view, sort: PRIORITY) { nodes { id contact { name } lastMessage { text } } } }";
    let view = house.create("View", json!({ "clientId": "all", "name": "All of them", "filter": {} })).await;
    house.costs_the_same(of_view, "/interactions/nodes", json!({ "view": view })).await;
}

/// Fifty teams, inboxes, skills, scripts, tags, people, views, channels and API clients that refer to each other.
async fn furnish_settings(house: &House) {
    for n in 0..ROWS {
        let key = |noun: &str| format!("{noun} {n}");
        let team = house.create("Team", json!({ "clientId": key("team"), "name": format!("Team {n}") })).await;
        let inbox = house.create("Inbox", json!({ "clientId": key("inbox"), "name": format!("Inbox {n}"), "teamId": team })).await;
        let skill =
            house.create("Skill", json!({ "clientId": key("skill"), "name": format!("Skill {n}"), "description": "of fifty" })).await;
        let tag = house.create("Tag", json!({ "clientId": key("tag"), "name": format!("Tag {n}"), "colour": "#00aa00" })).await;
        let steps = json!([{ "setSkill": skill }, { "handToHumans": { "inboxId": inbox } }]);
        let script = house.create("Script", json!({ "clientId": key("script"), "name": format!("Script {n}"), "steps": steps })).await;
        let person = json!({ "clientId": key("person"), "name": format!("Person {n}"), "email": format!("p{n}@example.org"), "role": "AGENT",
            "teamIds": [team], "skills": [{ "skillId": skill, "proficiency": 3 }] });
        house.create("Person", person).await;
        let view = json!({ "clientId": key("view"), "name": format!("View {n}"), "inboxId": inbox, "filter": { "tagIds": [tag] } });
        house.create("View", view).await;
        let settings = json!([{ "key": "allowed_origins", "value": "https://shop.example" }]);
        let channel = json!({ "clientId": key("channel"), "kind": "DIGITAL_CHAT", "name": format!("Chat {n}"), "inboxId": inbox, "defaultSkillId": skill,
            "defaultScriptId": script, "settings": settings });
        house.create("Channel", channel).await;
        let client = json!({ "clientId": key("program"), "name": format!("Program {n}"), "kind": "CLIENT", "scopes": ["READ_EVENTS"] });
        house.create("ApiClient", client).await;
    }
}

/// An item that nobody could read.
pub(crate) async fn bury(place: &Place, channel: &channel::Model, n: usize) {
    let mut tx = place.app.store.write(place.workspace).await.unwrap();
    let raw = NewRaw {
        dedupe_key: format!("raw {n}"),
        form: "structured".to_owned(),
        headers: Default::default(),
        body: b"{\"n\": 1}".to_vec(),
        at: tx.now(),
    };
    let StoredRaw::New(raw) = store_raw(&tx, channel.id, raw).await.unwrap() else { panic!("its key is new") };
    bury_inbound(&mut tx, channel.id, raw, 0, (DeadLetterCause::Unreadable, "unreadable".to_owned())).await.unwrap();
    tx.commit().await.unwrap();
}
