//! What single values cannot tell: settings that do not fit each other or the build.

use std::net::IpAddr;

use secrecy::ExposeSecret;

use super::{Config, MediaStore, Problem, keys};

const ROLES: [&str; 3] = ["agent", "supervisor", "admin"];

pub(super) fn check(config: &Config, problems: &mut Vec<Problem>) {
    let mut report = |key: &str, message: String| problems.push(Problem::new(key, message));
    server(config, &mut report);
    graphql(config, &mut report);
    storage(config, &mut report);
    auth(config, &mut report);
    rest(config, &mut report);
}

/// Settings that are allowed and deserve a line in the log.
#[must_use]
pub fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    let is_shared = !config.redis.url.expose_secret().is_empty();
    if is_shared && config.auth.secrets.is_empty() {
        warnings.push(
            "auth.secrets is empty while redis.url is set: nodes with data folders of their own will not accept each other's tokens".into(),
        );
    }
    if is_shared && config.secrets.master_keys.is_empty() {
        warnings.push("secrets.master_keys is empty while redis.url is set: nodes with data folders of their own cannot open each other's channel secrets".into());
    }
    if config.server.public_url.scheme() == "http" && !is_local(&config.server.public_url) {
        warnings.push("server.public_url is plain http: passwords and tokens travel unprotected".into());
    }
    warnings
}

fn server(config: &Config, report: &mut impl FnMut(&str, String)) {
    let server = &config.server;
    if !matches!(server.public_url.scheme(), "http" | "https") || server.public_url.host().is_none() {
        report("server.public_url", "Must begin with http:// or https:// and name a host.".into());
    }
    if server.public_url.query().is_some() || server.public_url.fragment().is_some() {
        report("server.public_url", "Must not have a query or a fragment.".into());
    }
    for origin in &server.allowed_origins {
        let is_good = origin == "*"
            || url::Url::parse(origin).is_ok_and(|url| url.origin().is_tuple() && url.origin().ascii_serialization() == *origin);
        if !is_good {
            report(
                "server.allowed_origins",
                format!("\"{origin}\" is not an origin. Write scheme, host and port without a path, like https://shop.example.com."),
            );
        }
    }
    if server.allowed_origins.len() > 1 && server.allowed_origins.iter().any(|origin| origin == "*") {
        report("server.allowed_origins", "\"*\" already allows all. Remove it or the others.".into());
    }
    for (key, file) in [("server.tls_certificate", &server.tls_certificate), ("server.tls_key", &server.tls_key)] {
        if file.as_os_str().is_empty() == server.tls_listen.is_some() {
            report(key, "Give server.tls_listen, server.tls_certificate and server.tls_key together, or none of them.".into());
        }
    }
    for (key, value) in [
        ("server.max_connections", server.max_connections as u64),
        ("server.header_timeout_s", server.header_timeout_s),
        ("server.body_timeout_s", server.body_timeout_s),
        ("server.write_timeout_s", server.write_timeout_s),
    ] {
        at_least_one(key, value, report);
    }
    if server.drain_s < config.graphql.socket_drain_s + 2 {
        report(
            "server.drain_s",
            format!(
                "Must be at least 2 s more than graphql.socket_drain_s ({} s), or sockets are cut instead of closed.",
                config.graphql.socket_drain_s
            ),
        );
    }
    if server.write_timeout_s <= config.graphql.socket_write_s {
        report(
            "server.write_timeout_s",
            "Must be more than graphql.socket_write_s, or slow sockets are cut instead of closed with 4408.".into(),
        );
    }
}

