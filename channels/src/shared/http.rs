//! The guarded HTTP client: the only way out of the house.
//!
//! Connects to addresses that [`AddressGuard`] lets through, checked again on each connect and on each redirect; speaks
//! https, and http only inside networks that an administrator has listed; follows no redirect unless asked; takes no proxy
//! from the environment; reads no more of an answer than it was told to. Trusts the Mozilla roots and, per channel, one
//! private authority ([`GuardedClient::with_ca`]).

use std::{
    collections::HashMap,
    error::Error as _,
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream::BoxStream};
use http::{HeaderMap, Method, header};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use sha2::{Digest, Sha256};
use url::{Host, Url};

use crate::{
    error::Verdict,
    shared::guard::{AddressGuard, GuardError},
};

/// Most hops that [`GuardedClient::get_following`] makes after the first request.
const MAX_REDIRECTS: usize = 3;

/// Most private authorities whose clients are kept; the oldest connections are closed beyond that.
const MAX_CA_CLIENTS: usize = 64;

/// Longest wish to wait that is honoured: outbound work lives a day.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Caps that hold for every call of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest time until the connection stands, TLS included.
    pub connect_timeout: Duration,
    /// Largest answer that is kept, bytes; see [`HttpReply::is_truncated`].
    pub max_reply_bytes: usize,
}

impl Default for Limits {
    /// 5 s to connect, 1 MiB of answer.
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(5), max_reply_bytes: 1024 * 1024 }
    }
}

/// HTTP client that reaches public addresses only; cheap to clone.
#[derive(Clone)]
pub struct GuardedClient(Arc<Inner>);

struct Inner {
    guard: AddressGuard,
    limits: Limits,
    /// For https; connects where the guard allows.
    secure: reqwest::Client,
    /// For http; connects to listed addresses only, so that nothing leaves the house in the clear.
    plain: reqwest::Client,
    /// Clients that trust one more authority, by the hash of its certificate.
    by_ca: Mutex<HashMap<[u8; 32], GuardedClient>>,
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, up to the cap.
    pub body: Bytes,
    /// The body went on beyond the cap.
    pub is_truncated: bool,
}

impl HttpReply {
    /// How long the other side asks us to wait: `Retry-After` in seconds or as a date, at most a day.
    #[must_use]
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match text.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => (DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now).to_std().unwrap_or_default(),
        };
        Some(wait.min(MAX_RETRY_AFTER))
    }
}

/// An answer whose body is still coming.
pub struct HttpStream {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body; ends with an error when it goes beyond the cap that was given.
    pub body: BoxStream<'static, io::Result<Bytes>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// We do not go there: not https, an address that is not allowed, a redirect too many. Nothing was sent.
    #[error("not allowed: {reason}")]
    Refused {
        /// What is not allowed; no path, no query.
        reason: String,
    },
    /// No connection (name, refusal, TLS, time-out): nothing was sent.
    #[error("no connection: {reason}")]
    NotSent {
        /// What happened.
        reason: String,
    },
    /// The request, or part of it, was sent and no whole answer came back.
    #[error("no answer: {reason}")]
    Ambiguous {
        /// What happened.
        reason: String,
    },
}

