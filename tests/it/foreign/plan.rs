//! From the schema to requests: one plan for each argument that takes an id, however deep it lies.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{
    Name, Positioned,
    parser::{
        parse_schema,
        types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition},
    },
};
use serde_json::{Map, Value, json};

use super::things::Things;

/// How deep the answer is asked for.
const DEPTH: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Query,
    Mutation,
    Subscription,
}

/// A request in which one id is not ours.
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) field: String,
    pub(super) query: String,
    /// From the argument to the id.
    path: Vec<String>,
    arguments: Vec<InputValueDefinition>,
    schema: std::sync::Arc<Schema>,
}

struct Schema(HashMap<String, TypeDefinition>);

/// Every plan.
pub(super) fn plans(sdl: &str) -> Vec<Plan> {
    let document = parse_schema(sdl).expect("our own schema");
    let types = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(found) => Some((found.node.name.node.to_string(), found.node)),
        _ => None,
    });
    let schema = std::sync::Arc::new(Schema(types.collect()));
    let mut plans = Vec::new();
    for (kind, root) in [(Kind::Query, "Query"), (Kind::Mutation, "Mutation"), (Kind::Subscription, "Subscription")] {
        for field in schema.fields(root) {
            let arguments: Vec<_> = field.arguments.iter().map(|argument| argument.node.clone()).collect();
            let mut paths = Vec::new();
            for argument in &arguments {
                schema.find_ids(argument, &mut Vec::new(), &mut Vec::new(), &mut paths);
            }
            for path in paths {
                let (arguments, schema) = (arguments.clone(), std::sync::Arc::clone(&schema));
                let query = schema.document(kind, field, &arguments);
                plans.push(Plan { kind, field: field.name.node.to_string(), query, path, arguments, schema });
            }
        }
    }
    plans
}

impl Plan {
    /// `sendMessage.input.quotedId`.
    pub(super) fn path(&self) -> String {
        format!("{}.{}", self.field, self.path.join("."))
    }

    /// The name of the argument that takes the id.
    pub(super) fn last(&self) -> &str {
        self.path.last().expect("a path has an end")
    }

    /// How a refusal may name it: the argument, or the list that it stands in.
    pub(super) fn ends(&self) -> impl Iterator<Item = &str> {
        self.path[1..].iter().rev().take(2).map(String::as_str).chain([self.last()])
    }

    /// The foreign ids that belong there: one, or all of them where any id is taken.
    pub(super) fn targets<'a>(&self, foreign: &'a Things) -> Vec<(&'static str, &'a str)> {
        match self.takes(self.last()) {
            None => foreign.all().collect(),
            Some(kind) => vec![(kind, foreign.get(kind))],
        }
    }

    /// Everything that the arguments need: the id in its place, our own in all others.
    pub(super) fn variables(&self, own: &Things, id: &str, cursor: &str) -> Value {
        let filling = Filling { plan: self, own, id, cursor };
        let is_wanted = |argument: &&InputValueDefinition| needs_value(argument) || argument.name.node == self.path[0].as_str();
        let filled = self.arguments.iter().filter(is_wanted).map(|argument| {
            let rest = (argument.name.node == self.path[0].as_str()).then(|| &self.path[1..]);
            (argument.name.node.to_string(), filling.value(&argument.name.node, &argument.ty.node, rest))
        });
        Value::Object(filled.collect())
    }

    /// What kind of thing the argument is an id of; none where it may be any.
    fn takes(&self, name: &str) -> Option<&'static str> {
        Some(match name {
            "add" | "remove" | "tagId" | "tagIds" => "tag",
            "assigneeId" | "assigneeIds" | "memberIds" | "mentionIds" | "personId" => "person",
            "attachmentId" | "attachmentIds" => "attachment",
            "channelId" | "channelIds" => "channel",
            "contactId" | "contactIds" | "loserId" | "winnerId" => "contact",
            "defaultScriptId" | "scriptId" => "script",
            "defaultSkillId" | "setSkill" | "skillId" | "skillIds" => "skill",
            "inboxId" | "inboxIds" => "inbox",
            "interactionId" | "interactionIds" => "interaction",
            "mergeId" => "merge",
            "messageId" | "quotedId" => "message",
            "teamId" | "teamIds" => "team",
            "viewId" => "view",
            "entityId" => return None,
            "id" | "ids" => match self.field.as_str() {
                "node" | "nodes" => return None,
                "interaction" => "interaction",
                "deleteChannel" => "channel",
                "deleteInbox" => "inbox",
                "deleteScript" => "script",
                "deleteSkill" => "skill",
                "deleteTag" => "tag",
                "deleteTeam" => "team",
                "deleteView" => "view",
                "revokeApiClient" => "client",
                "dropDeadLetters" | "replayDeadLetters" => "letter",
                other => panic!("say here what the id of {other} is of"),
            },
            other => panic!("say here what {other} (of {}) is an id of", self.field),
        })
    }
}

struct Filling<'a> {
    plan: &'a Plan,
    own: &'a Things,
    id: &'a str,
    cursor: &'a str,
}

