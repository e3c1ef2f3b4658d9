//! The seed on a real database.

use std::{collections::BTreeSet, sync::Arc};

use chrono::DateTime;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use secrecy::SecretString;
use tributary_channels::{
    registry::Registry,
    shared::guard::{AddressGuard, Cidr},
};
use tributary_domain::{
    bus::MemoryBus,
    clock::TestClock,
    delivery::OutboundState,
    entity::{channel, contact_merge, interaction, lane, message, outbound, person, reaction},
    interaction::Priority,
    media::MediaStore,
    message::{Direction, EntryKind},
    seal::{MasterKeys, Vault},
    spec::{ChannelKind, RichKind},
    state::{DeliveryState, InteractionStatus},
    store::{Store, StoreConfig},
};

use super::{Ground, channels::RECEIVER, open_loopback, story::STORIES};
use crate::{auth::password::Passwords, config::Config};

async fn ground(folder: &tempfile::TempDir) -> Ground {
    let url = format!("sqlite://{}", folder.path().join("tributary.db").display());
    tributary_migrations::migrate(&url).await.unwrap();
    let clock = TestClock::at(DateTime::from_timestamp(1_790_000_000, 0).unwrap());
    let key = SecretString::from("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    Ground {
        store: Store::connect(StoreConfig::new(url), Arc::new(clock), Arc::new(MemoryBus::new())).await.unwrap(),
        registry: Registry::new(),
        vault: Arc::new(Vault::new(MasterKeys::new([("one", &key)]).unwrap())),
        media: MediaStore::folder(&folder.path().join("media")).unwrap(),
        passwords: Passwords::new(1).unwrap(),
        public_url: "http://localhost:4000".parse().unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_shows_everything_and_leaves_no_work() {
    let folder = tempfile::tempdir().unwrap();
    let ground = ground(&folder).await;
    let made = ground.seed().await.unwrap();
    assert!(made.is_new && made.people.len() == 6 && made.byoc_signing_secret.starts_with("whsec_"));
    let said = made.to_string();
    assert!(said.contains("anna@example.org") && said.contains(&made.byoc_inbound_token), "{said}");
    let workspaces = ground.store.workspaces().await.unwrap();
    let workspace = workspaces[0].id;
    let before = ground.store.read(workspace).await.unwrap().position().await.unwrap();

    // A second time nothing happens, and the same is said.
    let again = ground.seed().await.unwrap();
    assert_eq!(super::DemoLogins { is_new: true, ..again }, made);
    let read = ground.store.read(workspace).await.unwrap();
    assert_eq!(read.position().await.unwrap(), before);

    // Nothing waits to be sent.
    let waiting = [OutboundState::Queued, OutboundState::Sending];
    let queued = outbound::in_workspace(workspace).filter(outbound::Column::State.is_in(waiting)).count(read.conn()).await.unwrap();
    let pending = lane::in_workspace(workspace).filter(lane::Column::Pending.gt(0)).count(read.conn()).await.unwrap();
    assert_eq!((queued, pending), (0, 0));

    let interactions = interaction::in_workspace(workspace).all(read.conn()).await.unwrap();
    assert!(interactions.len() * 10 >= STORIES * 9, "{} interactions", interactions.len());
    let statuses: std::collections::HashSet<InteractionStatus> = interactions.iter().map(|found| found.status).collect();
    assert_eq!(statuses.len(), 8, "{statuses:?}");
    assert!(interactions.iter().any(|found| found.priority == Priority::Urgent) && interactions.iter().any(|found| found.has_failed));
    assert!(interactions.iter().all(|found| found.created_at <= found.last_activity_at));
    let now = ground.store.clock().now();
    assert!(interactions.iter().all(|found| found.last_activity_at <= now && found.waiting_since.is_none_or(|since| since < now)));
    assert!(interactions.iter().any(|found| found.waiting_since.is_some()));

    let messages = message::in_workspace(workspace).all(read.conn()).await.unwrap();
    let kinds: BTreeSet<RichKind> = messages.iter().filter_map(|found| found.content.kind()).collect();
    assert_eq!(kinds, RichKind::all().collect(), "every kind is there");
    let answers: BTreeSet<&str> = messages.iter().map(|found| found.content.input_name()).collect();
    assert!(["selection", "timeChosen", "formAnswers", "unsupported"].iter().all(|name| answers.contains(name)), "{answers:?}");
    let entries: BTreeSet<EntryKind> = messages.iter().map(|found| found.entry).collect();
    assert_eq!(entries.len(), 3);
    let states: std::collections::HashSet<DeliveryState> = messages.iter().filter_map(|found| found.delivery).collect();
    for state in [DeliveryState::Sent, DeliveryState::Delivered, DeliveryState::Read, DeliveryState::Failed, DeliveryState::Unconfirmed] {
        assert!(states.contains(&state), "{state:?}");
    }
    assert!(messages.iter().any(|found| found.edited_at.is_some()) && messages.iter().any(|found| found.deleted_at.is_some()));
    assert!(messages.iter().any(|found| found.quoted_id.is_some()) && messages.iter().any(|found| !found.mentions.is_empty()));
    let failures: Vec<_> =
        messages.iter().filter_map(|found| found.system.as_ref()).filter(|line| format!("{line:?}").contains("Failed")).collect();
    assert!(failures.is_empty(), "the script runs through: {failures:?}");
    assert!(reaction::in_workspace(workspace).count(read.conn()).await.unwrap() > 0);

    let channels = channel::in_workspace(workspace).all(read.conn()).await.unwrap();
    let byoc = channels.iter().find(|found| found.kind == ChannelKind::Byoc).unwrap();
    let said =
        |found: &&message::Model| found.channel_id == byoc.id && found.direction == Direction::Out && found.entry == EntryKind::Message;
    assert_eq!(messages.iter().filter(said).count(), 0, "nobody has spoken to an integrator who is not there");
    assert!(channels.iter().all(|found| found.is_enabled == (found.kind != ChannelKind::Email)));
    let merges = contact_merge::in_workspace(workspace).count(read.conn()).await.unwrap();
    assert!(merges > 0, "somebody writes on two channels");
    assert_eq!(person::in_workspace(workspace).count(read.conn()).await.unwrap(), 6);
}

#[tokio::test]
async fn the_demo_may_call_this_machine_unless_the_settings_name_networks() {
    let receiver = url::Url::parse(RECEIVER).unwrap();
    let (host, port) = (receiver.host().unwrap(), receiver.port().unwrap());
    let guard = |config: &Config| {
        AddressGuard::new(config.channels.allow_networks.iter().map(|network| network.parse().unwrap()).collect::<Vec<Cidr>>())
    };
    let mut config = Config::from_parts(None, []).unwrap();
    // As in every server that is not the demo.
    assert!(guard(&config).resolve(&host.to_string(), port).await.is_err());
    let said = open_loopback(&mut config).unwrap();
    assert!(said.contains("127.0.0.0/8"), "{said}");
    assert!(guard(&config).resolve(&host.to_string(), port).await.is_ok());
    assert!(guard(&config).resolve("10.0.0.1", port).await.is_err(), "no other private network");

    let given = "[channels]\nallow_networks = [\"10.0.0.0/8\"]";
    let mut config = Config::from_parts(Some(given), []).unwrap();
    assert_eq!(open_loopback(&mut config), None);
    assert!(guard(&config).resolve(&host.to_string(), port).await.is_err(), "what is given stays as it is");
}
