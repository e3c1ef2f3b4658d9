//! The channel adapter: [`Channel`] and what its methods exchange with the worker.
//!
//! Adapters are stateless. Channels, secrets and cursors come in as arguments; time, HTTP and files come from [`Cx`].

use std::{borrow::Cow, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tributary_domain::{
    ids::{AttachmentId, ExternalMessageId, MessageId},
    inbound::InboundEvent,
    outbound::{OpenChannel, Outbound},
    spec::{Capabilities, ChannelSpec, SendClass},
};

use crate::error::{FieldError, ParseError, ProbeError, Verdict, WebhookReject};

/// Settings of a channel that are no secret, by key.
pub type Settings = serde_json::Map<String, serde_json::Value>;

/// One platform.
#[async_trait]
pub trait Channel: Send + Sync + 'static {
    /// What the platform can do. Never computed, never fetched.
    fn spec(&self) -> &'static ChannelSpec;

    /// What this one channel can do: the spec's values, except where an integrator declares them.
    fn capabilities(&self, _settings: &Settings) -> Cow<'static, Capabilities> {
        Cow::Borrowed(&self.spec().capabilities)
    }

    /// Guard of this one channel against sending twice: the spec's, except where it depends on settings.
    fn send_class(&self, _settings: &Settings) -> SendClass {
        self.spec().send_class
    }

    /// How its events reach us.
    fn ingress(&self) -> Ingress<'_>;

    /// How the bytes of its files reach us.
    fn media(&self) -> Media<'_>;

    /// Turns outbound work into steps. Pure; called only after the capability check passed.
    fn render(&self, channel: &OpenChannel, outbound: &Outbound) -> Vec<Step>;

    /// One exchange with the platform.
    ///
    /// `done` holds the receipts of the earlier steps of the same outbound work.
    ///
    /// # Errors
    /// A [`Verdict`]: what the worker shall do now.
    async fn deliver(&self, cx: &Cx, channel: &OpenChannel, step: &Step, done: &[StepReceipt]) -> Result<StepReceipt, Verdict>;

    /// Checks credentials and reachability cheaply.
    ///
    /// # Errors
    /// A sentence that an administrator can act on.
    async fn probe(&self, cx: &Cx, channel: &OpenChannel) -> Result<(), ProbeError>;
}

/// How events reach us.
pub enum Ingress<'a> {
    /// The platform calls us.
    Webhook(&'a dyn Webhook),
    /// We ask at intervals.
    Poll(&'a dyn Poll),
    /// We hold a connection open.
    Listen(&'a dyn Listen),
    /// The traffic comes through our own gateway (the web chat), already verified.
    Gateway,
}

/// How the bytes of files reach us.
pub enum Media<'a> {
    /// The channel carries no files.
    None,
    /// With the event.
    Inline,
    /// They are fetched afterwards.
    Fetch(&'a dyn Fetch),
}

/// A request of a platform, untouched.
#[derive(Debug, Clone)]
pub struct WebhookRequest {
    /// `GET`, `POST`, …
    pub method: http::Method,
    /// What follows the channel's own path, without the leading slash.
    pub path: String,
    /// Raw query string.
    pub query: String,
    /// Headers.
    pub headers: http::HeaderMap,
    /// Body, byte for byte.
    pub body: Bytes,
    /// When it came in.
    pub at: DateTime<Utc>,
}

/// A request whose origin has been proved; only `Webhook::verify` makes one.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Body and context to be stored and parsed, now or in a replay.
    pub raw: RawInbound,
    /// What makes two requests the same one.
    pub dedupe_key: String,
    /// Of a request that may hold several items: what is wrong with each, in order. Empty for any other request.
    pub items: Vec<Vec<FieldError>>,
}

/// What is stored of a request and handed to `parse`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawInbound {
    /// Adapter-chosen name of the body's form (`structured`, `batch`, `compat`, …).
    pub form: String,
    /// Headers that the parser needs, lower-case names.
    pub headers: std::collections::BTreeMap<String, String>,
    /// Body, byte for byte.
    pub body: Bytes,
    /// When it came in.
    pub at: DateTime<Utc>,
}

/// An answer to a platform that wants more than an empty 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookReply {
    /// HTTP status.
    pub status: u16,
    /// Media type of the body.
    pub content_type: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Bytes,
}

/// What became of a stored request, for platforms that want to hear it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// Stored now.
    Stored {
        /// Our id of the raw request.
        reference: String,
    },
    /// Known already.
    Duplicate {
        /// Our id of the raw request that came first.
        reference: String,
    },
    /// Known id with another body.
    Conflict,
}

