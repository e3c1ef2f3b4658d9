//! Mutations of teams.

use async_graphql::{Context, ID, InputObject, Object};
use tributary_domain::{
    actor::Role,
    entity::team,
    ids::TeamId,
    team::{self as rules, NewTeam, TeamChange},
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
    scalars::{Long, decode, decode_all},
    types::team::Team,
};

payload! {
    /// A team that was to be added or changed.
    TeamPayload { team: Team }
}

/// A team to be added.
#[derive(InputObject)]
pub struct CreateTeamInput {
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result.
    client_id: String,
    /// Unique name.
    name: String,
    /// Who belongs to it, at most 500.
    #[graphql(default)]
    member_ids: Vec<ID>,
}

/// What to change about a team; what is left out stays.
#[derive(InputObject)]
pub struct UpdateTeamInput {
    /// Which team.
    team_id: ID,
    /// Unique name.
    name: Option<String>,
    /// Who belongs to it from now on, at most 500.
    member_ids: Option<Vec<ID>>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Mutations of teams.
#[derive(Default)]
pub struct TeamMutation;

present!(team, TeamId, Team);

#[Object]
impl TeamMutation {
    /// Adds a team.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn create_team(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A team to be added.")] input: CreateTeamInput,
    ) -> async_graphql::Result<TeamPayload> {
        let members = or_refuse!(TeamPayload, decode_all(&input.member_ids, "memberIds"));
        let new = NewTeam { client_id: input.client_id, name: input.name, members: members.into_iter().collect() };
        created!(cx, TeamPayload, present, rules::create, new)
    }

    /// Changes a team. Its members see its inboxes.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn update_team(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What to change about a team; what is left out stays.")] input: UpdateTeamInput,
    ) -> async_graphql::Result<TeamPayload> {
        let id: TeamId = or_refuse!(TeamPayload, decode(&input.team_id, "teamId"));
        let members = input.member_ids.map(|ids| decode_all(&ids, "memberIds")).transpose();
        let members = or_refuse!(TeamPayload, members).map(|ids| ids.into_iter().collect());
        let to = TeamChange { name: input.name, members };
        updated!(cx, TeamPayload, present, rules::update, id, to, input.expected_version)
    }

    /// Removes a team that no inbox belongs to.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn delete_team(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Something to be deleted.")] input: DeleteInput,
    ) -> async_graphql::Result<DeletePayload> {
        deleted!(cx, rules::delete, input)
    }
}
