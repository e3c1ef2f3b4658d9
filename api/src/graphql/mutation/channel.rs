//! Channels and their dead letters.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use chrono::{DateTime, Utc};
use tributary_domain::{
    Error, Result,
    actor::Role,
    channel::{self as rules, ChannelChange, ChannelHealth, HealthCause, HealthReason, Letters, NewChannel, SettingChange, Span},
    entity::{channel, dead_letter},
    ids::{ChannelId, DeadLetterId},
    spec::ChannelSpec,
};

use super::{
    interaction::{change_id, or_refuse},
    payload::payload,
    run::deleted,
};
use crate::graphql::{
    context::{Cx, command, expected},
    error::{OrFieldError, UserError, refusals},
    guard::{CHANNELS, Needs},
    node::{self, Node},
    scalars::{LogCursor, Long, decode, decode_all, decode_opt},
    types::{
        channel::{Channel, ChannelSettingInput},
        channel_kind::ChannelKind,
        dead_letter::DeadLetter,
    },
};

payload! {
    /// A channel that was to be set up or changed.
    ChannelPayload { channel: Channel }
}

/// Something that was to be deleted.
#[derive(async_graphql::SimpleObject)]
pub struct DeletePayload {
    /// Id of what was deleted; null when it was refused.
    pub deleted_id: Option<ID>,
    /// The object as it is now, when it was refused; null when it was deleted and when there is none that the viewer may see.
    pub node: Option<Node>,
    /// Why it was refused; empty when it was done.
    pub errors: Vec<UserError>,
    /// End of the change in the event log; null when nothing changed.
    pub cursor: Option<LogCursor>,
}

impl DeletePayload {
    /// The payload of a deletion's outcome.
    ///
    /// # Errors
    /// Internal errors, and `UNAUTHENTICATED`.
    pub async fn of(cx: &Context<'_>, outcome: Result<Option<LogCursor>>, id: &ID) -> async_graphql::Result<Self> {
        match outcome {
            Ok(cursor) => Ok(Self { deleted_id: Some(id.clone()), node: None, errors: Vec::new(), cursor }),
            Err(error) => {
                let errors = refusals(error)?;
                Ok(Self { deleted_id: None, node: node::by_id(cx, id).await?, errors, cursor: None })
            }
        }
    }
}

/// Dead letters that were to be handled.
#[derive(async_graphql::SimpleObject)]
pub struct DeadLettersPayload {
    /// The letters that were handled, as they are now.
    dead_letters: Vec<DeadLetter>,
    /// Why it was refused; empty when it was done.
    errors: Vec<UserError>,
    /// End of the change in the event log; null when nothing changed.
    cursor: Option<LogCursor>,
}

/// A channel to be set up.
#[derive(InputObject)]
pub struct CreateChannelInput {
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result.
    client_id: String,
    /// Which platform.
    kind: ChannelKind,
    /// Name for people.
    name: String,
    /// Where its interactions appear.
    inbox_id: ID,
    /// Skill that its interactions need; required for messaging-class kinds.
    default_skill_id: Option<ID>,
    /// Script that runs on its interactions; required for messaging-class kinds.
    default_script_id: Option<ID>,
    /// Its settings.
    #[graphql(default)]
    settings: Vec<ChannelSettingInput>,
}

