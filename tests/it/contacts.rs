//! Contacts: what is written about them, and merges that can be taken back exactly.

use sea_orm::{ColumnTrait, QueryFilter};
use tributary_domain::{
    Error, ErrorCode,
    contact::{self, ContactChange, ContactFilter, NewContact, SeenVersions},
    entity::{contact as contact_row, contact_identity, interaction, message},
    event::{EntityType, EventKind},
    ids::ContactId,
    message::SystemLine,
    state::InteractionStatus,
    store::page::PageRequest,
};

use crate::support::{House, on_both, run};

on_both! {
    inputs_are_checked,
    a_merge_moves_everything_and_its_undoing_exactly_that,
    a_merge_tells_of_everything_it_changed,
    merged_contacts_take_no_part,
    nested_merges_are_undone_from_the_outside,
    a_preview_says_what_a_merge_does,
    a_merge_loses_nothing,
    merged_contacts_are_not_found,
}

async fn inputs_are_checked(house: &House) {
    let new = NewContact { client_id: "c".into(), name: "Anna".into(), ..Default::default() };
    let broken = [
        ("name", NewContact { name: " ".into(), ..new.clone() }),
        ("email", NewContact { email: Some("anna".into()), ..new.clone() }),
        ("phone", NewContact { phone: Some("12".into()), ..new.clone() }),
        ("language", NewContact { language: Some("de_DE".into()), ..new.clone() }),
        ("fields", NewContact { fields: (0..51).map(|at| (at.to_string(), String::new())).collect(), ..new.clone() }),
        ("fields.0.value", NewContact { fields: vec![("plan".into(), "x".repeat(501))], ..new.clone() }),
        ("fields.1.key", NewContact { fields: vec![("a".into(), "1".into()), ("a".into(), "2".into())], ..new.clone() }),
    ];
    for (expected, new) in broken {
        match run!(house, |tx| contact::create(tx, &house.admin, new)).unwrap_err() {
            Error::Invalid { field, .. } => assert_eq!(field, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
    let whole = NewContact {
        email: Some("anna@example.org".into()),
        phone: Some("+49 30 123456".into()),
        fields: vec![("plan".into(), "gold".into())],
        ..new
    };
    let id = run!(house, |tx| contact::create(tx, &house.admin, whole.clone())).unwrap();
    assert_eq!(run!(house, |tx| contact::create(tx, &house.admin, whole)).unwrap(), id);
    let change = ContactChange { email: Some(None), is_blocked: Some(true), ..Default::default() };
    run!(house, |tx| contact::update(tx, &house.admin, id, change, None)).unwrap();
    let stored = load(house, id).await;
    assert_eq!((stored.email, stored.phone.as_deref(), stored.is_blocked), (None, Some("+4930123456"), true));
    assert_eq!(stored.fields.get("plan").map(String::as_str), Some("gold"));
}

async fn load(house: &House, id: ContactId) -> contact_row::Model {
    contact_row::by_id(house.workspace, id).one(house.store.read(house.workspace).await.unwrap().conn()).await.unwrap().unwrap()
}

/// Ids of a contact's identities and interactions.
async fn belongings(house: &House, id: ContactId) -> (Vec<String>, Vec<String>) {
    let read = house.store.read(house.workspace).await.unwrap();
    let identities = contact_identity::in_workspace(house.workspace).filter(contact_identity::Column::ContactId.eq(id));
    let interactions = interaction::in_workspace(house.workspace).filter(interaction::Column::ContactId.eq(id));
    let mut identities: Vec<_> = identities.all(read.conn()).await.unwrap().iter().map(|row| row.id.to_string()).collect();
    let mut interactions: Vec<_> = interactions.all(read.conn()).await.unwrap().iter().map(|row| row.id.to_string()).collect();
    identities.sort();
    interactions.sort();
    (identities, interactions)
}

async fn a_merge_moves_everything_and_its_undoing_exactly_that(house: &House) {
    let channel = house.add_channel(house.inbox).await;
    let (winner, winner_identity) = house.hear(&channel, "winner").await;
    let (loser, loser_identity) = house.hear(&channel, "loser").await;
    let kept = house.open(&channel, &winner_identity, InteractionStatus::Open).await;
    let moved = house.open(&channel, &loser_identity, InteractionStatus::Open).await;
    let (winner_before, loser_before) = (belongings(house, winner.id).await, belongings(house, loser.id).await);

    let merge = run!(house, |tx| contact::merge(tx, &house.admin, winner.id, loser.id, SeenVersions::default())).unwrap();
    assert_eq!(belongings(house, loser.id).await, (vec![], vec![]));
    assert_eq!(belongings(house, winner.id).await.1, [kept.id.to_string(), moved.id.to_string()]);
    assert_eq!(load(house, loser.id).await.merged_into, Some(winner.id));

    // The merged person writes again: it belongs to the one that remains, and stays there.
    let (heard, identity) = house.hear(&channel, "loser").await;
    assert_eq!(heard.id, winner.id);
    let later = house.open(&channel, &identity, InteractionStatus::New).await;
    let (_, later_identity) = house.hear(&channel, "another").await;

    assert_eq!(run!(house, |tx| contact::unmerge(tx, &house.admin, merge, None)).unwrap(), (winner.id, loser.id));
    assert_eq!(belongings(house, loser.id).await, loser_before);
    let (identities, interactions) = belongings(house, winner.id).await;
    assert_eq!(identities, winner_before.0);
    assert_eq!(interactions, [kept.id.to_string(), later.id.to_string()]);
    assert_ne!(later_identity.contact_id, winner.id);
    assert_eq!(load(house, loser.id).await.merged_into, None);
    let again = run!(house, |tx| contact::unmerge(tx, &house.admin, merge, None)).unwrap_err();
    assert_eq!(again.code(), ErrorCode::Conflict);
}

async fn a_merge_tells_of_everything_it_changed(house: &House) {
    let channel = house.add_channel(house.inbox).await;
    let (winner, _) = house.hear(&channel, "winner").await;
    let (loser, identity) = house.hear(&channel, "loser").await;
    let open = house.open(&channel, &identity, InteractionStatus::Open).await;
    let closed = house.open(&channel, &identity, InteractionStatus::Closed).await;

    let mut tx = house.store.write(house.workspace).await.unwrap();
    contact::merge(&mut tx, &house.admin, winner.id, loser.id, SeenVersions::default()).await.unwrap();
    let events = tx.commit().await.unwrap().events;
    let about = |kind, entity_type, id| events.iter().filter(|e| (e.kind, e.entity_type, e.entity_id) == (kind, entity_type, id)).count();
    assert_eq!(about(EventKind::ContactsMerged, EntityType::Contact, winner.id.uuid()), 1);
    assert_eq!(about(EventKind::ContactChanged, EntityType::Contact, loser.id.uuid()), 1);
    for id in [open.id, closed.id] {
        assert_eq!(about(EventKind::InteractionChanged, EntityType::Interaction, id.uuid()), 1);
    }
    let read = house.store.read(house.workspace).await.unwrap();
    let lines = message::in_workspace(house.workspace).filter(message::Column::System.is_not_null()).all(read.conn()).await.unwrap();
    let said: Vec<_> = lines.into_iter().map(|line| (line.interaction_id, line.system.unwrap().0)).collect();
    assert_eq!(said, [(open.id, SystemLine::ContactsMerged { name: "loser".into() })], "only in what is still worked on");
}

async fn merged_contacts_take_no_part(house: &House) {
    let channel = house.add_channel(house.inbox).await;
    let [(a, _), (b, _), (c, _)] = [house.hear(&channel, "a").await, house.hear(&channel, "b").await, house.hear(&channel, "c").await];
    let seen = SeenVersions::default();
    let code = |refused: Error| refused.code();
    assert_eq!(code(run!(house, |tx| contact::merge(tx, &house.admin, a.id, a.id, seen)).unwrap_err()), ErrorCode::Invalid);
    run!(house, |tx| contact::merge(tx, &house.admin, a.id, b.id, seen)).unwrap();
    // A circle, a merged loser again, a merged winner.
    for (winner, loser) in [(b.id, a.id), (c.id, b.id), (b.id, c.id)] {
        assert_eq!(code(run!(house, |tx| contact::merge(tx, &house.admin, winner, loser, seen)).unwrap_err()), ErrorCode::Invalid);
    }
    let old = SeenVersions { winner: Some(a.version), loser: None };
    assert_eq!(code(run!(house, |tx| contact::merge(tx, &house.admin, a.id, c.id, old)).unwrap_err()), ErrorCode::Conflict);
    let rename = ContactChange { name: Some("B".into()), ..Default::default() };
    assert_eq!(code(run!(house, |tx| contact::update(tx, &house.admin, b.id, rename, None)).unwrap_err()), ErrorCode::Conflict);
}

async fn nested_merges_are_undone_from_the_outside(house: &House) {
    let channel = house.add_channel(house.inbox).await;
    let [(a, _), (b, _), (c, _)] = [house.hear(&channel, "a").await, house.hear(&channel, "b").await, house.hear(&channel, "c").await];
    let before = [belongings(house, a.id).await, belongings(house, b.id).await, belongings(house, c.id).await];
    let inner = run!(house, |tx| contact::merge(tx, &house.admin, a.id, b.id, SeenVersions::default())).unwrap();
    let outer = run!(house, |tx| contact::merge(tx, &house.admin, c.id, a.id, SeenVersions::default())).unwrap();
    assert_eq!(run!(house, |tx| contact::unmerge(tx, &house.admin, inner, None)).unwrap_err().code(), ErrorCode::Conflict);
    run!(house, |tx| contact::unmerge(tx, &house.admin, outer, None)).unwrap();
    run!(house, |tx| contact::unmerge(tx, &house.admin, inner, None)).unwrap();
    assert_eq!([belongings(house, a.id).await, belongings(house, b.id).await, belongings(house, c.id).await], before);
}

async fn a_preview_says_what_a_merge_does(house: &House) {
    let channel = house.add_channel(house.inbox).await;
    let (winner, _) = house.hear(&channel, "winner").await;
    let (loser, identity) = house.hear(&channel, "loser").await;
    house.open(&channel, &identity, InteractionStatus::Open).await;
    let mail = ContactChange { email: Some(Some("l@example.org".into())), ..Default::default() };
    run!(house, |tx| contact::update(tx, &house.admin, loser.id, mail, None)).unwrap();
    let read = house.store.read(house.workspace).await.unwrap();
    let preview = contact::preview(&read, &house.admin, winner.id, loser.id).await.unwrap();
    assert_eq!((preview.identities, preview.interaction_count), (vec![identity], 1));
    let fields: Vec<_> = preview.conflicts.into_iter().map(|it| (it.field, it.winner_value, it.loser_value)).collect();
    // The address fills a gap, which takes nothing away.
    assert_eq!(fields, [("name".into(), Some("winner".into()), Some("loser".into()))]);
}

/// What only the loser knew is known, and everything it was called is found, until the merge is undone.
async fn a_merge_loses_nothing(house: &House) {
    let channel = house.add_channel(house.inbox).await;
    let (winner, _) = house.hear(&channel, "winner-7731").await;
    let (loser, _) = house.hear(&channel, "loser-9942").await;
    let fields = |list: &[(&str, &str)]| Some(list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect());
    let change = ContactChange { email: Some(Some("w@example.org".into())), fields: fields(&[("plan", "gold")]), ..Default::default() };
    run!(house, |tx| contact::update(tx, &house.admin, winner.id, change, None)).unwrap();
    let change = ContactChange {
        name: Some("Ännchen".into()),
        email: Some(Some("l@example.org".into())),
        phone: Some(Some("+4930123456".into())),
        fields: fields(&[("plan", "silver"), ("customer", "K4711")]),
        ..Default::default()
    };
    run!(house, |tx| contact::update(tx, &house.admin, loser.id, change, None)).unwrap();
    let find = async |words: &str| {
        let read = house.store.read(house.workspace).await.unwrap();
        let filter = ContactFilter { text: Some(words.to_owned()), channel: None };
        let page = contact::page(&read, &house.admin, &filter, &PageRequest::first(10)).await.unwrap();
        page.items.into_iter().map(|found| found.id).collect::<Vec<_>>()
    };
    assert_eq!(find("9942").await, [loser.id], "the platform's id is found");

    let before = load(house, winner.id).await;
    let merge = run!(house, |tx| contact::merge(tx, &house.admin, winner.id, loser.id, SeenVersions::default())).unwrap();
    let kept = load(house, winner.id).await;
    assert_eq!((kept.email.as_deref(), kept.phone.as_deref()), (Some("w@example.org"), Some("+4930123456")));
    assert_eq!((kept.fields["plan"].as_str(), kept.fields["customer"].as_str()), ("gold", "K4711"));
    for words in ["7731", "9942", "annchen", "l@example.org", "silver", "K4711"] {
        assert_eq!(find(words).await, [winner.id], "{words}");
    }

    run!(house, |tx| contact::unmerge(tx, &house.admin, merge, None)).unwrap();
    let after = load(house, winner.id).await;
    assert_eq!((after.email, after.phone, after.fields), (before.email, before.phone, before.fields));
    assert_eq!((find("9942").await, find("7731").await), (vec![loser.id], vec![winner.id]));
}

async fn merged_contacts_are_not_found(house: &House) {
    let channel = house.add_channel(house.inbox).await;
    let (winner, _) = house.hear(&channel, "Anna Winner").await;
    let (loser, _) = house.hear(&channel, "Anna Loser").await;
    let found = async || {
        let read = house.store.read(house.workspace).await.unwrap();
        let filter = ContactFilter { text: Some("anna".into()), channel: Some(channel.id) };
        let page = contact::page(&read, &house.admin, &filter, &PageRequest::first(10)).await.unwrap();
        let all = contact::page(&read, &house.admin, &ContactFilter::default(), &PageRequest::first(10)).await.unwrap();
        (page.items.len(), all.items.len())
    };
    assert_eq!(found().await, (2, 2));
    let merge = run!(house, |tx| contact::merge(tx, &house.admin, winner.id, loser.id, SeenVersions::default())).unwrap();
    assert_eq!(found().await, (1, 1));
    run!(house, |tx| contact::unmerge(tx, &house.admin, merge, None)).unwrap();
    assert_eq!(found().await, (2, 2));
}
