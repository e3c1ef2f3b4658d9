//! What people do to interactions.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use tributary_domain::{
    Error, Result,
    actor::Actor,
    ids::{InteractionId, PersonId, SkillId},
    interaction as rules,
    presence::{self, Activity},
    store::Tx,
};

use super::payload::payload;
use crate::graphql::{
    context::{Cx, command, expected},
    error::{OrFieldError, UserError, refusals},
    guard::{Needs, READS, STEERS},
    scalars::{Long, decode, decode_all, decode_opt},
    types::{
        enums::{InteractionStatus, Priority},
        interaction::Interaction,
        presence::PresenceState,
    },
};

payload! {
    /// An interaction that was to be changed.
    InteractionPayload { interaction: Interaction }
}

/// Presence that was told.
#[derive(async_graphql::SimpleObject)]
pub struct PresencePayload {
    /// Why it was refused; empty when it was told.
    errors: Vec<UserError>,
}

/// To whom an interaction is given.
#[derive(InputObject)]
pub struct AssignInteractionInput {
    /// Which interaction.
    interaction_id: ID,
    /// The person; null: nobody.
    assignee_id: Option<ID>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// To which state an interaction moves.
#[derive(InputObject)]
pub struct SetInteractionStatusInput {
    /// Which interaction.
    interaction_id: ID,
    /// The new state; to snooze, use `snoozeInteraction`.
    status: InteractionStatus,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Until when an interaction is put off.
#[derive(InputObject)]
pub struct SnoozeInteractionInput {
    /// Which interaction.
    interaction_id: ID,
    /// When it comes back; earlier when the contact writes.
    until: DateTime<Utc>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// How urgent an interaction is.
#[derive(InputObject)]
pub struct SetInteractionPriorityInput {
    /// Which interaction.
    interaction_id: ID,
    /// The new priority.
    priority: Priority,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Tags to put on and to take off.
#[derive(InputObject)]
pub struct SetInteractionTagsInput {
    /// Which interaction.
    interaction_id: ID,
    /// Tags to put on.
    #[graphql(default)]
    add: Vec<ID>,
    /// Tags to take off.
    #[graphql(default)]
    remove: Vec<ID>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Which skill an interaction needs.
#[derive(InputObject)]
pub struct SetInteractionSkillInput {
    /// Which interaction.
    interaction_id: ID,
    /// The skill; null: none.
    skill_id: Option<ID>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Where an interaction moves.
#[derive(InputObject)]
pub struct MoveInteractionInput {
    /// Which interaction.
    interaction_id: ID,
    /// The inbox.
    inbox_id: ID,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Whether the viewer has seen an interaction.
#[derive(InputObject)]
pub struct MarkInteractionReadInput {
    /// Which interaction.
    interaction_id: ID,
    /// `false`: mark unread.
    #[graphql(default = true)]
    is_read: bool,
}

/// What the viewer does in one browser tab.
#[derive(InputObject)]
pub struct SetPresenceInput {
    /// On which interaction.
    interaction_id: ID,
    /// One per browser tab, up to 64 characters.
    tab_id: String,
    /// What.
    state: PresenceState,
}

/// Mutations of interactions.
#[derive(Default)]
pub struct InteractionMutation;

async fn run<F>(cx: &Context<'_>, id: &ID, change: F) -> async_graphql::Result<InteractionPayload>
where
    F: for<'a> Fn(&'a mut Tx, &'a Actor, InteractionId) -> BoxFuture<'a, Result<()>> + Send + Sync + 'static,
{
    let id: InteractionId = match decode(id, "interactionId") {
        Ok(id) => id,
        Err(error) => return InteractionPayload::of(Err(error), None),
    };
    let outcome = command(cx, move |tx, actor| change(tx, actor, id)).await.map(|((), cursor)| cursor);
    let read = cx.read().await.or_field_error()?;
    let found = rules::by_id(read.conn(), cx.actor().or_field_error()?, id).await.or_field_error()?;
    InteractionPayload::of(outcome, found.map(Interaction))
}

/// Decodes parts of an input, or answers with the refusal.
macro_rules! or_refuse {
    ($payload:ident, $decoded:expr) => {
        match $decoded {
            Ok(value) => value,
            Err(error) => return $payload::of(Err(error), None),
        }
    };
}
pub(crate) use or_refuse;

#[Object]
impl InteractionMutation {
    /// Gives an interaction to a person, or to nobody.
    #[graphql(guard = "Needs::scope(STEERS)")]
    async fn assign_interaction(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "To whom an interaction is given.")] input: AssignInteractionInput,
    ) -> async_graphql::Result<InteractionPayload> {
        let to: Option<PersonId> = or_refuse!(InteractionPayload, decode_opt(input.assignee_id.as_ref(), "assigneeId"));
        let version = expected(input.expected_version);
        run(cx, &input.interaction_id, move |tx, actor, id| Box::pin(rules::assign(tx, actor, id, to, version))).await
    }

    /// Moves an interaction to another state.
    #[graphql(guard = "Needs::scope(STEERS)")]
    async fn set_interaction_status(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "To which state an interaction moves.")] input: SetInteractionStatusInput,
    ) -> async_graphql::Result<InteractionPayload> {
        let (status, version) = (input.status.into(), expected(input.expected_version));
        run(cx, &input.interaction_id, move |tx, actor, id| Box::pin(rules::set_status(tx, actor, id, status, version))).await
    }

