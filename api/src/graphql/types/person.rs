//! Agents, supervisors and admins.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tributary_domain::{Result, agent::person as rules, entity::person};

use super::{enums::Role, load_error, page::connection, skill::Skill, team::Team};
use crate::graphql::{
    context::Cx,
    loader::{SkillsOf, TeamsOf},
    scalars::{LanguageTag, Long, decode_opt, node_id},
};

/// An agent, supervisor or admin.
#[derive(async_graphql::Description)]
pub struct Person(pub person::Model);

connection!(PersonConnection, PersonEdge, Person, "people");

/// Whether a person may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum PersonStatus {
    /// They may.
    Active,
    /// They may not; what they did stays.
    Disabled,
}

impl PersonStatus {
    /// As the domain says it.
    #[must_use]
    pub fn is_active(self) -> bool {
        self == Self::Active
    }
}

/// How well a person knows something.
#[derive(SimpleObject)]
pub struct PersonSkill {
    /// What.
    skill: Skill,
    /// 1 (knows a little) to 5 (expert).
    proficiency: i32,
}

/// Which people; an absent part does not narrow.
#[derive(InputObject)]
pub struct PersonFilter {
    /// Of this rank.
    role: Option<Role>,
    /// Who may, or may not, sign in.
    status: Option<PersonStatus>,
    /// Of this team.
    team_id: Option<ID>,
    /// With these words, or beginnings of them, in name or address.
    text: Option<String>,
}

impl PersonFilter {
    /// As the domain reads it.
    ///
    /// # Errors
    /// `Invalid` for an id of another type.
    pub fn into_filter(self) -> Result<rules::PersonFilter> {
        Ok(rules::PersonFilter {
            role: self.role.map(Into::into),
            is_active: self.status.map(PersonStatus::is_active),
            team: decode_opt(self.team_id.as_ref(), "filter.teamId")?,
            text: self.text,
        })
    }
}

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl Person {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Name to show.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Address they sign in with.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// Rank.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// Whether they may sign in.
    async fn status(&self) -> PersonStatus {
        if self.0.is_active { PersonStatus::Active } else { PersonStatus::Disabled }
    }

    /// Language of their screens, BCP 47.
    async fn language(&self) -> LanguageTag {
        LanguageTag(self.0.language.clone())
    }

    /// Teams they belong to, by name.
    async fn teams(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<Team>> {
        let rows = cx.rows().load_one(TeamsOf(self.0.id)).await.map_err(load_error)?.unwrap_or_default();
        let found = cx.rows().load_many(rows.into_iter().map(|row| row.team_id)).await.map_err(load_error)?;
        let mut teams: Vec<_> = found.into_values().collect();
        teams.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(teams.into_iter().map(Team).collect())
    }

    /// What they can do, by name.
    async fn skills(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<PersonSkill>> {
        let rows = cx.rows().load_one(SkillsOf(self.0.id)).await.map_err(load_error)?.unwrap_or_default();
        let mut found = cx.rows().load_many(rows.iter().map(|row| row.skill_id)).await.map_err(load_error)?;
        let skills = rows.into_iter().filter_map(|row| Some((found.remove(&row.skill_id)?, i32::from(row.proficiency))));
        let mut skills: Vec<_> = skills.map(|(skill, proficiency)| PersonSkill { skill: Skill(skill), proficiency }).collect();
        skills.sort_by(|one, other| one.skill.0.name.cmp(&other.skill.0.name));
        Ok(skills)
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }

    /// When they were added.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}
