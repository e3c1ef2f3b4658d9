//! Limits of the GraphQL entrance, made from the settings.

use std::time::Duration;

use super::DocumentLimits;
use crate::config::Config;

/// Limits of the GraphQL entrance. Times are parameters so that tests need not wait.
#[derive(Debug, Clone)]
pub struct Limits {
    /// On documents.
    pub document: DocumentLimits,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// For the body to arrive.
    pub body_timeout: Duration,
    /// For a query or a mutation.
    pub execution: Duration,
    /// Bytes of cached persisted queries.
    pub persisted_bytes: u64,
    /// Sockets and streams of one user.
    pub connections_per_user: usize,
    /// Bytes of one inbound message.
    pub frame_bytes: usize,
    /// Until `connection_init`.
    pub init: Duration,
    /// Between pings and heartbeats.
    pub ping: Duration,
    /// Without a sign of life.
    pub dead: Duration,
    /// For a client to take a message.
    pub write: Duration,
    /// At the same time on one socket.
    pub operations: usize,
    /// New ones per second on one socket.
    pub operations_per_second: u32,
    /// Between questions about revocation.
    pub recheck: Duration,
    /// Over which connections are closed at the end.
    pub drain: Duration,
    /// Proxies in front that add to `X-Forwarded-For`.
    pub forwarded_for_hops: usize,
}

impl From<&Config> for Limits {
    fn from(config: &Config) -> Self {
        let graphql = &config.graphql;
        let seconds = Duration::from_secs;
        Self {
            document: DocumentLimits {
                tokens: graphql.max_tokens,
                nesting: graphql.max_nesting,
                depth: graphql.max_depth,
                fields: graphql.max_fields,
                complexity: graphql.max_complexity,
                costs: crate::graphql::cost::COSTS,
                aliases: graphql.max_aliases,
                directives: graphql.max_directives,
                root_fields: graphql.max_root_fields,
                operations: graphql.max_operations,
                fragments: graphql.max_fragments,
                variables: graphql.max_variables,
                introspection: graphql.introspection,
            },
            body_bytes: graphql.max_body_bytes,
            body_timeout: seconds(config.server.body_timeout_s),
            execution: seconds(graphql.timeout_s),
            persisted_bytes: graphql.persisted_bytes,
            connections_per_user: graphql.sockets_per_user,
            frame_bytes: graphql.socket_frame_bytes,
            init: seconds(graphql.socket_init_s),
            ping: seconds(graphql.socket_ping_s),
            dead: seconds(graphql.socket_dead_s),
            write: seconds(graphql.socket_write_s),
            operations: graphql.socket_operations,
            operations_per_second: graphql.socket_operations_per_second,
            recheck: seconds(graphql.socket_recheck_s),
            drain: seconds(graphql.socket_drain_s),
            forwarded_for_hops: config.server.forwarded_for_hops,
        }
    }
}
