//! Finding or making the contact behind a platform's person.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};

use crate::{
    entity::{channel, contact, contact_identity},
    error::Result,
    event::{ActorRef, EntityType, EventDraft, EventKind, Seq},
    ids::{ContactId, ExternalUserId, IdentityId},
    inbound::Sender,
    store::{
        Tx,
        bulk::{self, Known, among},
        search::fold,
    },
};

/// A contact and the identity by which a platform knows it.
type Person = (contact::Model, contact_identity::Model);

/// Finds the identity and its contact, or makes both. What the platform newly tells fills gaps and never overwrites.
///
/// Called inside the transaction that stores the item; a concurrent first message of the same person makes one of
/// the two transactions fail on the unique key and be repeated.
///
/// # Errors
/// `Storage`.
pub async fn resolve(tx: &mut Tx, channel: &channel::Model, sender: &Sender) -> Result<Person> {
    let mut people = People::known(tx, channel, &[sender]).await?;
    people.meet(tx, channel, &[sender]).await?;
    people.by_id.remove(&sender.external_id).ok_or(crate::Error::NotFound("contact"))
}

/// The people of a batch of messages: found, locked and made by a few statements, however many they are.
pub(crate) struct People {
    by_id: HashMap<ExternalUserId, Person>,
}

impl People {
    /// Those of `senders` that are known. Their identities are locked, so that two messages of one person that come at the
    /// same time do not open two interactions.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) async fn known(tx: &Tx, channel: &channel::Model, senders: &[&Sender]) -> Result<Self> {
        let ids: BTreeSet<&ExternalUserId> = senders.iter().map(|sender| &sender.external_id).collect();
        let identities = contact_identity::in_workspace(tx.workspace())
            .filter(contact_identity::Column::ChannelId.eq(channel.id))
            .filter(among(tx.conn(), contact_identity::Column::ExternalId, ids.into_iter().cloned()))
            // Everybody locks in this order, so that nobody waits in a circle.
            .order_by_asc(contact_identity::Column::Id)
            .lock(LockType::NoKeyUpdate)
            .all(tx.conn())
            .await?;
        if identities.is_empty() {
            return Ok(Self { by_id: HashMap::new() });
        }
        let contacts: BTreeSet<ContactId> = identities.iter().map(|identity| identity.contact_id).collect();
        let contacts = contact::in_workspace(tx.workspace()).filter(among(tx.conn(), contact::Column::Id, contacts)).all(tx.conn()).await?;
        let contacts: HashMap<ContactId, contact::Model> = contacts.into_iter().map(|contact| (contact.id, contact)).collect();
        let mut by_id = HashMap::with_capacity(identities.len());
        for identity in identities {
            let contact = contacts.get(&identity.contact_id).cloned().ok_or(crate::Error::NotFound("contact"))?;
            by_id.insert(identity.external_id.clone(), (contact, identity));
        }
        Ok(Self { by_id })
    }

    /// Makes those of `senders` that were not found, and fills gaps of the others.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) async fn meet(&mut self, tx: &mut Tx, channel: &channel::Model, senders: &[&Sender]) -> Result<()> {
        let mut made: Vec<&ExternalUserId> = Vec::new();
        let mut told: BTreeMap<&ExternalUserId, News> = BTreeMap::new();
        for sender in senders {
            match self.by_id.get_mut(&sender.external_id) {
                Some((contact, identity)) => {
                    let news = fill_gaps(contact, identity, sender);
                    told.entry(&sender.external_id).or_default().add(news);
                }
                None => {
                    self.by_id.insert(sender.external_id.clone(), make(tx, channel, sender));
                    made.push(&sender.external_id);
                }
            }
        }
        if !made.is_empty() {
            self.store(tx, &made).await?;
        }
        for (id, news) in told {
            // Who was made just now was stored with everything that was told.
            if news.is_none() || made.contains(&id) {
                continue;
            }
            let (contact, identity) = &self.by_id[id];
            write(tx, contact, identity, news).await?;
        }
        Ok(())
    }

    /// Who wrote, once met.
    pub(crate) fn get(&self, id: &ExternalUserId) -> Option<&Person> {
        self.by_id.get(id)
    }

    async fn store(&self, tx: &mut Tx, made: &[&ExternalUserId]) -> Result<()> {
        let people = || made.iter().map(|id| &self.by_id[*id]);
        let contacts = people().map(|(contact, _)| contact.clone().into_active_model()).collect();
        bulk::insert(tx.conn(), contacts, Known::Refused).await?;
        let identities = people().map(|(_, identity)| identity.clone().into_active_model()).collect();
        bulk::insert(tx.conn(), identities, Known::Refused).await?;
        let documents = people().map(|(contact, identity)| {
            let mut words = Vec::new();
            say(&mut words, contact);
            say_identity(&mut words, identity);
            (contact.id.uuid(), None, joined(words))
        });
        crate::search::put_all(tx, EntityType::Contact, documents.collect()).await?;
        for (contact, _) in people() {
            let created = EventDraft::new(EventKind::ContactCreated, EntityType::Contact, contact.id.uuid());
            tx.emit(created.by(ActorRef::Contact(contact.id)));
        }
        Ok(())
    }
}

