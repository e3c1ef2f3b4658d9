//! Ids of another workspace: every command refuses them as if they did not exist.

use tributary_domain::{
    Error, ErrorCode,
    actor::Role,
    agent::{
        client::{self, ApiClientKind, NewApiClient},
        person::{self, PersonChange},
    },
    contact::{self, ContactChange, NewContact, SeenVersions},
    inbox::{
        self, InboxChange, InteractionFilter, InteractionSort, NewInbox,
        view::{self, NewView, ViewChange},
    },
    script::{self, NewScript, ScriptChange, ScriptStep},
    skill::{self, NewSkill, SkillChange},
    store::page::PageRequest,
    tag::{self, NewTag, TagChange},
    team::{self, NewTeam, TeamChange},
};

use crate::support::{House, on_both, run, someone};

on_both! {
    foreign_ids_are_not_found,
    foreign_ids_inside_inputs_are_invalid,
    agents_may_not_set_up,
}

fn skill(client_id: &str) -> NewSkill {
    NewSkill { client_id: client_id.into(), name: "Billing".into(), description: None }
}

fn script(client_id: &str, steps: Vec<ScriptStep>) -> NewScript {
    NewScript { client_id: client_id.into(), name: "Greeting".into(), steps }
}

fn tag(client_id: &str) -> NewTag {
    NewTag { client_id: client_id.into(), name: "VIP".into(), colour: "#1F6FEB".into() }
}

fn team(client_id: &str) -> NewTeam {
    NewTeam { client_id: client_id.into(), name: "First line".into(), members: Default::default() }
}

fn view() -> NewView {
    NewView {
        client_id: "view".into(),
        name: "All".into(),
        inbox: None,
        is_shared: true,
        filter: InteractionFilter::default(),
        sort: InteractionSort::default(),
    }
}

fn anna(client_id: &str) -> NewContact {
    NewContact { client_id: client_id.into(), name: "Anna".into(), ..Default::default() }
}

async fn foreign_ids_are_not_found(house: &House) {
    let theirs = house.neighbour().await;
    let (me, you) = (&house.admin, &theirs.admin);
    let skill_id = run!(theirs, |tx| skill::create(tx, you, skill("s"))).unwrap();
    let script_id = run!(theirs, |tx| script::create(tx, you, script("c", vec![]))).unwrap();
    let tag_id = run!(theirs, |tx| tag::create(tx, you, tag("t"))).unwrap();
    let team_id = run!(theirs, |tx| team::create(tx, you, team("m"))).unwrap();
    let view_id = run!(theirs, |tx| view::create(tx, you, view())).unwrap();
    let one = run!(theirs, |tx| contact::create(tx, you, anna("a"))).unwrap();
    let two = run!(theirs, |tx| contact::create(tx, you, anna("b"))).unwrap();
    let merge = run!(theirs, |tx| contact::merge(tx, you, one, two, SeenVersions::default())).unwrap();
    let bot = NewApiClient {
        client_id: "bot".into(),
        name: "Bot".into(),
        kind: ApiClientKind::Bot,
        role: Role::Agent,
        scopes: [tributary_domain::actor::Scope::SendMessages].into(),
        expires_at: None,
    };
    let (client_id, _) = run!(theirs, |tx| client::create(tx, you, bot)).unwrap();
    let person_id = you.person().unwrap();
    let own = run!(house, |tx| contact::create(tx, me, anna("own"))).unwrap();

    let outcomes: Vec<(&str, Result<(), Error>)> = vec![
        ("skill", run!(house, |tx| skill::update(tx, me, skill_id, SkillChange::default(), None))),
        ("skill delete", run!(house, |tx| skill::delete(tx, me, skill_id, None))),
        ("script", run!(house, |tx| script::update(tx, me, script_id, ScriptChange::default(), None))),
        ("script delete", run!(house, |tx| script::delete(tx, me, script_id, None))),
        ("tag", run!(house, |tx| tag::update(tx, me, tag_id, TagChange::default(), None))),
        ("tag delete", run!(house, |tx| tag::delete(tx, me, tag_id, None))),
        ("team", run!(house, |tx| team::update(tx, me, team_id, TeamChange::default(), None))),
        ("team delete", run!(house, |tx| team::delete(tx, me, team_id, None))),
        ("inbox", run!(house, |tx| inbox::update(tx, me, theirs.inbox, InboxChange::default(), None))),
        ("inbox delete", run!(house, |tx| inbox::delete(tx, me, theirs.inbox, None))),
        ("view", run!(house, |tx| view::update(tx, me, view_id, ViewChange::default(), None))),
        ("view delete", run!(house, |tx| view::delete(tx, me, view_id, None))),
        ("person", run!(house, |tx| person::update(tx, me, person_id, PersonChange::default(), None))),
        ("token", run!(house, |tx| client::revoke(tx, me, client_id, None))),
        ("contact", run!(house, |tx| contact::update(tx, me, one, ContactChange::default(), None))),
        ("winner", run!(house, |tx| contact::merge(tx, me, one, own, SeenVersions::default())).map(|_| ())),
        ("loser", run!(house, |tx| contact::merge(tx, me, own, one, SeenVersions::default())).map(|_| ())),
        ("unmerge", run!(house, |tx| contact::unmerge(tx, me, merge, None)).map(|_| ())),
    ];
    for (what, outcome) in outcomes {
        assert_eq!(outcome.unwrap_err().code(), ErrorCode::NotFound, "{what}");
    }
    let read = house.store.read(house.workspace).await.unwrap();
    assert!(contact::by_id(&read, me, one).await.unwrap().is_none());
    let people = person::page(&read, &person::PersonFilter::default(), &PageRequest::first(10)).await.unwrap();
    assert_eq!(people.items.iter().map(|row| row.id).collect::<Vec<_>>(), [me.person().unwrap()]);
}