impl HttpFailure {
    /// What the worker does about it when the adapter knows nothing better.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Refused { reason } => Verdict::Suspend { reason: format!("The address of the channel is not allowed: {reason}") },
            Self::NotSent { reason } => Verdict::no_connection(reason),
            Self::Ambiguous { reason } => Verdict::Ambiguous { reason },
        }
    }
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not a certificate in PEM form.
    #[error("the certificate of the private authority cannot be read")]
    Certificate,
    /// The TLS or HTTP library refused its settings.
    #[error("the HTTP client cannot be made")]
    Tls(#[from] rustls::Error),
    /// The HTTP library refused its settings.
    #[error("the HTTP client cannot be made")]
    Client(#[from] reqwest::Error),
}

impl fmt::Debug for GuardedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedClient").field("guard", &self.0.guard).field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

impl GuardedClient {
    /// A client that trusts the Mozilla roots.
    ///
    /// # Errors
    /// [`ClientError`] when the libraries refuse their settings; nothing that a caller can mend.
    pub fn new(guard: AddressGuard, limits: Limits) -> Result<Self, ClientError> {
        Self::trusting(guard, limits, None)
    }

    /// The same client, also trusting the authorities of a PEM text. Made once per text and then kept.
    ///
    /// # Errors
    /// [`ClientError::Certificate`] when the text holds no certificate.
    pub fn with_ca(&self, pem: &str) -> Result<Self, ClientError> {
        let key: [u8; 32] = Sha256::digest(pem.as_bytes()).into();
        if let Some(known) = self.0.by_ca.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(known.clone());
        }
        let made = Self::trusting(self.0.guard.clone(), self.0.limits, Some(pem))?;
        let mut by_ca = self.0.by_ca.lock().unwrap_or_else(PoisonError::into_inner);
        if by_ca.len() >= MAX_CA_CLIENTS {
            by_ca.clear();
        }
        by_ca.insert(key, made.clone());
        Ok(made)
    }

    /// The guard, for connections that are not HTTP.
    #[must_use]
    pub fn guard(&self) -> &AddressGuard {
        &self.0.guard
    }

    /// Posts a JSON text, byte for byte.
    ///
    /// # Errors
    /// [`HttpFailure`].
    pub async fn post_json(&self, url: &Url, headers: HeaderMap, body: Bytes, timeout: Duration) -> Result<HttpReply, HttpFailure> {
        self.request(Method::POST, url, with_type(headers, "application/json"), body, timeout).await
    }

    /// Posts form fields.
    ///
    /// # Errors
    /// [`HttpFailure`].
    pub async fn post_form(
        &self,
        url: &Url,
        headers: HeaderMap,
        fields: &[(&str, &str)],
        timeout: Duration,
    ) -> Result<HttpReply, HttpFailure> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request(Method::POST, url, with_type(headers, "application/x-www-form-urlencoded"), body.into(), timeout).await
    }

    /// Gets a small resource.
    ///
    /// # Errors
    /// [`HttpFailure`].
    pub async fn get(&self, url: &Url, headers: HeaderMap, timeout: Duration) -> Result<HttpReply, HttpFailure> {
        self.request(Method::GET, url, headers, Bytes::new(), timeout).await
    }

    /// Gets a resource and follows at most three redirects, each checked like the first address.
    ///
    /// The given headers go to the first host only.
    ///
    /// # Errors
    /// [`HttpFailure`].
    pub async fn get_following(&self, url: &Url, headers: HeaderMap, timeout: Duration) -> Result<HttpReply, HttpFailure> {
        let reply = self.follow(url, headers, timeout).await?;
        self.read(reply).await
    }

    /// Gets a file of at most `cap_bytes`, streamed; follows redirects like [`Self::get_following`].
    ///
    /// # Errors
    /// [`HttpFailure`]; later errors come in the stream.
    pub async fn get_stream(&self, url: &Url, headers: HeaderMap, timeout: Duration, cap_bytes: u64) -> Result<HttpStream, HttpFailure> {
        let reply = self.follow(url, headers, timeout).await?;
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        let mut left = cap_bytes;
        let body = reply.bytes_stream().map(move |chunk| {
            let chunk = chunk.map_err(|error| io::Error::other(describe(&error)))?;
            left = left
                .checked_sub(chunk.len() as u64)
                .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {cap_bytes} bytes")))?;
            Ok(chunk)
        });
        Ok(HttpStream { status, headers, body: body.boxed() })
    }

    /// Any other call.
    ///
    /// # Errors
    /// [`HttpFailure`].
    pub async fn request(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        timeout: Duration,
    ) -> Result<HttpReply, HttpFailure> {
        let reply = self.send(method, url, headers, body, timeout).await?;
        self.read(reply).await
    }

    fn trusting(guard: AddressGuard, limits: Limits, ca_pem: Option<&str>) -> Result<Self, ClientError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(pem) = ca_pem {
            let certificates =
                CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>().map_err(|_| ClientError::Certificate)?;
            if certificates.is_empty() || roots.add_parsable_certificates(certificates).0 == 0 {
                return Err(ClientError::Certificate);
            }
        }
        let mut tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let secure = build(&limits, tls.clone(), GuardedNames { guard: guard.clone(), listed_only: false }, true)?;
        let plain = build(&limits, tls, GuardedNames { guard: guard.clone(), listed_only: true }, false)?;
        Ok(Self(Arc::new(Inner { guard, limits, secure, plain, by_ca: Mutex::default() })))
    }

    /// The client for this address, after everything that can be judged without a name server.
    fn client_for(&self, url: &Url) -> Result<&reqwest::Client, HttpFailure> {
        let refused = |reason: &str| Err(HttpFailure::Refused { reason: reason.to_owned() });
        if !url.username().is_empty() || url.password().is_some() {
            return refused("an address with a user name");
        }
        let is_plain = match url.scheme() {
            "https" => false,
            "http" => true,
            _ => return refused("only https addresses can be reached"),
        };
        let literal = match url.host() {
            None => return refused("an address without a host"),
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) => None,
        };
        match literal {
            Some(address) if !self.0.guard.may_connect(address) => refused("an address in a network that is not allowed"),
            Some(address) if is_plain && !self.0.guard.is_listed(address) => refused("only https addresses can be reached"),
            _ => Ok(if is_plain { &self.0.plain } else { &self.0.secure }),
        }
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        timeout: Duration,
    ) -> Result<reqwest::Response, HttpFailure> {
        let request = self.client_for(url)?.request(method, url.clone()).headers(headers).timeout(timeout);
        let request = if body.is_empty() { request } else { request.body(body) };
        request.send().await.map_err(|error| failure(&error))
    }

    async fn follow(&self, url: &Url, mut headers: HeaderMap, timeout: Duration) -> Result<reqwest::Response, HttpFailure> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let reply = self.send(Method::GET, &url, headers.clone(), Bytes::new(), timeout).await?;
            let location = matches!(reply.status().as_u16(), 301 | 302 | 303 | 307 | 308)
                .then(|| reply.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()))
                .flatten();
            let Some(location) = location else { return Ok(reply) };
            let next = url.join(location).map_err(|_| HttpFailure::Refused { reason: "a redirect to an unreadable address".into() })?;
            if next.origin() != url.origin() {
                headers.clear();
            }
            url = next;
        }
        Err(HttpFailure::Refused { reason: format!("more than {MAX_REDIRECTS} redirects") })
    }

    async fn read(&self, reply: reqwest::Response) -> Result<HttpReply, HttpFailure> {
        let (status, headers, cap) = (reply.status().as_u16(), reply.headers().clone(), self.0.limits.max_reply_bytes);
        let (mut stream, mut body, mut is_truncated) = (reply.bytes_stream(), BytesMut::new(), false);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| HttpFailure::Ambiguous { reason: describe(&error) })?;
            let room = cap - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                is_truncated = true;
                break;
            }
        }
        Ok(HttpReply { status, headers, body: body.freeze(), is_truncated })
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that makes HTTP clients, all of them guarded")]
fn build(limits: &Limits, tls: ClientConfig, names: GuardedNames, https_only: bool) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(names)
        .https_only(https_only)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(limits.connect_timeout)
        .user_agent(concat!("Tributary/", env!("CARGO_PKG_VERSION")))
        .build()
}

