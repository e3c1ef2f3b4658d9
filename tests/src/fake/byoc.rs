//! An integrator's middleware: checks what a real one checks, refuses what it refuses, remembers what it got.
//!
//! Its own arithmetic, not the adapter's: signatures are computed here once more, so that both cannot be wrong together.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tributary_domain::clock::Clock;

/// Key that the integrator shares with us.
pub const SIGNING_SECRET: &str = "whsec_dHJpYnV0YXJ5LXN0YW5kYXJkLXdlYmhvb2tzLWtleTAx";
/// Token with which the integrator calls us.
pub const INBOUND_TOKEN: &str = "inbound-token-0123456789abcdef";
/// Credentials with which we fetch access tokens.
pub const CLIENT: (&str, &str) = ("tributary", "client-secret");

/// How this integrator was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Checks signatures, no access tokens.
    Signed,
    /// Checks signatures and access tokens.
    SignedWithToken,
    /// Access tokens only, as the older contract has it.
    TokenOnly,
}

/// One call that was let in.
#[derive(Debug, Clone)]
pub struct Received {
    /// Path of the address.
    pub path: String,
    /// `webhook-id`.
    pub id: String,
    /// Body.
    pub body: Value,
    /// The same call had been taken before.
    pub is_repeat: bool,
    /// The id that it was answered with.
    pub external_id: String,
}

/// Where a call is held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stall {
    /// It has arrived, and nothing has been done about it.
    Arriving,
    /// It was taken, and the answer does not leave.
    Answering,
}

/// A call that is held up until this is released or dropped.
#[derive(Debug)]
pub struct Stalled {
    reached: CancellationToken,
    released: CancellationToken,
}

impl Stalled {
    /// Waits until a call is held up here.
    pub async fn reached(&self) {
        self.reached.cancelled().await;
    }

    /// Whether a call is, or was, held up here.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.reached.is_cancelled()
    }

    /// Lets it go on.
    pub fn release(&self) {
        self.released.cancel();
    }
}

impl Drop for Stalled {
    fn drop(&mut self) {
        self.released.cancel();
    }
}

/// An answer that was ordered.
#[derive(Debug, Clone)]
pub struct Ordered {
    /// HTTP status.
    pub status: u16,
    /// Header, if one is wanted.
    pub header: Option<(&'static str, String)>,
    /// Body.
    pub body: String,
}

struct Inner {
    manner: Manner,
    clock: Arc<dyn Clock>,
    token: u32,
    token_calls: Vec<String>,
    takes_json_tokens: bool,
    echoes_challenge: bool,
    agrees_to_origin: bool,
    /// External ids by the ids of the calls. Bodies are not compared: links to files are new in every attempt.
    taken: BTreeMap<String, String>,
    received: Vec<Received>,
    ordered: VecDeque<Ordered>,
    stalls: VecDeque<(Stall, CancellationToken, CancellationToken)>,
    /// Answers to `GET`, by path.
    files: BTreeMap<String, Ordered>,
}

/// The middleware on a free port.
#[derive(Clone)]
pub struct FakeIntegrator {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
    /// Lent to every call that is being answered.
    calls: TaskTracker,
}

impl FakeIntegrator {
    /// Starts it; it ends with the runtime.
    pub async fn start(manner: Manner, clock: Arc<dyn Clock>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let inner = Inner {
            manner,
            clock,
            token: 1,
            token_calls: Vec::new(),
            takes_json_tokens: true,
            echoes_challenge: true,
            agrees_to_origin: false,
            taken: BTreeMap::new(),
            received: Vec::new(),
            ordered: VecDeque::new(),
            stalls: VecDeque::new(),
            files: BTreeMap::new(),
        };
        let fake = Self { address, inner: Arc::new(Mutex::new(inner)), calls: TaskTracker::new() };
        let router = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    /// Where it takes calls.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/integration/box", self.address)
    }

    /// Where it gives out access tokens.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("http://{}/integration/box/1.0/token", self.address)
    }

