//! The entrance with a small schema, over real sockets where it matters.

mod http;
mod schema;
mod sse;
mod support;
mod ws;
mod ws_limits;
