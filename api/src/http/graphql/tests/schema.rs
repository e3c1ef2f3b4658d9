//! A schema with everything that goes wrong.

use std::time::Duration;

use async_graphql::{Context, Error, ErrorExtensions, Object, Result, Schema, Subscription};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::broadcast;

use super::support::Actor;
use crate::http::graphql::RequestInfo;

pub(super) type TestSchema = Schema<Query, Mutation, Live>;

pub(super) fn schema(news: broadcast::Sender<String>) -> TestSchema {
    Schema::build(Query, Mutation, Live).data(news).finish()
}

fn explode() -> String {
    panic!("the secret of the house")
}

fn coded(code: &'static str) -> Error {
    Error::new("refused on purpose").extend_with(|_, extensions| extensions.set("code", code))
}

pub(super) struct Query;

#[Object]
impl Query {
    async fn hello(&self, #[graphql(default)] name: Option<String>) -> String {
        format!("Hello {}", name.as_deref().unwrap_or("world"))
    }

    async fn whoami(&self, cx: &Context<'_>) -> Option<String> {
        cx.data_opt::<Actor>().map(|actor| actor.0.clone())
    }

    async fn agent(&self, cx: &Context<'_>) -> Option<String> {
        cx.data_opt::<RequestInfo>()?.user_agent.clone()
    }

    async fn me(&self) -> Query {
        Query
    }

    async fn boom(&self) -> String {
        explode()
    }

    async fn foreign(&self) -> Result<Option<String>> {
        Err(std::io::Error::other("the secret of the house"))?
    }

    async fn nullable_foreign(&self) -> Option<Result<String>> {
        Some(Err(Error::new("the secret of the house")))
    }

    async fn refused(&self) -> Result<String> {
        Err(coded("FORBIDDEN"))
    }

    async fn day(&self, day: chrono::NaiveDate) -> String {
        day.to_string()
    }

    async fn endless(&self) -> String {
        std::future::pending().await
    }
}

pub(super) struct Mutation;

#[Object]
impl Mutation {
    async fn touch(&self) -> bool {
        true
    }
}

pub(super) struct Live;

#[Subscription]
impl Live {
    async fn count(&self, to: u32) -> impl Stream<Item = u32> {
        stream::iter(1..=to)
    }

    async fn never(&self) -> impl Stream<Item = u32> {
        stream::pending()
    }

    async fn refused(&self) -> Result<stream::Pending<u32>> {
        Err(coded("FORBIDDEN"))
    }

    /// Numbers, then the end that asks for a snapshot.
    async fn reset(&self, after: u32) -> impl Stream<Item = Result<u32>> {
        stream::iter(1..=after).map(Ok).chain(stream::iter([Err(coded("STREAM_RESET")), Ok(0)]))
    }

    async fn fails(&self) -> impl Stream<Item = Result<u32>> {
        stream::iter([Ok(1), Err(coded("CONFLICT")), Ok(3)])
    }

    async fn boom(&self) -> impl Stream<Item = u32> {
        stream::iter(1..3).map(|number| if number == 2 { panic!("the secret of the house") } else { number })
    }

    /// 64 KiB at a time, for ever.
    async fn flood(&self) -> impl Stream<Item = String> {
        stream::repeat("x".repeat(64 * 1024)).then(async |text| {
            // Without a pause of its own this stream would never give the executor back.
            tokio::task::yield_now().await;
            text
        })
    }

    async fn news(&self, cx: &Context<'_>) -> impl Stream<Item = String> {
        let receiver = cx.data_unchecked::<broadcast::Sender<String>>().subscribe();
        stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await.ok()?, receiver)))
    }

    async fn tick(&self, every_ms: u64) -> impl Stream<Item = u32> {
        stream::unfold((0, tokio::time::interval(Duration::from_millis(every_ms))), async |(number, mut interval)| {
            interval.tick().await;
            Some((number, (number + 1, interval)))
        })
    }
}
