//! Which subscriptions can be shared, and what of them has to be equal.

use std::{any::TypeId, sync::Arc};

use async_graphql::{
    IntrospectionMode, Name, Request, Value, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
};
use sha2::{Digest as _, Sha256};
use tributary_domain::{
    actor::{Actor, Rights},
    event::{ActorRef, Position, Seq},
};

use super::{VIEWER_FIELDS, direct::Who};
use crate::{
    app::App,
    gatekeeper::Admitted,
    graphql::{self, course::Course},
    http::graphql::RequestInfo,
};

/// Root fields that follow the log from `after` on and depend on nothing else but arguments and rights.
const SHARED_FIELDS: [&str; 3] = ["workspaceEvents", "interaction", VIEW_FIELD];
/// Root fields that tell the whole each time and depend on nothing else but arguments and rights.
const WHOLE_FIELDS: [&str; 2] = ["metrics", "presence"];
/// The one of them that follows a view, whose filter may ask who the viewer is.
const VIEW_FIELD: &str = "inbox";
/// Its field with the number of what is inside.
const COUNT: &str = "count";
/// Their argument that differs between subscribers.
const AFTER: &str = "after";

/// Stands for a document, an operation in it and its variables without the cursor.
pub(super) type Digest = [u8; 32];

/// What is equal for all of a group: with a cursor and an actor it makes a request.
pub(super) struct Template {
    query: String,
    document: ExecutableDocument,
    operation_name: Option<String>,
    variables: Variables,
    introspection_mode: IntrospectionMode,
    /// The variable with the cursor; `None`: the whole is told each time.
    after: Option<Name>,
    pub(super) digest: Digest,
    /// It selects a field that depends on who the viewer is.
    pub(super) is_personal: bool,
    /// It follows a view.
    pub(super) is_of_view: bool,
}

/// One subscriber's wish.
pub(super) struct Plan {
    pub(super) template: Arc<Template>,
    pub(super) who: Who,
    pub(super) info: RequestInfo,
    /// `None`: it wants the whole each time.
    pub(super) after: Option<Position>,
}

/// What subscribers of one group have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    document: Digest,
    rights: Rights,
    viewer: Option<ActorRef>,
}

impl Key {
    pub(super) fn new(template: &Template, actor: &Actor, is_personal: bool) -> Self {
        Self { document: template.digest, rights: actor.rights(), viewer: is_personal.then(|| actor.reference()) }
    }

    /// Whether the group is one viewer's own.
    pub(super) fn is_of_one(&self) -> bool {
        self.viewer.is_some()
    }
}

impl Plan {
    /// The plan of a request that can be shared; `None` for every other one, also for one that will be refused.
    pub(super) fn of(request: &mut Request, app: &App) -> Option<Self> {
        let actor = data::<Arc<Actor>>(request)?.clone();
        let at = data::<Admitted>(request).filter(|admitted| Arc::ptr_eq(&admitted.actor, &actor)).map_or(Seq(0), |admitted| admitted.at);
        let info = data::<RequestInfo>(request).cloned().unwrap_or_default();
        let name = request.operation_name.clone();
        let document = request.parsed_query().ok()?.clone();
        let operation = chosen(&document, name.as_deref())?;
        let (root, after) = shared_field(operation)?;
        let is_of_view = root.name.node == VIEW_FIELD;
        let is_personal = selects_viewer(&document, root, is_of_view);
        let after_position = match &after {
            None => None,
            Some(after) => {
                let Some(Value::String(cursor)) = request.variables.get(after) else { return None };
                Some(app.cursors.decode(actor.workspace, cursor).ok()?)
            }
        };
        let mut variables = std::mem::take(&mut request.variables);
        if let Some(after) = &after {
            variables.remove(after);
        }
        let digest = digest(&request.query, name.as_deref(), &variables);
        let template = Template {
            query: std::mem::take(&mut request.query),
            document,
            operation_name: name,
            variables,
            introspection_mode: request.introspection_mode,
            after,
            digest,
            is_personal,
            is_of_view,
        };
        Some(Self { template: Arc::new(template), who: Who { actor, at }, info, after: after_position })
    }
}

impl Template {
    /// A request for this actor, from a place in the log on, where that is asked for.
    pub(super) fn request(&self, app: &App, actor: &Arc<Actor>, info: RequestInfo, after: Option<Position>, course: Course) -> Request {
        let mut variables = self.variables.clone();
        if let (Some(name), Some(after)) = (&self.after, after) {
            variables.insert(name.clone(), Value::String(app.cursors.encode(actor.workspace, after)));
        }
        let mut request = Request::new(self.query.as_str())
            .variables(variables)
            .data(info)
            .data(Arc::clone(actor))
            .data(graphql::request_data(app, Arc::clone(actor)))
            .data(course);
        request.set_parsed_query(self.document.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.introspection_mode = self.introspection_mode;
        request
    }
}

fn data<T: 'static>(request: &Request) -> Option<&T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref()
}

fn chosen<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name).map(|operation| &operation.node),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next().map(|only| &only.node),
        (DocumentOperations::Multiple(_), None) => None,
    }
}

/// The field and the variable with its cursor, where it has one, when the operation is a subscription of one shared field and
/// nothing else.
fn shared_field(operation: &OperationDefinition) -> Option<(&Field, Option<Name>)> {
    if operation.ty != OperationType::Subscription || !operation.directives.is_empty() {
        return None;
    }
    let [root] = operation.selection_set.node.items.as_slice() else { return None };
    let Selection::Field(field) = &root.node else { return None };
    let name = field.node.name.node.as_str();
    if !field.node.directives.is_empty() {
        return None;
    }
    if WHOLE_FIELDS.contains(&name) {
        return Some((&field.node, None));
    }
    if !SHARED_FIELDS.contains(&name) {
        return None;
    }
    // A variable prints as its name; every other value that can be a cursor prints in quotes.
    let after = field.node.get_argument(AFTER)?.node.to_string().strip_prefix('$').map(Name::new)?;
    Some((&field.node, Some(after)))
}

fn selects_viewer(document: &ExecutableDocument, root: &Field, is_of_view: bool) -> bool {
    // How many are inside the view that is followed depends on the viewer only when its filter does.
    let is_own_count = |item: &Selection| matches!(item, Selection::Field(field) if is_of_view && field.node.name.node == COUNT);
    // Fragments are looked at whether or not they are used: one more group costs less than one too few.
    root.selection_set.node.items.iter().any(|item| !is_own_count(&item.node) && selects(&item.node))
        || document.fragments.values().any(|fragment| selects_any(&fragment.node.selection_set.node))
}

fn selects_any(set: &SelectionSet) -> bool {
    set.items.iter().any(|item| selects(&item.node))
}

fn selects(item: &Selection) -> bool {
    match item {
        Selection::Field(field) => VIEWER_FIELDS.contains(&field.node.name.node.as_str()) || selects_any(&field.node.selection_set.node),
        Selection::InlineFragment(fragment) => selects_any(&fragment.node.selection_set.node),
        Selection::FragmentSpread(_) => false,
    }
}

fn digest(query: &str, name: Option<&str>, variables: &Variables) -> Digest {
    let mut hash = Sha256::new();
    for part in [query, name.unwrap_or_default()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update(serde_json::to_vec(variables).expect("variables are JSON"));
    hash.finalize().into()
}
