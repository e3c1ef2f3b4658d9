//! A TCP proxy on 127.0.0.1 that behaves as badly as a test wants, switchable while connections are open.
//!
//! It copies bytes and does not look at them, but for one in front of Redis ([`frames`]). Its sockets have small buffers, so that a stalled or slow reader is felt by
//! the sender after kilobytes and not after megabytes.

mod frames;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpSocket, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use self::frames::Frames;

const BUFFER: usize = 16 * 1024;
/// As the socket options want it.
const BUFFER_BYTES: u32 = 16 * 1024;
/// Chunks that a delay may hold.
const QUEUE: usize = 64;
const TRICKLE_EVERY: Duration = Duration::from_millis(50);

/// How the proxy treats every connection, those that are open too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Forwards at once.
    Pass,
    /// Forwards later, both ways, without limiting the rate.
    Delay(Duration),
    /// Forwards and reads nothing; the kernels' buffers fill up. What was held goes on when the mode changes.
    Stall,
    /// Resets every connection and every new one.
    Cut,
    /// The server sees its connections reset, the client sees silence: a peer that vanished behind a dead router.
    HalfOpen,
    /// So many bytes per second and connection towards the client; the other way at full speed.
    Trickle(u64),
    /// Reads and forgets what the server sends; the client's bytes arrive.
    SwallowToClient,
    /// Reads and forgets what the client sends; the server's bytes arrive.
    SwallowToServer,
    /// Forwards so many bytes towards the client per connection, then resets both ends.
    Truncate(u64),
    /// Forgets what was published on channels of Redis and forwards everything else, so that both sides see a healthy
    /// connection. Only of [`Proxy::to_redis`].
    LosePublished,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    mode: watch::Receiver<Mode>,
    /// Replaced by each cut: connections end with the token they were born with.
    cut: watch::Receiver<CancellationToken>,
    to_server: AtomicU64,
    to_client: AtomicU64,
    accepted: AtomicUsize,
    open: AtomicUsize,
    is_redis: bool,
    lost: AtomicUsize,
}

/// The proxy; dropping it closes its connections and frees its port.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    cut: watch::Sender<CancellationToken>,
    shared: Arc<Shared>,
    _listener: AbortOnDropHandle<()>,
}

impl Proxy {
    /// Listens on a free port and forwards to `target`, in [`Mode::Pass`]. Runs on the runtime of the caller.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start(target: SocketAddr) -> Result<Proxy> {
        Proxy::start_as(target, false).await
    }

    async fn start_as(target: SocketAddr, is_redis: bool) -> Result<Proxy> {
        let socket = TcpSocket::new_v4()?;
        // Accepted sockets inherit them; set later, the window would be open already.
        socket.set_recv_buffer_size(BUFFER_BYTES)?;
        socket.set_send_buffer_size(BUFFER_BYTES)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], crate::host::free_port())))?;
        let listener = socket.listen(1024).context("the proxy cannot listen")?;
        let address = listener.local_addr()?;
        let (mode, mode_seen) = watch::channel(Mode::Pass);
        let (cut, cut_seen) = watch::channel(CancellationToken::new());
        let shared = Arc::new(Shared {
            target,
            mode: mode_seen,
            cut: cut_seen,
            to_server: AtomicU64::new(0),
            to_client: AtomicU64::new(0),
            accepted: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            is_redis,
            lost: AtomicUsize::new(0),
        });
        let for_listener = Arc::clone(&shared);
        let listen = async move {
            // Dropped with the listener's task, which ends every connection.
            let mut connections = JoinSet::new();
            loop {
                while connections.try_join_next().is_some() {}
                if let Ok((client, _)) = listener.accept().await {
                    for_listener.accepted.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(serve(client, Arc::clone(&for_listener)));
                }
            }
        };
        Ok(Proxy { address, mode, cut, shared, _listener: AbortOnDropHandle::new(tokio::spawn(listen)) })
    }

    /// In front of a server on 127.0.0.1.
    ///
    /// # Errors
    /// As [`Proxy::start`].
    pub async fn to_port(port: u16) -> Result<Proxy> {
        Proxy::start(SocketAddr::from(([127, 0, 0, 1], port))).await
    }

    /// In front of a Redis server on 127.0.0.1 whose clients speak RESP3.
    ///
    /// # Errors
    /// As [`Proxy::start`].
    pub async fn to_redis(port: u16) -> Result<Proxy> {
        Proxy::start_as(SocketAddr::from(([127, 0, 0, 1], port)), true).await
    }

    /// Changes the behaviour of open and new connections.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
        if mode == Mode::Cut {
            self.cut_now();
        }
    }

    /// Resets the connections that are open now; new ones are treated by the mode.
    pub fn cut_now(&self) {
        self.cut.send_replace(CancellationToken::new()).cancel();
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Bytes handed to the server.
    pub fn bytes_to_server(&self) -> u64 {
        self.shared.to_server.load(Ordering::Relaxed)
    }

    /// Bytes handed to clients.
    pub fn bytes_to_client(&self) -> u64 {
        self.shared.to_client.load(Ordering::Relaxed)
    }

    /// Connections accepted since the start.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::Relaxed)
    }

    /// Messages of channels that were forgotten.
    pub fn lost(&self) -> usize {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::Relaxed)
    }
}

