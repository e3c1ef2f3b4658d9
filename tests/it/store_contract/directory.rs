//! Keys that lead to workspaces.

use chrono::Duration;
use tributary_domain::{
    Error,
    store::directory::{self, DirectoryKind, Found},
};
use uuid::Uuid;

use super::{place::Place, seed::seed};

pub(super) async fn keys_lead_to_workspaces(place: &Place) {
    let (one, other) = (seed(&place.store).await, seed(&place.store).await);
    let (target, found) = (one.person.uuid(), |target: Uuid| Found { workspace: one.workspace, target });
    let find = async |kind, key: &str| place.store.directory().find(kind, key).await.unwrap();

    let tx = place.store.write(one.workspace).await.unwrap();
    directory::add(&tx, DirectoryKind::Email, "anna@example.org", target, None).await.unwrap();
    directory::add(&tx, DirectoryKind::RefreshToken, "t1", target, Some(tx.now() + Duration::hours(1))).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(find(DirectoryKind::Email, "anna@example.org").await, Some(found(target)));
    assert_eq!(find(DirectoryKind::Email, "nobody@example.org").await, None);
    assert_eq!(find(DirectoryKind::ApiToken, "anna@example.org").await, None, "kinds are apart");

    let tx = place.store.write(other.workspace).await.unwrap();
    let taken = directory::add(&tx, DirectoryKind::Email, "anna@example.org", other.person, None).await;
    assert!(matches!(taken, Err(Error::Conflict(_))));
    directory::remove(&tx, DirectoryKind::Email, "anna@example.org").await.unwrap();
    directory::remove_target(&tx, DirectoryKind::RefreshToken, target).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(find(DirectoryKind::Email, "anna@example.org").await, Some(found(target)), "a stranger cannot remove it");

    assert!(find(DirectoryKind::RefreshToken, "t1").await.is_some());
    place.clock.advance(Duration::hours(1));
    assert_eq!(find(DirectoryKind::RefreshToken, "t1").await, None, "expired");
    let tx = place.store.write(one.workspace).await.unwrap();
    directory::add(&tx, DirectoryKind::RefreshToken, "t1", target, None).await.unwrap();
    directory::remove_target(&tx, DirectoryKind::Email, target).await.unwrap();
    tx.commit().await.unwrap();
    assert!(find(DirectoryKind::RefreshToken, "t1").await.is_some());
    assert_eq!(find(DirectoryKind::Email, "anna@example.org").await, None);
    assert_eq!(place.store.directory().prune().await.unwrap(), 0);
}
