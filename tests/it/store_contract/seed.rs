//! The least that rows need around them.

use std::collections::BTreeMap;

use sea_orm::{ActiveValue::Set, EntityTrait};
use tributary_domain::{
    content::{RichContent, Text},
    entity::{Stored, channel, contact, contact_identity, inbox, interaction, message, person, tag},
    event::Seq,
    ids::{ChannelId, ContactId, IdentityId, InboxId, InteractionId, MessageId, PersonId, TagId, WorkspaceId},
    spec::ChannelKind,
    state::InteractionStatus,
    store::{NewWorkspace, Store, Tx, create_workspace},
};
use uuid::Uuid;

/// A workspace with one of everything that an interaction needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed {
    pub(crate) workspace: WorkspaceId,
    pub(crate) inbox: InboxId,
    pub(crate) channel: ChannelId,
    pub(crate) contact: ContactId,
    pub(crate) identity: IdentityId,
    pub(crate) person: PersonId,
}

pub(crate) fn new<T: From<Uuid>>() -> T {
    T::from(Uuid::now_v7())
}

pub(crate) async fn seed(store: &Store) -> Seed {
    let seed = Seed { workspace: new(), inbox: new(), channel: new(), contact: new(), identity: new(), person: new() };
    let mut tx = store.write(seed.workspace).await.unwrap();
    let workspace = NewWorkspace {
        id: seed.workspace,
        name: "Acme".to_owned(),
        slug: seed.workspace.to_string(),
        default_language: "de".to_owned(),
        reopen_days: 7,
    };
    create_workspace(&mut tx, workspace).await.unwrap();
    let now = tx.now();
    let conn = tx.conn();
    let inbox = inbox::ActiveModel {
        workspace_id: Set(seed.workspace),
        id: Set(seed.inbox),
        name: Set("Service".to_owned()),
        team_id: Set(None),
        position: Set(1),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(now),
    };
    inbox::Entity::insert(inbox).exec_without_returning(conn).await.unwrap();
    let person = person::ActiveModel {
        workspace_id: Set(seed.workspace),
        id: Set(seed.person),
        email: Set("Anna@example.org".to_owned()),
        email_folded: Set("anna@example.org".to_owned()),
        name: Set("Anna".to_owned()),
        role: Set(person::Role::Supervisor),
        password_hash: Set(None),
        is_active: Set(true),
        language: Set("de".to_owned()),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(now),
    };
    person::Entity::insert(person).exec_without_returning(conn).await.unwrap();
    add_channel(&tx, seed.channel, seed.inbox).await;
    let contact = contact::ActiveModel {
        workspace_id: Set(seed.workspace),
        id: Set(seed.contact),
        name: Set("Jürgen Groß".to_owned()),
        name_folded: Set("jurgen gross".to_owned()),
        email: Set(None),
        phone: Set(None),
        language: Set(None),
        avatar_url: Set(None),
        fields: Set(Stored(BTreeMap::from([("plan".to_owned(), "gold".to_owned())]))),
        notes: Set(None),
        merged_into: Set(None),
        is_blocked: Set(false),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(now),
    };
    contact::Entity::insert(contact).exec_without_returning(conn).await.unwrap();
    let identity = contact_identity::ActiveModel {
        workspace_id: Set(seed.workspace),
        id: Set(seed.identity),
        contact_id: Set(seed.contact),
        channel_id: Set(seed.channel),
        external_id: Set("visitor-1".into()),
        display_name: Set(None),
        is_verified: Set(false),
        created_at: Set(now),
    };
    contact_identity::Entity::insert(identity).exec_without_returning(conn).await.unwrap();
    tx.commit().await.unwrap();
    seed
}

