//! Mutations of skills.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use tributary_domain::{
    actor::Role,
    entity::skill,
    ids::SkillId,
    skill::{self as rules, NewSkill, SkillChange},
};

use super::{
    channel::{DeleteInput, DeletePayload},
    interaction::or_refuse,
    payload::payload,
    run::{change, created, deleted, present, updated},
};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, WORKSPACE},
    scalars::{Long, decode},
    types::skill::Skill,
};

payload! {
    /// A skill that was to be added or changed.
    SkillPayload { skill: Skill }
}

/// A skill to be added.
#[derive(InputObject)]
pub struct CreateSkillInput {
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result.
    client_id: String,
    /// Unique name.
    name: String,
    /// What it takes.
    description: Option<String>,
}

/// What to change about a skill; what is left out stays.
#[derive(InputObject)]
pub struct UpdateSkillInput {
    /// Which skill.
    skill_id: ID,
    /// Unique name.
    name: Option<String>,
    /// What it takes; null takes it away.
    description: MaybeUndefined<String>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Mutations of skills.
#[derive(Default)]
pub struct SkillMutation;

present!(skill, SkillId, Skill);

#[Object]
impl SkillMutation {
    /// Adds a skill.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn create_skill(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A skill to be added.")] input: CreateSkillInput,
    ) -> async_graphql::Result<SkillPayload> {
        let new = NewSkill { client_id: input.client_id, name: input.name, description: input.description };
        created!(cx, SkillPayload, present, rules::create, new)
    }

    /// Changes a skill.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn update_skill(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What to change about a skill; what is left out stays.")] input: UpdateSkillInput,
    ) -> async_graphql::Result<SkillPayload> {
        let id: SkillId = or_refuse!(SkillPayload, decode(&input.skill_id, "skillId"));
        let to = SkillChange { name: input.name, description: change(input.description) };
        updated!(cx, SkillPayload, present, rules::update, id, to, input.expected_version)
    }

    /// Removes a skill that no channel, interaction or script needs.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn delete_skill(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Something to be deleted.")] input: DeleteInput,
    ) -> async_graphql::Result<DeletePayload> {
        deleted!(cx, rules::delete, input)
    }
}