fn graphql(config: &Config, report: &mut impl FnMut(&str, String)) {
    let graphql = &config.graphql;
    for (key, value) in [
        ("graphql.max_body_bytes", graphql.max_body_bytes as u64),
        ("graphql.max_tokens", graphql.max_tokens as u64),
        ("graphql.max_nesting", graphql.max_nesting as u64),
        ("graphql.max_depth", graphql.max_depth as u64),
        ("graphql.max_fields", graphql.max_fields as u64),
        ("graphql.max_complexity", graphql.max_complexity as u64),
        ("graphql.max_root_fields", graphql.max_root_fields as u64),
        ("graphql.max_operations", graphql.max_operations as u64),
        ("graphql.timeout_s", graphql.timeout_s),
        ("graphql.socket_frame_bytes", graphql.socket_frame_bytes as u64),
        ("graphql.socket_init_s", graphql.socket_init_s),
        ("graphql.socket_ping_s", graphql.socket_ping_s),
        ("graphql.socket_write_s", graphql.socket_write_s),
        ("graphql.socket_operations", graphql.socket_operations as u64),
        ("graphql.socket_operations_per_second", u64::from(graphql.socket_operations_per_second)),
        ("graphql.sockets_per_user", graphql.sockets_per_user as u64),
        ("graphql.socket_recheck_s", graphql.socket_recheck_s),
    ] {
        at_least_one(key, value, report);
    }
    if graphql.max_nesting > 60 {
        report("graphql.max_nesting", "Must be at most 60: the parser's own recursion ends at 64.".into());
    }
    if graphql.socket_dead_s <= graphql.socket_ping_s {
        report(
            "graphql.socket_dead_s",
            format!("Must be more than graphql.socket_ping_s ({} s), or living sockets are closed.", graphql.socket_ping_s),
        );
    }
    if graphql.socket_recheck_s > 25 {
        report("graphql.socket_recheck_s", "Must be at most 25, so that a revocation closes sockets within 30 s.".into());
    }
}

fn storage(config: &Config, report: &mut impl FnMut(&str, String)) {
    let is_database = |text: &str| ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    if !is_database(config.database.url.expose_secret()) {
        report("database.url", "Must begin with sqlite: or postgres://.".into());
    }
    let migrate = config.database.migrate_url.expose_secret();
    if !migrate.is_empty() && (!is_database(migrate) || migrate.starts_with("sqlite:")) {
        report("database.migrate_url", "Must be empty or begin with postgres://; SQLite has no roles.".into());
    }
    if config.database.max_connections < 2 {
        report("database.max_connections", "Must be at least 2.".into());
    }
    redis(config, report);
    if config.media.store == MediaStore::S3 {
        if !cfg!(feature = "s3") {
            report("media.store", "This build has no S3 support. Use \"folder\" or a build with the cargo feature s3.".into());
        }
        if config.media.s3_bucket.is_empty() || config.media.s3_region.is_empty() {
            report("media.s3_bucket", "A bucket and a region are needed for media.store = \"s3\".".into());
        }
    }
    at_least_one("media.max_bytes", config.media.max_bytes, report);
}

/// Addresses are not repeated in messages: they may hold a password.
fn redis(config: &Config, report: &mut impl FnMut(&str, String)) {
    let redis = &config.redis;
    let has_sentinels = !redis.sentinel_master.is_empty();
    if redis.is_cluster && has_sentinels {
        report("redis.is_cluster", "A cluster has no sentinels. Clear redis.sentinel_master or set redis.is_cluster to false.".into());
    }
    if !redis.sentinel_password.expose_secret().is_empty() && !has_sentinels {
        report("redis.sentinel_password", "Is set without sentinels. Clear it, or give redis.sentinel_master.".into());
    }
    let addresses = redis.addresses();
    if addresses.is_empty() {
        if redis.is_cluster || has_sentinels {
            report("redis.url", "Is empty although a cluster or sentinels are set. Give their addresses.".into());
        }
        return;
    }
    let urls: Vec<url::Url> = addresses.iter().filter_map(|address| url::Url::parse(address.expose_secret()).ok()).collect();
    if urls.len() < addresses.len() || urls.iter().any(|url| !matches!(url.scheme(), "redis" | "rediss") || !url.has_host()) {
        report("redis.url", "Every address must begin with redis:// or rediss:// and name a host.".into());
        return;
    }
    if urls.len() > 1 && !redis.is_cluster && !has_sentinels {
        let advice = "Set redis.is_cluster, or give the name of the master in redis.sentinel_master, or leave one address.";
        report("redis.url", format!("Holds {} addresses, but one server has only one. {advice}", urls.len()));
    }
    let of_server = |url: &url::Url| (url.scheme().to_owned(), url.username().to_owned(), url.password().map(str::to_owned));
    if redis.is_cluster && urls.iter().any(|url| of_server(url) != of_server(&urls[0])) {
        report("redis.url", "The servers of a cluster must all have the same user, password and scheme.".into());
    }
    if redis.is_cluster && urls.iter().any(|url| !matches!(url.path(), "" | "/" | "/0")) {
        report("redis.url", "A cluster has database 0 only. Remove the number behind the host.".into());
    }
}

