//! A connection that can be written to from two sides.
//!
//! What hyper and the WebSocket library write goes through [`Watched`]. Whoever has a whole frame ready may write it past
//! them with [`Socket::write`], from any task, without waking the connection's own. Both write under one lock and never
//! into each other's frames: as long as one side has not been taken entirely, the other one waits or is refused.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
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

/// A frame is given in so many parts, so that nobody has to put it together.
const PARTS: usize = 4;

/// The writing side of a connection, for ready frames.
pub struct Socket {
    out: Mutex<Out>,
    /// A frame was not taken entirely: the connection's task has to see it through.
    stuck: Notify,
}

struct Out {
    /// `None`: the connection has ended.
    half: Option<OwnedWriteHalf>,
    /// What is left of a frame that was written past the library.
    rest: Vec<u8>,
    /// The library is in the middle of what it writes.
    is_within: bool,
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
    pub fn write(&self, is_wanted: impl FnOnce() -> bool, parts: [&[u8]; PARTS]) -> Written {
        let mut out = self.out();
        if out.is_within || !out.rest.is_empty() || !is_wanted() {
            return Written::No;
        }
        let Some(half) = &out.half else { return Written::No };
        let length: usize = parts.iter().map(|part| part.len()).sum();
        match half.try_write_vectored(&parts.map(IoSlice::new)) {
            Ok(count) if count == length => Written::Whole,
            // Also when the connection is broken: its task finds out and ends it.
            Ok(0) | Err(_) => Written::No,
            Ok(count) => {
                let mut taken = count;
                for part in parts {
                    let skipped = taken.min(part.len());
                    taken -= skipped;
                    out.rest.extend_from_slice(&part[skipped..]);
                }
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

impl Out {
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rest.is_empty() {
            let Some(half) = &mut self.half else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
            let written = ready!(Pin::new(half).poll_write(cx, &self.rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.rest.drain(..written);
        }
        // Frames may be large, and idle connections are many.
        self.rest = Vec::new();
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        ready!(self.poll_rest(cx))?;
        let Some(half) = &mut self.half else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
        let written = Pin::new(half).poll_write_vectored(cx, buffers);
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
    read: OwnedReadHalf,
    socket: Arc<Socket>,
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Watched {
    /// `stall`: for the peer to take a byte.
    pub(super) fn new(stream: TcpStream, stall: Duration, place: OwnedSemaphorePermit) -> Self {
        let (read, half) = stream.into_split();
        let out = Out { half: Some(half), rest: Vec::new(), is_within: false };
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
        self.socket.out().half = None;
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(cx, buffer)
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
        let polled = self.socket.out().poll_rest(cx);
        self.watch(cx, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket.out().half {
            Some(half) => Pin::new(half).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests;
