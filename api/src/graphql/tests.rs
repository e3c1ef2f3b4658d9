//! What the served schema promises about itself.

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition},
    },
};

fn types() -> Vec<TypeDefinition> {
    let definitions = parse_schema(super::sdl()).unwrap().definitions;
    let types = definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(found) => Some(found.node),
        _ => None,
    });
    types.collect()
}

#[test]
fn everything_in_the_schema_is_described() {
    let mut bare = Vec::new();
    let mut check = |place: String, description: &Option<Positioned<String>>| {
        if description.as_ref().is_none_or(|text| text.node.trim().is_empty()) {
            bare.push(place);
        }
    };
    let types = types();
    assert!(types.len() > 100, "the schema was not read: {} types", types.len());
    for found in types {
        let name = found.name.node.as_str();
        check(name.to_owned(), &found.description);
        let (fields, inputs): (Vec<Positioned<FieldDefinition>>, Vec<Positioned<InputValueDefinition>>) = match found.kind {
            TypeKind::Object(object) => (object.fields, Vec::new()),
            TypeKind::Interface(interface) => (interface.fields, Vec::new()),
            TypeKind::InputObject(input) => (Vec::new(), input.fields),
            TypeKind::Enum(values) => {
                for value in values.values {
                    check(format!("{name}.{}", value.node.value.node), &value.node.description);
                }
                continue;
            }
            TypeKind::Scalar | TypeKind::Union(_) => continue,
        };
        for input in inputs {
            check(format!("{name}.{}", input.node.name.node), &input.node.description);
        }
        for field in fields {
            let field = field.node;
            check(format!("{name}.{}", field.name.node), &field.description);
            for argument in field.arguments {
                check(format!("{name}.{}({})", field.name.node, argument.node.name.node), &argument.node.description);
            }
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}

/// Numbers that outgrow 32 bits, by the names they have everywhere in the schema.
const GROWING: [&str; 9] = ["version", "entityVersion", "seq", "bytes", "maxBytes", "amountMinor", "expectedVersion", "limit", "queued"];

#[test]
fn numbers_that_grow_are_long() {
    let mut short = Vec::new();
    for found in types() {
        let fields: Vec<(String, String)> = match &found.kind {
            TypeKind::Object(object) => {
                object.fields.iter().map(|field| (field.node.name.node.to_string(), field.node.ty.node.to_string())).collect()
            }
            TypeKind::InputObject(input) => {
                input.fields.iter().map(|field| (field.node.name.node.to_string(), field.node.ty.node.to_string())).collect()
            }
            _ => continue,
        };
        for (field, of) in fields {
            if GROWING.contains(&field.as_str()) && of.trim_end_matches('!') != "Long" {
                short.push(format!("{}.{field}: {of}", found.name.node));
            }
        }
    }
    assert!(short.is_empty(), "32 bits are too few: {short:#?}");
}

#[test]
fn costs_are_those_of_fields() {
    let fields: std::collections::BTreeSet<String> = types()
        .into_iter()
        .flat_map(|found| match found.kind {
            TypeKind::Object(object) => object.fields,
            _ => Vec::new(),
        })
        .map(|field| field.node.name.node.to_string())
        .collect();
    for (name, cost) in super::cost::COSTS {
        assert!(fields.contains(*name) && *cost > 1, "{name}");
    }
}
