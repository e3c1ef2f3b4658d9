//! The mail as it came is kept with the message that was read from it.

use reqwest::StatusCode;
use tributary_tests::client::http_client;

use super::{
    on_both,
    server::{ADDRESS, CUSTOMER, Server, Storage},
};

on_both!(the_original_is_kept_beside_the_files);

async fn the_original_is_kept_beside_the_files(storage: Storage) {
    let server = Server::start(storage).await;
    let mail = format!(
        "From: Mara <{CUSTOMER}>\nTo: {ADDRESS}\nSubject: Bill\nMessage-ID: <bill@customer.test>\nX-Odd: kept\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>See <script>x()</script>below</p>\n--b\n\
         Content-Type: text/plain; name=bill.txt\nContent-Disposition: attachment\n\n17 EUR\n--b--\n"
    );
    let repeated = mail.replace("X-Odd: kept", "X-Odd: on its second way");
    server.take(&[&mail, &repeated]).await;
    let found = server.interactions("text original { name mime bytes state url } attachments { name }").await;
    let messages = found[0]["messages"]["nodes"].as_array().unwrap();
    assert_eq!((found.len(), messages.len()), (1, 1), "a second copy is the same mail: {found:?}");
    assert_eq!(messages[0]["attachments"], serde_json::json!([{ "name": "bill.txt" }]), "the original is none of the files");
    assert_eq!(server.count_blobs(), 2, "the copy's bytes are not kept");

    let original = &messages[0]["original"];
    let expected = mail.replace('\n', "\r\n");
    assert_eq!((&original["name"], &original["mime"]), (&"original.eml".into(), &"message/rfc822".into()));
    assert_eq!((&original["bytes"], &original["state"]), (&expected.len().into(), &"STORED".into()));
    let http = http_client().unwrap();
    let url = original["url"].as_str().unwrap();
    let answer = http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment;"));
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.text().await.unwrap(), expected, "it is there byte for byte");
    assert_eq!(http.get(url.replace("sig=", "sig=A")).send().await.unwrap().status(), StatusCode::NOT_FOUND);
}
