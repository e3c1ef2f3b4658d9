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
    graphql::engine::{self, Shared, Written},
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
    fn write(&self, result: &mut Shared<'_>) -> Written {
        if *result.head != *self.head {
            fill(&mut result.frame, &[&self.head, result.json, protocol::SHARED_TAIL]);
            result.head.clear();
            result.head.push_str(&self.head);
        }
        self.socket.write(|| self.is_open.load(Ordering::Relaxed), &result.frame)
    }
}

/// Makes a text message of one frame.
fn fill(frame: &mut Vec<u8>, parts: &[&str]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    frame.clear();
    frame.push(TEXT);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length), _) if length < TWO_BYTES => frame.push(length),
        (_, Ok(length)) => {
            frame.push(TWO_BYTES);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            frame.push(EIGHT_BYTES);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    for part in parts {
        frame.extend_from_slice(part.as_bytes());
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").field("head", &self.head).finish_non_exhaustive()
    }
}
