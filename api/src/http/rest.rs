//! What is left of a request's body when nobody wants it any more.
//!
//! A connection that is closed with unread bytes in it is reset, and then the sender, who is still writing, sees a broken
//! connection instead of the answer that says why. So the rest is read and thrown away while the answer is on its way: a while,
//! and not more than a few attachments' worth. On HTTP/2 the stream alone ends, and no such care is needed.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;

/// Bytes of a rest that are read. Whoever sends more sees the connection break.
const MOST_BYTES: usize = 32 << 20;
/// For the rest to arrive.
const LONGEST: Duration = Duration::from_secs(5);

/// The body of a request of HTTP/1, which is read to its end whoever drops it.
pub(super) struct Whole {
    /// `None`: it has ended.
    body: Option<Incoming>,
}

impl Whole {
    pub(super) fn new(body: Incoming) -> Self {
        Self { body: Some(body) }
    }
}

impl Body for Whole {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        // Without a runtime the whole process ends, and its connections with it.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(tokio::time::timeout(LONGEST, discard(body)));
        }
    }
}

async fn discard(mut body: Incoming) {
    let mut read = 0;
    while read < MOST_BYTES
        && let Some(Ok(frame)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}
