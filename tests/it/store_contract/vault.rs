//! Secrets at rest.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use tributary_domain::{
    Error,
    entity::{Stored, channel, data_key},
    ids::ChannelId,
    random,
    seal::{MasterKeys, Vault},
    store::Tx,
};

use super::{
    place::Place,
    seed::{add_channel, new, seed},
};

fn master_key() -> SecretString {
    SecretString::from(BASE64_STANDARD.encode(random::bytes::<32>()))
}

fn secrets(token: &str) -> BTreeMap<String, SecretString> {
    BTreeMap::from([("token".to_owned(), token.into()), ("password".to_owned(), "pw-canary".into())])
}

async fn store_sealed(tx: &Tx, vault: &Vault, id: ChannelId, secrets: &BTreeMap<String, SecretString>) {
    let sealed = vault.seal(tx, id, secrets).await.unwrap();
    let change = channel::ActiveModel { sealed: Set(Stored(sealed)), ..Default::default() };
    channel::updates(tx.workspace()).filter(channel::Column::Id.eq(id)).set(change).exec(tx.conn()).await.unwrap();
}

async fn load(tx: &Tx, id: ChannelId) -> channel::Model {
    channel::by_id(tx.workspace(), id).one(tx.conn()).await.unwrap().unwrap()
}

pub(super) async fn secrets_open_where_they_belong(place: &Place) {
    let (ours, theirs) = (seed(&place.store).await, seed(&place.store).await);
    let vault = Vault::new(MasterKeys::new([("2026", &master_key())]).unwrap());
    let other: ChannelId = new();
    let tx = place.store.write(ours.workspace).await.unwrap();
    add_channel(&tx, other, ours.inbox).await;
    store_sealed(&tx, &vault, ours.channel, &secrets("one-canary")).await;
    store_sealed(&tx, &vault, other, &secrets("two-canary")).await;
    tx.commit().await.unwrap();

    let tx = place.store.write(ours.workspace).await.unwrap();
    assert_eq!(data_key::in_workspace(ours.workspace).all(tx.conn()).await.unwrap().len(), 1, "one key for both");
    let row = load(&tx, ours.channel).await;
    assert!(!format!("{row:?}").contains("canary"));
    let opened = vault.open(&tx, ours.channel, &row.sealed).await.unwrap();
    assert_eq!(opened["token"].expose_secret(), "one-canary");
    assert!(!format!("{opened:?} {vault:?}").contains("canary"));

    // Rows swapped between channels, fields swapped within one.
    assert!(matches!(vault.open(&tx, other, &row.sealed).await, Err(Error::Sealed)));
    let mut swapped = row.sealed.0.clone();
    let token = swapped["token"].clone();
    swapped.insert("password".to_owned(), token);
    assert!(matches!(vault.open(&tx, ours.channel, &swapped).await, Err(Error::Sealed)));
    drop(tx);

    // Moved into another workspace: its key is not there.
    let tx = place.store.write(theirs.workspace).await.unwrap();
    assert!(matches!(vault.open(&tx, theirs.channel, &row.sealed).await, Err(Error::Sealed)));
    // A data key that was made in a transaction that was undone is not used later.
    let lost = vault.seal(&tx, theirs.channel, &secrets("x")).await.unwrap();
    tx.rollback().await.unwrap();
    let tx = place.store.write(theirs.workspace).await.unwrap();
    assert!(matches!(vault.open(&tx, theirs.channel, &lost).await, Err(Error::Sealed)));
    store_sealed(&tx, &vault, theirs.channel, &secrets("three")).await;
    tx.commit().await.unwrap();
}

pub(super) async fn the_master_key_can_be_changed(place: &Place) {
    let seed = seed(&place.store).await;
    let (old, new) = (master_key(), master_key());
    let before = Vault::new(MasterKeys::new([("old", &old)]).unwrap());
    let tx = place.store.write(seed.workspace).await.unwrap();
    store_sealed(&tx, &before, seed.channel, &secrets("canary")).await;
    tx.commit().await.unwrap();

    let both = Vault::new(MasterKeys::new([("new", &new), ("old", &old)]).unwrap());
    let tx = place.store.write(seed.workspace).await.unwrap();
    assert_eq!(both.open(&tx, seed.channel, &load(&tx, seed.channel).await.sealed).await.unwrap()["token"].expose_secret(), "canary");
    assert_eq!(both.rewrap(&tx).await.unwrap(), 1);
    assert_eq!(both.rewrap(&tx).await.unwrap(), 0);
    tx.commit().await.unwrap();

    let after = Vault::new(MasterKeys::new([("new", &new)]).unwrap());
    let tx = place.store.write(seed.workspace).await.unwrap();
    assert!(!after.reseal(&tx, seed.channel).await.unwrap(), "nothing to do yet");
    place.clock.advance(chrono::Duration::seconds(1));
    let fresh = after.add_data_key(&tx).await.unwrap();
    drop(tx);
    let tx = place.store.write(seed.workspace).await.unwrap();
    assert!(!after.reseal(&tx, seed.channel).await.unwrap(), "that key was undone");
    let key = after.add_data_key(&tx).await.unwrap();
    assert_ne!(key.id, fresh.id);
    assert!(after.reseal(&tx, seed.channel).await.unwrap());
    let row = load(&tx, seed.channel).await;
    assert!(row.sealed.values().all(|sealed| sealed.key_id == key.id));
    assert_eq!(after.open(&tx, seed.channel, &row.sealed).await.unwrap()["token"].expose_secret(), "canary");
    tx.commit().await.unwrap();

    // Without its master key, and with a wrong one of the same name, nothing opens.
    let tx = place.store.write(seed.workspace).await.unwrap();
    let sealed = load(&tx, seed.channel).await.sealed;
    for ring in [[("old", &old)], [("new", &old)]] {
        let without = Vault::new(MasterKeys::new(ring).unwrap());
        assert!(matches!(without.open(&tx, seed.channel, &sealed).await, Err(Error::Sealed)));
    }
}
