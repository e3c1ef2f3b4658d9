//! Contacts, their identities and merges.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tributary_domain::{
    Result, contact as rules,
    entity::{contact, contact_identity, contact_merge},
};
use url::Url;

use super::{
    actor::ActorRef,
    channel::Channel,
    interaction::{Interaction, InteractionConnection, must_load},
    load_error,
    page::{MAX_SHORT_LIST, connection},
};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    loader::{IdentitiesOf, MergesInto},
    query::list::{self, paged},
    scalars::{LanguageTag, Long, WebUrl, decode_opt, node_id},
};

/// A person who writes to us.
#[derive(async_graphql::Description)]
pub struct Contact(pub contact::Model);

connection!(ContactConnection, ContactEdge, Contact, "contacts");

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl Contact {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Name to show.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Address.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// International number.
    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    /// Language they write, BCP 47.
    async fn language(&self) -> Option<LanguageTag> {
        self.0.language.clone().map(LanguageTag)
    }

    /// Picture of them, at the platform.
    async fn avatar_url(&self) -> Option<WebUrl> {
        let url = self.0.avatar_url.as_deref().and_then(|text| Url::parse(text).ok())?;
        matches!(url.scheme(), "http" | "https").then_some(WebUrl(url))
    }

    /// What we know besides.
    async fn notes(&self) -> Option<&str> {
        self.0.notes.as_deref()
    }

    /// Further facts, by name.
    async fn fields(&self) -> Vec<ContactField> {
        self.0.fields.iter().map(|(key, value)| ContactField { key: key.clone(), value: value.clone() }).collect()
    }

    /// Their addresses on our channels, oldest first, at most 200.
    async fn identities(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<ContactIdentity>> {
        let mut found = cx.rows().load_one(IdentitiesOf(self.0.id)).await.map_err(load_error)?.unwrap_or_default();
        found.sort_unstable_by_key(|row| row.id);
        Ok(found.into_iter().take(MAX_SHORT_LIST).map(ContactIdentity).collect())
    }

    /// Whether nobody may write to them.
    async fn is_blocked(&self) -> bool {
        self.0.is_blocked
    }

    /// The contact that this one became part of.
    async fn merged_into(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Contact>> {
        let Some(id) = self.0.merged_into else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Contact))
    }

    /// Merges into this contact that can be undone, newest first, at most 200.
    async fn merges(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<ContactMerge>> {
        let found = cx.rows().load_one(MergesInto(self.0.id)).await.map_err(load_error)?.unwrap_or_default();
        let mut standing: Vec<_> = found.into_iter().filter(|row| row.undone_at.is_none()).collect();
        standing.sort_unstable_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
        Ok(standing.into_iter().take(MAX_SHORT_LIST).map(ContactMerge).collect())
    }

    /// Their interactions that the viewer may see, newest first.
    async fn interactions(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<InteractionConnection> {
        paged!(cx, self.0.id, list::request(first, after), InteractionConnection, Interaction)
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }

    /// When we first heard of them.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// A further fact about a contact.
#[derive(SimpleObject)]
pub struct ContactField {
    /// What it is about.
    key: String,
    /// The fact.
    value: String,
}

/// A further fact about a contact.
#[derive(Clone, InputObject)]
pub struct ContactFieldInput {
    /// What it is about, at most 100 characters; used once.
    pub key: String,
    /// The fact, at most 500 characters.
    pub value: String,
}

/// One address of a contact on one channel.
#[derive(async_graphql::Description)]
pub struct ContactIdentity(pub contact_identity::Model);

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl ContactIdentity {
    /// Opaque id.
    async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// The channel it is an address on.
    async fn channel(&self, cx: &Context<'_>) -> async_graphql::Result<Channel> {
        Ok(Channel(must_load!(cx, self.0.channel_id, "channel")))
    }

    /// The platform's id of the person.
    async fn external_id(&self) -> &str {
        self.0.external_id.as_str()
    }

    /// Name that the person goes by there.
    async fn display_name(&self) -> Option<&str> {
        self.0.display_name.as_deref()
    }

    /// Whether the platform vouches for the person.
    async fn is_verified(&self) -> bool {
        self.0.is_verified
    }
}

/// A merge that can be undone.
#[derive(async_graphql::Description)]
pub struct ContactMerge(pub contact_merge::Model);

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl ContactMerge {
    /// Opaque id.
    async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// The contact that became part of the other.
    async fn loser(&self, cx: &Context<'_>) -> async_graphql::Result<Contact> {
        Ok(Contact(must_load!(cx, self.0.loser_id, "contact")))
    }

    /// When.
    async fn merged_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// By whom.
    async fn merged_by(&self) -> ActorRef {
        ActorRef::of(self.0.actor)
    }
}

/// What a merge would do.
#[derive(SimpleObject)]
pub struct ContactMergePreview {
    /// The contact that remains.
    winner: Contact,
    /// The contact that becomes part of it.
    loser: Contact,
    /// Addresses that would move.
    identities: Vec<ContactIdentity>,
    /// How many interactions would move.
    interaction_count: i32,
    /// Fields in which the two differ; the winner's value is kept.
    conflicts: Vec<MergeConflict>,
}

/// A field in which two contacts differ.
#[derive(SimpleObject)]
pub struct MergeConflict {
    /// Name of the field; further facts as `fields.<key>`.
    field: String,
    /// What is kept.
    winner_value: Option<String>,
    /// What is not shown any more until the merge is undone.
    loser_value: Option<String>,
}

impl From<rules::MergePreview> for ContactMergePreview {
    fn from(preview: rules::MergePreview) -> Self {
        let conflict =
            |it: rules::FieldConflict| MergeConflict { field: it.field, winner_value: it.winner_value, loser_value: it.loser_value };
        Self {
            winner: Contact(preview.winner),
            loser: Contact(preview.loser),
            identities: preview.identities.into_iter().map(ContactIdentity).collect(),
            interaction_count: i32::try_from(preview.interaction_count).unwrap_or(i32::MAX),
            conflicts: preview.conflicts.into_iter().map(conflict).collect(),
        }
    }
}

/// Which contacts; an absent part does not narrow.
#[derive(InputObject)]
pub struct ContactFilter {
    /// With these words, or beginnings of them, in name, address or number.
    text: Option<String>,
    /// With an address on this channel.
    channel_id: Option<ID>,
}

impl ContactFilter {
    /// As the domain reads it.
    ///
    /// # Errors
    /// `Invalid` for an id of another type.
    pub fn into_filter(self) -> Result<rules::ContactFilter> {
        Ok(rules::ContactFilter { text: self.text, channel: decode_opt(self.channel_id.as_ref(), "filter.channelId")? })
    }
}
