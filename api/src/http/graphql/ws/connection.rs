//! The task of one socket: reads, writes with a deadline, keeps time, asks the gatekeeper.
//!
//! Ends when the client leaves, when a rule of the protocol closes it, or on the shutdown token. Wakes: inbound
//! messages, messages handed over by operations, the gatekeeper's answers, the nearest of its deadlines.

use std::{collections::VecDeque, future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::extract::ws::{Message, WebSocket};
use futures_util::{
    FutureExt, SinkExt, StreamExt,
    future::BoxFuture,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::mpsc,
    time::{Instant, Sleep},
};
use tokio_util::{sync::WaitForCancellationFutureOwned, task::AbortOnDropHandle};

use super::{
    operation::{Handed, Operation, Wish},
    protocol::{self, ClientMessage, Close, token},
    state::{Bucket, Operations, Phase, Ready},
};
use crate::{
    auth::{Gatekeeper, Refusal, Viewer},
    http::{
        graphql::{
            Engine, RequestInfo, Transport,
            error::{Fault, code},
            session::Ended,
            spread, together,
            wire::Params,
        },
        socket::Socket,
    },
};

/// Answers (pongs, errors) that may wait for a client that asks faster than it reads.
const MAX_WAITING: usize = 32;
/// All kinds of messages per second, as a multiple of the operations per second.
const MESSAGES_PER_OPERATION: u32 = 4;
/// For the client to take the close frame and to answer it.
const CLOSING: Duration = Duration::from_secs(2);

/// Serves a socket until it ends. What is only needed to begin does not lie in the future, of which there are thousands.
pub(super) fn serve<E: Engine, G: Gatekeeper>(
    transport: Transport<E, G>,
    socket: WebSocket,
    direct: Option<Arc<Socket>>,
    token: Option<String>,
    info: RequestInfo,
) -> impl Future<Output = ()> + Send {
    let number = transport.next_number();
    let now = Instant::now();
    let limits = &transport.inner.limits;
    let (handoff, handed) = mpsc::channel(1);
    let (sink, stream) = socket.split();
    let connection = Connection {
        phase: Phase::Opened(now + limits.init),
        operations: Operations::default(),
        operation_rate: Bucket::new(limits.operations_per_second),
        message_rate: Bucket::new(limits.operations_per_second.saturating_mul(MESSAGES_PER_OPERATION)),
        waiting: VecDeque::new(),
        writing: None,
        ping_at: together(now + limits.ping, limits.ping),
        dead_at: now + limits.dead,
        leave_at: None,
        admitting: None,
        ended: None,
        number,
        socket: direct,
        token,
        info,
        handoff,
        transport,
    };
    connection.run(sink, stream, handed)
}

type Admission<A> = BoxFuture<'static, Result<Viewer<A>, Refusal>>;

struct Connection<E, G: Gatekeeper> {
    transport: Transport<E, G>,
    number: u64,
    /// For results that are written past this task; `None` where that is not possible.
    socket: Option<Arc<Socket>>,
    token: Option<String>,
    info: RequestInfo,
    phase: Phase<G::Actor>,
    operations: Operations,
    operation_rate: Bucket,
    message_rate: Bucket,
    handoff: mpsc::Sender<Handed>,
    /// Answers of our own that the socket has not taken yet.
    waiting: VecDeque<Message>,
    /// Until when the message that is being written must be gone.
    writing: Option<Instant>,
    ping_at: Instant,
    dead_at: Instant,
    leave_at: Option<Instant>,
    admitting: Option<Admission<G::Actor>>,
    ended: Option<BoxFuture<'static, Ended>>,
}

/// What every step of a socket waits for.
struct Clocks {
    alarm: Pin<Box<Sleep>>,
    leaving: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// How a socket ends.
enum End {
    /// We close it.
    Close(Close),
    /// The client closes it and waits for our answer.
    Left,
    /// The connection is gone.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl<E: Engine, G: Gatekeeper> Connection<E, G> {
    async fn run(
        mut self,
        mut sink: SplitSink<WebSocket, Message>,
        mut stream: SplitStream<WebSocket>,
        mut handed: mpsc::Receiver<Handed>,
    ) {
        // Made once: a busy socket must not enter itself into the list of timers and of those who wait for the end with every
        // message.
        let leaving = self.transport.inner.shutdown.clone().cancelled_owned();
        let mut clocks = Clocks { alarm: Box::pin(tokio::time::sleep_until(self.next_deadline())), leaving: Box::pin(leaving) };
        let end = loop {
            if let Err(end) = self.step(&mut sink, &mut stream, &mut handed, &mut clocks).await {
                break end;
            }
        };
        // Operations stop before the client is told, so that nothing runs for somebody who is gone.
        drop(self);
        let (label, frame) = match end {
            End::Gone => {
                metrics::counter!("tributary_graphql_socket_closes_total", "code" => "gone").increment(1);
                return;
            }
            End::Left => ("left".to_owned(), None),
            End::Close(close) => {
                if close == Close::SLOW {
                    metrics::counter!("tributary_graphql_slow_closes_total", "transport" => "websocket").increment(1);
                }
                (close.code.to_string(), Some(close.frame()))
            }
        };
        metrics::counter!("tributary_graphql_socket_closes_total", "code" => label).increment(1);
        let closing = async {
            // What is being written goes first. The library answers the client's close frame by itself while it is
            // flushed and read to the end; without that the client would take the end for an accident.
            let sent = match frame {
                Some(frame) => sink.send(frame).await,
                None => sink.flush().await,
            };
            if sent.is_ok() {
                while let Some(Ok(_)) = stream.next().await {}
            }
        };
        if tokio::time::timeout(CLOSING, closing).await.is_err() {
            tracing::debug!("A client did not finish the closing of its socket and was cut off");
        }
    }

    async fn step(
        &mut self,
        sink: &mut SplitSink<WebSocket, Message>,
        stream: &mut SplitStream<WebSocket>,
        handed: &mut mpsc::Receiver<Handed>,
        clocks: &mut Clocks,
    ) -> Result<(), End> {
        if self.writing.is_none()
            && let Some(message) = self.waiting.pop_front()
        {
            self.write(sink, message)?;
        }
        let (is_writing, is_leaving, deadline) = (self.writing.is_some(), self.leave_at.is_some(), self.next_deadline());
        // An alarm that is too early finds nothing to do and is set anew.
        if deadline < clocks.alarm.deadline() || clocks.alarm.is_elapsed() {
            clocks.alarm.as_mut().reset(deadline);
        }
        tokio::select! {
            inbound = stream.next() => match inbound {
                // Unreadable, too large, not UTF-8, or the connection broke: all come as errors, and closing is right for all.
                Some(Err(_unreadable)) => Err(Close::MALFORMED.into()),
                Some(Ok(message)) => self.on_message(message).await,
                None => Err(End::Gone),
            },
            () = stuck(self.socket.as_deref()), if !is_writing => {
                self.writing = Some(Instant::now() + self.transport.inner.limits.write);
                Ok(())
            }
            flushed = sink.flush(), if is_writing => {
                self.writing = None;
                flushed.map_err(|_broken| End::Gone)
            }
            Some(message) = handed.recv(), if !is_writing => self.on_handed(sink, message),
            admitted = pending_or(&mut self.admitting) => {
                self.admitting = None;
                self.on_admitted(admitted)
            }
            why = pending_or(&mut self.ended) => Err(match why {
                Ended::Expired => Close::EXPIRED,
                Ended::Revoked => Close::REVOKED,
            }.into()),
            () = &mut clocks.leaving, if !is_leaving => {
                let limits = &self.transport.inner.limits;
                self.leave_at = Some(Instant::now() + limits.drain.mul_f64(spread(self.number)));
                Ok(())
            }
            () = &mut clocks.alarm => self.on_time(),
        }
    }

    /// Writes, or begins to and [`Self::step`] sees it through. Must only be called when nothing is being written.
    fn write(&mut self, sink: &mut SplitSink<WebSocket, Message>, message: Message) -> Result<(), End> {
        // The sink is always ready here: its buffer was flushed before `writing` was cleared.
        match sink.feed(message).now_or_never() {
            // Nearly always the kernel takes all of it at once.
            Some(Ok(())) => match sink.flush().now_or_never() {
                Some(flushed) => flushed.map_err(|_broken| End::Gone),
                None => {
                    self.writing = Some(Instant::now() + self.transport.inner.limits.write);
                    Ok(())
                }
            },
            Some(Err(_broken)) => Err(End::Gone),
            None => Err(Close::SLOW.into()),
        }
    }

    fn answer(&mut self, message: Message) -> Result<(), End> {
        if self.waiting.len() >= MAX_WAITING {
            return Err(Close::SLOW.into());
        }
        self.waiting.push_back(message);
        Ok(())
    }

    fn next_deadline(&self) -> Instant {
        let init = match self.phase {
            Phase::Opened(until) => Some(until),
            _ => None,
        };
        [init, self.writing, self.leave_at].into_iter().flatten().fold(self.ping_at.min(self.dead_at), Instant::min)
    }

    fn on_time(&mut self) -> Result<(), End> {
        let now = Instant::now();
        let limits = &self.transport.inner.limits;
        if self.writing.is_some_and(|until| until <= now) {
            return Err(Close::SLOW.into());
        }
        if self.leave_at.is_some_and(|at| at <= now) {
            return Err(Close::LEAVING.into());
        }
        if matches!(self.phase, Phase::Opened(until) if until <= now) {
            return Err(Close::INIT_TIMEOUT.into());
        }
        if self.dead_at <= now {
            return Err(Close::SILENT.into());
        }
        if self.ping_at <= now {
            self.ping_at = together(now + limits.ping, limits.ping);
            return self.answer(Message::Ping(bytes::Bytes::new()));
        }
        Ok(())
    }

    fn on_handed(&mut self, sink: &mut SplitSink<WebSocket, Message>, handed: Handed) -> Result<(), End> {
        if !self.operations.is_current(&handed.id, handed.generation) {
            return Ok(());
        }
        match handed.wish {
            Wish::Write(message) => self.write(sink, message),
            Wish::End(message) => {
                self.operations.remove(&handed.id);
                self.write(sink, message)
            }
            Wish::Accept(offer) => {
                if let Some(socket) = &self.socket
                    && let Some(port) = self.operations.port(&handed.id, socket)
                {
                    offer.accept(port);
                }
                Ok(())
            }
        }
    }

    async fn on_message(&mut self, message: Message) -> Result<(), End> {
        let now = Instant::now();
        self.dead_at = now + self.transport.inner.limits.dead;
        if !self.message_rate.take(now) {
            return Err(Close::TOO_FAST.into());
        }
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Close::MALFORMED.into()),
            // The library answers pings itself.
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(End::Left),
        };
        match ClientMessage::read(&text)? {
            ClientMessage::ConnectionInit { payload } => self.on_init(payload.as_ref()),
            ClientMessage::Ping { payload } => self.on_ping(payload.as_ref()),
            ClientMessage::Pong {} => Ok(()),
            ClientMessage::Subscribe { id, payload } => Box::pin(self.on_subscribe(id.into(), payload, now)).await,
            ClientMessage::Complete { id } => {
                self.operations.remove(&id);
                Ok(())
            }
        }
    }

    fn on_init(&mut self, payload: Option<&serde_json::Value>) -> Result<(), End> {
        if !matches!(self.phase, Phase::Opened(_)) {
            return Err(Close::INIT_TWICE.into());
        }
        let token = token(payload).map(str::to_owned).or_else(|| self.token.take()).ok_or(Close::UNAUTHORIZED)?;
        self.phase = Phase::Admitting;
        self.admit(token);
        Ok(())
    }

    fn on_ping(&mut self, payload: Option<&serde_json::Value>) -> Result<(), End> {
        let Some(token) = token(payload) else { return self.answer(protocol::pong()) };
        match &mut self.phase {
            Phase::Ready(ready) if ready.is_renewing => Err(Close::TOO_FAST.into()),
            Phase::Ready(ready) => {
                ready.is_renewing = true;
                self.admit(token.to_owned());
                Ok(())
            }
            _ => Err(Close::UNAUTHORIZED.into()),
        }
    }

    fn admit(&mut self, token: String) {
        let gatekeeper = Arc::clone(&self.transport.inner.gatekeeper);
        let patience = self.transport.inner.limits.init;
        self.admitting = Some(
            async move { tokio::time::timeout(patience, gatekeeper.admit_socket(&token)).await.unwrap_or(Err(Refusal::Unavailable)) }
                .boxed(),
        );
    }

    fn on_admitted(&mut self, admitted: Result<Viewer<G::Actor>, Refusal>) -> Result<(), End> {
        if let Phase::Ready(ready) = &mut self.phase {
            ready.is_renewing = false;
            let answer = match admitted {
                Ok(viewer) if viewer.user_key != ready.viewer.user_key => return Err(Close::OTHER_USER.into()),
                Ok(viewer) => {
                    self.ended = Some(self.transport.clone().ended(viewer.clone(), self.number).boxed());
                    ready.viewer = viewer;
                    protocol::renewed()
                }
                Err(Refusal::Unavailable) => protocol::not_renewed(code::UNAVAILABLE),
                Err(Refusal::Invalid | Refusal::Expired) => protocol::not_renewed(code::UNAUTHENTICATED),
            };
            return self.answer(answer);
        }
        let viewer = admitted.map_err(|refusal| match refusal {
            Refusal::Invalid => Close::UNAUTHORIZED,
            Refusal::Expired => Close::EXPIRED,
            Refusal::Unavailable => Close::TRY_LATER,
        })?;
        let user = self.transport.inner.connections.enter_as(&viewer.user_key).ok_or(Close::TOO_MANY)?;
        self.ended = Some(self.transport.clone().ended(viewer.clone(), self.number).boxed());
        self.phase = Phase::Ready(Ready { viewer, is_renewing: false, _user: user });
        self.answer(protocol::ack())
    }

    async fn on_subscribe(&mut self, id: Arc<str>, params: Params, now: Instant) -> Result<(), End> {
        let Phase::Ready(ready) = &self.phase else { return Err(Close::UNAUTHORIZED.into()) };
        if self.operations.contains(&id) {
            return Err(Close::DUPLICATE.into());
        }
        if !self.operation_rate.take(now) {
            return Err(Close::TOO_FAST.into());
        }
        let limit = self.transport.inner.limits.operations;
        if self.operations.len() >= limit {
            let message = format!("Too many operations at the same time: at most {limit} are allowed on one socket.");
            let fault = Fault::bad_request("LIMIT_CONCURRENT_OPERATIONS", message).limit(limit);
            return self.answer(protocol::error(&id, &[*fault.error]));
        }
        match self.transport.prepare(params, self.info.clone()).await {
            Err(fault) => self.answer(protocol::error(&id, &[*fault.error])),
            Ok(prepared) => {
                let generation = self.operations.next_generation();
                let operation = Operation { id: Arc::clone(&id), generation, handoff: self.handoff.clone() };
                let task = tokio::spawn(operation.run(self.transport.clone(), prepared, ready.viewer.clone()));
                self.operations.insert(id, generation, AbortOnDropHandle::new(task));
                Ok(())
            }
        }
    }
}

/// Until a result that was written past the task has to be seen through.
async fn stuck(socket: Option<&Socket>) {
    match socket {
        Some(socket) => socket.stuck().await,
        None => std::future::pending().await,
    }
}

/// The future's result, or never when there is none.
fn pending_or<'a, T>(slot: &'a mut Option<BoxFuture<'static, T>>) -> impl Future<Output = T> + Send + use<'a, T> {
    std::future::poll_fn(move |cx| match slot {
        Some(future) => Pin::new(future).poll(cx),
        None => std::task::Poll::Pending,
    })
}