    /// Answers the next call like this, whatever it is; several are answered in order.
    pub fn answer_next(&self, status: u16, header: Option<(&'static str, &str)>, body: &str) {
        let header = header.map(|(name, value)| (name, value.to_owned()));
        self.lock().ordered.push_back(Ordered { status, header, body: body.to_owned() });
    }

    /// Holds up the next call that is not for a token; several are held up in order.
    #[must_use]
    pub fn stall_next(&self, stall: Stall) -> Stalled {
        let stalled = Stalled { reached: CancellationToken::new(), released: CancellationToken::new() };
        self.lock().stalls.push_back((stall, stalled.reached.clone(), stalled.released.clone()));
        stalled
    }

    /// Waits until no call is being answered: callers that went away without waiting are forgotten by then.
    pub async fn idle(&self) {
        self.calls.close();
        self.calls.wait().await;
        self.calls.reopen();
    }

    /// Gives a file to whoever gets it; returns its address.
    pub fn serve(&self, path: &str, status: u16, header: Option<(&'static str, &str)>, body: &str) -> String {
        let header = header.map(|(name, value)| (name, value.to_owned()));
        self.lock().files.insert(path.to_owned(), Ordered { status, header, body: body.to_owned() });
        format!("http://{}{path}", self.address)
    }

    /// Makes every token given out so far stale.
    pub fn expire_tokens(&self) {
        self.lock().token += 1;
    }

    /// Takes credentials as a form only.
    pub fn take_form_tokens_only(&self) {
        self.lock().takes_json_tokens = false;
    }

    /// Whether it proves itself by the challenge, and whether by agreeing to our origin.
    pub fn prove_by(&self, challenge: bool, origin: bool) {
        let mut inner = self.lock();
        (inner.echoes_challenge, inner.agrees_to_origin) = (challenge, origin);
    }

    /// Every call that was let in, repeats too.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    /// Media types of the token calls.
    #[must_use]
    pub fn token_calls(&self) -> Vec<String> {
        self.lock().token_calls.clone()
    }

    /// Headers and body of an event as this integrator sends it to us: bearer token and signature.
    #[must_use]
    pub fn event(&self, id: &str, kind: &str, data: &Value) -> (Vec<(&'static str, String)>, Vec<u8>) {
        let event = json!({"specversion": "1.0", "id": id, "source": "https://middleware.example/shop", "type": kind, "data": data});
        let body = event.to_string().into_bytes();
        let timestamp = self.lock().clock.now().timestamp().to_string();
        let headers = vec![
            ("content-type", "application/cloudevents+json".to_owned()),
            ("authorization", format!("Bearer {INBOUND_TOKEN}")),
            ("webhook-signature", signature(id, &timestamp, &body)),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp),
        ];
        (headers, body)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn signature(id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = STANDARD.decode(SIGNING_SECRET.trim_start_matches("whsec_")).expect("a key");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

async fn answer(State(fake): State<FakeIntegrator>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if method == Method::GET
        && let Some(file) = fake.lock().files.get(uri.path()).cloned()
    {
        return file.into_response();
    }
    let _being_answered = fake.calls.token();
    let is_for_token = uri.path().ends_with("/token");
    let stall = if is_for_token { None } else { fake.lock().stalls.pop_front() };
    let hold = async |at: Stall| {
        if let Some((_, reached, released)) = stall.as_ref().filter(|(stall, _, _)| *stall == at) {
            reached.cancel();
            released.cancelled().await;
        }
    };
    hold(Stall::Arriving).await;
    let response = fake.respond(&method, &uri, &headers, &body);
    hold(Stall::Answering).await;
    response
}

impl FakeIntegrator {
    fn respond(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Response {
        let mut inner = self.lock();
        if uri.path().ends_with("/token") {
            return inner.give_token(headers, body);
        }
        if let Some(ordered) = inner.ordered.pop_front() {
            return ordered.into_response();
        }
        if *method == Method::OPTIONS {
            let origin = headers.get("webhook-request-origin").cloned();
            return match origin.filter(|_| inner.agrees_to_origin) {
                Some(origin) => ([("webhook-allowed-origin", origin)], StatusCode::OK).into_response(),
                None => StatusCode::METHOD_NOT_ALLOWED.into_response(),
            };
        }
        inner.take(method, uri.path(), headers, body)
    }
}

impl IntoResponse for Ordered {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::from_u16(self.status).expect("a status"), self.body).into_response();
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value.parse().expect("a header value"));
        }
        response
    }
}

impl Inner {
    fn give_token(&mut self, headers: &HeaderMap, body: &[u8]) -> Response {
        let media_type = text(headers, "content-type").to_owned();
        self.token_calls.push(media_type.clone());
        let given: BTreeMap<String, String> = match media_type.as_str() {
            "application/json" if self.takes_json_tokens => serde_json::from_slice(body).unwrap_or_default(),
            "application/x-www-form-urlencoded" => url::form_urlencoded::parse(body).into_owned().collect(),
            _ => return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
        };
        let is = |key: &str, value: &str| given.get(key).is_some_and(|given| given == value);
        if !is("grant_type", "client_credentials") || !is("client_id", CLIENT.0) || !is("client_secret", CLIENT.1) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        json_answer(200, &json!({"access_token": format!("token-{}", self.token), "token_type": "Bearer", "expires_in": 86_400}))
    }

    fn take(&mut self, method: &Method, path: &str, headers: &HeaderMap, body: &Bytes) -> Response {
        let refuse = |status: u16, reason: &str| json_answer(status, &json!({"error": reason}));
        let is_signed_here = self.manner != Manner::TokenOnly;
        let id = text(headers, "webhook-id");
        if self.manner != Manner::Signed && text(headers, "authorization") != format!("Bearer token-{}", self.token) {
            return refuse(401, "token");
        }
        if path.ends_with("/health") && method == Method::GET {
            return json_answer(200, &json!({"status": "ok"}));
        }
        if method != Method::POST || text(headers, "content-type") != "application/json" {
            return refuse(415, "JSON by POST, please");
        }
        if is_signed_here {
            let timestamp = text(headers, "webhook-timestamp");
            let is_fresh = timestamp.parse::<i64>().is_ok_and(|at| self.clock.now().timestamp().abs_diff(at) <= 300);
            let expected = signature(id, timestamp, body);
            if !is_fresh || id.is_empty() || !text(headers, "webhook-signature").split(' ').any(|given| given == expected) {
                return refuse(401, "signature");
            }
        }
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return refuse(400, "not JSON") };
        if let Some(reason) = self.flaw(path, &value) {
            return refuse(422, reason);
        }
        if value["type"] == "channel.verify" {
            return if self.echoes_challenge {
                json_answer(200, &json!({"challenge": value["data"]["challenge"]}))
            } else {
                refuse(404, "what challenge?")
            };
        }
        // Without signatures there is no idempotency either: every call is a new message.
        let known = is_signed_here.then(|| self.taken.get(id)).flatten().cloned();
        let (is_repeat, external_id) = match known {
            Some(external_id) => (true, external_id),
            None => (false, format!("ext-{}", self.received.iter().filter(|one| !one.is_repeat).count() + 1)),
        };
        self.taken.insert(id.to_owned(), external_id.clone());
        let taken = Received { path: path.to_owned(), id: id.to_owned(), body: value, is_repeat, external_id: external_id.clone() };
        self.received.push(taken);
        json_answer(200, &json!({"idOnExternalPlatform": external_id}))
    }

    /// What is wrong with a body, by the form that belongs to its path.
    fn flaw(&self, path: &str, body: &Value) -> Option<&'static str> {
        let has = |pointer: &str| body.pointer(pointer).is_some_and(|value| value.as_str().is_none_or(|text| !text.is_empty()));
        let needed: &[(&str, &'static str)] = if path.contains("/2.0/channel/") {
            &[("/thread/idOnExternalPlatform", "thread"), ("/messageContent/type", "content"), ("/messageContent/payload", "payload")]
        } else if path.contains("/1.0/posts/") {
            &[("/thread/idOnExternalPlatform", "thread"), ("/message/text", "text")]
        } else if self.manner == Manner::TokenOnly {
            return Some("no such call");
        } else {
            &[("/type", "type"), ("/timestamp", "timestamp"), ("/data", "data")]
        };
        needed.iter().find(|(pointer, _)| !has(pointer)).map(|(_, reason)| *reason)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn json_answer(status: u16, body: &Value) -> Response {
    (StatusCode::from_u16(status).expect("a status"), [("content-type", "application/json")], body.to_string()).into_response()
}