async fn foreign_ids_inside_inputs_are_invalid(house: &House) {
    let theirs = house.neighbour().await;
    let (me, you) = (&house.admin, &theirs.admin);
    let skill_id = run!(theirs, |tx| skill::create(tx, you, skill("s"))).unwrap();
    let tag_id = run!(theirs, |tx| tag::create(tx, you, tag("t"))).unwrap();
    let team_id = run!(theirs, |tx| team::create(tx, you, team("m"))).unwrap();
    let person_id = you.person().unwrap();
    let set_skill = vec![ScriptStep::SetSkill { skill: skill_id }];
    let move_there = vec![ScriptStep::HandToHumans { inbox: Some(theirs.inbox) }];
    let filter = |filter: InteractionFilter| NewView { filter, ..view() };
    let outcomes = [
        ("steps.0.setSkill", run!(house, |tx| script::create(tx, me, script("1", set_skill))).map(|_| ())),
        ("steps.0.handToHumans.inboxId", run!(house, |tx| script::create(tx, me, script("2", move_there))).map(|_| ())),
        ("memberIds", run!(house, |tx| team::create(tx, me, NewTeam { members: [person_id].into(), ..team("3") })).map(|_| ())),
        (
            "teamId",
            run!(house, |tx| inbox::create(tx, me, NewInbox { client_id: "4".into(), name: "X".into(), team: Some(team_id) })).map(|_| ()),
        ),
        ("inboxId", run!(house, |tx| view::create(tx, me, NewView { inbox: Some(theirs.inbox), ..view() })).map(|_| ())),
        (
            "filter.tagIds",
            run!(house, |tx| view::create(tx, me, filter(InteractionFilter { tags: Some(vec![tag_id]), ..Default::default() })))
                .map(|_| ()),
        ),
        (
            "filter.assigneeIds",
            run!(house, |tx| view::create(tx, me, filter(InteractionFilter { assignees: Some(vec![person_id]), ..Default::default() })))
                .map(|_| ()),
        ),
        (
            "teamIds",
            run!(house, |tx| person::create(tx, me, person::NewPerson { teams: [team_id].into(), ..someone("Bo", Role::Agent) }))
                .map(|_| ()),
        ),
        (
            "skills",
            run!(house, |tx| person::create(tx, me, person::NewPerson { skills: [(skill_id, 3)].into(), ..someone("Bo", Role::Agent) }))
                .map(|_| ()),
        ),
    ];
    for (expected, outcome) in outcomes {
        match outcome.unwrap_err() {
            Error::Invalid { field, .. } => assert_eq!(field, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

async fn agents_may_not_set_up(house: &House) {
    let bo = &house.add("Bo", Role::Agent).await;
    let outcomes = [
        run!(house, |tx| skill::create(tx, bo, skill("s"))).map(|_| ()),
        run!(house, |tx| script::create(tx, bo, script("c", vec![]))).map(|_| ()),
        run!(house, |tx| tag::create(tx, bo, tag("t"))).map(|_| ()),
        run!(house, |tx| team::create(tx, bo, team("m"))).map(|_| ()),
        run!(house, |tx| person::create(tx, bo, someone("Cy", Role::Admin))).map(|_| ()),
    ];
    for outcome in outcomes {
        assert_eq!(outcome.unwrap_err().code(), ErrorCode::Forbidden);
    }
    let read = house.store.read(house.workspace).await.unwrap();
    let first = PageRequest::first(10);
    assert_eq!(client::page(&read, bo, &first).await.unwrap_err().code(), ErrorCode::Forbidden);
    let audit = tributary_domain::audit::page(&read, bo, &Default::default(), &first).await;
    assert_eq!(audit.unwrap_err().code(), ErrorCode::Forbidden);
    let letters = tributary_domain::channel::page_of_letters(&read, bo, &Default::default(), &first).await;
    assert_eq!(letters.unwrap_err().code(), ErrorCode::Forbidden);
}
