//! The two tasks of the Redis bus: holding the connection, and publishing.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisResult, Value, aio::MultiplexedConnection};
use tokio::{
    sync::{Notify, mpsc},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{RESPONSE_TIMEOUT, Reach, Shared, Signal, Wish};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How often the connection is tried. With the response timeout a dead Redis is noticed within a second.
const PING_EVERY: Duration = Duration::from_millis(500);
/// Pauses between attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Channels per SUBSCRIBE.
const SUBSCRIBE_BATCH: usize = 500;

/// Keeps a connection and what is subscribed through it. Ends when it is dropped.
pub(super) async fn hold(shared: Arc<Shared>, client: Client, mut wished: mpsc::UnboundedReceiver<Wish>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let lost = Arc::new(Notify::new());
        match connect(&shared, &client, lost.clone()).await {
            Ok(connection) => {
                pause = FIRST_PAUSE;
                tracing::info!("the bus reaches Redis");
                *shared.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection.clone());
                shared.heads.send_all(&Signal::Resumed);
                shared.messages.send_all(&Signal::Resumed);
                shared.reach.send_replace(Reach::Nodes);

                let end = serve(&shared, connection, &mut wished, &lost).await;

                *shared.connection.lock().unwrap_or_else(PoisonError::into_inner) = None;
                shared.reach.send_replace(Reach::Broken);
                // Whoever follows a log looks for itself now and not at its next slow poll.
                shared.heads.send_all(&Signal::Resumed);
                shared.messages.send_all(&Signal::Resumed);
                tracing::warn!(error = end.err().map(tracing::field::display), "the bus lost Redis; logs are polled until it is back");
            }
            Err(error) => tracing::debug!(error = %error, "the bus cannot reach Redis"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn connect(shared: &Arc<Shared>, client: &Client, lost: Arc<Notify>) -> RedisResult<MultiplexedConnection> {
    let hearer = Arc::downgrade(shared);
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_push_sender(move |push: PushInfo| -> Result<(), ()> {
            match (push.kind, push.data.as_slice()) {
                (PushKind::Message, [channel, payload]) => {
                    if let (Some(shared), Some(channel), Some(payload)) = (hearer.upgrade(), text(channel), bytes(payload)) {
                        shared.heard(channel, payload);
                    }
                }
                (PushKind::Disconnection, _) => lost.notify_one(),
                _ => {}
            }
            Ok(())
        });
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    let mut channels: Vec<String> = shared.heads.names().into_iter().map(|workspace| shared.head_channel(workspace)).collect();
    channels.extend(shared.messages.names().iter().map(|topic| shared.message_channel(topic)));
    for batch in channels.chunks(SUBSCRIBE_BATCH) {
        connection.subscribe(batch).await?;
    }
    Ok(connection)
}

/// Runs until the connection is of no use any more.
async fn serve(
    shared: &Shared,
    mut connection: MultiplexedConnection,
    wished: &mut mpsc::UnboundedReceiver<Wish>,
    lost: &Notify,
) -> RedisResult<()> {
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = lost.notified() => return Ok(()),
            _ = ping.tick() => redis::cmd("PING").exec_async(&mut connection).await?,
            Some(wish) = wished.recv() => match wish {
                Wish::Subscribe(channel) => {
                    connection.subscribe(&channel).await?;
                    shared.resumed(&channel);
                }
                Wish::Unsubscribe(channel) => connection.unsubscribe(&channel).await?,
            },
        }
    }
}

/// Publishes heads and messages as they come. What cannot be published now is dropped.
pub(super) async fn publish(shared: Arc<Shared>, mut messages: mpsc::Receiver<(String, Bytes)>) {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            () = shared.grown.notified() => {}
            count = messages.recv_many(&mut batch, 64) => if count == 0 { return },
        }
        let mut pipe = redis::pipe();
        let heads = std::mem::take(&mut *shared.unpublished.lock().unwrap_or_else(PoisonError::into_inner));
        for (workspace, head) in heads {
            pipe.publish(shared.head_channel(workspace), head.0).ignore();
        }
        for (topic, message) in batch.drain(..) {
            pipe.publish(shared.message_channel(&topic), message.as_ref()).ignore();
        }
        let Some(mut connection) = shared.connection() else { continue };
        if pipe.is_empty() {
            continue;
        }
        match timeout(RESPONSE_TIMEOUT, pipe.exec_async(&mut connection)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(error = %error, "the bus could not publish"),
            Err(_) => tracing::debug!("the bus could not publish in time"),
        }
    }
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    bytes(value).and_then(|bytes| std::str::from_utf8(bytes).ok())
}
