//! Making things over the API, as an administrator does.

use serde_json::{Value, json};
use tributary_tests::client::GraphqlClient;

/// Runs a mutation that must succeed, and gives its payload.
pub(crate) async fn make(client: &GraphqlClient, mutation: &str, input_type: &str, selection: &str, input: Value) -> Value {
    let query =
        format!("mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ {selection} errors {{ code message field }} }} }}");
    let payload = client.post(&query, json!({ "input": input })).await.unwrap().ok().unwrap()[mutation].clone();
    assert_eq!(payload["errors"], json!([]), "{mutation}: {input}");
    payload
}

/// Runs `create…` of a noun such as `Skill`, and gives the id of what it made.
pub(crate) async fn create(client: &GraphqlClient, noun: &str, input: Value) -> String {
    let mut field = noun.to_owned();
    field[..1].make_ascii_lowercase();
    let selection = format!("{field} {{ id }}");
    let made = make(client, &format!("create{noun}"), &format!("Create{noun}Input"), &selection, input).await;
    made[&field]["id"].as_str().unwrap().to_owned()
}
