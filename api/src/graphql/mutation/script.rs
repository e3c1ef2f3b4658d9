//! Mutations of scripts.

use async_graphql::{Context, ID, InputObject, Object};
use tributary_domain::{
    actor::Role,
    entity::script,
    ids::ScriptId,
    script::{self as rules, NewScript, ScriptChange},
};

use super::{
    channel::{DeleteInput, DeletePayload},
    interaction::or_refuse,
    payload::payload,
    run::{created, deleted, present, updated},
};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, WORKSPACE},
    scalars::{Long, decode},
    types::script::{Script, ScriptStepInput, steps},
};

payload! {
    /// A script that was to be added or changed.
    ScriptPayload { script: Script }
}

/// A script to be added.
#[derive(InputObject)]
pub struct CreateScriptInput {
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result.
    client_id: String,
    /// Name for people.
    name: String,
    /// What it does, in order; at most 50 steps.
    steps: Vec<ScriptStepInput>,
}

/// What to change about a script; what is left out stays.
#[derive(InputObject)]
pub struct UpdateScriptInput {
    /// Which script.
    script_id: ID,
    /// Name for people.
    name: Option<String>,
    /// What it does from now on, in order; at most 50 steps.
    steps: Option<Vec<ScriptStepInput>>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Mutations of scripts.
#[derive(Default)]
pub struct ScriptMutation;

present!(script, ScriptId, Script);

#[Object]
impl ScriptMutation {
    /// Adds a script.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn create_script(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A script to be added.")] input: CreateScriptInput,
    ) -> async_graphql::Result<ScriptPayload> {
        let steps = or_refuse!(ScriptPayload, steps(input.steps));
        created!(cx, ScriptPayload, present, rules::create, NewScript { client_id: input.client_id, name: input.name, steps })
    }

    /// Changes a script. Interactions in which it has run are not touched.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn update_script(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What to change about a script; what is left out stays.")] input: UpdateScriptInput,
    ) -> async_graphql::Result<ScriptPayload> {
        let id: ScriptId = or_refuse!(ScriptPayload, decode(&input.script_id, "scriptId"));
        let steps = or_refuse!(ScriptPayload, input.steps.map(steps).transpose());
        let to = ScriptChange { name: input.name, steps };
        updated!(cx, ScriptPayload, present, rules::update, id, to, input.expected_version)
    }

    /// Removes a script that no channel uses.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn delete_script(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Something to be deleted.")] input: DeleteInput,
    ) -> async_graphql::Result<DeletePayload> {
        deleted!(cx, rules::delete, input)
    }
}
