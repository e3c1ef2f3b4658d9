//! People, teams and tokens: who may be added, changed and shut out.

use std::time::Duration;

use secrecy::ExposeSecret;
use tributary_domain::{
    ErrorCode,
    actor::{Role, Scope},
    agent::{
        self, Acting, NewSession, Rotated,
        client::{self, ApiClientKind, NewApiClient},
        person::{self, PersonChange, PersonFilter},
    },
    entity::api_client,
    event::{EventKind, Seq},
    inbox::{self, InboxChange},
    store::page::PageRequest,
    team::{self, NewTeam, TeamChange},
};
use uuid::Uuid;

use crate::support::{House, on_both, run, someone};

on_both! {
    an_address_belongs_to_one_person,
    the_same_client_id_gives_the_same_person,
    somebody_remains_admin,
    a_disabled_person_is_signed_out,
    an_old_version_is_refused,
    teams_open_and_close_inboxes,
    people_are_found_by_name_and_team,
    a_token_is_shown_once_and_ends_when_revoked,
    a_token_cannot_give_more_than_it_has,
    the_time_of_grace_is_not_renewed,
}

fn field_of(error: tributary_domain::Error) -> String {
    match error {
        tributary_domain::Error::Invalid { field, .. } => field,
        other => panic!("not Invalid: {other:?}"),
    }
}

async fn an_address_belongs_to_one_person(house: &House) {
    let first = someone("Bo", Role::Agent);
    let mut second = someone("Bea", Role::Agent);
    second.email = first.email.to_uppercase();
    run!(house, |tx| person::create(tx, &house.admin, first)).unwrap();
    assert_eq!(field_of(run!(house, |tx| person::create(tx, &house.admin, second)).unwrap_err()), "email");
    let mut broken = someone("Cy", Role::Agent);
    broken.email = "no address".into();
    assert_eq!(field_of(run!(house, |tx| person::create(tx, &house.admin, broken)).unwrap_err()), "email");
}

async fn the_same_client_id_gives_the_same_person(house: &House) {
    let new = someone("Bo", Role::Agent);
    let first = run!(house, |tx| person::create(tx, &house.admin, new.clone())).unwrap();
    assert_eq!(run!(house, |tx| person::create(tx, &house.admin, new.clone())).unwrap(), first);
    let other = NewTeam { client_id: new.client_id, name: "Team".into(), members: Default::default() };
    assert_eq!(field_of(run!(house, |tx| team::create(tx, &house.admin, other)).unwrap_err()), "clientId");
}

async fn somebody_remains_admin(house: &House) {
    let me = house.admin.person().unwrap();
    let demote = PersonChange { role: Some(Role::Agent), ..Default::default() };
    let disable = PersonChange { is_active: Some(false), ..Default::default() };
    for change in [&demote, &disable] {
        let refused = run!(house, |tx| person::update(tx, &house.admin, me, change.clone(), None)).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Conflict);
    }
    let other = house.add("Bo", Role::Admin).await;
    run!(house, |tx| person::update(tx, &house.admin, me, demote, None)).unwrap();
    let refused = run!(house, |tx| person::update(tx, &other, other.person().unwrap(), disable, None)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
}

