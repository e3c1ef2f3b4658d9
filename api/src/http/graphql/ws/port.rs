//! Writing shared results of one operation past its tasks.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::protocol;
use crate::http::{
    graphql::engine::{self, Written},
    socket::Socket,
};

/// First byte of a text message in one frame.
const TEXT: u8 = 0x81;
/// Stand for a length that follows in two and in eight bytes.
const TWO_BYTES: u8 = 126;
const EIGHT_BYTES: u8 = 127;

/// The way of one operation into its socket.
pub(super) struct Port {
    socket: Arc<Socket>,
    /// What stands before the result.
    head: Box<str>,
    is_open: AtomicBool,
}

impl Port {
    pub(super) fn new(socket: Arc<Socket>, id: &str) -> Self {
        Self { socket, head: protocol::shared_head(id).into(), is_open: AtomicBool::new(true) }
    }

    /// After this nothing more of the operation is written: its id may be another one's.
    pub(super) fn close(&self) {
        self.socket.hold(|| self.is_open.store(false, Ordering::Relaxed));
    }
}

impl engine::Port for Port {
    fn write(&self, json: &str) -> Written {
        let length = self.head.len() + json.len() + protocol::SHARED_TAIL.len();
        let mut start = [TEXT; 10];
        let start = match (u8::try_from(length), u16::try_from(length)) {
            (Ok(length), _) if length < TWO_BYTES => {
                start[1] = length;
                &start[..2]
            }
            (_, Ok(length)) => {
                start[1] = TWO_BYTES;
                start[2..4].copy_from_slice(&length.to_be_bytes());
                &start[..4]
            }
            _ => {
                start[1] = EIGHT_BYTES;
                start[2..].copy_from_slice(&(length as u64).to_be_bytes());
                &start[..]
            }
        };
        let parts = [start, self.head.as_bytes(), json.as_bytes(), protocol::SHARED_TAIL.as_bytes()];
        self.socket.write(|| self.is_open.load(Ordering::Relaxed), parts)
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").field("head", &self.head).finish_non_exhaustive()
    }
}
