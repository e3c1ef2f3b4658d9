//! Looks ahead at what is selected of interactions, has it read together with them, and brings it along for the fields
//! below.

use std::{collections::HashMap, hash::Hash};

use async_graphql::{Context, Lookahead, Name, Value};
use tributary_domain::{
    Result,
    actor::Actor,
    delivery::OutboundAction,
    entity::interaction,
    event::Position,
    ids::InteractionId,
    inbox::{InteractionFilter, InteractionSort},
    interaction::along::{self, Along, AlongMessages, Found},
    store::{
        Read,
        page::{Page, PageRequest},
    },
};

use super::{
    context::Cx,
    loader::{FilesOf, PageOf, ReactionsOn, ReadBy, SendOf, TagsOn},
    rows::Rows,
    types::page::MAX_PAGE,
};

/// A page of a list of interactions with what is selected of them, and the end of the log as of the page.
///
/// # Errors
/// As [`along::page`]; `Unauthenticated`.
pub async fn page(
    cx: &Context<'_>,
    list: (&InteractionFilter, InteractionSort),
    request: &PageRequest,
    read: &Read,
) -> Result<(Page<interaction::Model>, Position)> {
    let connection = cx.look_ahead();
    let mut wanted = wanted(&connection.field("nodes"));
    add(&mut wanted, &connection.field("edges").field("node"));
    let actor = cx.actor()?;
    let (page, found) = along::page(read, actor, list, request, wanted).await?;
    let position = found.position;
    bring(cx.rows(), actor, &page.items, found);
    Ok((page, position))
}

/// An interaction that the viewer may see, with what is selected of it.
///
/// # Errors
/// As [`along::one`]; `Unauthenticated`.
pub async fn one(cx: &Context<'_>, id: InteractionId) -> Result<Option<interaction::Model>> {
    let wanted = wanted(&cx.look_ahead());
    let (actor, read) = (cx.actor()?, cx.read().await?);
    let Some((row, found)) = along::one(&read, actor, id, wanted).await? else { return Ok(None) };
    drop(read);
    bring(cx.rows(), actor, std::slice::from_ref(&row), found);
    Ok(Some(row))
}

fn wanted(of: &Lookahead<'_>) -> Along {
    let mut along = Along::default();
    add(&mut along, of);
    along
}

/// Adds what is selected of interactions.
fn add(along: &mut Along, of: &Lookahead<'_>) {
    if !of.exists() {
        return;
    }
    let has = |name| of.field(name).exists();
    let (policy, identity, inbox) = (has("replyPolicy"), of.field("identity"), of.field("inbox"));
    along.contact |= has("contact") || policy;
    along.channel |= has("channel") || policy || identity.field("channel").exists();
    along.identity |= identity.exists();
    along.inbox |= inbox.exists();
    along.team |= inbox.field("team").exists();
    along.assignee |= has("assignee");
    along.skill |= has("skill");
    along.tags |= has("tags");
    along.read_mark |= has("unreadCount");
    along.continued |= has("continues");
    let last = of.field("lastMessage");
    along.last_message |= last.exists();
    add_messages(along, &last);
    let messages = of.field("messages");
    // The first page that is asked for; another one under another name is loaded when its turn comes.
    if along.messages.is_none() {
        along.messages = messages.selection_fields().first().and_then(|field| page_of(&field.arguments().ok()?));
    }
    if along.messages.is_some() {
        add_messages(along, &messages.field("nodes"));
        add_messages(along, &messages.field("edges").field("node"));
    }
}

/// Adds what is selected of messages.
fn add_messages(along: &mut Along, of: &Lookahead<'_>) {
    if !of.exists() {
        return;
    }
    let has = |name| of.field(name).exists();
    let (quoted, reactions) = (of.field("quoted"), of.field("reactions"));
    let messages = &mut along.of_messages;
    add_authors(messages, &of.field("author"));
    messages.quoted |= quoted.exists();
    add_authors(messages, &quoted.field("author"));
    messages.files |= has("attachments");
    messages.originals |= has("original");
    let delivery = of.field("delivery");
    messages.sends |= delivery.field("attempts").exists() || delivery.field("nextAttemptAt").exists();
    messages.reactions |= reactions.exists();
    let reactors = reactions.field("author");
    messages.reactors |= reactors.exists();
    add_authors(messages, &reactors);
    messages.surroundings |= has("interaction") || has("content");
    messages.named |= has("mentions") || of.field("system").field("person").exists();
    let around = of.field("interaction");
    if around.exists() {
        let mut outer = wanted(&around);
        // What they have in turn is loaded when its turn comes.
        (outer.messages, outer.last_message, outer.of_messages) = (None, false, AlongMessages::default());
        join(along, outer);
    }
}

