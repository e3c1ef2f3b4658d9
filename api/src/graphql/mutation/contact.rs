//! Contacts and their merges.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use tributary_domain::{
    Error, Result,
    contact::{self as rules, ContactChange, NewContact, SeenVersions},
    entity::contact_merge,
    ids::{ContactId, MergeId},
};

use super::{
    interaction::or_refuse,
    payload::payload,
    run::{change, created, updated},
};
use crate::graphql::{
    context::{Cx, command, expected},
    error::{OrFieldError, UserError, refusals},
    guard::{CONTACTS, Needs},
    scalars::{LanguageTag, LogCursor, Long, decode},
    types::contact::{Contact, ContactFieldInput},
};

payload! {
    /// A contact that was to be added or changed.
    ContactPayload { contact: Contact }
}

/// Two contacts that were to be made one, or two again.
#[derive(SimpleObject)]
pub struct ContactMergePayload {
    /// The contact that remains, as it is now; null when there is none that the viewer may see.
    contact: Option<Contact>,
    /// The contact that is, or was, part of it, as it is now.
    loser: Option<Contact>,
    /// Why it was refused; empty when it was done.
    errors: Vec<UserError>,
    /// End of the change in the event log; null when nothing changed.
    cursor: Option<LogCursor>,
}

impl ContactMergePayload {
    fn of(outcome: Result<Option<LogCursor>>, both: Option<(Option<Contact>, Option<Contact>)>) -> async_graphql::Result<Self> {
        let (contact, loser) = both.unwrap_or_default();
        let (cursor, errors) = match outcome {
            Ok(cursor) => (cursor, Vec::new()),
            Err(error) => (None, refusals(error)?),
        };
        Ok(Self { contact, loser, errors, cursor })
    }
}

async fn merged(
    cx: &Context<'_>,
    outcome: Result<Option<LogCursor>>,
    winner: ContactId,
    loser: ContactId,
) -> async_graphql::Result<ContactMergePayload> {
    let both = (present(cx, winner).await?, present(cx, loser).await?);
    ContactMergePayload::of(outcome, Some(both))
}

/// A contact to be added.
#[derive(InputObject)]
pub struct CreateContactInput {
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result.
    client_id: String,
    /// Name to show.
    name: String,
    /// Address.
    email: Option<String>,
    /// International number.
    phone: Option<String>,
    /// Language they write, BCP 47.
    language: Option<LanguageTag>,
    /// What we know besides.
    notes: Option<String>,
    /// Further facts, at most 50.
    #[graphql(default)]
    fields: Vec<ContactFieldInput>,
}

/// What to change about a contact; what is left out stays, null takes a value away.
#[derive(InputObject)]
pub struct UpdateContactInput {
    /// Which contact.
    contact_id: ID,
    /// Name to show.
    name: Option<String>,
    /// Address.
    email: MaybeUndefined<String>,
    /// International number.
    phone: MaybeUndefined<String>,
    /// Language they write, BCP 47.
    language: MaybeUndefined<LanguageTag>,
    /// What we know besides.
    notes: MaybeUndefined<String>,
    /// All further facts from now on, at most 50.
    fields: Option<Vec<ContactFieldInput>>,
    /// Whether nobody may write to them.
    is_blocked: Option<bool>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Two contacts that are one person.
#[derive(InputObject)]
pub struct MergeContactsInput {
    /// The contact that remains.
    winner_id: ID,
    /// The contact that becomes part of it.
    loser_id: ID,
    /// Refuse when the first has changed since this version.
    expected_winner_version: Option<Long>,
    /// Refuse when the second has changed since this version.
    expected_loser_version: Option<Long>,
}

/// A merge to be undone.
#[derive(InputObject)]
pub struct UnmergeContactsInput {
    /// Which merge.
    merge_id: ID,
    /// Refuse when the contact that remained has changed since this version.
    expected_version: Option<Long>,
}

/// Mutations of contacts.
#[derive(Default)]
pub struct ContactMutation;

async fn present(cx: &Context<'_>, id: ContactId) -> async_graphql::Result<Option<Contact>> {
    let read = cx.read().await.or_field_error()?;
    Ok(rules::by_id(&read, cx.actor().or_field_error()?, id).await.or_field_error()?.map(Contact))
}

fn pairs(fields: Vec<ContactFieldInput>) -> Vec<(String, String)> {
    fields.into_iter().map(|field| (field.key, field.value)).collect()
}

#[Object]
impl ContactMutation {
    /// Adds a contact.
    #[graphql(guard = "Needs::scope(CONTACTS)")]
    async fn create_contact(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A contact to be added.")] input: CreateContactInput,
    ) -> async_graphql::Result<ContactPayload> {
        let new = NewContact {
            client_id: input.client_id,
            name: input.name,
            email: input.email,
            phone: input.phone,
            language: input.language.map(|tag| tag.0),
            notes: input.notes,
            fields: pairs(input.fields),
        };
        created!(cx, ContactPayload, present, rules::create, new)
    }

    /// Changes a contact.
    #[graphql(guard = "Needs::scope(CONTACTS)")]
    async fn update_contact(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What to change about a contact; what is left out stays, null takes a value away.")] input: UpdateContactInput,
    ) -> async_graphql::Result<ContactPayload> {
        let id: ContactId = or_refuse!(ContactPayload, decode(&input.contact_id, "contactId"));
        let to = ContactChange {
            name: input.name,
            email: change(input.email),
            phone: change(input.phone),
            language: change(input.language).map(|to| to.map(|tag| tag.0)),
            notes: change(input.notes),
            fields: input.fields.map(pairs),
            is_blocked: input.is_blocked,
        };
        updated!(cx, ContactPayload, present, rules::update, id, to, input.expected_version)
    }

    /// Makes one contact part of another: its addresses and interactions move. Can be undone.
    #[graphql(guard = "Needs::scope(CONTACTS)")]
    async fn merge_contacts(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Two contacts that are one person.")] input: MergeContactsInput,
    ) -> async_graphql::Result<ContactMergePayload> {
        let winner: ContactId = or_refuse!(ContactMergePayload, decode(&input.winner_id, "winnerId"));
        let loser: ContactId = or_refuse!(ContactMergePayload, decode(&input.loser_id, "loserId"));
        let seen = SeenVersions { winner: expected(input.expected_winner_version), loser: expected(input.expected_loser_version) };
        let run = command(cx, move |tx, actor| Box::pin(rules::merge(tx, actor, winner, loser, seen))).await;
        merged(cx, run.map(|(_, cursor)| cursor), winner, loser).await
    }

    /// Undoes a merge: what it moved moves back, what came later stays.
    #[graphql(guard = "Needs::scope(CONTACTS)")]
    async fn unmerge_contacts(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A merge to be undone.")] input: UnmergeContactsInput,
    ) -> async_graphql::Result<ContactMergePayload> {
        let id: MergeId = or_refuse!(ContactMergePayload, decode(&input.merge_id, "mergeId"));
        let version = expected(input.expected_version);
        let run = command(cx, move |tx, actor| Box::pin(rules::unmerge(tx, actor, id, version))).await;
        let read = cx.read().await.or_field_error()?;
        let merge = contact_merge::by_id(read.workspace(), id).one(read.conn()).await.map_err(Error::from).or_field_error()?;
        drop(read);
        match merge {
            Some(merge) => merged(cx, run.map(|(_, cursor)| cursor), merge.winner_id, merge.loser_id).await,
            None => ContactMergePayload::of(run.map(|(_, cursor)| cursor), None),
        }
    }
}