impl Filling<'_> {
    /// `rest` leads on to the foreign id; none: it lies elsewhere.
    fn value(&self, name: &str, ty: &Type, rest: Option<&[String]>) -> Value {
        let base = match &ty.base {
            BaseType::List(inner) => return json!([self.value(name, inner, rest)]),
            BaseType::Named(base) => base.as_str(),
        };
        match base {
            "ID" if rest.is_some_and(<[String]>::is_empty) => json!(self.id),
            "ID" => json!(self.own.get(self.plan.takes(name).unwrap_or("contact"))),
            "Int" => json!(1),
            "Float" => json!(1.0),
            "Boolean" => json!(true),
            "DateTime" => json!("2099-01-01T00:00:00Z"),
            "Date" => json!("2099-01-01"),
            "LogCursor" => json!(self.cursor),
            "URL" => json!("https://shop.example/a.png"),
            _ => self.composed(name, base, rest),
        }
    }

    fn composed(&self, name: &str, base: &str, rest: Option<&[String]>) -> Value {
        match self.plan.schema.0.get(base).map(|found| (&found.kind, is_one_of(found))) {
            // One that this server can connect.
            // One that needs neither skill nor script: their absence would be refused before their ids are looked at.
            _ if base == "ChannelKind" => json!("EMAIL"),
            Some((TypeKind::Enum(found), _)) => json!(found.values[0].node.value.node.as_str()),
            Some((TypeKind::InputObject(found), is_one_of)) => {
                let on_path = |field: &InputValueDefinition| {
                    rest.is_some_and(|rest| rest.first().is_some_and(|next| field.name.node == next.as_str()))
                };
                // Optional in the schema, and yet a channel of this kind is refused without them.
                let is_default = |field: &InputValueDefinition| field.name.node.starts_with("default");
                let is_chosen = |field: &&InputValueDefinition| needs_value(field) || on_path(field) || is_default(field);
                let mut chosen: Vec<_> = found.fields.iter().map(|field| &field.node).filter(is_chosen).collect();
                if is_one_of && chosen.is_empty() {
                    let simplest = found.fields.iter().find(|field| field.node.name.node == "text").or(found.fields.first());
                    chosen.extend(simplest.map(|field| &field.node));
                }
                let filled = chosen.into_iter().map(|field| {
                    let rest = if on_path(field) { rest.map(|rest| &rest[1..]) } else { None };
                    (field.name.node.to_string(), self.value(&field.name.node, &field.ty.node, rest))
                });
                Value::Object(filled.collect::<Map<_, _>>())
            }
            _ => json!(match name {
                "email" => "somebody@example.org",
                "colour" => "#aa0000",
                "emoji" => "👍",
                "language" => "en",
                "timeZone" => "Europe/Berlin",
                "url" => "https://shop.example/a.png",
                // The same key again would give the first result again.
                "key" => "allowed_origins",
                "clientId" => return json!(uuid::Uuid::now_v7().to_string()),
                _ => "text",
            }),
        }
    }
}

impl Schema {
    fn fields(&self, ty: &str) -> Vec<&FieldDefinition> {
        match self.0.get(ty).map(|found| &found.kind) {
            Some(TypeKind::Object(found)) => found.fields.iter().map(|field| &field.node).collect(),
            _ => Vec::new(),
        }
    }

    fn find_ids(&self, value: &InputValueDefinition, path: &mut Vec<String>, seen: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        path.push(value.name.node.to_string());
        let base = innermost(&value.ty.node).to_string();
        if base == "ID" {
            found.push(path.clone());
        } else if let Some(TypeKind::InputObject(object)) = self.0.get(&base).map(|found| &found.kind)
            && !seen.contains(&base)
        {
            seen.push(base);
            for field in &object.fields {
                self.find_ids(&field.node, path, seen, found);
            }
            seen.pop();
        }
        path.pop();
    }

    fn document(&self, kind: Kind, field: &FieldDefinition, arguments: &[InputValueDefinition]) -> String {
        let word = match kind {
            Kind::Query => "query",
            Kind::Mutation => "mutation",
            Kind::Subscription => "subscription",
        };
        // A variable that is not given counts as an argument that is not given, so all of them may be declared.
        let declare = |argument: &InputValueDefinition| {
            let default = argument.default_value.as_ref().map(|value| format!(" = {}", value.node)).unwrap_or_default();
            format!("${}: {}{default}", argument.name.node, argument.ty.node)
        };
        let declared: Vec<_> = arguments.iter().map(declare).collect();
        let passed: Vec<_> = arguments.iter().map(|argument| format!("{0}: ${0}", argument.name.node)).collect();
        let selection = self.selection(innermost(&field.ty.node), DEPTH);
        format!("{word}({}) {{ {}({}) {selection} }}", declared.join(", "), field.name.node, passed.join(", "))
    }

    /// Everything that can be asked for without arguments, so far.
    fn selection(&self, ty: &str, depth: usize) -> String {
        let Some(found) = self.0.get(ty) else { return String::new() };
        let mut parts = BTreeMap::new();
        match &found.kind {
            TypeKind::Object(object) => {
                for field in &object.fields {
                    let inner = innermost(&field.node.ty.node);
                    let is_leaf = !matches!(
                        self.0.get(inner.as_str()).map(|found| &found.kind),
                        Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_))
                    );
                    let is_free = field.node.arguments.iter().all(|argument| !needs_value(&argument.node));
                    if is_free && (is_leaf || depth > 0) && field.node.name.node != "capabilities" {
                        parts.insert(field.node.name.node.to_string(), self.selection(inner, depth.saturating_sub(1)));
                    }
                }
            }
            TypeKind::Interface(_) | TypeKind::Union(_) => drop(parts.insert("__typename".to_owned(), String::new())),
            _ => return String::new(),
        }
        let parts: Vec<_> = parts.into_iter().map(|(name, inner)| format!("{name} {inner}")).collect();
        format!("{{ __typename {} }}", parts.join(" "))
    }
}

fn innermost(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::List(inner) => innermost(inner),
        BaseType::Named(name) => name,
    }
}

fn needs_value(value: &InputValueDefinition) -> bool {
    !value.ty.node.nullable && value.default_value.is_none()
}

fn is_one_of(found: &TypeDefinition) -> bool {
    found.directives.iter().any(|directive: &Positioned<_>| directive.node.name.node == "oneOf")
}
