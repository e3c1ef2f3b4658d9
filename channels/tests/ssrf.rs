//! The wall against requests into our own network: listeners count connections, and there must be none.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use http::HeaderMap;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tributary_channels::{
    error::Verdict,
    shared::{
        guard::{AddressGuard, Cidr, GuardError, Resolver},
        http::{ClientError, GuardedClient, HttpFailure, Limits},
    },
};
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(5);

/// A server that counts who connects and gives everyone the same answer.
struct Counter {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Counter {
    async fn start(address: &str, answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let (address, answer) = (listener.local_addr().expect("bound"), Arc::new(answer.into()));
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, heard) = (connections.clone(), requests.clone());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (answer, heard) = (answer.clone(), heard.clone());
                tokio::spawn(async move {
                    let mut request = vec![0; 4096];
                    let length = socket.read(&mut request).await.unwrap_or(0);
                    heard.lock().expect("not poisoned").push(String::from_utf8_lossy(&request[..length]).into_owned());
                    // The client may have gone already; that is its right.
                    if socket.write_all(&answer).await.is_ok() {
                        drop(socket.shutdown().await);
                    }
                });
            }
        });
        Self { address, connections, requests }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A name server that answers each question with the next of its answers, the last one for ever.
struct Scripted {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|one| one.iter().map(|ip| ip.parse().expect("an address")).collect()).collect();
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Resolver for Scripted {
    async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let n = self.asked.fetch_add(1, Ordering::SeqCst);
        self.answers.get(n).or(self.answers.last()).cloned().ok_or_else(|| io::Error::other("no such name"))
    }
}

fn client(allow: &[&str], resolver: Arc<dyn Resolver>) -> GuardedClient {
    let allow = allow.iter().map(|network| network.parse::<Cidr>().expect("a network")).collect();
    let limits = Limits { connect_timeout: Duration::from_secs(2), max_reply_bytes: 1000 };
    GuardedClient::new(AddressGuard::with_resolver(allow, resolver), limits).expect("a client")
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("an address")
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// Host parts that lead to this machine, its network or a cloud's metadata, in every notation that a parser may accept.
#[rustfmt::skip]
const HOSTS: &[&str] = &[
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0x7f.0x0.0x0.0x1", "017700000001",
    "0177.0.0.1", "0177.1", "127.0.0.1.", "127.0.0.0x1", "%31%32%37.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "0.0.0.0", "0", "0.1",
    "10.0.0.1", "0xa.1", "012.0.0.1", "100.64.0.1", "100.100.100.200", "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376",
    "169.254.170.2", "168.63.129.16", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "3232235777", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::0001]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001::7f00:1]", "[2001:0:53aa:64c:0:0:80ff:fffe]",
    "[2001:db8::1]", "[3fff::1]", "[100::1]", "[fc00::1]", "[fd00:ec2::254]", "[fd12:3456::1]", "[fe80::1]", "[fec0::1]",
    "[ff02::1]", "[2a00:1450::5efe:127.0.0.1]",
    "localhost", "LOCALHOST", "localhost.", "loopback.test", "metadata.test", "xn--loopback-test", "user@127.0.0.1",
    "user:secret@loopback.test", "public.test@127.0.0.1", "127.0.0.1%2f@loopback.test",
];

#[tokio::test]
async fn no_way_leads_into_our_own_network() {
    let (four, six) = (Counter::start("0.0.0.0:0", OK).await, Counter::start("[::1]:0", OK).await);
    let names = Scripted::new(&[&["127.0.0.1", "::1", "10.0.0.1"]]);
    let client = client(&[], names);
    let mut tried = 0;
    for host in HOSTS {
        for scheme in ["http", "https"] {
            for port in [four.address.port(), six.address.port()] {
                // What the parser refuses cannot be asked for at all.
                let Ok(url) = Url::parse(&format!("{scheme}://{host}:{port}/latest/meta-data?q=1")) else { continue };
                tried += 1;
                for _ in 0..2 {
                    match client.get(&url, HeaderMap::new(), TIMEOUT).await {
                        Err(HttpFailure::Refused { .. }) => {}
                        other => panic!("{url} must be refused, but: {other:?}"),
                    }
                }
            }
        }
    }
    assert!(tried >= 4 * 60, "only {tried} addresses were tried");
    for other in ["ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:25/_", "data:,x", "unix:/run/x", "ws://127.0.0.1/"] {
        let refused = client.get_following(&url(other), HeaderMap::new(), TIMEOUT).await;
        assert!(matches!(refused, Err(HttpFailure::Refused { .. })), "{other}");
    }
    assert_eq!((four.connections(), six.connections()), (0, 0));
}