fn with_type(mut headers: HeaderMap, media_type: &'static str) -> HeaderMap {
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media_type));
    headers
}

/// The HTTP library's way to ask for names: answers with checked addresses only.
struct GuardedNames {
    guard: AddressGuard,
    listed_only: bool,
}

impl reqwest::dns::Resolve for GuardedNames {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let (guard, listed_only) = (self.guard.clone(), self.listed_only);
        Box::pin(async move {
            let host = name.as_str();
            let mut found = guard.resolve(host, 0).await?;
            if listed_only {
                let first = found.first().map(std::net::SocketAddr::ip);
                found.retain(|address| guard.is_listed(address.ip()));
                if let (true, Some(address)) = (found.is_empty(), first) {
                    return Err(GuardError::Refused { host: host.to_owned(), address }.into());
                }
            }
            let addresses: reqwest::dns::Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

fn failure(error: &reqwest::Error) -> HttpFailure {
    let mut cause = error.source();
    while let Some(source) = cause {
        if let Some(GuardError::Refused { .. }) = source.downcast_ref() {
            return HttpFailure::Refused { reason: source.to_string() };
        }
        cause = source.source();
    }
    let reason = describe(error);
    if error.is_connect() || error.is_builder() { HttpFailure::NotSent { reason } } else { HttpFailure::Ambiguous { reason } }
}

/// The innermost causes of an error; the outermost text would carry the whole address.
fn describe(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut texts = Vec::new();
    let mut cause = error.source();
    while let Some(source) = cause {
        texts.push(source.to_string());
        cause = source.source();
    }
    texts.dedup();
    if texts.is_empty() { "the request failed".to_owned() } else { texts.join(": ") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;
    use http::{HeaderMap, header::RETRY_AFTER};

    use super::HttpReply;

    #[test]
    fn retry_after_in_both_forms() {
        let now = DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z").expect("a time").to_utc();
        let cases = [
            ("7", Some(7)),
            ("0", Some(0)),
            ("999999999", Some(86_400)),
            ("Thu, 01 Jan 2026 00:01:00 GMT", Some(60)),
            ("Wed, 31 Dec 2025 00:00:00 GMT", Some(0)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().expect("a header"));
            let reply = HttpReply { status: 429, headers, body: bytes::Bytes::new(), is_truncated: false };
            assert_eq!(reply.retry_after(now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
