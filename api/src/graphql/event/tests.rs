//! Tests of who may hear what.

use chrono::DateTime;
use tributary_domain::{
    actor::{Identity, Scope, VisibleInboxes},
    event::{ActorRef, Seq},
    ids::{InboxId, PersonId},
};
use uuid::Uuid;

use super::*;

fn id<I: From<Uuid>>(number: u128) -> I {
    Uuid::from_u128(number).into()
}

fn agent() -> Actor {
    Actor {
        identity: Identity::Person { id: id(2), name: "Ada".into() },
        role: Role::Agent,
        inboxes: VisibleInboxes::Only([id::<InboxId>(7)].into()),
        ..Actor::system(id(1))
    }
}

fn event(kind: EventKind, entity_type: EntityType, entity: u128, interaction: Option<u128>) -> Event {
    Event {
        seq: Seq(1),
        at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        kind,
        entity_type,
        entity_id: Uuid::from_u128(entity),
        entity_version: Some(Seq(1)),
        interaction_id: interaction.map(id),
        audience: Audience::Everyone,
        actor: ActorRef::System,
        patch: None,
    }
}

#[test]
fn an_agent_hears_of_its_own_circle_only() {
    let agent = agent();
    for (audience, is_heard) in [
        (Audience::Everyone, true),
        (Audience::Inbox(id(7)), true),
        (Audience::Inbox(id(8)), false),
        (Audience::Person(id::<PersonId>(2)), true),
        (Audience::Person(id::<PersonId>(3)), false),
        (Audience::Supervisors, false),
        (Audience::Admins, false),
    ] {
        assert_eq!(may_hear(&agent, &audience), is_heard, "{audience:?}");
    }
}

#[test]
fn rank_widens_the_circle_but_not_into_private_matters() {
    let supervisor = Actor { role: Role::Supervisor, inboxes: VisibleInboxes::All, ..agent() };
    let admin = Actor { role: Role::Admin, ..supervisor.clone() };
    assert!(may_hear(&supervisor, &Audience::Supervisors) && !may_hear(&supervisor, &Audience::Admins));
    assert!(may_hear(&admin, &Audience::Supervisors) && may_hear(&admin, &Audience::Admins));
    assert!(may_hear(&supervisor, &Audience::Inbox(id(8))));
    assert!(!may_hear(&admin, &Audience::Person(id(3))));
}

#[test]
fn a_token_without_the_right_to_read_hears_of_no_interaction() {
    let token = Actor { role: Role::Admin, inboxes: VisibleInboxes::All, scopes: Some([Scope::ReadEvents].into()), ..agent() };
    assert!(!may_hear(&token, &Audience::Inbox(id(7))));
    assert!(may_hear(&token, &Audience::Everyone));
}

#[test]
fn no_filter_wants_everything_and_an_empty_list_nothing() {
    let tag = event(EventKind::TagChanged, EntityType::Tag, 5, None);
    assert!(Wanted::default().admits(&tag, &Belongings::new()));
    assert!(!Wanted { kinds: Some([].into()), ..Wanted::default() }.admits(&tag, &Belongings::new()));
}

#[test]
fn channels_and_contacts_are_wanted_with_their_interactions() {
    let belongings: Belongings = [(id(20), (id(30), id(40)))].into();
    let message = event(EventKind::MessageReceived, EntityType::Message, 21, Some(20));
    let elsewhere = event(EventKind::MessageReceived, EntityType::Message, 23, Some(22));
    let health = event(EventKind::ChannelHealthChanged, EntityType::Channel, 30, None);
    let contact = event(EventKind::ContactChanged, EntityType::Contact, 40, None);

    let of_channel = Wanted { channels: Some([id(30)].into()), ..Wanted::default() };
    let of_contact = Wanted { contacts: Some([id(40)].into()), ..Wanted::default() };
    for (wanted, expected) in [(&of_channel, [true, false, true, false]), (&of_contact, [true, false, false, true])] {
        let admitted = [&message, &elsewhere, &health, &contact].map(|event| wanted.admits(event, &belongings));
        assert_eq!(admitted, expected, "{wanted:?}");
    }
    // An id alone is not enough: it must be an id of that type.
    assert!(!of_channel.admits(&event(EventKind::TagChanged, EntityType::Tag, 30, None), &belongings));
}

#[test]
fn all_parts_of_a_filter_must_agree() {
    let message = event(EventKind::MessageReceived, EntityType::Message, 21, Some(20));
    let wanted = Wanted { kinds: Some([EventKind::NoteAdded].into()), ..Wanted::of_interaction(id(20)) };
    assert!(Wanted::of_interaction(id(20)).admits(&message, &Belongings::new()));
    assert!(!Wanted::of_interaction(id(21)).admits(&message, &Belongings::new()), "a message's id is no interaction's");
    assert!(!wanted.admits(&message, &Belongings::new()));
}
