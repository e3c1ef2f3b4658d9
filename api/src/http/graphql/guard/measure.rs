//! How large a document becomes when its fragments are written out, without writing them out.
//!
//! Every selection set has a measure that is the sum of its parts, so a fragment is measured once and its measure is
//! added wherever it is spread: linear in the text, whatever the fragments do. All sums saturate.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{Directive, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet},
};
use http::StatusCode;

use super::{DocumentLimits, at_most};
use crate::http::graphql::error::{Fault, code};

/// Selections inside selections, fragments counted as levels. The engine itself ends at 32.
const MAX_RECURSION: usize = 40;
/// Lists inside lists of an introspection query, as in GraphQL.js: more only serves to blow up the answer.
const MAX_INTROSPECTION_LISTS: usize = 2;
/// Questions about the schema in one operation. The answer to one is a thousand times as long as the question, and tools ask one.
const MAX_INTROSPECTIONS: usize = 2;
const INTROSPECTION_LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];

#[derive(Debug, Clone, Copy, Default)]
struct Measure {
    fields: usize,
    complexity: usize,
    depth: usize,
    aliases: usize,
    directives: usize,
    roots: usize,
    lists: usize,
    introspections: usize,
}

enum Known {
    Measuring,
    Done(Measure),
}

struct Meter<'a> {
    document: &'a ExecutableDocument,
    limits: &'a DocumentLimits,
    variables: &'a Variables,
    operation: Option<&'a OperationDefinition>,
    known: HashMap<&'a str, Known>,
}

/// Refuses an operation that is too large; adds the fragments it uses to `reached`.
pub(super) fn operation<'a>(
    document: &'a ExecutableDocument,
    operation: &'a Positioned<OperationDefinition>,
    variables: &'a Variables,
    limits: &'a DocumentLimits,
    reached: &mut HashSet<&'a str>,
) -> Result<(), Fault> {
    let mut meter = Meter { document, limits, variables, operation: Some(&operation.node), known: HashMap::new() };
    let mut measure = meter.set(&operation.node.selection_set.node, 0)?;
    reached.extend(meter.known.keys());
    let own = operation.node.directives.len()
        + operation.node.variable_definitions.iter().map(|definition| definition.node.directives.len()).sum::<usize>();
    measure.directives = measure.directives.saturating_add(own);
    refuse(&measure, limits, Some(operation.pos))?;
    at_most("LIMIT_ROOT_FIELDS", "fields on the top level", measure.roots, limits.root_fields, Some(operation.pos))
}

/// Refuses fragments that no operation spreads and that are too large: the engine's rules walk them nevertheless.
pub(super) fn unused_fragments(document: &ExecutableDocument, limits: &DocumentLimits, reached: &HashSet<&str>) -> Result<(), Fault> {
    let mut meter = Meter { document, limits, variables: &Variables::default(), operation: None, known: HashMap::new() };
    for (name, fragment) in document.fragments.iter().filter(|(name, _)| !reached.contains(name.as_str())) {
        let measure = meter.fragment(name, fragment, 0)?;
        refuse(&measure, limits, Some(fragment.pos))?;
    }
    Ok(())
}

fn refuse(measure: &Measure, limits: &DocumentLimits, pos: Option<async_graphql::Pos>) -> Result<(), Fault> {
    at_most("LIMIT_DEPTH", "fields inside fields", measure.depth, limits.depth, pos)?;
    at_most("LIMIT_FIELDS", "fields", measure.fields, limits.fields, pos)?;
    at_most("LIMIT_ALIASES", "aliases", measure.aliases, limits.aliases, pos)?;
    at_most("LIMIT_DIRECTIVES", "directives", measure.directives, limits.directives, pos)?;
    at_most("LIMIT_INTROSPECTIONS", "questions about the schema", measure.introspections, MAX_INTROSPECTIONS, pos)?;
    at_most("LIMIT_COMPLEXITY", "fields times page lengths", measure.complexity, limits.complexity, pos)
}

