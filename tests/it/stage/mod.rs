//! A workspace with people, channels and a worker over one storage: everything below the API, stepped by hand.
//!
//! Nothing runs by itself and nothing sleeps: [`Stage::settle`] steps the worker until there is nothing left to do, and
//! [`Stage::pass`] lets time pass, for our clock and for the database's leases alike.

mod hear;
mod look;
mod setup;

pub(crate) use hear::Heard;
pub(crate) use look::sent_text;
pub(crate) use setup::{Setup, bot_of, integrator_settings, quick_timing};

use std::{sync::Arc, time::Duration};

use tempfile::TempDir;
use tributary_channels::{
    channel::Cx,
    registry::Registry,
    worker::{Timing, Wakes, Worker},
};
use tributary_domain::{
    Error,
    actor::Actor,
    channel::{ChannelChange, SettingChange, create, update},
    clock::TestClock,
    content::{RichContent, Text},
    delivery,
    entity::channel,
    event::Seq,
    ids::{ChannelId, InboxId, InteractionId, MessageId, ScriptId, SkillId, WorkspaceId},
    message::{self, NewMessage, Sent},
    seal::Vault,
    spec::ChannelKind,
    store::Store,
};
use tributary_tests::fake::byoc::FakeIntegrator;
use uuid::Uuid;

use crate::store_contract::place::Place;

/// How long a hang may last before it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Runs every suite function on both storages.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::store_contract::place::Place::sqlite().await).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::store_contract::place::Place::postgres_standing().await).await;
            })*
        }
    };
}
pub(crate) use on_both;

/// See the module.
pub(crate) struct Stage {
    pub(crate) store: Store,
    pub(crate) clock: TestClock,
    pub(crate) worker: Arc<Worker>,
    pub(crate) integrator: FakeIntegrator,
    pub(crate) workspace: WorkspaceId,
    pub(crate) inbox: InboxId,
    pub(crate) skill: SkillId,
    pub(crate) script: ScriptId,
    /// The integrator's channel, on which nearly everything is tested.
    pub(crate) channel: ChannelId,
    pub(crate) agent: Actor,
    pub(crate) admin: Actor,
    pub(crate) vault: Arc<Vault>,
    registry: Registry,
    cx: Cx,
    place: Place,
    files: TempDir,
}

impl Stage {
    /// Another process' worker on the same database.
    pub(crate) fn worker(&self, owner: &str, timing: Timing) -> Arc<Worker> {
        let (store, vault) = (self.store.clone(), self.vault.clone());
        Arc::new(Worker::new(store, self.registry.clone(), self.cx.clone(), vault, timing, owner.to_owned(), Arc::new(Wakes::default())))
    }

    /// Steps the stage's worker until there is nothing more to do now.
    pub(crate) async fn settle(&self) {
        self.settle_with(&self.worker).await;
    }

    pub(crate) async fn settle_with(&self, worker: &Arc<Worker>) {
        let stepping = async {
            loop {
                let mut done = worker.ingest().await.unwrap();
                done += worker.dispatch().await.unwrap();
                worker.idle().await;
                done += worker.fetch().await.unwrap();
                if done == 0 {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, stepping).await.expect("the worker comes to an end");
    }

    /// Lets time pass, for our clock and for the database's leases.
    pub(crate) async fn pass(&self, seconds: i64) {
        self.place.advance(chrono::Duration::seconds(seconds)).await;
    }

    /// Runs a command as the API does.
    pub(crate) async fn command<T, F>(&self, command: F) -> tributary_domain::Result<T>
    where
        F: for<'a> Fn(&'a mut tributary_domain::store::Tx) -> futures_util::future::BoxFuture<'a, tributary_domain::Result<T>>
            + Send
            + Sync,
        T: Send,
    {
        self.store.transact(self.workspace, command).await.map(|(outcome, _)| outcome)
    }

    /// Queues a text of the agent.
    pub(crate) async fn send(&self, interaction: InteractionId, words: &str) -> MessageId {
        match self.try_send(&self.agent, interaction, &Uuid::now_v7().to_string(), text(words)).await.unwrap() {
            Sent::Queued(id) => id,
            Sent::Newer(newer) => panic!("nothing was claimed to be seen, and yet {newer:?} is newer"),
        }
    }

    pub(crate) async fn try_send(
        &self,
        actor: &Actor,
        interaction: InteractionId,
        client_id: &str,
        content: RichContent,
    ) -> Result<Sent, Error> {
        let new = NewMessage {
            interaction,
            client_id: client_id.to_owned(),
            content,
            attachments: Vec::new(),
            quoted: None,
            seen: None::<Seq>,
            then_status: None,
        };
        let capabilities = self.registry.capabilities(&self.channel().await).into_owned();
        let actor = actor.clone();
        self.command(move |tx| {
            let (actor, capabilities, new) = (actor.clone(), capabilities.clone(), new.clone());
            Box::pin(async move { message::send(tx, &actor, &capabilities, new).await })
        })
        .await
    }

    pub(crate) async fn cancel(&self, id: MessageId) -> Result<(), Error> {
        let actor = self.agent.clone();
        self.command(move |tx| {
            let actor = actor.clone();
            Box::pin(async move { delivery::cancel(tx, &actor, id).await })
        })
        .await
    }

    pub(crate) async fn retry(&self, id: MessageId) -> Result<(), Error> {
        let actor = self.agent.clone();
        self.command(move |tx| {
            let actor = actor.clone();
            Box::pin(async move { delivery::retry(tx, &actor, id).await })
        })
        .await
    }

    /// Changes one setting of the integrator's channel, as an administrator does.
    pub(crate) async fn set(&self, key: &'static str, value: &str) {
        self.try_set(key, value).await.unwrap();
    }

    pub(crate) async fn try_set(&self, key: &'static str, value: &str) -> Result<(), Error> {
        let (admin, vault, id, value) = (self.admin.clone(), self.vault.clone(), self.channel, value.to_owned());
        let spec = self.registry.spec(ChannelKind::Byoc);
        let changed = self.command(move |tx| {
            let (admin, vault) = (admin.clone(), vault.clone());
            let setting = SettingChange { key: key.to_owned(), value: Some(value.clone().into()) };
            let change = ChannelChange { settings: vec![setting], ..ChannelChange::default() };
            Box::pin(async move { update(tx, &admin, spec, &vault, id, change, None).await })
        });
        changed.await
    }

    /// Another channel of the same integrator. Whoever wants to work on it makes it [`Self::channel`].
    pub(crate) async fn another_channel(&self) -> ChannelId {
        let new = self.like_the_first().await;
        let (admin, vault) = (self.admin.clone(), self.vault.clone());
        let spec = self.registry.spec(ChannelKind::Byoc);
        let made = self.command(move |tx| {
            let (admin, vault, new) = (admin.clone(), vault.clone(), new.clone());
            Box::pin(async move { create(tx, &admin, spec, &vault, new).await })
        });
        made.await.unwrap()
    }

    pub(crate) async fn capabilities(&self) -> tributary_domain::spec::Capabilities {
        self.registry.capabilities(&self.channel().await).into_owned()
    }

    /// The integrator's channel as it is now.
    pub(crate) async fn channel(&self) -> channel::Model {
        let read = self.store.read(self.workspace).await.unwrap();
        channel::by_id(self.workspace, self.channel).one(read.conn()).await.unwrap().unwrap()
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }
}

pub(crate) fn text(words: &str) -> RichContent {
    RichContent::Text(Text { text: words.to_owned() })
}