async fn a_disabled_person_is_signed_out(house: &House) {
    let bo = house.add("Bo", Role::Agent).await.person().unwrap();
    let new = NewSession { person: bo, refresh_token: "refresh".into(), ttl: Duration::from_secs(60), user_agent: None };
    let session = run!(house, |tx| agent::open_session(tx, new)).unwrap().id;
    let acting = Acting { workspace: house.workspace, person: bo, session: Some(session) };
    assert!(house.may_act(acting).await);
    let by_another = Acting { person: house.admin.person().unwrap(), ..acting };
    assert!(!house.may_act(by_another).await, "a session is one person's");

    let renamed = PersonChange { name: Some("Bob".into()), ..Default::default() };
    run!(house, |tx| person::update(tx, &house.admin, bo, renamed, None)).unwrap();
    assert!(house.may_act(acting).await, "another name changes no right");

    let mut tx = house.store.write(house.workspace).await.unwrap();
    let disable = PersonChange { is_active: Some(false), ..Default::default() };
    person::update(&mut tx, &house.admin, bo, disable, None).await.unwrap();
    let kinds: Vec<_> = tx.emitted().iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::SessionRevoked, EventKind::PersonChanged]);
    tx.commit().await.unwrap();
    assert!(!house.may_act(acting).await && !house.may_act(Acting { session: None, ..acting }).await);
    assert_eq!(agent::session_of(&house.store, "refresh").await.unwrap_err().code(), ErrorCode::Unauthenticated);
}

async fn an_old_version_is_refused(house: &House) {
    let bo = house.add("Bo", Role::Agent).await.person().unwrap();
    let seen = house.person(bo).await.version;
    let rename = |name: &str| PersonChange { name: Some(name.into()), ..Default::default() };
    run!(house, |tx| person::update(tx, &house.admin, bo, rename("Bob"), Some(seen))).unwrap();
    let refused = run!(house, |tx| person::update(tx, &house.admin, bo, rename("Rob"), Some(seen))).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    assert_eq!(house.person(bo).await.name, "Bob");
    assert!(house.person(bo).await.version > seen && seen > Seq::UNNUMBERED);
}

async fn teams_open_and_close_inboxes(house: &House) {
    let bo = house.add("Bo", Role::Agent).await;
    let id = bo.person().unwrap();
    let new = NewTeam { client_id: "team".into(), name: "Second line".into(), members: Default::default() };
    let team = run!(house, |tx| team::create(tx, &house.admin, new)).unwrap();
    assert!(bo.may_see_inbox(house.inbox));
    let own = InboxChange { team: Some(Some(team)), ..Default::default() };
    run!(house, |tx| inbox::update(tx, &house.admin, house.inbox, own, None)).unwrap();
    assert!(!house.actor(id).await.may_see_inbox(house.inbox));

    let join = TeamChange { members: Some([id].into()), ..Default::default() };
    run!(house, |tx| team::update(tx, &house.admin, team, join, None)).unwrap();
    assert!(house.actor(id).await.may_see_inbox(house.inbox));

    let refused = run!(house, |tx| team::delete(tx, &house.admin, team, None)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict, "an inbox belongs to it");
    let leave = PersonChange { teams: Some(Default::default()), ..Default::default() };
    run!(house, |tx| person::update(tx, &house.admin, id, leave, None)).unwrap();
    assert!(!house.actor(id).await.may_see_inbox(house.inbox));
}

async fn people_are_found_by_name_and_team(house: &House) {
    let joerg = house.add("Jörg Groß", Role::Agent).await.person().unwrap();
    house.add("Bea", Role::Supervisor).await;
    let new = NewTeam { client_id: "team".into(), name: "First line".into(), members: [joerg].into() };
    let team = run!(house, |tx| team::create(tx, &house.admin, new)).unwrap();
    let filters = [
        PersonFilter { text: Some("gross jorg".into()), ..Default::default() },
        PersonFilter { team: Some(team), ..Default::default() },
        PersonFilter { role: Some(Role::Agent), is_active: Some(true), ..Default::default() },
    ];
    for filter in filters {
        let read = house.store.read(house.workspace).await.unwrap();
        let found = person::page(&read, &filter, &PageRequest::first(10)).await.unwrap();
        assert_eq!(found.items.iter().map(|row| row.id).collect::<Vec<_>>(), [joerg], "{filter:?}");
    }
    let read = house.store.read(house.workspace).await.unwrap();
    let first = person::page(&read, &PersonFilter::default(), &PageRequest::first(2)).await.unwrap();
    assert_eq!(first.items.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["Ada", "Bea"]);
    assert!(first.has_next);
}

