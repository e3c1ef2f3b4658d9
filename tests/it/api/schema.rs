//! Documents made from the schema that is served.

use std::collections::BTreeMap;

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition},
    },
};

/// The schema, as far as documents are made from it.
pub(crate) struct Schema(BTreeMap<String, TypeDefinition>);

/// One field of a root, with a document that asks for it.
pub(super) struct Asked {
    pub(super) kind: &'static str,
    pub(super) field: String,
    pub(super) document: String,
}

impl Schema {
    pub(crate) fn served() -> Self {
        let definitions = parse_schema(tributary_api::graphql::sdl()).unwrap().definitions;
        let types = definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(found) => Some((found.node.name.node.to_string(), found.node)),
            _ => None,
        });
        Self(types.collect())
    }

    pub(super) fn fields(&self, root: &str) -> &[Positioned<FieldDefinition>] {
        match &self.0[root].kind {
            TypeKind::Object(object) => &object.fields,
            other => panic!("{root} is {other:?}"),
        }
    }

    /// A document for every field of every root.
    pub(super) fn all(&self) -> Vec<Asked> {
        let roots = [("Query", "query"), ("Mutation", "mutation"), ("Subscription", "subscription")];
        let asked = roots.into_iter().flat_map(|(root, kind)| {
            self.fields(root).iter().map(move |field| Asked {
                kind,
                field: field.node.name.node.to_string(),
                document: format!("{kind} {{ {} }}", self.selection(&field.node)),
            })
        });
        asked.collect()
    }

    /// A query for every field of a root field, and of what stands in it, `depth` objects deep; none for one that needs an id
    /// or a cursor.
    pub(super) fn whole(&self, field: &FieldDefinition, depth: usize) -> Option<String> {
        Some(format!("query {{ {} }}", self.deep(field, depth, &[])?))
    }

    /// For every type that a `Node` can be: its fields and what stands in them, `depth` objects deep, without those of some names.
    pub(crate) fn of_nodes(&self, depth: usize, without: &[&str]) -> Vec<(String, String)> {
        let nodes = self.0.iter().filter(|(_, found)| match &found.kind {
            TypeKind::Object(object) => object.implements.iter().any(|of| of.node == "Node"),
            _ => false,
        });
        let shown = nodes.map(|(of, _)| {
            let fields = self.fields(of).iter().filter_map(|field| self.deep(&field.node, depth, without)).collect::<Vec<_>>();
            (of.clone(), fields.join(" "))
        });
        shown.collect()
    }

    /// A field with all that can be had of it; nothing when it needs an id or when what it holds would be too deep.
    fn deep(&self, field: &FieldDefinition, depth: usize, without: &[&str]) -> Option<String> {
        if without.contains(&field.name.node.as_str()) {
            return None;
        }
        let is_out_of_reach = |argument: &Positioned<InputValueDefinition>| {
            !argument.node.ty.node.nullable && matches!(name(&argument.node.ty.node), "ID" | "LogCursor")
        };
        if field.arguments.iter().any(is_out_of_reach) {
            return None;
        }
        // A list that can be read from both ends wants to be told from which.
        let is_either_end = field.arguments.iter().any(|argument| argument.node.name.node == "first" && argument.node.ty.node.nullable);
        let arguments = if is_either_end { "first: 1".to_owned() } else { self.required(&field.arguments) };
        let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
        let inner = match &self.0.get(name(&field.ty.node)).map(|found| &found.kind) {
            Some(TypeKind::Object(_)) if depth == 0 => return None,
            Some(TypeKind::Object(object)) => {
                let fields: Vec<_> = object.fields.iter().filter_map(|field| self.deep(&field.node, depth - 1, without)).collect();
                format!(" {{ __typename {} }}", fields.join(" "))
            }
            Some(TypeKind::Interface(_) | TypeKind::Union(_)) => " { __typename }".to_owned(),
            _ => String::new(),
        };
        Some(format!("{}{arguments}{inner}", field.name.node))
    }

    /// A document for a mutation with the input as a variable; it shows the ids and versions of what the payload holds, the
    /// refusals and the cursor, and `more` besides.
    pub(super) fn mutation(&self, field: &str, more: &str) -> String {
        let found =
            self.fields("Mutation").iter().find(|found| found.node.name.node == field).unwrap_or_else(|| panic!("no mutation {field}"));
        let [input] = found.node.arguments.as_slice() else { panic!("{field} takes something else than an input") };
        let mut shown = String::new();
        for part in self.fields(name(&found.node.ty.node)) {
            let (part_name, of) = (part.node.name.node.as_str(), name(&part.node.ty.node));
            let inner = match (part_name, self.0.get(of).map(|found| &found.kind)) {
                ("errors", _) => " { code field message isRetryable }".to_owned(),
                (_, Some(TypeKind::Object(_))) => {
                    let has = |wanted: &str| self.fields(of).iter().any(|field| field.node.name.node == wanted);
                    if !has("id") {
                        continue;
                    }
                    format!(" {{ id {} }}", if has("version") { "version" } else { "" })
                }
                (_, Some(TypeKind::Interface(_) | TypeKind::Union(_))) => " { __typename id }".to_owned(),
                _ => String::new(),
            };
            shown.push_str(&format!(" {part_name}{inner}"));
        }
        format!("mutation($input: {}) {{ {field}(input: $input) {{{shown} {more} }} }}", input.node.ty.node)
    }

    fn selection(&self, field: &FieldDefinition) -> String {
        let arguments = self.required(&field.arguments);
        let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
        let inner = match &self.0.get(name(&field.ty.node)).map(|found| &found.kind) {
            Some(TypeKind::Object(object)) => {
                let has_errors = object.fields.iter().any(|field| field.node.name.node == "errors");
                if has_errors { " { __typename errors { code } }" } else { " { __typename }" }
            }
            Some(TypeKind::Interface(_) | TypeKind::Union(_)) => " { __typename }",
            _ => "",
        };
        format!("{}{arguments}{inner}", field.name.node)
    }

    fn required(&self, arguments: &[Positioned<InputValueDefinition>]) -> String {
        let required = arguments.iter().filter(|argument| !argument.node.ty.node.nullable && argument.node.default_value.is_none());
        required
            .map(|argument| format!("{}: {}", argument.node.name.node, self.value(&argument.node.ty.node)))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// A value that the type takes.
    fn value(&self, of: &Type) -> String {
        let of = match &of.base {
            BaseType::List(inner) => return format!("[{}]", self.value(inner)),
            BaseType::Named(of) => of.as_str(),
        };
        match of {
            "Int" | "Long" => return "1".into(),
            "Boolean" => return "true".into(),
            "Float" => return "1.5".into(),
            "DateTime" => return "\"2026-01-01T00:00:00Z\"".into(),
            "URL" => return "\"https://example.org\"".into(),
            "AdaptiveCardJSON" => return "{}".into(),
            _ => {}
        }
        match self.0.get(of).map(|found| (&found.kind, &found.directives)) {
            Some((TypeKind::Enum(values), _)) => values.values[0].node.value.node.to_string(),
            Some((TypeKind::InputObject(input), directives)) if directives.iter().any(|directive| directive.node.name.node == "oneOf") => {
                let first = &input.fields[0].node;
                format!("{{{}: {}}}", first.name.node, self.value(&first.ty.node))
            }
            Some((TypeKind::InputObject(input), _)) => format!("{{{}}}", self.required(&input.fields)),
            _ => "\"x\"".into(),
        }
    }
}

pub(super) fn name(of: &Type) -> &str {
    match &of.base {
        BaseType::List(inner) => name(inner),
        BaseType::Named(of) => of.as_str(),
    }
}
