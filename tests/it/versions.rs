//! Two writers who both know the same version: one of them overwrites it, the other is told.

use tributary_domain::{
    ErrorCode, Result,
    actor::Role,
    agent::person::{self, PersonChange},
    channel::{self, ChannelChange},
    contact::{self, ContactChange},
    event::Seq,
    inbox::{self, InboxChange, InteractionFilter, InteractionSort, view},
    script::{self, ScriptChange},
    skill::{self, SkillChange},
    spec::ChannelKind,
    store::Tx,
    tag::{self, NewTag, TagChange},
    team::{self, NewTeam, TeamChange},
};

use crate::{
    stage::{Stage, on_both},
    store_contract::place::Place,
    support::someone,
};

on_both!(one_of_two_writers_is_told);

/// Changes one thing twice from the same version, the second time while the first is not committed yet.
macro_rules! collide {
    ($stage:expr, $entity:ident, $id:expr, |$tx:ident, $expected:ident| $change:expr) => {{
        let (stage, id): (&Stage, _) = ($stage, $id);
        let read = stage.store.read(stage.workspace).await.unwrap();
        let seen = tributary_domain::entity::$entity::by_id(stage.workspace, id).one(read.conn()).await.unwrap().unwrap().version;
        drop(read);
        let mut first = stage.store.write(stage.workspace).await.unwrap();
        {
            let ($tx, $expected): (&mut Tx, Option<Seq>) = (&mut first, Some(seen));
            let done: Result<()> = $change.await;
            done.unwrap();
        }
        let store = stage.store.clone();
        let workspace = stage.workspace;
        let second = tokio::spawn(async move {
            let mut second = store.write(workspace).await.unwrap();
            let outcome: Result<()> = {
                let ($tx, $expected): (&mut Tx, Option<Seq>) = (&mut second, Some(seen));
                $change.await
            };
            match outcome {
                Ok(()) => second.commit().await.map(|_| ()),
                Err(error) => Err(error),
            }
        });
        // As long as the second one needs to come to its end, if nothing holds it back.
        for _ in 0..20 {
            stage.store.ping().await.unwrap();
        }
        first.commit().await.unwrap();
        let told = second.await.unwrap().expect_err(stringify!($entity));
        assert_eq!(told.code(), ErrorCode::Conflict, "{}: {told:?}", stringify!($entity));
    }};
}

async fn one_of_two_writers_is_told(place: Place) {
    let stage = Stage::new(place).await;
    let admin: &'static _ = Box::leak(Box::new(stage.admin.clone()));
    let vault: &'static _ = Box::leak(Box::new(stage.vault.clone()));
    let spec = stage.registry().spec(ChannelKind::Byoc);
    let name = || Some("Another name".to_owned());
    let talk = stage.conversation("mara").await;
    let contact = stage.interaction(talk).await.contact_id;

    let mut tx = stage.store.write(stage.workspace).await.unwrap();
    let new = NewTeam { client_id: "team".into(), name: "First".into(), members: Default::default() };
    let team = team::create(&mut tx, admin, new).await.unwrap();
    let tag =
        tag::create(&mut tx, admin, NewTag { client_id: "tag".into(), name: "Refund".into(), colour: "#aabbcc".into() }).await.unwrap();
    let person = person::create(&mut tx, admin, someone("Nils", Role::Agent)).await.unwrap();
    let new = view::NewView {
        client_id: "view".into(),
        name: "Mine".into(),
        inbox: None,
        is_shared: true,
        filter: InteractionFilter::default(),
        sort: InteractionSort::NewestActivity,
    };
    let view = view::create(&mut tx, admin, new).await.unwrap();
    tx.commit().await.unwrap();
    let (channel, inbox, skill, script) = (stage.channel, stage.inbox, stage.skill, stage.script);

    collide!(&stage, contact, contact, |tx, expected| {
        contact::update(tx, admin, contact, ContactChange { name: name(), ..Default::default() }, expected)
    });
    collide!(&stage, channel, channel, |tx, expected| {
        channel::update(tx, admin, spec, vault, channel, ChannelChange { name: name(), ..Default::default() }, expected)
    });
    collide!(&stage, person, person, |tx, expected| {
        person::update(tx, admin, person, PersonChange { name: name(), ..Default::default() }, expected)
    });
    collide!(&stage, team, team, |tx, expected| {
        team::update(tx, admin, team, TeamChange { name: name(), ..Default::default() }, expected)
    });
    collide!(&stage, inbox, inbox, |tx, expected| {
        inbox::update(tx, admin, inbox, InboxChange { name: name(), ..Default::default() }, expected)
    });
    collide!(&stage, view, view, |tx, expected| {
        view::update(tx, admin, view, view::ViewChange { name: name(), ..Default::default() }, expected)
    });
    collide!(&stage, script, script, |tx, expected| {
        script::update(tx, admin, script, ScriptChange { name: name(), ..Default::default() }, expected)
    });
    collide!(&stage, skill, skill, |tx, expected| {
        skill::update(tx, admin, skill, SkillChange { name: name(), ..Default::default() }, expected)
    });
    collide!(&stage, tag, tag, |tx, expected| tag::update(tx, admin, tag, TagChange { name: name(), ..Default::default() }, expected));
}
