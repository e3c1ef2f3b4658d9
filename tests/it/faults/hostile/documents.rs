//! Documents that are small to send and would be large to execute, over HTTP and over sockets.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tributary_tests::client::{GraphqlClient, RawSocket};

use super::Target;

/// How many come at the same time.
const AT_ONCE: usize = 4;
/// What a socket takes in one message, less what stands around the document.
const FRAME_BYTES: usize = 60_000;
/// No refusal is longer.
const ANSWER_BYTES: usize = 64 * 1024;

pub(super) async fn attack(target: &Target) {
    let documents = documents();
    let stranger = GraphqlClient::new(&target.url).unwrap();
    let clients = [stranger.clone(), stranger.with_token(&target.token)];
    let attacks = documents.iter().map(async |(document, code)| {
        by_request(&clients, document, code).await;
        if document.len() < FRAME_BYTES {
            by_socket(target, document, code).await;
        }
    });
    stream::iter(attacks).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

async fn by_request(clients: &[GraphqlClient], document: &str, code: &str) {
    for client in clients {
        let answer = client.post(document, json!({})).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.codes()[0]), (400, code), "{}: {}", start_of(document), answer.body);
        assert!(answer.body.get("data").is_none(), "{}", start_of(document));
        assert!(answer.body.to_string().len() < ANSWER_BYTES, "{}: {} bytes", start_of(document), answer.body.to_string().len());
    }
}

async fn by_socket(target: &Target, document: &str, code: &str) {
    let mut socket = signed_in(target).await;
    socket.send(&subscribe("bomb", document)).await.unwrap();
    let answer = socket.next().await.unwrap();
    assert_eq!((&answer["type"], &answer["id"]), (&json!("error"), &json!("bomb")), "{}: {answer}", start_of(document));
    assert_eq!(answer["payload"][0]["extensions"]["code"], code, "{}: {answer}", start_of(document));
    socket.send(&subscribe("after", "{ viewer { role } }")).await.unwrap();
    assert_eq!(socket.next().await.unwrap()["payload"], json!({ "data": { "viewer": { "role": "ADMIN" } } }));
}

/// A socket after its acknowledgement.
pub(super) async fn signed_in(target: &Target) -> RawSocket {
    let mut socket = RawSocket::connect(&target.url).await.unwrap();
    socket.send(&init(&target.token)).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), json!({ "type": "connection_ack" }));
    socket
}

pub(super) fn init(token: &str) -> Value {
    json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } })
}

pub(super) fn subscribe(id: &str, document: &str) -> Value {
    json!({ "id": id, "type": "subscribe", "payload": { "query": document } })
}

fn start_of(document: &str) -> &str {
    document.get(..80).unwrap_or(document)
}

/// The documents, each with the code of its refusal.
fn documents() -> Vec<(String, &'static str)> {
    let many = |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<String>();
    // Five spreads on each of 26 levels: 5^25 fields when written out.
    let bomb = many(25, &|level| format!("fragment F{level} on Viewer {{{}}} ", format!("...F{} ", level + 1).repeat(5)));
    let spread_aliases = many(50, &|number| format!("a{number}:role "));
    let long = 200_000;
    vec![
        (format!("{{viewer{{...F0}}}} {bomb} fragment F25 on Viewer{{role}}"), "LIMIT_FIELDS"),
        (format!("query A{{viewer{{role}}}} query B{{viewer{{...F0}}}} {bomb} fragment F25 on Viewer{{role}}"), "LIMIT_FIELDS"),
        ("{viewer{...A}} fragment A on Viewer{...B} fragment B on Viewer{...A}".into(), "GRAPHQL_VALIDATION_FAILED"),
        (format!("{{viewer{{role}}}} {}", many(101, &|number| format!("fragment F{number} on Viewer{{role}} "))), "LIMIT_FRAGMENTS"),
        (format!("{{viewer{{{}}}}}", many(1_000, &|number| format!("a{number}:role "))), "LIMIT_ALIASES"),
        (format!("{{viewer{{{}}}}} fragment A on Viewer{{{spread_aliases}}}", "...A ".repeat(5)), "LIMIT_ALIASES"),
        (format!("{{{}}}", many(31, &|number| format!("a{number}:viewer{{role}} "))), "LIMIT_ROOT_FIELDS"),
        (many(2_000, &|number| format!("query Q{number}{{a}}")), "LIMIT_OPERATIONS"),
        (many(3_000, &|number| format!("query Q{number}{{a}}")), "LIMIT_TOKENS"),
        (format!("{{viewer{{{}}}}}", "role ".repeat(9_000)), "LIMIT_FIELDS"),
        ("{a ".repeat(long / 3), "LIMIT_NESTING"),
        (format!("{{node(id:{}", "[".repeat(long)), "LIMIT_NESTING"),
        (format!("{{{}role{}}}", "viewer{".repeat(25), "}".repeat(25)), "LIMIT_DEPTH"),
        (format!("{{viewer{{role {}}}}}", "@skip(if:true) ".repeat(101)), "LIMIT_DIRECTIVES"),
        (format!("query({}){{viewer{{role}}}}", many(101, &|number| format!("$v{number}:Int "))), "LIMIT_VARIABLES"),
        ("{interactions(first:200){nodes{messages(first:200){nodes{id text at kind author{name}}}}}}".into(), "LIMIT_COMPLEXITY"),
        ("{__schema{types{fields{type{fields{type{fields{name}}}}}}}}".into(), "LIMIT_DEPTH"),
        (format!("{{{}}}", many(3, &|number| format!("a{number}:__schema{{types{{name}}}} "))), "LIMIT_INTROSPECTIONS"),
        // Wrong in thousands of places.
        (format!("{{viewer{{{}}}}}", many(4_900, &|number| format!("unknown{number} "))), "GRAPHQL_VALIDATION_FAILED"),
        (format!("{{viewer{{{}}}}}", many(1_600, &|number| format!("role(argument{number}:1) "))), "GRAPHQL_VALIDATION_FAILED"),
        (format!("{{tags(first:{}){{nodes{{id}}}}}}", "9".repeat(50_000)), "GRAPHQL_PARSE_FAILED"),
        ("{viewer{role}".into(), "GRAPHQL_PARSE_FAILED"),
        ("\u{0}".into(), "GRAPHQL_PARSE_FAILED"),
        (format!("\"{}", "x".repeat(long)), "GRAPHQL_PARSE_FAILED"),
    ]
}
