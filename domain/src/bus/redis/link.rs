//! The two tasks of the Redis bus: holding the connection, and publishing.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use redis::RedisResult;
use tokio::{
    sync::{Notify, mpsc},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    RESPONSE_TIMEOUT, Reach, Shared, Signal, Wish,
    servers::{Connection, Connector},
};

/// How often the connection is tried. With the response timeout a dead Redis is noticed within a second.
const PING_EVERY: Duration = Duration::from_millis(500);
/// Pauses between attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Keeps a connection and what is subscribed through it. Ends when it is dropped.
pub(super) async fn hold(shared: Arc<Shared>, mut connector: Connector, mut wished: mpsc::UnboundedReceiver<Wish>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let lost = Arc::new(Notify::new());
        match connector.connect(&shared, &shared.channels(), lost.clone()).await {
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

/// Runs until the connection is of no use any more.
async fn serve(shared: &Shared, mut connection: Connection, wished: &mut mpsc::UnboundedReceiver<Wish>, lost: &Notify) -> RedisResult<()> {
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = lost.notified() => return Ok(()),
            _ = ping.tick() => connection.check().await?,
            Some(wish) = wished.recv() => match wish {
                Wish::Subscribe(channel) => {
                    connection.subscribe(std::slice::from_ref(&channel)).await?;
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
        let heads = std::mem::take(&mut *shared.unpublished.lock().unwrap_or_else(PoisonError::into_inner));
        let heads = heads.into_iter().map(|(workspace, head)| (shared.head_channel(workspace), Bytes::from(head.0.to_string())));
        let topics = batch.drain(..).map(|(topic, message)| (shared.message_channel(&topic), message));
        let all: Vec<(String, Bytes)> = heads.chain(topics).collect();
        let Some(mut connection) = shared.connection().filter(|_| !all.is_empty()) else { continue };
        match timeout(RESPONSE_TIMEOUT, connection.publish(all)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(error = %error, "the bus could not publish"),
            Err(_) => tracing::debug!("the bus could not publish in time"),
        }
    }
}
