//! A connection that can be written to from two sides.
//!
//! What hyper and the WebSocket library write goes through [`Watched`]. Whoever has a whole frame ready may write it past
//! them with [`Socket::write`], from any task, without waking the connection's own. Both write under one lock and never
//! into each other's frames: as long as one side has not been taken entirely, the other one waits or is refused.
//!
//! Over TLS that is so too: what is encrypted is one sequence, and the session that does it lies under the same lock.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, OwnedSemaphorePermit, futures::Notified},
    time::{Instant, Sleep},
};
use tokio_rustls::server::TlsStream;

/// The writing side of a connection, for ready frames.
pub struct Socket {
    out: Mutex<Out>,
    /// A frame was not taken entirely: the connection's task has to see it through.
    stuck: Notify,
}

struct Out {
    /// `None`: the connection has ended.
    way: Option<Way>,
    /// What is left of a frame that was written past the library.
    rest: Vec<u8>,
    /// The library is in the middle of what it writes.
    is_within: bool,
}

/// How bytes leave.
enum Way {
    Plain(OwnedWriteHalf),
    /// With the reading side, which is of the same session.
    Tls(Box<TlsStream<TcpStream>>),
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The system has taken all of it.
    Whole,
    /// It has taken a part; the connection's task will write the rest before anything else.
    Part,
    /// Nothing of it was written.
    No,
}

impl Socket {
    /// Writes one frame unless something else is being written or `is_wanted` says no; that is
    /// asked under the lock of [`Self::hold`]. Never waits.
    pub fn write(&self, is_wanted: impl FnOnce() -> bool, frame: &[u8]) -> Written {
        let mut out = self.out();
        if out.is_within || !out.rest.is_empty() || !is_wanted() {
            return Written::No;
        }
        let Some(way) = out.way.as_mut().filter(|way| !way.is_behind()) else { return Written::No };
        match way.try_write(frame) {
            Ok(count) if count == frame.len() && !way.is_behind() => Written::Whole,
            // Also when the connection is broken: its task finds out and ends it.
            Ok(0) | Err(_) => Written::No,
            Ok(count) => {
                out.rest.extend_from_slice(&frame[count..]);
                drop(out);
                self.stuck.notify_one();
                Written::Part
            }
        }
    }

    /// Does something while nobody writes.
    pub fn hold(&self, act: impl FnOnce()) {
        let _out = self.out();
        act();
    }

    /// Until a frame was not taken entirely. Then a flush of the connection writes the rest.
    pub fn stuck(&self) -> Notified<'_> {
        self.stuck.notified()
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Way {
    /// Never waits.
    fn try_write(&mut self, frame: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(half) => half.try_write(frame),
            // Nobody waits to write now who would miss the waker.
            Self::Tls(stream) => match Pin::new(stream).poll_write(&mut Context::from_waker(Waker::noop()), frame) {
                Poll::Ready(written) => written,
                Poll::Pending => Ok(0),
            },
        }
    }

    /// Something is encrypted that the system has not taken yet.
    fn is_behind(&self) -> bool {
        matches!(self, Self::Tls(stream) if stream.get_ref().1.wants_write())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(half) => Pin::new(half).poll_write_vectored(cx, parts),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(half) => Pin::new(half).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }
}

impl Out {
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rest.is_empty() {
            let Some(way) = &mut self.way else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
            let written = ready!(way.poll_write(cx, &[IoSlice::new(&self.rest)]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.rest.drain(..written);
        }
        // Frames may be large, and idle connections are many.
        self.rest = Vec::new();
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rest(cx))?;
        self.way.as_mut().map_or(Poll::Ready(Ok(())), |way| way.poll_flush(cx))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        ready!(self.poll_rest(cx))?;
        let Some(way) = &mut self.way else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
        let written = way.poll_write(cx, buffers);
        let length: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        self.is_within = match &written {
            Poll::Ready(Ok(count)) => *count < length,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => length > 0,
        };
        written
    }
}

/// A stream that holds its place and fails when the peer takes nothing for too long.
pub(super) struct Watched {
    /// `None`: reading goes through the socket, as writing does.
    read: Option<OwnedReadHalf>,
    socket: Arc<Socket>,
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Watched {
    /// `stall`: for the peer to take a byte.
    pub(super) fn plain(stream: TcpStream, stall: Duration, place: OwnedSemaphorePermit) -> Self {
        let (read, half) = stream.into_split();
        Self::new(Some(read), Way::Plain(half), stall, place)
    }

    /// The same after a handshake.
    pub(super) fn tls(stream: TlsStream<TcpStream>, stall: Duration, place: OwnedSemaphorePermit) -> Self {
        Self::new(None, Way::Tls(Box::new(stream)), stall, place)
    }

    fn new(read: Option<OwnedReadHalf>, way: Way, stall: Duration, place: OwnedSemaphorePermit) -> Self {
        let out = Out { way: Some(way), rest: Vec::new(), is_within: false };
        Self { read, socket: Arc::new(Socket { out: Mutex::new(out), stuck: Notify::new() }), stall, stalled: None, _place: place }
    }

    /// The way past whoever owns the stream. Only for HTTP/1.1, whose upgrades leave the stream to one protocol.
    pub(super) fn socket(&self) -> Arc<Socket> {
        Arc::clone(&self.socket)
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let until = Instant::now() + self.stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Drop for Watched {
    /// Whoever still holds the socket must not keep the connection open.
    fn drop(&mut self) {
        self.socket.out().way = None;
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(read) = &mut self.read {
            return Pin::new(read).poll_read(cx, buffer);
        }
        match &mut self.socket.out().way {
            Some(Way::Tls(stream)) => Pin::new(stream).poll_read(cx, buffer),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let polled = self.socket.out().poll_write(cx, buffers);
        self.watch(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = self.socket.out().poll_flush(cx);
        self.watch(cx, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket.out().way {
            Some(Way::Plain(half)) => Pin::new(half).poll_shutdown(cx),
            Some(Way::Tls(stream)) => Pin::new(stream).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests;
