//! The three shapes that mutations of what administrators keep have: make, change, remove.

use async_graphql::MaybeUndefined;

/// Runs a command that makes a thing, and shows it.
macro_rules! created {
    ($cx:expr, $payload:ident, $present:path, $command:path, $new:expr) => {{
        let new = $new;
        match $crate::graphql::context::command($cx, move |tx, actor| Box::pin($command(tx, actor, new.clone()))).await {
            Ok((id, cursor)) => $payload::of(Ok(cursor), $present($cx, id).await?),
            Err(error) => $payload::of(Err(error), None),
        }
    }};
}
pub(crate) use created;

/// Runs a command that changes a thing, and shows it as it is then, also when another change was faster.
macro_rules! updated {
    ($cx:expr, $payload:ident, $present:path, $command:path, $id:expr, $change:expr, $version:expr) => {{
        let (id, change, version) = ($id, $change, $crate::graphql::context::expected($version));
        let run = $crate::graphql::context::command($cx, move |tx, actor| Box::pin($command(tx, actor, id, change.clone(), version))).await;
        $payload::of(run.map(|((), cursor)| cursor), $present($cx, id).await?)
    }};
}
pub(crate) use updated;

/// Runs a command that removes a thing.
macro_rules! deleted {
    ($cx:expr, $command:path, $input:expr) => {{
        let input: $crate::graphql::mutation::channel::DeleteInput = $input;
        let outcome = async {
            let id = $crate::graphql::scalars::decode(&input.id, "id")?;
            let version = $crate::graphql::context::expected(input.expected_version);
            let run = $crate::graphql::context::command($cx, move |tx, actor| Box::pin($command(tx, actor, id, version))).await;
            run.map(|((), cursor)| cursor)
        };
        $crate::graphql::mutation::channel::DeletePayload::of($cx, outcome.await, &input.id).await
    }};
}
pub(crate) use deleted;

/// Declares the function that loads a thing after its command, from a snapshot of its own.
macro_rules! present {
    ($entity:ident, $id:ty, $node:ident) => {
        async fn present(cx: &async_graphql::Context<'_>, id: $id) -> async_graphql::Result<Option<$node>> {
            let read = cx.read().await.or_field_error()?;
            let found = $entity::by_id(read.workspace(), id).one(read.conn()).await;
            Ok(found.map_err(tributary_domain::Error::from).or_field_error()?.map($node))
        }
    };
}
pub(crate) use present;

/// A part that is left as it is, taken away or replaced.
pub fn change<T>(input: MaybeUndefined<T>) -> Option<Option<T>> {
    match input {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}
