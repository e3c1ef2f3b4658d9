//! async-graphql as the objects of long lists use it: with another way through the fields of an object.
//!
//! The engine's own puts every field into a box of its own and joins them all. On a page of fifty interactions that is a
//! thousand boxes, of which hardly one waits for anything: what it shows was brought along. Here the fields of an object are
//! run one after the other in the same box, and only one that has to wait keeps it, so that those which wait are still loaded
//! together. What is resolved, and in which order it is shown, is the same.
//!
//! An object takes it by `crate = "crate::graphql::walk"`: what its derive macro calls is then looked up here. There are
//! neither extensions nor directives of our own, which the engine's way would ask.

pub use async_graphql::*;

/// What the derive macros call.
pub mod resolver_utils {
    use std::{
        future::Future,
        pin::Pin,
        task::{Context, Poll},
    };

    pub use async_graphql::resolver_utils::*;
    use async_graphql::{
        ContextSelectionSet, Name, Positioned, ServerError, ServerResult, Value,
        indexmap::IndexMap,
        parser::types::{Field, Selection, SelectionSet},
    };
    use futures_util::future::try_join_all;
    use tokio_util::sync::ReusableBoxFuture;

    /// Resolves what is selected of an object.
    pub fn resolve_container<'a, T: ContainerType + ?Sized>(
        cx: &'a ContextSelectionSet<'a>,
        root: &'a T,
    ) -> Pin<Box<dyn Future<Output = ServerResult<Value>> + Send + 'a>> {
        // Boxed, because objects lead to each other.
        Box::pin(async move {
            let mut walk = Walk { cx, root, values: Vec::with_capacity(cx.item.node.items.len()), waiting: Vec::new(), spare: None };
            // The first look at each field registers what it waits for. Who is woken then is found out by the second one.
            std::future::poll_fn(|task| Poll::Ready(walk.through(&cx.item.node, task))).await?;
            let Walk { mut values, waiting, .. } = walk;
            let waited = try_join_all(waiting.into_iter().map(|(at, field)| finished(at, field))).await?;
            for (at, value) in waited {
                values[at].1 = value;
            }
            Ok(object(values))
        })
    }

    type FieldFuture<'a> = ReusableBoxFuture<'a, ServerResult<Value>>;

    struct Walk<'a, T: ?Sized> {
        cx: &'a ContextSelectionSet<'a>,
        root: &'a T,
        values: Vec<(Name, Value)>,
        /// Fields that wait, with their places among the values.
        waiting: Vec<(usize, FieldFuture<'a>)>,
        /// The box of the last field that did not have to wait.
        spare: Option<FieldFuture<'a>>,
    }

    impl<'a, T: ContainerType + ?Sized> Walk<'a, T> {
        fn through(&mut self, set: &'a SelectionSet, task: &mut Context<'_>) -> ServerResult<()> {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) => self.field(field, task)?,
                    Selection::InlineFragment(fragment) => {
                        let condition = fragment.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                        if condition.is_none_or(|condition| self.is(condition)) {
                            self.through(&fragment.node.selection_set.node, task)?;
                        }
                    }
                    Selection::FragmentSpread(spread) => {
                        let name = &spread.node.fragment_name.node;
                        let unknown = || ServerError::new(format!(r#"Unknown fragment "{name}"."#), Some(spread.pos));
                        let fragment = self.cx.query_env.fragments.get(name).ok_or_else(unknown)?;
                        if self.is(&fragment.node.type_condition.node.on.node) {
                            self.through(&fragment.node.selection_set.node, task)?;
                        }
                    }
                }
            }
            Ok(())
        }

        fn field(&mut self, field: &'a Positioned<Field>, task: &mut Context<'_>) -> ServerResult<()> {
            let name = field.node.response_key().node.clone();
            if field.node.name.node == "__typename" {
                self.values.push((name, Value::String(self.root.introspection_type_name().into_owned())));
                return Ok(());
            }
            let resolving = resolve(self.cx, self.root, field);
            let mut running = match self.spare.take() {
                Some(mut spare) => {
                    spare.set(resolving);
                    spare
                }
                None => ReusableBoxFuture::new(resolving),
            };
            match running.poll(task) {
                Poll::Ready(value) => {
                    self.values.push((name, value?));
                    self.spare = Some(running);
                }
                Poll::Pending => {
                    self.waiting.push((self.values.len(), running));
                    self.values.push((name, Value::Null));
                }
            }
            Ok(())
        }

        /// Whether the object is of that type, or of that interface.
        fn is(&self, condition: &str) -> bool {
            let name = self.root.introspection_type_name();
            let interfaces = self.cx.schema_env.registry.implements.get(&*name);
            name == condition || interfaces.is_some_and(|interfaces| interfaces.contains(condition))
        }
    }

    async fn finished(at: usize, mut field: FieldFuture<'_>) -> ServerResult<(usize, Value)> {
        Ok((at, field.get_pin().await?))
    }

    async fn resolve<'a, T: ContainerType + ?Sized>(
        cx: &'a ContextSelectionSet<'a>,
        root: &'a T,
        field: &'a Positioned<Field>,
    ) -> ServerResult<Value> {
        let cx = cx.with_field(field);
        Ok(root.resolve_field(&cx).await?.unwrap_or_default())
    }

    /// An object of what its fields have become; a name that is selected twice is one, with what both select.
    fn object(values: Vec<(Name, Value)>) -> Value {
        let mut object = IndexMap::with_capacity(values.len());
        for (name, value) in values {
            merge(&mut object, name, value);
        }
        Value::Object(object)
    }

    fn merge(object: &mut IndexMap<Name, Value>, name: Name, value: Value) {
        match (object.get_mut(&name), value) {
            (None, value) => drop(object.insert(name, value)),
            (Some(Value::Object(known)), Value::Object(other)) => {
                other.into_iter().for_each(|(name, value)| merge(known, name, value));
            }
            (Some(Value::List(known)), Value::List(others)) => {
                for (known, other) in known.iter_mut().zip(others) {
                    if let (Value::Object(known), Value::Object(other)) = (known, other) {
                        other.into_iter().for_each(|(name, value)| merge(known, name, value));
                    }
                }
            }
            // The same field with the same arguments: the same value.
            (Some(_), _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Schema};

    /// The same objects, resolved in one of the two ways.
    macro_rules! things {
        ($way:ident, $($attribute:tt)*) => {
            mod $way {
                use async_graphql::Object;

                pub(super) struct Thing(u32);

                #[Object($($attribute)*)]
                impl Thing {
                    async fn number(&self) -> u32 {
                        self.0
                    }

                    /// Has to wait.
                    async fn later(&self, #[graphql(default = 1)] times: u32) -> u32 {
                        for _ in 0..times {
                            tokio::task::yield_now().await;
                        }
                        self.0 + times
                    }

                    async fn broken(&self) -> Option<async_graphql::Result<u32>> {
                        Some(Err("broken".into()))
                    }

                    async fn fatal(&self) -> async_graphql::Result<u32> {
                        tokio::task::yield_now().await;
                        Err("fatal".into())
                    }

                    async fn next(&self) -> Option<Thing> {
                        tokio::task::yield_now().await;
                        Some(Thing(self.0 + 1))
                    }

                    async fn several(&self) -> Vec<Thing> {
                        (0..40).map(|number| Thing(self.0 + number)).collect()
                    }
                }

                pub(super) struct Query;

                #[Object]
                impl Query {
                    async fn thing(&self) -> Option<Thing> {
                        Some(Thing(7))
                    }
                }
            }
        };
    }

    things!(engine, name = "Thing");
    things!(walked, name = "Thing", crate = "crate::graphql::walk");

    #[tokio::test]
    async fn the_answer_is_that_of_the_engine() {
        let engine = Schema::new(engine::Query, EmptyMutation, EmptySubscription);
        let walked = Schema::new(walked::Query, EmptyMutation, EmptySubscription);
        for selection in [
            "number",
            "b: number a: number __typename",
            "later number later number next { later(times: 3) next { number } }",
            "broken number next { broken later }",
            "several { number later next { number several { later(times: 2) } } }",
            "next { number } next { later } several { number } several { later number }",
            "... { number } ... on Thing { next { ...F } } ...F } } fragment F on Thing { later ... on Thing { number __typename",
            "number fatal next { number }",
            "next { several { fatal number } } number",
            "number @include(if: false) later @skip(if: true) next @include(if: true) { number }",
        ] {
            let query = format!("{{ thing {{ {selection} }} }}");
            let (expected, got) = (engine.execute(&query).await, walked.execute(&query).await);
            assert_eq!(serde_json::to_value(&got).unwrap(), serde_json::to_value(&expected).unwrap(), "{query}");
        }
    }
}