fn auth(config: &Config, report: &mut impl FnMut(&str, String)) {
    let auth = &config.auth;
    if auth.issuer.is_empty() || auth.audience.is_empty() {
        report("auth.issuer", "auth.issuer and auth.audience must not be empty.".into());
    }
    if !(30..=3600).contains(&auth.access_ttl_s) {
        report("auth.access_ttl_s", "Must be between 30 and 3600: an access token is not revoked, it runs out.".into());
    }
    if auth.refresh_ttl_s <= auth.access_ttl_s {
        report("auth.refresh_ttl_s", "Must be more than auth.access_ttl_s.".into());
    }
    at_least_one("auth.password_concurrency", auth.password_concurrency as u64, report);
    for problem in keys::problems(config) {
        report(problem.0, problem.1);
    }
    let mut issuers = std::collections::HashSet::from([auth.issuer.as_str()]);
    for (index, provider) in auth.jwks.iter().enumerate() {
        let key = format!("auth.jwks[{index}]");
        if !issuers.insert(&provider.issuer) {
            report(
                &key,
                format!("The issuer \"{}\" is already taken. Every issuer stands once, and none is auth.issuer.", provider.issuer),
            );
        }
        if provider.url.is_some() == provider.file.is_some() {
            report(&key, "Give either url or file.".into());
        }
        if provider.url.as_ref().is_some_and(|url| url.scheme() != "https" && !is_local(url)) {
            report(&key, "url must begin with https://: whoever can change the keys can sign in.".into());
        }
        if provider.audience.is_empty() || provider.workspace.is_empty() {
            report(&key, "audience and workspace must not be empty.".into());
        }
        for role in provider.roles.values().chain(&provider.default_role).filter(|role| !ROLES.contains(&role.as_str())) {
            report(&key, format!("\"{role}\" is not a role. Use agent, supervisor or admin."));
        }
        if provider.roles.is_empty() && provider.default_role.is_none() {
            report(&key, "Nobody could sign in: give roles or default_role.".into());
        }
    }
}

fn rest(config: &Config, report: &mut impl FnMut(&str, String)) {
    let allowed = config.channels.allow_networks.iter().map(|network| ("channels.allow_networks", network));
    let for_pictures = config.channels.picture_networks.iter().map(|network| ("channels.picture_networks", network));
    for (key, network) in allowed.chain(for_pictures) {
        if !is_network(network) {
            report(key, format!("\"{network}\" is not a network. Write it like 10.0.0.0/8 or fd00::/8."));
        }
    }
    at_least_one("channels.connect_timeout_s", config.channels.connect_timeout_s, report);
    if config.worker.heartbeat_s == 0 || config.worker.lease_s < 2 * config.worker.heartbeat_s {
        report(
            "worker.lease_s",
            "Must be at least twice worker.heartbeat_s, which must be at least 1; otherwise living workers lose their work.".into(),
        );
    }
    at_least_one("worker.poll_ms", config.worker.poll_ms, report);
    at_least_one("worker.lanes", config.worker.lanes as u64, report);
    if let Err(error) = tracing_subscriber::EnvFilter::builder().parse(&config.log.filter) {
        report("log.filter", format!("Cannot be read: {error}."));
    }
    if !config.otlp.endpoint.is_empty() {
        if !cfg!(feature = "otlp") {
            report("otlp.endpoint", "This build has no OpenTelemetry support. Clear it or use a build with the cargo feature otlp.".into());
        }
        if url::Url::parse(&config.otlp.endpoint).is_err() {
            report("otlp.endpoint", "Must be a URL like http://localhost:4318.".into());
        }
    }
    if !(0.0..=1.0).contains(&config.otlp.sample_ratio) {
        report("otlp.sample_ratio", "Must be between 0 and 1.".into());
    }
}

fn at_least_one(key: &str, value: u64, report: &mut impl FnMut(&str, String)) {
    if value == 0 {
        report(key, "Must be at least 1.".into());
    }
}

fn is_local(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn is_network(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    match (address.parse::<IpAddr>(), length.parse::<u8>()) {
        (Ok(IpAddr::V4(_)), Ok(length)) => length <= 32,
        (Ok(IpAddr::V6(_)), Ok(length)) => length <= 128,
        _ => false,
    }
}