fn add_authors(messages: &mut AlongMessages, author: &Lookahead<'_>) {
    if !author.exists() {
        return;
    }
    let is_named = author.field("name").exists();
    messages.people |= is_named || author.field("person").exists();
    messages.contacts |= is_named || author.field("contact").exists();
    messages.programs |= is_named;
}

fn join(along: &mut Along, other: Along) {
    along.contact |= other.contact;
    along.channel |= other.channel;
    along.identity |= other.identity;
    along.inbox |= other.inbox;
    along.team |= other.team;
    along.assignee |= other.assignee;
    along.skill |= other.skill;
    along.tags |= other.tags;
    along.read_mark |= other.read_mark;
    along.continued |= other.continued;
}

/// The arguments of a list of messages; `None` for those that its field refuses.
fn page_of(arguments: &[(Name, Value)]) -> Option<PageRequest> {
    let value = |name: &str| arguments.iter().find(|(of, _)| of == name).map(|(_, value)| value);
    let number = |name: &str| match value(name) {
        Some(Value::Number(number)) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
        _ => None,
    };
    let text = |name: &str| match value(name) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    PageRequest::new(number("first"), text("after"), number("last"), text("before"), MAX_PAGE).ok()
}

/// Brings along what was read with these interactions.
fn bring(rows: &Rows, actor: &Actor, interactions: &[interaction::Model], found: Found) {
    let along = &found.along;
    let of = along.of_messages.clone();
    let ids: Vec<_> = interactions.iter().map(|row| row.id).collect();
    let messages: Vec<_> = found.all_messages().map(|row| row.id).collect();
    if along.tags {
        let tagged = found.tagged.into_iter().map(|row| (TagsOn(row.interaction_id), row));
        rows.bring(lists(ids.iter().map(|id| TagsOn(*id)), tagged));
    }
    if along.read_mark && actor.person().is_some() {
        let marks = found.marks.into_iter().map(|row| (ReadBy(row.interaction_id), row));
        rows.bring(singles(ids.iter().map(|id| ReadBy(*id)), marks));
    }
    if of.files {
        // Each is asked for by its message, and by its own id when the body shows it.
        let files = found.files.iter().filter_map(|row| Some((FilesOf(row.message_id?), row.clone())));
        rows.bring(lists(messages.iter().map(|id| FilesOf(*id)), files));
    }
    if of.sends {
        let sends = found.sends.into_iter().filter(|row| row.action.0 == OutboundAction::Send);
        rows.bring(singles(messages.iter().map(|id| SendOf(*id)), sends.filter_map(|row| Some((SendOf(row.message_id?), row)))));
    }
    if of.reactions {
        let reactions = found.reactions.into_iter().map(|row| (ReactionsOn(row.message_id), row));
        rows.bring(lists(messages.iter().map(|id| ReactionsOn(*id)), reactions));
    }
    if of.surroundings {
        rows.bring(interactions.iter().map(|row| (row.id, Some(row.clone()))));
        let thread = found.threads.values().flat_map(|page| &page.items);
        rows.bring(thread.map(|row| (row.id, Some(row.clone()))));
    }
    if let Some(request) = &along.messages {
        let mut threads = found.threads;
        rows.bring(ids.iter().map(|id| {
            let page = threads.remove(id).unwrap_or_else(|| Page::empty(request));
            (PageOf { of: *id, request: request.clone() }, Some((page, found.position)))
        }));
    }
    macro_rules! by_id {
        ($($list:ident,)*) => { $(rows.bring(found.$list.into_iter().map(|row| (row.id, Some(row))));)* };
    }
    by_id!(contacts, channels, identities, inboxes, teams, people, programs, skills, tags, messages, files, originals, continued,);
}

/// Lists by key, empty where there are no rows.
fn lists<K: Hash + Eq, R>(keys: impl Iterator<Item = K>, rows: impl Iterator<Item = (K, R)>) -> HashMap<K, Option<Vec<R>>> {
    let mut lists: HashMap<K, Option<Vec<R>>> = keys.map(|key| (key, Some(Vec::new()))).collect();
    for (key, row) in rows {
        lists.entry(key).or_default().get_or_insert_default().push(row);
    }
    lists
}

/// Rows by key, nothing where there is none.
fn singles<K: Hash + Eq, R>(keys: impl Iterator<Item = K>, rows: impl Iterator<Item = (K, R)>) -> HashMap<K, Option<R>> {
    let mut singles: HashMap<K, Option<R>> = keys.map(|key| (key, None)).collect();
    singles.extend(rows.map(|(key, row)| (key, Some(row))));
    singles
}
