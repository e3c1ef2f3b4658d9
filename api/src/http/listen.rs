//! The accept loop: limits on connections, on slow heads and on peers that take nothing; an orderly end.
//!
//! `axum::serve` has none of these. Every connection holds a place until its last byte: the place travels inside the
//! stream itself, so an upgraded WebSocket keeps it although hyper has let go of the connection. When `shutdown` is
//! cancelled the loop stops accepting, asks every connection to finish its exchange, and waits for the places to be
//! given back, for `drain` at most.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{Request, Version};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{rest::Whole, socket::Watched};
use crate::config::Config;

/// Largest head of a request.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// Requests at the same time on one HTTP/2 connection.
const MAX_STREAMS: u32 = 100;
/// HTTP/2 pings; a peer that does not answer in the same time again is gone.
const HTTP2_PING: Duration = Duration::from_secs(20);
/// Pause after an accept that failed for lack of file descriptors or memory: trying at once would only burn a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Connections that wait to be accepted: as many as come at once when another node ends. With the usual 128 the system drops the end of
/// a handshake, and a client that has nothing to say waits for ever. The system may allow fewer.
const WAITING: u32 = 4_096;

/// Limits of the listener.
#[derive(Debug, Clone)]
pub struct ListenLimits {
    /// Open connections; further ones wait in the system's queue.
    pub connections: usize,
    /// For the head of a request, and for an idle connection.
    pub header: Duration,
    /// For the peer to take a byte.
    pub write: Duration,
    /// For exchanges in flight after the shutdown began.
    pub drain: Duration,
}

impl From<&Config> for ListenLimits {
    fn from(config: &Config) -> Self {
        Self {
            connections: config.server.max_connections,
            header: Duration::from_secs(config.server.header_timeout_s),
            write: Duration::from_secs(config.server.write_timeout_s),
            drain: Duration::from_secs(config.server.drain_s),
        }
    }
}

/// Begins to listen.
///
/// # Errors
/// When the address is taken or not ours.
pub fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A node that starts again gets its port while connections of the one before it are still known to the system.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Where connections come in.
pub struct Doors {
    /// For HTTP.
    pub plain: TcpListener,
    /// For HTTPS.
    pub tls: Option<(TcpListener, TlsAcceptor)>,
}

impl Doors {
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr, Option<&TlsAcceptor>)> {
        let over_tls = async {
            let Some((listener, acceptor)) = &self.tls else { return std::future::pending().await };
            listener.accept().await.map(|(stream, peer)| (stream, peer, Some(acceptor)))
        };
        tokio::select! {
            accepted = self.plain.accept() => accepted.map(|(stream, peer)| (stream, peer, None)),
            accepted = over_tls => accepted,
        }
    }
}

/// Serves `router` until `shutdown`, then drains. Returns the number of connections that were cut because they did not
/// end in time.
pub async fn serve(doors: Doors, router: Router, limits: ListenLimits, shutdown: CancellationToken) -> usize {
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    // Cancelled when this function returns or is dropped: connections that outlive the drain are cut.
    let cut = CancellationToken::new();
    let _cut_at_end = cut.clone().drop_guard();
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            (doors.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            accepted = accepted => accepted,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer, tls)) => {
                let exchanges =
                    Exchanges { peer, router: router.clone(), header: limits.header, leaving: graceful.watcher(), cut: cut.clone() };
                connection(stream, tls, place, limits.write, exchanges);
            }
            Err(error) if is_about_peer(&error) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "A connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(doors);
    tracing::info!(connections = limits.connections - places.available_permits(), "The listener is closed and connections are drained");
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    let drained = async {
        graceful.shutdown().await;
        // Sockets: their connections have long been handed on, their places have not.
        places.acquire_many(all).await.map(drop)
    };
    if tokio::time::timeout(limits.drain, drained).await.is_ok() {
        return 0;
    }
    let left = limits.connections - places.available_permits();
    tracing::warn!(connections = left, "Connections did not end in time and are cut");
    left
}

fn connection(stream: TcpStream, tls: Option<&TlsAcceptor>, place: OwnedSemaphorePermit, stall: Duration, exchanges: Exchanges) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = &error as &dyn std::error::Error, "A connection broke before it was served");
        return;
    }
    let Some(tls) = tls else {
        tokio::spawn(exchanges.serve(Watched::plain(stream, stall, place)));
        return;
    };
    let shaking_hands = tls.accept(stream);
    tokio::spawn(async move {
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(exchanges.header, shaking_hands) => shaken,
            () = exchanges.cut.cancelled() => return,
        };
        match shaken {
            Ok(Ok(stream)) => exchanges.serve(Watched::tls(stream, stall, place)).await,
            Ok(Err(error)) => tracing::debug!(error = &error as &dyn std::error::Error, "A client could not agree on TLS"),
            Err(_elapsed) => tracing::debug!("A client did not finish its TLS handshake and was cut off"),
        }
    });
}

/// All that is asked and answered on one connection.
struct Exchanges {
    peer: SocketAddr,
    router: Router,
    header: Duration,
    leaving: Watcher,
    cut: CancellationToken,
}

impl Exchanges {
    async fn serve(self, stream: Watched) {
        let Self { peer, router, header, leaving, cut } = self;
        let socket = stream.socket();
        let has_begun = Arc::new(AtomicBool::new(false));
        let service = {
            let has_begun = Arc::clone(&has_begun);
            service_fn(move |mut request: Request<Incoming>| {
                has_begun.store(true, Ordering::Relaxed);
                request.extensions_mut().insert(ConnectInfo(peer));
                if request.version() == Version::HTTP_11 {
                    request.extensions_mut().insert(Arc::clone(&socket));
                }
                let is_http2 = request.version() == Version::HTTP_2;
                let answered =
                    router.clone().oneshot(request.map(|body| if is_http2 { Body::new(body) } else { Body::new(Whole::new(body)) }));
                async move { Ok::<_, Infallible>(answered.await.unwrap_or_else(|never| match never {})) }
            })
        };
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(header).max_buf_size(MAX_HEAD_BYTES);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .keep_alive_interval(HTTP2_PING)
            .keep_alive_timeout(HTTP2_PING)
            .max_header_list_size(u32::try_from(MAX_HEAD_BYTES).unwrap_or(u32::MAX));
        let serving = leaving.watch(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned());
        // hyper's own timer starts only once it knows whether HTTP/1 or HTTP/2 is spoken; a peer that never shows it
        // would stay for ever.
        let silent = async {
            tokio::time::sleep(header).await;
            if has_begun.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            // A busy process may come too late to what has been there in time.
            biased;
            served = serving => if let Err(error) = served {
                tracing::debug!(error = &*error as &dyn std::error::Error, "A connection ended with an error");
            },
            () = silent => tracing::debug!("A connection sent no request and was closed"),
            () = cut.cancelled() => {}
        }
    }
}

/// Errors that say something about one peer, not about us.
fn is_about_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests;