impl<'a> Meter<'a> {
    fn set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Measure, Fault> {
        at_most("LIMIT_DEPTH", "selections inside each other", level, MAX_RECURSION, None)?;
        let mut sum = Measure::default();
        for selection in &set.items {
            let part = match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::InlineFragment(inline) => {
                    let inner = self.set(&inline.node.selection_set.node, level + 1)?;
                    inner.wrapped(&inline.node.directives)
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    // One that does not exist is the engine's to report, with its position.
                    let inner = match self.document.fragments.get_key_value(name) {
                        Some((name, fragment)) => self.fragment(name, fragment, level + 1)?,
                        None => Measure::default(),
                    };
                    inner.wrapped(&spread.node.directives)
                }
            };
            sum.add(&part);
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'a str, fragment: &'a Positioned<FragmentDefinition>, level: usize) -> Result<Measure, Fault> {
        match self.known.get(name) {
            Some(Known::Done(measure)) => return Ok(*measure),
            Some(Known::Measuring) => {
                let mut fault = Fault::bad_request(code::VALIDATION_FAILED, format!("The fragment \"{name}\" contains itself."));
                fault.error.locations.push(fragment.pos);
                return Err(fault);
            }
            None => {}
        }
        self.known.insert(name, Known::Measuring);
        let measure = self.set(&fragment.node.selection_set.node, level)?.wrapped(&fragment.node.directives);
        self.known.insert(name, Known::Done(measure));
        Ok(measure)
    }

    fn field(&mut self, field: &'a Field, level: usize) -> Result<Measure, Fault> {
        let mut inner = self.set(&field.selection_set.node, level + 1)?;
        let name = field.name.node.as_str();
        if matches!(name, "__schema" | "__type") {
            if !self.limits.introspection {
                return Err(Fault::new(StatusCode::BAD_REQUEST, "INTROSPECTION_DISABLED", "Introspection is switched off on this server."));
            }
            at_most("LIMIT_DEPTH", "lists inside each other in an introspection query", inner.lists, MAX_INTROSPECTION_LISTS, None)?;
            // The types of arguments are nested deeper than any query of data should be.
            inner.depth = 0;
            inner.introspections = inner.introspections.saturating_add(1);
        }
        if INTROSPECTION_LISTS.contains(&name) {
            inner.lists = inner.lists.saturating_add(1);
        }
        Ok(Measure {
            fields: inner.fields.saturating_add(1),
            complexity: inner.complexity.saturating_mul(self.times(field)).saturating_add(self.limits.cost(name)),
            depth: inner.depth + 1,
            aliases: inner.aliases.saturating_add(usize::from(field.alias.is_some())),
            directives: inner.directives.saturating_add(field.directives.len()),
            roots: 1,
            lists: inner.lists,
            introspections: inner.introspections,
        })
    }

    /// How often the selection of a field is executed at most: the length of the page it asks for times the number of ids
    /// it names; 1 when it says neither.
    fn times(&self, field: &Field) -> usize {
        let (mut page, mut ids) = (1, 1);
        for (name, value) in &field.arguments {
            let value = value.node.clone().into_const_with(|name| self.variable(&name).ok_or(()));
            match (name.node.as_str(), value) {
                ("first" | "last", Ok(Value::Number(number))) => {
                    page = number.as_u64().and_then(|number| usize::try_from(number).ok()).map_or(page, |number| page.max(number));
                }
                ("ids", Ok(Value::List(list))) => ids = list.len().max(1),
                _ => {}
            }
        }
        page.saturating_mul(ids)
    }

    fn variable(&self, name: &Name) -> Option<Value> {
        let default = || {
            let definition = self.operation?.variable_definitions.iter().find(|definition| definition.node.name.node == *name)?;
            Some(definition.node.default_value.as_ref()?.node.clone())
        };
        self.variables.get(name).cloned().or_else(default)
    }
}

impl Measure {
    fn add(&mut self, part: &Self) {
        self.fields = self.fields.saturating_add(part.fields);
        self.complexity = self.complexity.saturating_add(part.complexity);
        self.aliases = self.aliases.saturating_add(part.aliases);
        self.directives = self.directives.saturating_add(part.directives);
        self.roots = self.roots.saturating_add(part.roots);
        self.introspections = self.introspections.saturating_add(part.introspections);
        self.depth = self.depth.max(part.depth);
        self.lists = self.lists.max(part.lists);
    }

    /// A fragment's measure where it is spread: itself a selection, with its directives.
    fn wrapped(mut self, directives: &[Positioned<Directive>]) -> Self {
        self.fields = self.fields.saturating_add(1);
        self.directives = self.directives.saturating_add(directives.len());
        self
    }
}
