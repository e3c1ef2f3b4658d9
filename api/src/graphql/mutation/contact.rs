//! Contacts and their merges.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use tributary_domain::{
    contact::{self as rules, ContactChange, NewContact, SeenVersions},
    ids::{ContactId, MergeId},
};

use super::{
    interaction::or_refuse,
    payload::payload,
    run::{change, created, updated},
};
use crate::graphql::{
    context::{Cx, command, expected},
    error::OrFieldError,
    guard::SignedIn,
    scalars::decode,
    types::contact::{Contact, ContactFieldInput},
};

payload! {
    /// A contact that was to be added or changed; after a merge or its undoing the one that remains.
    ContactPayload { contact: Contact }
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
    language: Option<String>,
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
    language: MaybeUndefined<String>,
    /// What we know besides.
    notes: MaybeUndefined<String>,
    /// All further facts from now on, at most 50.
    fields: Option<Vec<ContactFieldInput>>,
    /// Whether nobody may write to them.
    is_blocked: Option<bool>,
    /// Refuse when it has changed since this version.
    expected_version: Option<i64>,
}

/// Two contacts that are one person.
#[derive(InputObject)]
pub struct MergeContactsInput {
    /// The contact that remains.
    winner_id: ID,
    /// The contact that becomes part of it.
    loser_id: ID,
    /// Refuse when the first has changed since this version.
    expected_winner_version: Option<i64>,
    /// Refuse when the second has changed since this version.
    expected_loser_version: Option<i64>,
}

/// A merge to be undone.
#[derive(InputObject)]
pub struct UnmergeContactsInput {
    /// Which merge.
    merge_id: ID,
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
    #[graphql(guard = "SignedIn")]
    async fn create_contact(&self, cx: &Context<'_>, input: CreateContactInput) -> async_graphql::Result<ContactPayload> {
        let new = NewContact {
            client_id: input.client_id,
            name: input.name,
            email: input.email,
            phone: input.phone,
            language: input.language,
            notes: input.notes,
            fields: pairs(input.fields),
        };
        created!(cx, ContactPayload, present, rules::create, new)
    }

    /// Changes a contact.
    #[graphql(guard = "SignedIn")]
    async fn update_contact(&self, cx: &Context<'_>, input: UpdateContactInput) -> async_graphql::Result<ContactPayload> {
        let id: ContactId = or_refuse!(ContactPayload, decode(&input.contact_id, "contactId"));
        let to = ContactChange {
            name: input.name,
            email: change(input.email),
            phone: change(input.phone),
            language: change(input.language),
            notes: change(input.notes),
            fields: input.fields.map(pairs),
            is_blocked: input.is_blocked,
        };
        updated!(cx, ContactPayload, present, rules::update, id, to, input.expected_version)
    }

    /// Makes one contact part of another: its addresses and interactions move. Can be undone.
    #[graphql(guard = "SignedIn")]
    async fn merge_contacts(&self, cx: &Context<'_>, input: MergeContactsInput) -> async_graphql::Result<ContactPayload> {
        let winner: ContactId = or_refuse!(ContactPayload, decode(&input.winner_id, "winnerId"));
        let loser: ContactId = or_refuse!(ContactPayload, decode(&input.loser_id, "loserId"));
        let seen = SeenVersions { winner: expected(input.expected_winner_version), loser: expected(input.expected_loser_version) };
        let run = command(cx, move |tx, actor| Box::pin(rules::merge(tx, actor, winner, loser, seen))).await;
        ContactPayload::of(run.map(|(_, cursor)| cursor), present(cx, winner).await?)
    }

    /// Undoes a merge: what it moved moves back, what came later stays.
    #[graphql(guard = "SignedIn")]
    async fn unmerge_contacts(&self, cx: &Context<'_>, input: UnmergeContactsInput) -> async_graphql::Result<ContactPayload> {
        let id: MergeId = or_refuse!(ContactPayload, decode(&input.merge_id, "mergeId"));
        match command(cx, move |tx, actor| Box::pin(rules::unmerge(tx, actor, id))).await {
            Ok(((winner, _), cursor)) => ContactPayload::of(Ok(cursor), present(cx, winner).await?),
            Err(error) => ContactPayload::of(Err(error), None),
        }
    }
}