fn make(tx: &Tx, channel: &channel::Model, sender: &Sender) -> Person {
    let name = sender
        .name
        .clone()
        .or_else(|| sender.email.clone())
        .or_else(|| sender.phone.clone())
        .unwrap_or_else(|| nameless(&sender.external_id));
    let contact = contact::Model {
        id: crate::random::id::<ContactId>(),
        workspace_id: tx.workspace(),
        name_folded: fold(&name),
        name,
        email: sender.email.clone(),
        phone: sender.phone.clone(),
        language: sender.locale.clone(),
        avatar_url: sender.avatar.as_ref().map(ToString::to_string),
        fields: Default::default(),
        notes: None,
        merged_into: None,
        is_blocked: false,
        version: Seq::UNNUMBERED,
        created_at: tx.now(),
    };
    let identity = contact_identity::Model {
        id: crate::random::id::<IdentityId>(),
        workspace_id: tx.workspace(),
        contact_id: contact.id,
        channel_id: channel.id,
        external_id: sender.external_id.clone(),
        display_name: sender.name.clone(),
        is_verified: sender.is_verified,
        created_at: tx.now(),
    };
    (contact, identity)
}

/// Overwrites what the platform explicitly says about a person that we know; `false` when we do not, or knew it all.
///
/// # Errors
/// `Storage`.
pub(crate) async fn update_as_told(tx: &mut Tx, channel: &channel::Model, sender: &Sender) -> Result<bool> {
    let known = contact_identity::by_external_id(tx.workspace(), channel.id, &sender.external_id);
    let Some(identity) = known.lock(LockType::NoKeyUpdate).one(tx.conn()).await? else { return Ok(false) };
    let found = contact::to_change(tx.workspace(), identity.contact_id).one(tx.conn()).await?;
    let found = found.ok_or(crate::Error::NotFound("contact"))?;
    let is_told = |told: &Option<String>, known: &Option<String>| told.is_some() && told != known;
    let mut is_changed = is_told(&sender.name, &identity.display_name);
    if is_changed {
        let mut change = identity.into_active_model();
        change.display_name = Set(sender.name.clone());
        change.update(tx.conn()).await?;
    }
    let mut change = found.clone().into_active_model();
    if let Some(name) = sender.name.as_ref().filter(|name| **name != found.name) {
        change.name_folded = Set(fold(name));
        change.name = Set(name.clone());
    }
    if is_told(&sender.email, &found.email) {
        change.email = Set(sender.email.clone());
    }
    if is_told(&sender.phone, &found.phone) {
        change.phone = Set(sender.phone.clone());
    }
    if is_told(&sender.locale, &found.language) {
        change.language = Set(sender.locale.clone());
    }
    let avatar = sender.avatar.as_ref().map(ToString::to_string);
    if is_told(&avatar, &found.avatar_url) {
        change.avatar_url = Set(avatar);
    }
    let found = if change.is_changed() {
        is_changed = true;
        change.update(tx.conn()).await?
    } else {
        found
    };
    if is_changed {
        index(tx, &found).await?;
        tx.emit(EventDraft::new(EventKind::ContactChanged, EntityType::Contact, found.id.uuid()).by(ActorRef::Contact(found.id)));
    }
    Ok(is_changed)
}

/// What somebody without a name is called: the platform's id, or its end when nobody could read it out.
#[must_use]
pub fn nameless(id: &ExternalUserId) -> String {
    const READABLE: usize = 24;
    const END: usize = 6;
    let length = id.0.chars().count();
    if length <= READABLE {
        return id.0.clone();
    }
    format!("#{}", id.0.chars().skip(length - END).collect::<String>().to_uppercase())
}