/// A platform that calls us.
pub trait Webhook: Send + Sync {
    /// Proves the origin over the raw bytes, in constant time.
    ///
    /// # Errors
    /// [`WebhookReject`], answered without detail.
    fn verify(&self, channel: &OpenChannel, request: &WebhookRequest) -> Result<Verified, WebhookReject>;

    /// Largest request that is read at all; where requests differ, `verify` may refuse smaller ones.
    fn max_body_bytes(&self) -> usize;

    /// Answers a handshake, after checking its own token; `None` when the request is none.
    fn challenge(&self, channel: &OpenChannel, request: &WebhookRequest) -> Option<WebhookReply>;

    /// Turns a stored request into items. Pure; an item that cannot be understood is an `Err` beside its neighbours.
    ///
    /// # Errors
    /// [`ParseError`] when the whole body is unreadable.
    fn parse(&self, channel: &OpenChannel, raw: &RawInbound) -> Result<Vec<Result<InboundEvent, ParseError>>, ParseError>;

    /// By position what makes an item the same one as an item of another request; empty where nothing but its content does,
    /// or where no request holds several.
    fn keys(&self, raw: &RawInbound) -> Vec<Option<String>>;

    /// What the platform is answered once the request is stored; `items` are those of [`Verified`].
    fn reply(&self, accepted: &Accepted, items: &[Vec<FieldError>]) -> WebhookReply;
}

/// A platform that we ask at intervals.
#[async_trait]
pub trait Poll: Send + Sync {
    /// Seconds between two polls.
    fn interval_s(&self) -> u32;

    /// Everything since `cursor`, and the next cursor. Both are stored in one transaction.
    ///
    /// # Errors
    /// A [`Verdict`].
    async fn poll(&self, cx: &Cx, channel: &OpenChannel, cursor: Option<serde_json::Value>) -> Result<Found, Verdict>;

    /// Turns a stored item into events. Pure.
    ///
    /// # Errors
    /// [`ParseError`] when the whole item is unreadable.
    fn parse(&self, channel: &OpenChannel, raw: &RawInbound) -> Result<Vec<Result<InboundEvent, ParseError>>, ParseError>;
}

/// What a poll or a listener found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Items in order, as they came: they are understood after they are stored, as everything else.
    pub items: Vec<FoundItem>,
    /// Where to go on; stored in the same transaction as the items.
    pub cursor: serde_json::Value,
}

/// One item found, with the bytes it came from, so that it can be replayed.
#[derive(Debug, Clone)]
pub struct FoundItem {
    /// What makes two finds the same one.
    pub dedupe_key: String,
    /// The bytes it came from.
    pub raw: RawInbound,
}

/// A platform to which we hold a connection open.
#[async_trait]
pub trait Listen: Send + Sync {
    /// Receives until shutdown or an error; reconnecting is the worker's work.
    ///
    /// # Errors
    /// A [`Verdict`].
    async fn listen(
        &self,
        cx: &Cx,
        channel: &OpenChannel,
        cursor: Option<serde_json::Value>,
        sink: &dyn Sink,
        shutdown: CancellationToken,
    ) -> Result<(), Verdict>;

    /// Turns a stored item into events. Pure.
    ///
    /// # Errors
    /// [`ParseError`] when the whole item is unreadable.
    fn parse(&self, channel: &OpenChannel, raw: &RawInbound) -> Result<Vec<Result<InboundEvent, ParseError>>, ParseError>;
}

/// Where a listener puts what it found.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Stores items and cursor in one transaction; returns when that is durable.
    ///
    /// # Errors
    /// A [`Verdict`] when the lease was lost or storage is away: stop listening.
    async fn store(&self, found: Found) -> Result<(), Verdict>;

    /// Says that the platform has let us in: only now is the channel healthy. To be called once per connection.
    ///
    /// # Errors
    /// A [`Verdict`] when storage is away: stop listening.
    async fn signed_in(&self) -> Result<(), Verdict>;
}

/// A platform whose files are fetched afterwards.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Opens the file named by an [`tributary_domain::inbound::AttachmentSource::Reference`].
    ///
    /// # Errors
    /// A [`Verdict`].
    async fn fetch(&self, cx: &Cx, channel: &OpenChannel, reference: &str) -> Result<FetchedFile, Verdict>;
}