/// What to change about a channel; what is left out stays.
#[derive(InputObject)]
pub struct UpdateChannelInput {
    /// Which channel.
    channel_id: ID,
    /// Name for people.
    name: Option<String>,
    /// Where new interactions appear.
    inbox_id: Option<ID>,
    /// Skill that new interactions need.
    default_skill_id: MaybeUndefined<ID>,
    /// Script that runs on new interactions.
    default_script_id: MaybeUndefined<ID>,
    /// Settings to change.
    settings: Option<Vec<ChannelSettingInput>>,
    /// Whether it takes part.
    is_enabled: Option<bool>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// A channel to be checked.
#[derive(InputObject)]
pub struct ProbeChannelInput {
    /// Which channel.
    channel_id: ID,
}

/// Something to be deleted.
#[derive(InputObject)]
pub struct DeleteInput {
    /// What.
    pub id: ID,
    /// Refuse when it has changed since this version.
    pub expected_version: Option<Long>,
}

/// Dead letters: exactly one of `ids` and `channelId`.
#[derive(InputObject)]
pub struct ReplayDeadLettersInput {
    /// These, at most 500.
    ids: Option<Vec<ID>>,
    /// All open ones of a channel, at most 500 in a call.
    channel_id: Option<ID>,
}

impl ReplayDeadLettersInput {
    fn letters(&self) -> Result<Letters> {
        match (&self.ids, &self.channel_id) {
            (Some(ids), None) => Ok(Letters::Ids(decode_all(ids, "ids")?)),
            (None, Some(id)) => Ok(Letters::OfChannel(decode(id, "channelId")?)),
            _ => Err(Error::invalid("ids", "give exactly one of ids and channelId")),
        }
    }
}

/// A time whose stored requests are to be read again, after the reading was repaired.
#[derive(InputObject)]
pub struct ReplayInboundInput {
    /// Of which channel.
    channel_id: ID,
    /// Requests that came at this time or later; they are kept for 7 days.
    since: DateTime<Utc>,
    /// Requests that came before this time; absent: up to now.
    until: Option<DateTime<Utc>>,
}

impl ReplayInboundInput {
    fn span(&self) -> Result<Span> {
        Ok(Span { channel: decode(&self.channel_id, "channelId")?, since: self.since, until: self.until })
    }
}

/// Stored requests that were to be read again.
#[derive(async_graphql::SimpleObject)]
pub struct ReplayInboundPayload {
    /// How many requests are read again; those put back before a refusal included.
    requests: Long,
    /// Why it was refused; empty when it was done.
    errors: Vec<UserError>,
    /// End of the change in the event log; null when nothing changed yet.
    cursor: Option<LogCursor>,
}

/// Mutations of channels.
#[derive(Default)]
pub struct ChannelMutation;

async fn present(cx: &Context<'_>, id: ChannelId) -> async_graphql::Result<Option<channel::Model>> {
    let read = cx.read().await.or_field_error()?;
    channel::by_id(cx.actor().or_field_error()?.workspace, id).one(read.conn()).await.map_err(Error::from).or_field_error()
}

async fn spec_of(cx: &Context<'_>, id: ChannelId) -> Result<&'static ChannelSpec> {
    let read = cx.read().await?;
    let found = channel::by_id(cx.actor()?.workspace, id).one(read.conn()).await?.ok_or(Error::NotFound("channel"))?;
    Ok(cx.app().registry.spec(found.kind))
}

fn settings(input: Vec<ChannelSettingInput>) -> Vec<SettingChange> {
    input.into_iter().map(SettingChange::from).collect()
}

async fn handled(cx: &Context<'_>, run: Result<(Vec<DeadLetterId>, Option<LogCursor>)>) -> async_graphql::Result<DeadLettersPayload> {
    let (ids, cursor) = match run {
        Ok(done) => done,
        Err(error) => return Ok(DeadLettersPayload { dead_letters: Vec::new(), errors: refusals(error)?, cursor: None }),
    };
    let read = cx.read().await.or_field_error()?;
    let rows =
        dead_letter::of_ids(cx.actor().or_field_error()?.workspace, &ids).all(read.conn()).await.map_err(Error::from).or_field_error()?;
    cx.app().wakes.ingest.notify_one();
    Ok(DeadLettersPayload { dead_letters: rows.into_iter().map(DeadLetter).collect(), errors: Vec::new(), cursor })
}

#[Object]
impl ChannelMutation {
    /// Sets a channel up.
    #[graphql(guard = "Needs::role(Role::Admin, CHANNELS)")]
    async fn create_channel(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A channel to be set up.")] input: CreateChannelInput,
    ) -> async_graphql::Result<ChannelPayload> {
        let app = cx.app();
        let kind = input.kind.into();
        if app.registry.get(kind).is_none() {
            return ChannelPayload::of(Err(Error::invalid("kind", "this server cannot connect this kind yet")), None);
        }
        let new = NewChannel {
            client_id: input.client_id,
            name: input.name,
            inbox: or_refuse!(ChannelPayload, decode(&input.inbox_id, "inboxId")),
            default_skill: or_refuse!(ChannelPayload, decode_opt(input.default_skill_id.as_ref(), "defaultSkillId")),
            default_script: or_refuse!(ChannelPayload, decode_opt(input.default_script_id.as_ref(), "defaultScriptId")),
            settings: settings(input.settings),
        };
        let spec = app.registry.spec(kind);
        let vault = app.vault.clone();
        let run = command(cx, move |tx, actor| {
            let (vault, new) = (vault.clone(), new.clone());
            Box::pin(async move { rules::create(tx, actor, spec, &vault, new).await })
        })
        .await;
        app.wakes.listen.notify_one();
        match run {
            Ok((id, cursor)) => ChannelPayload::of(Ok(cursor), present(cx, id).await?.map(Channel)),
            Err(error) => ChannelPayload::of(Err(error), None),
        }
    }

    /// Changes a channel. New settings are tried at once.
    #[graphql(guard = "Needs::role(Role::Admin, CHANNELS)")]
    async fn update_channel(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What to change about a channel; what is left out stays.")] input: UpdateChannelInput,
    ) -> async_graphql::Result<ChannelPayload> {
        let app = cx.app();
        let id: ChannelId = or_refuse!(ChannelPayload, decode(&input.channel_id, "channelId"));
        let spec = or_refuse!(ChannelPayload, spec_of(cx, id).await);
        let change = ChannelChange {
            name: input.name,
            inbox: or_refuse!(ChannelPayload, decode_opt(input.inbox_id.as_ref(), "inboxId")),
            default_skill: or_refuse!(ChannelPayload, change_id(&input.default_skill_id, "defaultSkillId")),
            default_script: or_refuse!(ChannelPayload, change_id(&input.default_script_id, "defaultScriptId")),
            settings: settings(input.settings.unwrap_or_default()),
            is_enabled: input.is_enabled,
        };
        let version = expected(input.expected_version);
        let vault = app.vault.clone();
        let run = command(cx, move |tx, actor| {
            let (vault, change) = (vault.clone(), change.clone());
            Box::pin(async move { rules::update(tx, actor, spec, &vault, id, change, version).await })
        })
        .await;
        app.wakes.listen.notify_one();
        ChannelPayload::of(run.map(|((), cursor)| cursor), present(cx, id).await?.map(Channel))
    }

    /// Removes a channel that never had an interaction; others can only be switched off.
    #[graphql(guard = "Needs::role(Role::Admin, CHANNELS)")]
    async fn delete_channel(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Something to be deleted.")] input: DeleteInput,
    ) -> async_graphql::Result<DeletePayload> {
        deleted!(cx, rules::delete, input)
    }

    /// Checks a channel's credentials now; its health says what was found.
    #[graphql(guard = "Needs::role(Role::Admin, CHANNELS)")]
    async fn probe_channel(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A channel to be checked.")] input: ProbeChannelInput,
    ) -> async_graphql::Result<ChannelPayload> {
        let id: ChannelId = or_refuse!(ChannelPayload, decode(&input.channel_id, "channelId"));
        or_refuse!(ChannelPayload, cx.actor().or_field_error()?.must_manage_channels());
        let Some(found) = present(cx, id).await? else {
            return ChannelPayload::of(Err(Error::NotFound("channel")), None);
        };
        let worker = &cx.app().worker;
        let (health, reason) = match worker.open(&found).await.or_field_error()? {
            None => {
                let sentence = "This server has no adapter for this kind of channel.";
                (ChannelHealth::Down, Some(HealthReason::new(HealthCause::NoAdapter, sentence)))
            }
            Some((adapter, open)) => match adapter.probe(&worker.cx, &open).await {
                Ok(()) => (ChannelHealth::Ok, None),
                Err(error) => (ChannelHealth::Down, Some(HealthReason::new(HealthCause::CheckFailed, error.sentence))),
            },
        };
        let run = command(cx, move |tx, _| {
            let reason = reason.clone();
            Box::pin(rules::set_health(tx, id, health, reason))
        })
        .await;
        ChannelPayload::of(run.map(|((), cursor)| cursor), present(cx, id).await?.map(Channel))
    }

    /// Gives dead letters another try.
    #[graphql(guard = "Needs::role(Role::Admin, CHANNELS)")]
    async fn replay_dead_letters(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Dead letters: exactly one of `ids` and `channelId`.")] input: ReplayDeadLettersInput,
    ) -> async_graphql::Result<DeadLettersPayload> {
        let run = async {
            let letters = input.letters()?;
            command(cx, move |tx, actor| Box::pin(rules::replay(tx, actor, letters.clone()))).await
        };
        handled(cx, run.await).await
    }

    /// Reads the stored requests of a time again: brings what a wrong reading left out, and repeats nothing. Open dead letters of
    /// these requests get another try with them.
    #[graphql(guard = "Needs::role(Role::Admin, CHANNELS)")]
    async fn replay_inbound(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A time whose stored requests are to be read again, after the reading was repaired.")] input: ReplayInboundInput,
    ) -> async_graphql::Result<ReplayInboundPayload> {
        let mut done = ReplayInboundPayload { requests: Long(0), errors: Vec::new(), cursor: None };
        let span = match input.span() {
            Ok(span) => span,
            Err(error) => return Ok(ReplayInboundPayload { errors: refusals(error)?, ..done }),
        };
        let mut after = None;
        loop {
            // Each in a transaction of its own: nobody waits long for it, and what was put back stays so.
            match command(cx, move |tx, actor| Box::pin(rules::replay_inbound(tx, actor, span, after))).await {
                Ok((batch, cursor)) => {
                    done.requests.0 += i64::try_from(batch.requests).unwrap_or_default();
                    done.cursor = cursor.or(done.cursor);
                    after = batch.next;
                }
                Err(error) => {
                    done.errors = refusals(error)?;
                    break;
                }
            }
            cx.app().wakes.ingest.notify_one();
            if after.is_none() {
                break;
            }
        }
        Ok(done)
    }

    /// Throws dead letters away.
    #[graphql(guard = "Needs::role(Role::Admin, CHANNELS)")]
    async fn drop_dead_letters(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Dead letters: exactly one of `ids` and `channelId`.")] input: ReplayDeadLettersInput,
    ) -> async_graphql::Result<DeadLettersPayload> {
        let run = async {
            let letters = input.letters()?;
            command(cx, move |tx, actor| Box::pin(rules::drop_letters(tx, actor, letters.clone()))).await
        };
        handled(cx, run.await).await
    }
}