/// What a sender told that was not known.
#[derive(Debug, Clone, Copy, Default)]
struct News {
    is_named: bool,
    of_identity: bool,
    of_contact: bool,
}

impl News {
    fn add(&mut self, other: Self) {
        self.is_named |= other.is_named;
        self.of_identity |= other.of_identity;
        self.of_contact |= other.of_contact;
    }

    fn is_none(self) -> bool {
        !self.of_identity && !self.of_contact
    }
}

fn fill_gaps(contact: &mut contact::Model, identity: &mut contact_identity::Model, sender: &Sender) -> News {
    let is_named = identity.display_name.is_none() && sender.name.is_some();
    let of_identity = is_named || (sender.is_verified && !identity.is_verified);
    if of_identity {
        identity.is_verified |= sender.is_verified;
        identity.display_name = identity.display_name.take().or_else(|| sender.name.clone());
    }
    let mut of_contact = false;
    for (known, told) in [(&mut contact.email, &sender.email), (&mut contact.phone, &sender.phone), (&mut contact.language, &sender.locale)]
    {
        if known.is_none() && told.is_some() {
            known.clone_from(told);
            of_contact = true;
        }
    }
    if let Some(name) = sender.name.as_ref().filter(|name| contact.name == nameless(&identity.external_id) && **name != contact.name) {
        contact.name_folded = fold(name);
        contact.name.clone_from(name);
        of_contact = true;
    }
    News { is_named, of_identity, of_contact }
}

/// Stores what was new about somebody who was known before.
async fn write(tx: &mut Tx, contact: &contact::Model, identity: &contact_identity::Model, news: News) -> Result<()> {
    if news.of_identity {
        let mut change = identity.clone().into_active_model();
        change.is_verified = Set(identity.is_verified);
        change.display_name = Set(identity.display_name.clone());
        change.update(tx.conn()).await?;
    }
    if news.of_contact {
        let mut change = contact.clone().into_active_model();
        change.email = Set(contact.email.clone());
        change.phone = Set(contact.phone.clone());
        change.language = Set(contact.language.clone());
        change.name = Set(contact.name.clone());
        change.name_folded = Set(contact.name_folded.clone());
        change.update(tx.conn()).await?;
    }
    if news.is_named || news.of_contact {
        index(tx, contact).await?;
    }
    if news.of_contact {
        tx.emit(EventDraft::new(EventKind::ContactChanged, EntityType::Contact, contact.id.uuid()).by(ActorRef::Contact(contact.id)));
    }
    Ok(())
}

/// Most identities, and most contacts merged into this one, whose words are indexed.
const MAX_INDEXED: u64 = 100;

/// Puts the contact's words into the full-text index: its own, those of its identities, and those of the contacts that
/// were merged into it, which are found nowhere else.
pub(super) async fn index(tx: &mut Tx, contact: &contact::Model) -> Result<()> {
    let mut words = Vec::new();
    say(&mut words, contact);
    let mut into = vec![contact.id];
    while let Some(id) = into.pop() {
        let merged = contact::in_workspace(tx.workspace()).filter(contact::Column::MergedInto.eq(id)).limit(MAX_INDEXED);
        for part in merged.all(tx.conn()).await? {
            say(&mut words, &part);
            into.push(part.id);
        }
    }
    let identities = contact_identity::in_workspace(tx.workspace())
        .filter(contact_identity::Column::ContactId.eq(contact.id))
        .order_by_asc(contact_identity::Column::Id)
        .limit(MAX_INDEXED);
    for identity in identities.all(tx.conn()).await? {
        say_identity(&mut words, &identity);
    }
    crate::search::put(tx, EntityType::Contact, contact.id.uuid(), None, &joined(words)).await
}

fn say(words: &mut Vec<String>, contact: &contact::Model) {
    words.push(contact.name.clone());
    words.extend([&contact.email, &contact.phone].into_iter().flatten().cloned());
    words.extend(contact.fields.values().cloned());
}

fn say_identity(words: &mut Vec<String>, identity: &contact_identity::Model) {
    words.push(identity.external_id.0.clone());
    words.extend(identity.display_name.clone());
}

/// Each of the words once.
fn joined(mut words: Vec<String>) -> String {
    let mut told = BTreeSet::new();
    words.retain(|word| told.insert(word.clone()));
    words.join(" ")
}