#[tokio::test]
async fn a_listed_network_is_reached_and_nothing_beside_it() {
    let counter = Counter::start("0.0.0.0:0", OK).await;
    let client = client(&["127.0.0.1/32"], Scripted::new(&[&["127.0.0.2", "127.0.0.1"]]));
    let port = counter.address.port();
    for (host, expected) in [("127.0.0.1", 1), ("hook.test", 2)] {
        let reply = client.get(&url(&format!("http://{host}:{port}/")), HeaderMap::new(), TIMEOUT).await.expect("listed");
        assert_eq!((reply.status, &reply.body[..], reply.is_truncated), (200, &b"ok"[..], false));
        assert_eq!(counter.connections(), expected, "{host}");
    }
    assert!(client.get(&url(&format!("http://127.0.0.2:{port}/")), HeaderMap::new(), TIMEOUT).await.is_err());
    assert_eq!(counter.connections(), 2);
}

#[tokio::test]
async fn a_name_that_changes_its_mind_wins_nothing() {
    let counter = Counter::start("127.0.0.1:0", OK).await;
    let port = counter.address.port();
    let names = Scripted::new(&[&["93.184.215.14"], &["127.0.0.1"]]);
    let client = client(&[], names);
    let first = client.guard().resolve("rebinding.test", port).await.expect("public at first");
    assert_eq!(first, [SocketAddr::new("93.184.215.14".parse().expect("an address"), port)]);
    let second = client.get(&url(&format!("https://rebinding.test:{port}/")), HeaderMap::new(), TIMEOUT).await;
    assert!(matches!(second, Err(HttpFailure::Refused { .. })), "{second:?}");
    assert!(matches!(client.guard().resolve("rebinding.test", port).await, Err(GuardError::Refused { .. })));
    assert_eq!(counter.connections(), 0);
}

#[tokio::test]
async fn nothing_leaves_the_house_in_the_clear() {
    let client = client(&["127.0.0.0/8"], Scripted::new(&[&["93.184.215.14"]]));
    for public in ["http://93.184.215.14/", "http://public.test/"] {
        let refused = client.get(&url(public), HeaderMap::new(), TIMEOUT).await;
        assert!(matches!(refused, Err(HttpFailure::Refused { .. })), "{public}: {refused:?}");
    }
}

fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn every_hop_is_checked_and_hops_are_counted() {
    let target = Counter::start("0.0.0.0:0", OK).await;
    let port = target.address.port();
    let client = client(&["127.0.0.1/32"], Scripted::new(&[&["127.0.0.2"]]));
    let hosts = ["http://127.0.0.2", "http://inside.test", "http://0x7f000002", "http://[::1]", "https://127.0.0.2", "//127.0.0.2"];
    for host in hosts {
        let hop = Counter::start("127.0.0.1:0", redirect(&format!("{host}:{port}/"))).await;
        let start = url(&format!("http://{}/", hop.address));
        let refused = client.get_following(&start, HeaderMap::new(), TIMEOUT).await;
        assert!(matches!(refused, Err(HttpFailure::Refused { .. })), "{host}: {refused:?}");
        assert_eq!(client.get(&start, HeaderMap::new(), TIMEOUT).await.expect("not followed").status, 302);
        assert_eq!(hop.connections(), 2);
    }
    assert_eq!(target.connections(), 0);

    let circle = Counter::start("127.0.0.1:0", redirect("/again")).await;
    let refused = client.get_following(&url(&format!("http://{}/", circle.address)), HeaderMap::new(), TIMEOUT).await;
    assert!(matches!(refused, Err(HttpFailure::Refused { .. })), "{refused:?}");
    assert_eq!(circle.connections(), 4, "the first request and three redirects");

    let hop = Counter::start("127.0.0.1:0", redirect(&format!("http://127.0.0.1:{port}/"))).await;
    let mut headers = HeaderMap::new();
    headers.insert("authorization", "Bearer secret".parse().expect("a header"));
    let reply = client.get_following(&url(&format!("http://{}/", hop.address)), headers, TIMEOUT).await.expect("followed");
    assert_eq!(reply.status, 200);
    assert!(hop.requests.lock().expect("not poisoned")[0].contains("Bearer secret"));
    assert!(!target.requests.lock().expect("not poisoned")[0].contains("secret"), "another origin learns no secret");
}

