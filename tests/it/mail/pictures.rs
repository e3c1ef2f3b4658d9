//! Pictures on other hosts: a reader's browser never asks them, we do.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Request, response::IntoResponse};
use reqwest::StatusCode;
use serde_json::json;
use tributary_tests::client::http_client;

use super::{
    on_both,
    server::{ADDRESS, CUSTOMER, Server, Storage},
};

on_both!(pictures_come_through_us_and_tell_nothing, nothing_inside_the_house_is_asked);

const GIF: &[u8] = b"GIF89a\x02\0\x03\0\0\0\0;";

/// A host that keeps what it is asked.
struct Host {
    address: String,
    asked: Arc<Mutex<Vec<(String, http::HeaderMap)>>>,
}

impl Host {
    async fn start() -> Self {
        let asked: Arc<Mutex<Vec<_>>> = Arc::default();
        let seen = asked.clone();
        let service = Router::new().fallback(move |request: Request| {
            let path = request.uri().path().to_owned();
            seen.lock().unwrap().push((request.uri().to_string(), request.headers().clone()));
            async move {
                let bomb = [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0CRC!"[..]].concat();
                match path.as_str() {
                    "/a.gif" => ([("content-type", "text/html"), ("set-cookie", "who=reader")], GIF).into_response(),
                    "/moved" => (StatusCode::FOUND, [("location", "/a.gif")]).into_response(),
                    "/trap" => (StatusCode::FOUND, [("location", "http://169.254.169.254/latest/")]).into_response(),
                    "/page" => ([("content-type", "image/png")], "<html><script>x()</script>").into_response(),
                    "/drawing.svg" => ([("content-type", "image/svg+xml")], "<svg xmlns='http://www.w3.org/2000/svg'/>").into_response(),
                    "/bomb.png" => bomb.into_response(),
                    "/long.gif" => [GIF, &vec![0; 9 * 1024 * 1024]].concat().into_response(),
                    _ => StatusCode::NOT_FOUND.into_response(),
                }
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, asked }
    }

    fn count_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn mail(pictures: &[String]) -> String {
    let pictures: String = pictures.iter().map(|address| format!("<img src=\"{address}\">")).collect();
    format!(
        "From: Mara <{CUSTOMER}>\nTo: {ADDRESS}\nSubject: News\nMessage-ID: <news@customer.test>\nMIME-Version: 1.0\n\
         Content-Type: text/html; charset=utf-8\n\n<p>Look</p>{pictures}\n"
    )
}

/// The signed address of each picture, in the mail's order.
async fn signed(server: &Server) -> Vec<(String, String)> {
    let found = server.interactions("id").await;
    let id = found[0]["messages"]["nodes"][0]["id"].clone();
    let data =
        server.ask("query($id: ID!) { node(id: $id) { ... on Message { remotePictures { source url } } } }", json!({ "id": id })).await;
    let pictures = data["node"]["remotePictures"].as_array().unwrap().clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    pictures.iter().map(|picture| (text(&picture["source"]), text(&picture["url"]))).collect()
}

async fn pictures_come_through_us_and_tell_nothing(storage: Storage) {
    let host = Host::start().await;
    let server = Server::with(storage, &[("TRIBUTARY__CHANNELS__PICTURE_NETWORKS", "127.0.0.1/32")], &[]).await;
    let names = ["/a.gif?to=mara&n=1", "/moved", "/trap", "/page", "/drawing.svg", "/bomb.png", "/long.gif", "/gone"];
    let sources: Vec<String> = names.iter().map(|name| format!("{}{name}", host.address)).collect();
    let written: Vec<String> = sources.iter().map(|source| source.replace('&', "&amp;")).collect();
    server.take(&[&mail(&written)]).await;
    let pictures = signed(&server).await;
    assert_eq!(pictures.iter().map(|(source, _)| source).collect::<Vec<_>>(), sources.iter().collect::<Vec<_>>());
    assert_eq!(host.count_asked(), 0, "neither receiving nor reading a mail asks for its pictures");

    let http = http_client().unwrap();
    let get =
        async |url: &str| http.get(url).header("cookie", "session=1").header("referer", "https://inbox.example/T-1").send().await.unwrap();
    for (source, url) in &pictures[..2] {
        assert!(url.starts_with(&format!("{}/media/picture?", server.origin)), "{url}");
        let answer = get(url).await;
        assert_eq!(answer.status(), StatusCode::OK, "{source}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!((header("content-type"), header("x-content-type-options")), ("image/gif".to_owned(), "nosniff".to_owned()));
        assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
        assert!(!answer.headers().contains_key("set-cookie"));
        assert_eq!(answer.bytes().await.unwrap(), GIF);
    }
    let expected = [
        ("/trap", StatusCode::FORBIDDEN),
        ("/page", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("/drawing.svg", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("/bomb.png", StatusCode::PAYLOAD_TOO_LARGE),
        ("/long.gif", StatusCode::PAYLOAD_TOO_LARGE),
        ("/gone", StatusCode::BAD_GATEWAY),
    ];
    for ((source, url), (name, status)) in pictures[2..].iter().zip(expected) {
        assert!(source.ends_with(name), "{source}");
        assert_eq!(get(url).await.status(), status, "{name}");
    }
    let asked = host.asked.lock().unwrap().clone();
    for (path, headers) in &asked {
        assert!(
            !headers.contains_key("cookie") && !headers.contains_key("referer") && !headers.contains_key("origin"),
            "{path}: {headers:?}"
        );
    }
    assert!(asked.iter().any(|(path, _)| path == "/a.gif?to=mara&n=1"), "the address is asked for as the mail has it");

    let url = &pictures[0].1;
    for wrong in
        [url.replace("a.gif", "b.gif"), url.replace("sig=", "sig=A"), format!("{}/media/picture?url={}", server.origin, sources[0])]
    {
        assert_eq!(get(&wrong).await.status(), StatusCode::NOT_FOUND, "{wrong}");
    }
    assert_eq!(host.count_asked(), asked.len(), "what we did not sign is not asked for");
}

/// A mail's author must not make us call our own machines, also where the channel's servers are among them.
async fn nothing_inside_the_house_is_asked(storage: Storage) {
    let host = Host::start().await;
    let server = Server::with(storage, &[("TRIBUTARY__CHANNELS__ALLOW_NETWORKS", "127.0.0.0/8")], &[]).await;
    let sources = [
        format!("{}/a.gif", host.address),
        host.address.replace("127.0.0.1", "localhost") + "/a.gif",
        host.address.replace("127.0.0.1", "[::ffff:127.0.0.1]") + "/a.gif",
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://10.0.0.1/a.gif".to_owned(),
    ];
    server.take(&[&mail(&sources)]).await;
    let pictures = signed(&server).await;
    assert_eq!(pictures.len(), sources.len());
    for (source, url) in &pictures {
        assert_eq!(http_client().unwrap().get(url).send().await.unwrap().status(), StatusCode::FORBIDDEN, "{source}");
    }
    assert_eq!(host.count_asked(), 0);
}