/// Counts an open connection for as long as it lives.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve(mut client: TcpStream, shared: Arc<Shared>) {
    shared.open.fetch_add(1, Ordering::Relaxed);
    let _open = Open(Arc::clone(&shared));
    let cut = shared.cut.borrow().clone();
    let mut modes = shared.mode.clone();
    let mode = *modes.borrow();
    if mode == Mode::Cut {
        return reset(client);
    }
    if mode != Mode::HalfOpen {
        let Ok(mut server) = connect(shared.target).await else { return reset(client) };
        let is_silenced = tokio::select! {
            () = cut.cancelled() => false,
            copied = copy(&mut client, &mut server, &shared) => match copied {
                Ok(()) => return,
                Err(_) => false,
            },
            seen = modes.wait_for(|mode| *mode == Mode::HalfOpen) => seen.is_ok(),
        };
        reset(server);
        if !is_silenced {
            return reset(client);
        }
    }
    let mut forgotten = vec![0; BUFFER];
    let silence = async { while client.read(&mut forgotten).await.is_ok_and(|count| count > 0) {} };
    tokio::select! {
        () = cut.cancelled() => {}
        () = silence => {}
    }
    reset(client);
}

/// Closes with RST. A socket that refuses the option is closed in order, and the test that waits for a reset says so.
fn reset(socket: TcpStream) {
    drop(socket.set_zero_linger());
}

async fn connect(target: SocketAddr) -> io::Result<TcpStream> {
    let socket = if target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_recv_buffer_size(BUFFER_BYTES)?;
    socket.set_send_buffer_size(BUFFER_BYTES)?;
    socket.connect(target).await
}

/// Ends in order when both ways have ended, with an error as soon as one of them breaks.
async fn copy(client: &mut TcpStream, server: &mut TcpStream, shared: &Shared) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let up = pump(from_client, to_server, Way::ToServer, shared);
    let down = pump(from_server, to_client, Way::ToClient, shared);
    tokio::try_join!(up, down).map(drop)
}

/// One way of one connection: a reader that stamps what it read, a writer that hands it on when it is due.
async fn pump(mut from: ReadHalf<'_>, to: WriteHalf<'_>, way: Way, shared: &Shared) -> io::Result<()> {
    let (queue, mut chunks) = mpsc::channel::<(Instant, Vec<u8>)>(QUEUE);
    let mut modes = shared.mode.clone();
    let read = async move {
        let mut buffer = vec![0; BUFFER];
        let mut frames = (shared.is_redis && way == Way::ToClient).then(Frames::default);
        loop {
            let mode = *modes.wait_for(|mode| *mode != Mode::Stall).await.map_err(|_| gone())?;
            if !matches!(mode, Mode::Delay(_)) {
                // Only a delay holds bytes back; else the reader would hide a slow writer from the sender.
                drop(queue.reserve_many(QUEUE).await.map_err(|_| gone())?);
            }
            let count = from.read(&mut buffer).await?;
            if count == 0 {
                return Ok(());
            }
            // Again: the mode may have changed while it waited for bytes.
            let later = match (*modes.borrow(), way) {
                (Mode::SwallowToClient, Way::ToClient) | (Mode::SwallowToServer, Way::ToServer) => continue,
                (Mode::Delay(later), _) => later,
                _ => Duration::ZERO,
            };
            let mut chunk = buffer[..count].to_vec();
            if let Some(frames) = &mut frames {
                let lost = frames.pass(&mut chunk, *modes.borrow() == Mode::LosePublished);
                shared.lost.fetch_add(lost, Ordering::Relaxed);
            }
            queue.send((Instant::now() + later, chunk)).await.map_err(|_| gone())?;
        }
    };
    let write = async move {
        let mut writer = Writer { to, way, sent: 0, modes: shared.mode.clone(), shared };
        while let Some((due, chunk)) = chunks.recv().await {
            sleep_until(due).await;
            writer.write(&chunk).await?;
        }
        writer.to.shutdown().await
    };
    tokio::try_join!(read, write).map(drop)
}

struct Writer<'a> {
    to: WriteHalf<'a>,
    way: Way,
    /// Bytes of this connection and way.
    sent: u64,
    modes: watch::Receiver<Mode>,
    shared: &'a Shared,
}

impl Writer<'_> {
    async fn write(&mut self, mut chunk: &[u8]) -> io::Result<()> {
        while !chunk.is_empty() {
            let mode = *self.modes.wait_for(|mode| *mode != Mode::Stall).await.map_err(|_| gone())?;
            let part = match (mode, self.way) {
                (Mode::Trickle(rate), Way::ToClient) => {
                    sleep(TRICKLE_EVERY).await;
                    (rate * TRICKLE_EVERY.as_millis() as u64 / 1_000).max(1)
                }
                (Mode::Truncate(limit), Way::ToClient) => match limit.saturating_sub(self.sent) {
                    0 => return Err(gone()),
                    left => left,
                },
                _ => chunk.len() as u64,
            };
            let (now, later) = chunk.split_at(chunk.len().min(usize::try_from(part).unwrap_or(usize::MAX)));
            self.to.write_all(now).await?;
            self.sent += now.len() as u64;
            self.counter().fetch_add(now.len() as u64, Ordering::Relaxed);
            chunk = later;
        }
        let is_at_limit = matches!(*self.modes.borrow(), Mode::Truncate(limit) if self.way == Way::ToClient && self.sent >= limit);
        if is_at_limit { Err(gone()) } else { Ok(()) }
    }

    fn counter(&self) -> &AtomicU64 {
        match self.way {
            Way::ToServer => &self.shared.to_server,
            Way::ToClient => &self.shared.to_client,
        }
    }
}

fn gone() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}