#[tokio::test]
async fn failures_tell_whether_anything_was_sent() {
    let client = client(&["127.0.0.1/32"], Scripted::new(&[]));
    let post = async |address: &str, timeout| client.post_json(&url(address), HeaderMap::new(), "{}".into(), timeout).await;

    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("bound");
    let refused = post(&format!("http://{closed}/"), TIMEOUT).await.expect_err("nobody listens");
    assert!(matches!(refused, HttpFailure::NotSent { .. }), "{refused:?}");
    assert!(matches!(refused.verdict(), Verdict::Retry { after: None, pauses_account: false, .. }));

    let unknown = post("https://nowhere.test/", TIMEOUT).await;
    assert!(matches!(unknown, Err(HttpFailure::NotSent { .. })), "{unknown:?}");

    let no_tls = Counter::start("127.0.0.1:0", OK).await;
    let no_tls = post(&format!("https://{}/", no_tls.address), TIMEOUT).await;
    assert!(matches!(no_tls, Err(HttpFailure::NotSent { .. })), "{no_tls:?}");

    let hangs_up = Counter::start("127.0.0.1:0", "").await;
    let hangs_up = post(&format!("http://{}/secret-path", hangs_up.address), TIMEOUT).await.expect_err("no answer");
    assert!(matches!(&hangs_up, HttpFailure::Ambiguous { reason } if !reason.contains("secret-path")), "{hangs_up:?}");

    let breaks_off = Counter::start("127.0.0.1:0", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc").await;
    let breaks_off = post(&format!("http://{}/", breaks_off.address), TIMEOUT).await;
    assert!(matches!(breaks_off, Err(HttpFailure::Ambiguous { .. })), "{breaks_off:?}");

    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let silent = post(&format!("http://{}/", silent.local_addr().expect("bound")), Duration::from_millis(200)).await;
    assert_eq!(silent, Err(HttpFailure::Ambiguous { reason: "timed out".into() }));
}

#[tokio::test]
async fn answers_are_read_up_to_the_cap() {
    let answer = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{}", "x".repeat(length));
    let client = client(&["127.0.0.1/32"], Scripted::new(&[]));
    for (length, kept, is_truncated) in [(999, 999, false), (1000, 1000, false), (1001, 1000, true), (200_000, 1000, true)] {
        let server = Counter::start("127.0.0.1:0", answer(length)).await;
        let reply = client.get(&url(&format!("http://{}/", server.address)), HeaderMap::new(), TIMEOUT).await.expect("an answer");
        assert_eq!((reply.body.len(), reply.is_truncated), (kept, is_truncated), "{length}");
    }
    for (length, is_whole) in [(5000, true), (5001, false)] {
        let server = Counter::start("127.0.0.1:0", answer(length)).await;
        let address = url(&format!("http://{}/", server.address));
        let stream = client.get_stream(&address, HeaderMap::new(), TIMEOUT, 5000).await.expect("an answer");
        let chunks: Vec<_> = futures_util::StreamExt::collect(stream.body).await;
        assert_eq!(chunks.iter().all(Result::is_ok), is_whole, "{length}");
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_was_given() {
    let (ca, chain, key) = (include_str!("tls/ca.pem"), include_bytes!("tls/server.pem"), include_bytes!("tls/server.key"));
    let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().expect("a certificate");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key).expect("a key"))
        .expect("a server");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut socket) = acceptor.accept(socket).await else { continue };
            let mut request = [0; 4096];
            if socket.read(&mut request).await.is_ok_and(|length| length > 0) && socket.write_all(OK.as_bytes()).await.is_ok() {
                drop(socket.shutdown().await);
            }
        }
    });
    let client = client(&["127.0.0.1/32"], Scripted::new(&[&["127.0.0.1"]]));
    let address = url(&format!("https://hook.test:{port}/"));
    let unknown = client.get(&address, HeaderMap::new(), TIMEOUT).await;
    assert!(matches!(unknown, Err(HttpFailure::NotSent { .. })), "{unknown:?}");
    for _ in 0..2 {
        let known = client.with_ca(ca).expect("an authority").get(&address, HeaderMap::new(), TIMEOUT).await.expect("trusted");
        assert_eq!(known.status, 200);
    }
    for wrong in ["", "certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(matches!(client.with_ca(wrong), Err(ClientError::Certificate)), "{wrong}");
    }
}
