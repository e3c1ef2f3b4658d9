//! The sections of the settings. What a key means stands in `default.toml`; here are the types.

use std::{collections::HashMap, fmt::Display, net::SocketAddr, path::PathBuf, str::FromStr};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    )*};
}

fn none_if_empty<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(D::Error::custom) }
}

sections! {
    /// Listening and connections.
    Server {
        /// Where to listen.
        listen: SocketAddr,
        /// Where to speak TLS.
        #[serde(deserialize_with = "none_if_empty")]
        tls_listen: Option<SocketAddr>,
        /// File of the certificate.
        tls_certificate: PathBuf,
        /// File of its key.
        tls_key: PathBuf,
        /// How others reach us.
        public_url: Url,
        /// Origins that may call from a browser.
        allowed_origins: Vec<String>,
        /// For generated keys.
        data_folder: PathBuf,
        /// Proxies in front.
        forwarded_for_hops: usize,
        /// Open connections.
        max_connections: usize,
        /// For the head of a request.
        header_timeout_s: u64,
        /// For the body of a GraphQL request.
        body_timeout_s: u64,
        /// For a peer to take a byte.
        write_timeout_s: u64,
        /// For exchanges in flight at the end.
        drain_s: u64,
    }

    /// Limits of the API.
    Graphql {
        /// Whether the schema may be asked for.
        introspection: bool,
        /// Whether the explorer is served.
        graphiql: bool,
        /// Of a request.
        max_body_bytes: usize,
        /// Of a document.
        max_tokens: usize,
        /// Of brackets.
        max_nesting: usize,
        /// Of fields.
        max_depth: usize,
        /// Written out.
        max_fields: usize,
        /// Fields times pages.
        max_complexity: usize,
        /// Written out.
        max_aliases: usize,
        /// Written out.
        max_directives: usize,
        /// Of an operation.
        max_root_fields: usize,
        /// Of a document.
        max_operations: usize,
        /// Of a document.
        max_fragments: usize,
        /// Of an operation.
        max_variables: usize,
        /// For a query or a mutation.
        timeout_s: u64,
        /// For persisted queries.
        persisted_bytes: u64,
        /// Of one inbound message.
        socket_frame_bytes: usize,
        /// Until `connection_init`.
        socket_init_s: u64,
        /// Between pings.
        socket_ping_s: u64,
        /// Without a sign of life.
        socket_dead_s: u64,
        /// For one message.
        socket_write_s: u64,
        /// At the same time.
        socket_operations: usize,
        /// New ones.
        socket_operations_per_second: u32,
        /// Of one user.
        sockets_per_user: usize,
        /// Between questions about revocation.
        socket_recheck_s: u64,
        /// Over which sockets are closed at the end.
        socket_drain_s: u64,
    }

    /// Where data is.
    Database {
        /// The database; secret because of its password.
        url: SecretString,
        /// For migrations; empty for the same.
        migrate_url: SecretString,
        /// In the pool, at most.
        max_connections: u32,
        /// For a free connection.
        acquire_timeout_s: u64,
    }

    /// The bus between nodes.
    Redis {
        /// Addresses; empty for the in-process bus. Secret because of the password.
        url: SecretString,
        /// Cluster or not.
        is_cluster: bool,
        /// Behind sentinels.
        sentinel_master: String,
        /// Of the sentinels.
        sentinel_password: SecretString,
        /// Of every key.
        prefix: String,
    }

    /// Attachments.
    Media {
        /// Which store.
        store: MediaStore,
        /// For [`MediaStore::Folder`].
        folder: PathBuf,
        /// Of one attachment.
        max_bytes: u64,
        /// Bucket.
        s3_bucket: String,
        /// Region.
        s3_region: String,
        /// Compatible service; empty for AWS.
        s3_endpoint: String,
        /// Key id; empty for the process environment.
        s3_access_key_id: String,
        /// Key.
        s3_secret_access_key: SecretString,
        /// Plain http allowed.
        s3_allow_http: bool,
    }

    /// Tokens and identity providers.
    Auth {
        /// Of our tokens.
        issuer: String,
        /// Of our tokens.
        audience: String,
        /// Of access tokens.
        access_ttl_s: u64,
        /// Of sessions.
        refresh_ttl_s: u64,
        /// Base64, first signs; empty: [`super::keys`].
        secrets: Vec<SecretString>,
        /// Hashes at once.
        password_concurrency: usize,
        /// Other houses.
        jwks: Vec<IdentityProvider>,
    }

    /// Keys that seal stored secrets.
    Secrets {
        /// `id:base64`, first seals; empty: [`super::keys`].
        master_keys: Vec<SecretString>,
    }

    /// Calls to platforms.
    Channels {
        /// Private networks that may be reached.
        allow_networks: Vec<String>,
        /// Private networks that pictures in messages may come from.
        picture_networks: Vec<String>,
        /// To connect.
        connect_timeout_s: u64,
        /// Of an answer.
        max_response_bytes: usize,
    }

    /// Background work.
    Worker {
        /// Of claimed work.
        lease_s: u64,
        /// Between renewals.
        heartbeat_s: u64,
        /// Between looks.
        poll_ms: u64,
        /// At the same time.
        lanes: usize,
    }

    /// Logs.
    Log {
        /// For people or machines.
        format: LogFormat,
        /// As in `RUST_LOG`.
        filter: String,
    }

    /// Traces.
    Otlp {
        /// The collector; empty for off.
        endpoint: String,
        /// 0 to 1.
        sample_ratio: f64,
        /// Name in traces.
        service_name: String,
    }
}

impl Redis {
    /// The single addresses of `url`.
    #[must_use]
    pub fn addresses(&self) -> Vec<SecretString> {
        let all = self.url.expose_secret().split(',').map(str::trim);
        all.filter(|address| !address.is_empty()).map(SecretString::from).collect()
    }
}

/// An identity provider whose tokens are accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProvider {
    /// Claim `iss`.
    pub issuer: String,
    /// In claim `aud`.
    pub audience: String,
    /// Address of its keys.
    #[serde(default)]
    pub url: Option<Url>,
    /// Or a file with its keys.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// Slug of the workspace its people belong to.
    pub workspace: String,
    /// Claim with roles.
    pub role_claim: String,
    /// From its values to ours.
    #[serde(default)]
    pub roles: HashMap<String, String>,
    /// For people without a match.
    #[serde(default)]
    pub default_role: Option<String>,
}

/// Where attachments are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaStore {
    /// In a local folder.
    Folder,
    /// In a bucket.
    S3,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}