/// A file being fetched.
pub struct FetchedFile {
    /// File name, if the platform says one.
    pub name: Option<String>,
    /// Media type, if the platform says one.
    pub mime: Option<String>,
    /// The bytes, streamed; the worker enforces the cap.
    pub body: futures_util::stream::BoxStream<'static, std::io::Result<Bytes>>,
}

/// One exchange to be made: a plain value that snapshots well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// An HTTP call.
    Http(HttpStep),
    /// A mail.
    Mail(Box<MailStep>),
    /// The copy of a sent mail for the sender's own folder. Comes after the mail; its failure is never the message's.
    MailCopy(Box<MailStep>),
    /// An entry for our own web chat: it is already in the log, so sending means recording that it is there.
    Gateway {
        /// The message, for whose receipts its own id serves as the platform's.
        message: Option<MessageId>,
    },
    /// Nothing to do on this platform.
    Nothing,
}

/// An HTTP call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpStep {
    /// Method.
    pub method: String,
    /// Address without secrets.
    pub url: String,
    /// Headers without secrets.
    pub headers: Vec<(String, String)>,
    /// JSON body.
    pub body: serde_json::Value,
    /// Places of the body that `deliver` fills with short-lived links to files; rendering knows neither time nor keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<FileLink>,
}

/// A place of an [`HttpStep`]'s body that takes a link to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLink {
    /// JSON pointer (RFC 6901) to the place.
    pub pointer: String,
    /// Which file.
    pub attachment: AttachmentId,
}

/// A mail, before it is written out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MailStep {
    /// `Message-ID` without brackets; fixed per outbound work.
    pub message_id: String,
    /// Address of the sender.
    pub from: String,
    /// Name of the sender.
    pub from_name: Option<String>,
    /// Address of the recipient.
    pub to: String,
    /// Name of the recipient.
    pub to_name: Option<String>,
    /// Where answers shall go, if elsewhere.
    pub reply_to: Option<String>,
    /// Subject.
    pub subject: String,
    /// `In-Reply-To`, without brackets.
    pub in_reply_to: Option<String>,
    /// `References`, oldest first, without brackets.
    pub references: Vec<String>,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: Option<String>,
    /// Calendar part: an appointment to accept or decline.
    pub calendar: Option<String>,
    /// Language of what is added while the mail is written out.
    pub language: tributary_domain::content::Language,
    /// Files.
    pub attachments: Vec<MailAttachment>,
    /// Written by a machine: carries `Auto-Submitted`.
    pub is_automatic: bool,
    /// Date header.
    pub at: DateTime<Utc>,
}

/// A file of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailAttachment {
    /// Ours.
    pub id: AttachmentId,
    /// File name.
    pub name: String,
    /// Media type.
    pub mime: String,
    /// Content id, when the HTML shows it.
    pub content_id: Option<String>,
    /// Size; 0 when it is not known.
    pub bytes: u64,
}

/// What a platform answered to a step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReceipt {
    /// The platform's id, when it gave one.
    pub external_id: Option<ExternalMessageId>,
    /// Anything a later step needs (the id of an uploaded file).
    pub note: Option<String>,
    /// Files that went as links to download, because the platform takes none so large.
    #[serde(default)]
    pub linked: Vec<AttachmentId>,
}

/// A secret of a channel that its platform has replaced.
#[derive(Debug, Clone)]
pub struct RenewedSecret {
    /// Name of the setting.
    pub key: &'static str,
    /// Values that it takes the place of; any other one was set by somebody meanwhile and stays.
    pub replaced: Vec<SecretString>,
    /// The new value.
    pub value: SecretString,
}

/// Keeps what platforms replace among the secrets of a channel.
#[async_trait]
pub trait SecretKeeper: Send + Sync {
    /// Seals the new value in the place of the old one; returns when that is durable.
    ///
    /// # Errors
    /// Why it could not be kept.
    async fn keep(&self, channel: &OpenChannel, renewed: RenewedSecret) -> Result<(), String>;
}

/// Time, HTTP, files and secrets for adapters.
#[derive(Clone)]
pub struct Cx {
    /// The clock.
    pub clock: Arc<dyn tributary_domain::clock::Clock>,
    /// The guarded HTTP client: the only way out.
    pub http: crate::shared::http::GuardedClient,
    /// Stored files.
    pub media: tributary_domain::media::MediaStore,
    /// Public base address of this installation, for links in messages.
    pub public_url: url::Url,
    /// Signs short-lived links to files, for platforms that fetch them from us.
    pub links: tributary_domain::media::MediaLinks,
    /// Keeps secrets that a platform replaces.
    pub secrets: Arc<dyn SecretKeeper>,
}
