//! Counts and times operations by their names, and gives each a span.
//!
//! Names come from clients, so only the first [`MOST_NAMES`] harmless ones are told apart; the rest share one.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use tracing::Span;

/// Names told apart: a few clients have fewer operations.
const MOST_NAMES: usize = 300;
/// Longest name that is told apart, bytes.
const LONGEST_NAME: usize = 80;
/// Stands for names beyond those, and for operations without one.
const OTHER: &str = "other";

/// Names that are told apart.
#[derive(Default)]
pub(super) struct Names(Mutex<HashSet<String>>);

/// What an operation is counted as.
#[derive(Debug, Clone)]
pub(super) struct Label {
    kind: OperationType,
    name: String,
}

impl Names {
    /// The label of the operation that will be executed.
    pub(super) fn label(&self, document: &ExecutableDocument, chosen: Option<&str>, kind: OperationType) -> Label {
        let mut named = document.operations.iter().filter_map(|(name, _)| name.map(async_graphql::Name::as_str));
        let name = chosen.or_else(|| named.next()).filter(|name| name.len() <= LONGEST_NAME).unwrap_or(OTHER);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_told_apart = known.contains(name) || (known.len() < MOST_NAMES && known.insert(name.to_owned()));
        Label { kind, name: if is_told_apart { name } else { OTHER }.to_owned() }
    }
}

impl Label {
    fn kind(&self) -> &'static str {
        match self.kind {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        }
    }

    /// The span in which the operation runs. Never holds a document or a variable: secrets travel there.
    pub(super) fn span(&self) -> Span {
        tracing::info_span!("operation", graphql.kind = self.kind(), graphql.name = self.name)
    }

    /// Counts it when it is over; subscriptions are not timed, because they last as long as their reader.
    pub(super) fn finished(&self, since: Instant, is_error: bool) {
        let result = if is_error { "error" } else { "ok" };
        let (kind, name) = (self.kind(), self.name.clone());
        metrics::counter!("tributary_graphql_operations_total", "kind" => kind, "operation" => name.clone(), "result" => result)
            .increment(1);
        if self.kind != OperationType::Subscription {
            metrics::histogram!("tributary_graphql_operation_seconds", "kind" => kind, "operation" => name).record(since.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn name(names: &Names, text: &str, chosen: Option<&str>) -> String {
        names.label(&parse_query(text).unwrap(), chosen, OperationType::Query).name
    }

    #[test]
    fn names_are_told_apart_up_to_a_number() {
        let names = Names::default();
        assert_eq!(name(&names, "query A{a}", None), "A");
        assert_eq!(name(&names, "query A{a} query B{b}", Some("B")), "B");
        assert_eq!(name(&names, "{a}", None), OTHER);
        assert_eq!(name(&names, &format!("query {}{{a}}", "x".repeat(81)), None), OTHER);
        for number in 0..MOST_NAMES {
            name(&names, &format!("query Q{number}{{a}}"), None);
        }
        assert_eq!(name(&names, "query Late{a}", None), OTHER);
        assert_eq!(name(&names, "query A{a}", None), "A", "known ones stay known");
    }
}
