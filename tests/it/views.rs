//! Saved views: whose they are, who sees them, and what they may name.

use tributary_domain::{
    Error, ErrorCode,
    actor::{Actor, Role},
    ids::InboxId,
    inbox::{
        self, InboxChange, InteractionFilter, InteractionSort, NewInbox,
        view::{self, NewView, ViewChange},
    },
    store::page::PageRequest,
    team::{self, NewTeam},
};
use uuid::Uuid;

use crate::support::{House, on_both, run};

on_both! {
    own_views_are_private_and_shared_ones_are_kept_by_supervisors,
    a_view_over_an_unseen_inbox_is_not_seen,
    views_go_with_their_inbox,
    positions_order_the_list,
}

fn new(name: &str, is_shared: bool) -> NewView {
    NewView {
        client_id: Uuid::now_v7().to_string(),
        name: name.into(),
        inbox: None,
        is_shared,
        filter: InteractionFilter::default(),
        sort: InteractionSort::default(),
    }
}

async fn names(house: &House, actor: &Actor) -> Vec<String> {
    let read = house.store.read(house.workspace).await.unwrap();
    view::page(&read, actor, &PageRequest::first(10)).await.unwrap().items.into_iter().map(|view| view.name).collect()
}

async fn own_views_are_private_and_shared_ones_are_kept_by_supervisors(house: &House) {
    let (bo, cy, dee) = (house.add("Bo", Role::Agent).await, house.add("Cy", Role::Agent).await, house.add("Dee", Role::Supervisor).await);
    let own = run!(house, |tx| view::create(tx, &bo, new("Mine", false))).unwrap();
    assert_eq!(run!(house, |tx| view::create(tx, &bo, new("All", true))).unwrap_err().code(), ErrorCode::Forbidden);
    let shared = run!(house, |tx| view::create(tx, &dee, new("All", true))).unwrap();
    assert_eq!(names(house, &bo).await, ["Mine", "All"]);
    assert_eq!(names(house, &cy).await, ["All"]);

    let rename = || ViewChange { name: Some("Ours".into()), ..Default::default() };
    assert_eq!(run!(house, |tx| view::update(tx, &cy, own, rename(), None)).unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(run!(house, |tx| view::delete(tx, &dee, own, None)).unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(run!(house, |tx| view::update(tx, &cy, shared, rename(), None)).unwrap_err().code(), ErrorCode::Forbidden);
    let share = ViewChange { is_shared: Some(true), ..Default::default() };
    assert_eq!(run!(house, |tx| view::update(tx, &bo, own, share, None)).unwrap_err().code(), ErrorCode::Forbidden);
    run!(house, |tx| view::update(tx, &dee, shared, rename(), None)).unwrap();
    assert_eq!(names(house, &cy).await, ["Ours"]);
}

async fn team_inbox(house: &House) -> InboxId {
    let team = NewTeam { client_id: "team".into(), name: "Second line".into(), members: Default::default() };
    let team = run!(house, |tx| team::create(tx, &house.admin, team)).unwrap();
    let inbox = NewInbox { client_id: "second".into(), name: "Second line".into(), team: Some(team) };
    run!(house, |tx| inbox::create(tx, &house.admin, inbox)).unwrap()
}

async fn a_view_over_an_unseen_inbox_is_not_seen(house: &House) {
    let hidden = team_inbox(house).await;
    let bo = house.add("Bo", Role::Agent).await;
    let over = NewView { inbox: Some(hidden), ..new("Second line", true) };
    run!(house, |tx| view::create(tx, &house.admin, over)).unwrap();
    assert!(names(house, &bo).await.is_empty());
    let own = NewView { inbox: Some(hidden), ..new("Mine", false) };
    assert!(matches!(run!(house, |tx| view::create(tx, &bo, own)).unwrap_err(), Error::Invalid { field, .. } if field == "inboxId"));
    let naming = NewView { filter: InteractionFilter { inboxes: Some(vec![hidden]), ..Default::default() }, ..new("Mine", false) };
    let refused = run!(house, |tx| view::create(tx, &bo, naming)).unwrap_err();
    assert!(matches!(refused, Error::Invalid { field, .. } if field == "filter.inboxIds"));

    let opened = InboxChange { team: Some(None), ..Default::default() };
    run!(house, |tx| inbox::update(tx, &house.admin, hidden, opened, None)).unwrap();
    assert_eq!(names(house, &house.actor(bo.person().unwrap()).await).await, ["Second line"]);
}

async fn views_go_with_their_inbox(house: &House) {
    let inbox = team_inbox(house).await;
    let over = NewView { inbox: Some(inbox), ..new("Second line", true) };
    run!(house, |tx| view::create(tx, &house.admin, over)).unwrap();
    run!(house, |tx| inbox::delete(tx, &house.admin, inbox, None)).unwrap();
    assert!(names(house, &house.admin).await.is_empty());
    house.add_channel(house.inbox).await;
    let used = run!(house, |tx| inbox::delete(tx, &house.admin, house.inbox, None)).unwrap_err();
    assert_eq!(used.code(), ErrorCode::Conflict);
}

async fn positions_order_the_list(house: &House) {
    let mut ids = Vec::new();
    for name in ["One", "Two", "Three"] {
        ids.push(run!(house, |tx| view::create(tx, &house.admin, new(name, true))).unwrap());
    }
    assert_eq!(names(house, &house.admin).await, ["One", "Two", "Three"]);
    for (position, id) in ids.into_iter().rev().enumerate() {
        let change = ViewChange { position: i32::try_from(position).ok(), ..Default::default() };
        run!(house, |tx| view::update(tx, &house.admin, id, change, None)).unwrap();
    }
    assert_eq!(names(house, &house.admin).await, ["Three", "Two", "One"]);
}