pub(crate) async fn add_channel(tx: &Tx, id: ChannelId, inbox: InboxId) {
    let row = channel::ActiveModel {
        workspace_id: Set(tx.workspace()),
        id: Set(id),
        kind: Set(ChannelKind::DigitalChat),
        name: Set("Chat".to_owned()),
        token: Set(id.to_string()),
        inbox_id: Set(inbox),
        default_skill_id: Set(None),
        default_script_id: Set(None),
        settings: Set(Stored(serde_json::Map::from_iter([("colour".to_owned(), "#123".into())]))),
        sealed: Set(Stored(BTreeMap::new())),
        is_enabled: Set(true),
        health: Set(channel::ChannelHealth::Waiting),
        health_reason: Set(None),
        health_cause: Set(None),
        health_at: Set(None),
        first_event_at: Set(None),
        last_event_at: Set(None),
        heartbeat_at: Set(None),
        heartbeat_s: Set(None),
        failing_since: Set(None),
        paused_until: Set(None),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    };
    channel::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
}

pub(crate) async fn add_interaction(tx: &Tx, seed: &Seed, number: i64) -> InteractionId {
    let id = new();
    let row = interaction::ActiveModel {
        workspace_id: Set(tx.workspace()),
        id: Set(id),
        number: Set(number),
        inbox_id: Set(seed.inbox),
        channel_id: Set(seed.channel),
        contact_id: Set(seed.contact),
        identity_id: Set(seed.identity),
        external_thread: Set(None),
        subject: Set(Some("Rechnung".to_owned())),
        status: Set(InteractionStatus::New),
        priority: Set(interaction::Priority::High),
        assignee_id: Set(Some(seed.person)),
        skill_id: Set(None),
        snoozed_until: Set(None),
        is_automatic: Set(false),
        inbound_count: Set(0),
        message_count: Set(0),
        last_message_id: Set(None),
        last_inbound_at: Set(None),
        last_activity_at: Set(tx.now()),
        waiting_since: Set(Some(tx.now())),
        linked_to: Set(None),
        has_failed: Set(false),
        script_state: Set(None),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
        resolved_at: Set(None),
        closed_at: Set(None),
    };
    interaction::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
    id
}

pub(crate) async fn add_message(tx: &Tx, seed: &Seed, interaction: InteractionId, content: RichContent) -> message::Model {
    let id: MessageId = new();
    let row = message::ActiveModel {
        workspace_id: Set(tx.workspace()),
        id: Set(id),
        interaction_id: Set(interaction),
        channel_id: Set(seed.channel),
        direction: Set(message::Direction::In),
        entry: Set(message::EntryKind::Message),
        author_kind: Set(message::AuthorKind::Contact),
        author_id: Set(Some(seed.contact.uuid())),
        author_name: Set(None),
        content: Set(Stored(content)),
        text: Set("Hallo".to_owned()),
        external_id: Set(Some(format!("m-{id}").into())),
        part: Set(0),
        quoted_id: Set(None),
        mentions: Set(Stored(vec![seed.person])),
        client_id: Set(None),
        subject: Set(None),
        is_automatic: Set(false),
        reply_to: Set(None),
        recipients: Set(None),
        at: Set(tx.now()),
        created_at: Set(tx.now()),
        delivery: Set(None),
        error_code: Set(None),
        error_detail: Set(None),
        queued_at: Set(None),
        sending_at: Set(None),
        sent_at: Set(None),
        delivered_at: Set(None),
        read_at: Set(None),
        failed_at: Set(None),
        rendered_as: Set(None),
        edited_at: Set(None),
        last_change: Set(None),
        deleted_at: Set(None),
        system: Set(None),
        raw_attachment_id: Set(None),
        version: Set(Seq::UNNUMBERED),
    };
    message::Entity::insert(row).exec_with_returning(tx.conn()).await.unwrap()
}

pub(crate) fn text(text: &str) -> RichContent {
    RichContent::Text(Text { text: text.to_owned() })
}

pub(crate) async fn add_tag(tx: &Tx, name: &str) -> TagId {
    let id = new();
    let row = tag::ActiveModel {
        workspace_id: Set(tx.workspace()),
        id: Set(id),
        name: Set(name.to_owned()),
        name_folded: Set(name.to_lowercase()),
        colour: Set("red".to_owned()),
        version: Set(Seq::UNNUMBERED),
    };
    tag::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
    id
}