    /// Hides an interaction until a time, or until the contact writes.
    #[graphql(guard = "Needs::scope(STEERS)")]
    async fn snooze_interaction(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Until when an interaction is put off.")] input: SnoozeInteractionInput,
    ) -> async_graphql::Result<InteractionPayload> {
        let (until, version) = (input.until, expected(input.expected_version));
        run(cx, &input.interaction_id, move |tx, actor, id| Box::pin(rules::snooze(tx, actor, id, until, version))).await
    }

    /// Sets how urgent an interaction is.
    #[graphql(guard = "Needs::scope(STEERS)")]
    async fn set_interaction_priority(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How urgent an interaction is.")] input: SetInteractionPriorityInput,
    ) -> async_graphql::Result<InteractionPayload> {
        let (priority, version) = (input.priority.into(), expected(input.expected_version));
        run(cx, &input.interaction_id, move |tx, actor, id| Box::pin(rules::set_priority(tx, actor, id, priority, version))).await
    }

    /// Puts tags on an interaction and takes tags off.
    #[graphql(guard = "Needs::scope(STEERS)")]
    async fn set_interaction_tags(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Tags to put on and to take off.")] input: SetInteractionTagsInput,
    ) -> async_graphql::Result<InteractionPayload> {
        let add = or_refuse!(InteractionPayload, decode_all(&input.add, "add"));
        let remove = or_refuse!(InteractionPayload, decode_all(&input.remove, "remove"));
        let version = expected(input.expected_version);
        run(cx, &input.interaction_id, move |tx, actor, id| {
            let (add, remove) = (add.iter().copied().collect(), remove.iter().copied().collect());
            Box::pin(rules::set_tags(tx, actor, id, add, remove, version))
        })
        .await
    }

    /// Sets which skill an interaction needs.
    #[graphql(guard = "Needs::scope(STEERS)")]
    async fn set_interaction_skill(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Which skill an interaction needs.")] input: SetInteractionSkillInput,
    ) -> async_graphql::Result<InteractionPayload> {
        let skill: Option<SkillId> = or_refuse!(InteractionPayload, decode_opt(input.skill_id.as_ref(), "skillId"));
        let version = expected(input.expected_version);
        run(cx, &input.interaction_id, move |tx, actor, id| Box::pin(rules::set_skill(tx, actor, id, skill, version))).await
    }

    /// Moves an interaction to another inbox.
    #[graphql(guard = "Needs::scope(STEERS)")]
    async fn move_interaction(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Where an interaction moves.")] input: MoveInteractionInput,
    ) -> async_graphql::Result<InteractionPayload> {
        let inbox = or_refuse!(InteractionPayload, decode(&input.inbox_id, "inboxId"));
        let version = expected(input.expected_version);
        run(cx, &input.interaction_id, move |tx, actor, id| Box::pin(rules::move_to_inbox(tx, actor, id, inbox, version))).await
    }

    /// Marks an interaction as seen by the viewer, or as not seen.
    #[graphql(guard = "Needs::scope(READS)")]
    async fn mark_interaction_read(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Whether the viewer has seen an interaction.")] input: MarkInteractionReadInput,
    ) -> async_graphql::Result<InteractionPayload> {
        let is_read = input.is_read;
        run(cx, &input.interaction_id, move |tx, actor, id| Box::pin(rules::mark_read(tx, actor, id, is_read))).await
    }

    /// Tells the others what the viewer does. Holds for 45 s (replying: 6 s), so it is sent again meanwhile.
    #[graphql(guard = "Needs::scope(READS)")]
    async fn set_presence(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What the viewer does in one browser tab.")] input: SetPresenceInput,
    ) -> async_graphql::Result<PresencePayload> {
        let told = async {
            let id = decode(&input.interaction_id, "interactionId")?;
            if input.tab_id.is_empty() || input.tab_id.chars().count() > 64 || input.tab_id.contains(':') {
                return Err(Error::invalid("tabId", "1 to 64 characters without a colon"));
            }
            let activity = match input.state {
                PresenceState::Viewing => Some(Activity::Viewing),
                PresenceState::Replying => Some(Activity::Replying),
                PresenceState::Away => Some(Activity::Away),
                PresenceState::Left => None,
            };
            presence::set(&cx.app().store, cx.actor()?, id, &input.tab_id, activity).await?;
            let (worker, workspace) = (cx.app().worker.clone(), cx.actor()?.workspace);
            // Nobody waits for the platform.
            tokio::spawn(async move {
                let told = worker.tell_typing(workspace, id, activity == Some(Activity::Replying)).await;
                if let Err(error) = told {
                    tracing::debug!(interaction.id = %id, error = ?error, "a platform was not told that somebody writes");
                }
            });
            Ok(())
        };
        Ok(PresencePayload { errors: told.await.map_or_else(refusals, |()| Ok(Vec::new()))? })
    }
}

/// An argument that may be left out, taken away or given.
///
/// # Errors
/// As [`decode`].
pub fn change_id<I>(input: &MaybeUndefined<ID>, field: &str) -> Result<Option<Option<I>>>
where
    I: std::str::FromStr<Err = tributary_domain::ids::InvalidId>,
{
    Ok(match input {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(id) => Some(Some(decode(id, field)?)),
    })
}
