//! Bytes of files: one contract for a folder and for an S3 service that checks signatures.

use std::{convert::Infallible, net::SocketAddr};

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use tempfile::TempDir;
use tributary_domain::{
    ErrorCode,
    ids::{AttachmentId, WorkspaceId},
    media::{MediaStore, S3Settings},
};
use tributary_tests::install_tls;
use uuid::Uuid;

/// Larger than one part of an upload.
const LARGE: usize = 11 * 1024 * 1024;

/// A store and what it lives on.
struct Place {
    store: MediaStore,
    files: TempDir,
}

fn folder() -> Place {
    let files = tempfile::tempdir().unwrap();
    Place { store: MediaStore::folder(files.path()).unwrap(), files }
}

async fn s3() -> Place {
    let files = tempfile::tempdir().unwrap();
    let store = MediaStore::s3(&settings(serve(&files).await, "the secret")).unwrap();
    Place { store, files }
}

fn settings(address: SocketAddr, secret: &str) -> S3Settings {
    S3Settings {
        bucket: "files".into(),
        region: "eu-central-1".into(),
        endpoint: Some(format!("http://{address}")),
        access_key_id: Some("tributary".into()),
        secret_access_key: secret.into(),
        allow_http: true,
    }
}

/// The service ends with the test's runtime.
async fn serve(files: &TempDir) -> SocketAddr {
    install_tls();
    std::fs::create_dir(files.path().join("files")).unwrap();
    let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(files.path()).unwrap());
    service.set_auth(SimpleAuth::from_single("tributary", "the secret"));
    let service = service.build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move { drop(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await) });
        }
    });
    address
}

fn ids() -> (WorkspaceId, AttachmentId) {
    (Uuid::now_v7().into(), Uuid::now_v7().into())
}

fn chunks(bytes: &Bytes) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + use<> {
    stream::iter(bytes.chunks(64 * 1024).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect::<Vec<_>>())
}

async fn what_is_put_comes_back(place: Place) {
    let (workspace, id) = ids();
    let png = Bytes::from_static(b"\x89PNG\r\n\x1a\nand so on");
    let large = Bytes::from((0..LARGE).map(|n| u8::try_from(n % 251).unwrap()).collect::<Vec<_>>());
    for (bytes, mime) in [(png, "image/png"), (large, "application/octet-stream"), (Bytes::new(), "application/octet-stream")] {
        let stored = place.store.put(workspace, id, chunks(&bytes), u64::MAX).await.unwrap();
        assert_eq!((stored.bytes, stored.sniffed_mime.as_str()), (bytes.len() as u64, mime));
        assert!(place.store.read(workspace, id).await.unwrap() == bytes, "{} bytes came back otherwise", bytes.len());
        let streamed: Vec<Bytes> = place.store.stream(workspace, id).await.unwrap().try_collect().await.unwrap();
        assert!(streamed.concat() == bytes);
    }
    let (elsewhere, _) = ids();
    assert!(place.store.read(elsewhere, id).await.is_err(), "another workspace has no such file");
}

async fn what_is_too_large_leaves_nothing(place: Place) {
    let (workspace, id) = ids();
    let large = Bytes::from(vec![7; LARGE]);
    let refused = place.store.put(workspace, id, chunks(&large), LARGE as u64 - 1).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Invalid);
    assert!(place.store.read(workspace, id).await.is_err());
    place.store.put(workspace, id, chunks(&large), LARGE as u64).await.unwrap();
}

async fn what_is_deleted_is_gone(place: Place) {
    let (workspace, id) = ids();
    place.store.put(workspace, id, chunks(&Bytes::from_static(b"words")), 100).await.unwrap();
    place.store.delete(workspace, id).await.unwrap();
    assert!(place.store.read(workspace, id).await.is_err());
    place.store.delete(workspace, id).await.unwrap();
    assert!(place.files.path().exists());
}

#[tokio::test]
async fn a_folder_gives_back_what_is_put() {
    what_is_put_comes_back(folder()).await;
}

#[tokio::test]
async fn a_bucket_gives_back_what_is_put() {
    what_is_put_comes_back(s3().await).await;
}

#[tokio::test]
async fn a_folder_keeps_nothing_that_is_too_large() {
    what_is_too_large_leaves_nothing(folder()).await;
}

#[tokio::test]
async fn a_bucket_keeps_nothing_that_is_too_large() {
    what_is_too_large_leaves_nothing(s3().await).await;
}

#[tokio::test]
async fn a_folder_forgets_what_is_deleted() {
    what_is_deleted_is_gone(folder()).await;
}

#[tokio::test]
async fn a_bucket_forgets_what_is_deleted() {
    what_is_deleted_is_gone(s3().await).await;
}

#[tokio::test]
async fn a_wrong_key_opens_no_bucket() {
    let files = tempfile::tempdir().unwrap();
    let store = MediaStore::s3(&settings(serve(&files).await, "another secret")).unwrap();
    let (workspace, id) = ids();
    let refused = store.put(workspace, id, chunks(&Bytes::from_static(b"words")), 100).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Internal);
}
