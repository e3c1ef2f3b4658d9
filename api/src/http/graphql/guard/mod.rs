//! Decides in linear time whether a document may reach the engine.
//!
//! The engine writes fragments out before it applies any limit of its own, which takes exponential time for hostile
//! documents; and the parser recurses. So the text is first scanned for size and nesting ([`scan`]), then parsed once,
//! then measured with every fragment looked at once per operation ([`measure`]). Only what passed is handed on,
//! already parsed. Does not know the schema: whether fields exist is the engine's question.

mod measure;
mod scan;

use async_graphql::{
    Pos, ServerError, Value, Variables,
    parser::{
        parse_query,
        types::{ExecutableDocument, OperationDefinition, OperationType},
    },
};
use http::StatusCode;

use super::error::{Fault, code};

/// Limits on a document. Defaults are those of `default.toml`.
#[derive(Debug, Clone)]
pub struct DocumentLimits {
    /// Words and signs.
    pub tokens: usize,
    /// Brackets inside brackets, values included.
    pub nesting: usize,
    /// Fields inside fields.
    pub depth: usize,
    /// Selections after all fragments are written out.
    pub fields: usize,
    /// Costs of the fields, multiplied by the length of the pages and lists of ids they stand in.
    pub complexity: usize,
    /// Names of fields that cost more than 1, and what. The names are those of the schema, which this does not know.
    pub costs: &'static [(&'static str, usize)],
    /// Renamed fields after all fragments are written out.
    pub aliases: usize,
    /// Directives after all fragments are written out.
    pub directives: usize,
    /// Fields on the top level.
    pub root_fields: usize,
    /// Operations.
    pub operations: usize,
    /// Fragments.
    pub fragments: usize,
    /// Variables of one operation.
    pub variables: usize,
    /// Whether `__schema` and `__type` may be asked.
    pub introspection: bool,
}

impl DocumentLimits {
    /// What a field of this name costs by itself.
    fn cost(&self, name: &str) -> usize {
        self.costs.iter().find(|(known, _)| *known == name).map_or(1, |(_, cost)| *cost)
    }
}

/// Parses the text of a document.
pub(super) fn parse(query: &str, limits: &DocumentLimits) -> Result<ExecutableDocument, Fault> {
    scan::scan(query, limits)?;
    parse_query(query).map_err(|error| {
        let mut error = ServerError::from(error);
        // The parser draws the whole line with a caret below it; a client needs the sentence, it has the position.
        if let Some(reason) = error.message.lines().rev().find_map(|line| line.trim().strip_prefix("= ")) {
            error.message = format!("Syntax error: {reason}");
        }
        Fault::from_error(StatusCode::BAD_REQUEST, code::PARSE_FAILED, error)
    })
}

/// Measures the document and says which kind of operation will be executed.
pub(super) fn check(
    document: &ExecutableDocument,
    variables: &Variables,
    operation_name: Option<&str>,
    limits: &DocumentLimits,
) -> Result<OperationType, Fault> {
    let operations = document.operations.iter();
    at_most("LIMIT_OPERATIONS", "operations in the document", operations.len(), limits.operations, None)?;
    at_most("LIMIT_FRAGMENTS", "fragments in the document", document.fragments.len(), limits.fragments, None)?;
    let mut reached = std::collections::HashSet::new();
    for (_, operation) in operations {
        let definitions = &operation.node.variable_definitions;
        at_most("LIMIT_VARIABLES", "variables", definitions.len(), limits.variables, Some(operation.pos))?;
        measure::operation(document, operation, variables, limits, &mut reached)?;
    }
    measure::unused_fragments(document, limits, &reached)?;
    let operation = chosen(document, operation_name)?;
    required_variables(operation, variables)?;
    Ok(operation.ty)
}

/// The engine notices a missing variable only while it executes; the specification wants nothing executed then.
fn required_variables(operation: &OperationDefinition, variables: &Variables) -> Result<(), Fault> {
    for definition in &operation.variable_definitions {
        let (pos, definition) = (definition.pos, &definition.node);
        let is_required = !definition.var_type.node.nullable;
        let is_missing = match variables.get(&definition.name.node) {
            None => definition.default_value.is_none(),
            Some(value) => *value == Value::Null,
        };
        if is_required && is_missing {
            let message = format!("The variable \"${}\" of type \"{}\" needs a value.", definition.name.node, definition.var_type.node);
            let mut fault = Fault::bad_request(code::VALIDATION_FAILED, message);
            fault.error.locations.push(pos);
            return Err(fault);
        }
    }
    Ok(())
}

fn chosen<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Result<&'a OperationDefinition, Fault> {
    let mut operations = document.operations.iter();
    let found = match name {
        Some(name) => operations.find(|(known, _)| known.is_some_and(|known| known.as_str() == name)),
        None if operations.len() == 1 => operations.next(),
        None => None,
    };
    found.map(|(_, operation)| &operation.node).ok_or_else(|| {
        let message = match name {
            Some(name) => format!("There is no operation named \"{name}\" in the document."),
            None => "The document has several operations: say which in operationName.".to_owned(),
        };
        Fault::bad_request(code::VALIDATION_FAILED, message)
    })
}

pub(super) fn at_most(code: &'static str, what: &str, found: usize, limit: usize, pos: Option<Pos>) -> Result<(), Fault> {
    if found <= limit {
        return Ok(());
    }
    let mut fault = Fault::bad_request(code, format!("Too many {what}: at most {limit} are allowed.")).limit(limit);
    fault.error.locations.extend(pos);
    Err(fault)
}

#[cfg(test)]
mod tests;