fn bot(scopes: impl IntoIterator<Item = Scope>) -> NewApiClient {
    NewApiClient {
        client_id: Uuid::now_v7().to_string(),
        name: "Bot".into(),
        kind: ApiClientKind::Bot,
        role: Role::Agent,
        scopes: scopes.into_iter().collect(),
        expires_at: None,
    }
}

async fn a_token_is_shown_once_and_ends_when_revoked(house: &House) {
    let new = bot([Scope::SendMessages]);
    let (id, token) = run!(house, |tx| client::create(tx, &house.admin, new.clone())).unwrap();
    let token = token.unwrap();
    assert!(token.expose_secret().starts_with(client::TOKEN_PREFIX));
    let (again, shown) = run!(house, |tx| client::create(tx, &house.admin, new)).unwrap();
    assert!(again == id && shown.is_none());

    let actor = agent::viewer_of_token(&house.store, token.expose_secret()).await.unwrap();
    assert_eq!(actor.workspace, house.workspace);
    assert_eq!(actor.must_have(Scope::ReadEvents).unwrap_err().code(), ErrorCode::Forbidden);
    let last_use = async || {
        let read = house.store.read(house.workspace).await.unwrap();
        api_client::by_id(house.workspace, id).one(read.conn()).await.unwrap().unwrap().last_used_at.unwrap()
    };
    let first = last_use().await;
    for (seconds, expected) in [(59, 0), (2, 61)] {
        house.clock.advance(chrono::Duration::seconds(seconds));
        agent::viewer_of_token(&house.store, token.expose_secret()).await.unwrap();
        assert_eq!(last_use().await - first, chrono::Duration::seconds(expected), "written at most once a minute");
    }
    run!(house, |tx| client::revoke(tx, &house.admin, id, None)).unwrap();
    run!(house, |tx| client::revoke(tx, &house.admin, id, None)).unwrap();
    let refused = agent::viewer_of_token(&house.store, token.expose_secret()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Unauthenticated);
}

async fn a_token_cannot_give_more_than_it_has(house: &House) {
    let new = NewApiClient { role: Role::Admin, ..bot([Scope::ManageWorkspace]) };
    let (_, token) = run!(house, |tx| client::create(tx, &house.admin, new)).unwrap();
    let program = agent::viewer_of_token(&house.store, token.unwrap().expose_secret()).await.unwrap();
    let refused = run!(house, |tx| client::create(tx, &program, bot([Scope::ManageChannels]))).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    run!(house, |tx| client::create(tx, &program, bot([Scope::ManageWorkspace]))).unwrap();
}

async fn the_time_of_grace_is_not_renewed(house: &House) {
    let bo = house.add("Bo", Role::Agent).await.person().unwrap();
    let ttl = Duration::from_secs(3600);
    let new = NewSession { person: bo, refresh_token: "first".into(), ttl, user_agent: None };
    let session = run!(house, |tx| agent::open_session(tx, new)).unwrap().id;
    let rotate = async |used: &str, next: &str| run!(house, |tx| agent::rotate_session(tx, session, used, next, ttl));
    let expiry = |rotated: Rotated| match rotated {
        Rotated::Renewed(opened) => opened.expires_at,
        Rotated::Reused => panic!("the session was ended"),
    };
    let renewed = expiry(rotate("first", "second").await.unwrap());
    house.clock.advance(chrono::Duration::seconds(20));
    assert_eq!(expiry(rotate("first", "second").await.unwrap()), renewed, "nothing changes");
    assert_eq!(rotate("first", "of another key").await.unwrap_err().code(), ErrorCode::Unauthenticated);
    house.clock.advance(chrono::Duration::seconds(20));
    assert_eq!(rotate("first", "second").await.unwrap(), Rotated::Reused, "40 s after the exchange");
    assert_eq!(rotate("second", "third").await.unwrap_err().code(), ErrorCode::Unauthenticated, "the session is over");
}
