//! Which interactions the messages of a batch belong to: found and locked by a few statements, however many they are,
//! changed in memory, and written by a few statements again.

use std::collections::{BTreeSet, HashMap, HashSet, hash_map::Entry};

use chrono::Duration;
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, LockType, Order, Query},
};
use uuid::Uuid;

use super::Priority;
use crate::{
    entity::{channel, contact, contact_identity, interaction, message, workspace},
    error::{Error, Result},
    event::{ActorRef, EntityType, EventKind, Seq},
    ids::{ExternalMessageId, ExternalThreadId, IdentityId, InteractionId, MessageId},
    inbound::{InboundMessage, ThreadSign},
    spec::ChannelClass,
    state::InteractionStatus,
    store::{
        Tx,
        bulk::{self, Known, among},
    },
};

/// Where a message of the contact wants to go.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub contact: &'a contact::Model,
    pub identity: &'a contact_identity::Model,
    pub message: &'a InboundMessage,
    /// Changes no state and opens nothing beside an interaction that it answers.
    pub is_automatic: bool,
}

/// The interactions of a batch of messages, as they will be once [`Places::write`] has written them.
pub(crate) struct Places<'a> {
    channel: &'a channel::Model,
    class: ChannelClass,
    rows: HashMap<InteractionId, Row>,
    /// In the order in which they were opened.
    opened: Vec<InteractionId>,
    by_thread: HashMap<ExternalThreadId, InteractionId>,
    by_identity: HashMap<IdentityId, InteractionId>,
    messages: HashMap<ExternalMessageId, (MessageId, InteractionId)>,
    reopen_days: Option<i32>,
}

struct Row {
    now: interaction::Model,
    /// As it is stored; `None`: not yet.
    stored: Option<interaction::Model>,
}

impl<'a> Places<'a> {
    /// Looks up what decides about the targets, and locks the interactions that are found.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) async fn look_up(tx: &Tx, channel: &'a channel::Model, class: ChannelClass, targets: &[Target<'_>]) -> Result<Self> {
        let mut places = Self {
            channel,
            class,
            rows: HashMap::new(),
            opened: Vec::new(),
            by_thread: HashMap::new(),
            by_identity: HashMap::new(),
            messages: HashMap::new(),
            reopen_days: None,
        };
        let threads: BTreeSet<&ExternalThreadId> = targets.iter().filter_map(|target| target.message.thread.as_ref()).collect();
        if !threads.is_empty() {
            let rows = places.newest(tx, interaction::Column::ExternalThread);
            let rows = rows.filter(among(tx.conn(), interaction::Column::ExternalThread, threads.into_iter().cloned()));
            let rows = rows.select_only().columns([interaction::Column::ExternalThread, interaction::Column::Id]);
            places.by_thread = rows.into_tuple().all(tx.conn()).await?.into_iter().collect();
        }
        let answered: HashSet<&ExternalMessageId> = targets
            .iter()
            .filter(|target| !places.knows_thread_of(target.message))
            .flat_map(|target| &target.message.in_reply_to)
            .collect();
        let known: BTreeSet<_> =
            answered.iter().copied().chain(targets.iter().filter_map(|target| target.message.quoted.as_ref())).collect();
        if !known.is_empty() {
            let rows = message::in_workspace(tx.workspace())
                .filter(message::Column::ChannelId.eq(channel.id))
                .filter(among(tx.conn(), message::Column::ExternalId, known.into_iter().cloned()))
                .order_by_asc(message::Column::Part)
                .select_only()
                .columns([message::Column::ExternalId, message::Column::Id, message::Column::InteractionId]);
            for (external, id, interaction) in rows.into_tuple().all(tx.conn()).await? {
                places.messages.entry(external).or_insert((id, interaction));
            }
        }
        // A mail that answers nothing starts something new, whoever wrote it; so does a new thread.
        let by_person = targets.iter().filter(|target| target.message.thread.is_none() && class != ChannelClass::Email);
        let identities: BTreeSet<IdentityId> = by_person.map(|target| target.identity.id).collect();
        if !identities.is_empty() {
            let rows = places.newest(tx, interaction::Column::IdentityId);
            let rows = rows.filter(among(tx.conn(), interaction::Column::IdentityId, identities));
            let rows = rows.select_only().columns([interaction::Column::IdentityId, interaction::Column::Id]);
            places.by_identity = rows.into_tuple().all(tx.conn()).await?.into_iter().collect();
        }
        let mut found: BTreeSet<InteractionId> = places.by_thread.values().chain(places.by_identity.values()).copied().collect();
        found.extend(answered.iter().filter_map(|id| places.messages.get(*id)).map(|(_, interaction)| interaction));
        if !found.is_empty() {
            // Everybody locks in this order, so that nobody waits in a circle.
            let rows = interaction::in_workspace(tx.workspace()).filter(among(tx.conn(), interaction::Column::Id, found));
            let rows = rows.order_by_asc(interaction::Column::Id).lock(LockType::NoKeyUpdate).all(tx.conn()).await?;
            places.rows.extend(rows.into_iter().map(|row| (row.id, Row { now: row.clone(), stored: Some(row) })));
        }
        Ok(places)
    }

    fn knows_thread_of(&self, message: &InboundMessage) -> bool {
        message.thread.as_ref().is_some_and(|thread| self.by_thread.contains_key(thread))
    }

    /// The newest interaction of the channel for each value of a column. A subquery for each row of the index, because both
    /// databases have it and neither makes a scan of the whole table of it.
    fn newest(&self, tx: &Tx, by: interaction::Column) -> Select<interaction::Entity> {
        let other = |column| Expr::col(("later", column));
        let newest = Query::select()
            .expr(other(interaction::Column::Id))
            .from_as(interaction::Entity, "later")
            .and_where(other(interaction::Column::WorkspaceId).eq(tx.workspace()))
            .and_where(other(interaction::Column::ChannelId).eq(self.channel.id))
            .and_where(other(by).eq(Expr::col((interaction::Entity, by))))
            .order_by(("later", interaction::Column::CreatedAt), Order::Desc)
            .order_by(("later", interaction::Column::Id), Order::Desc)
            .limit(1)
            .to_owned();
        interaction::in_workspace(tx.workspace())
            .filter(interaction::Column::ChannelId.eq(self.channel.id))
            .filter(interaction::Column::Id.in_subquery(newest))
    }

    /// The interaction of a message and whether it was opened for it.
    ///
    /// The platform's thread decides, then a known answered message, then a sign of ours, then (where a person has one running
    /// conversation) the newest interaction of the identity. A closed or trashed one, and one that was resolved longer ago than
    /// the workspace re-opens, is continued by the one that continues it already, or by a new one that is linked to it. What a
    /// machine wrote changes no state and opens nothing beside an interaction that it answers.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) async fn open_or_continue(&mut self, tx: &Tx, target: &Target<'_>) -> Result<(InteractionId, bool)> {
        let mut previous = None;
        let mut next = self.find(tx, target).await?;
        while let Some(id) = next {
            if let Entry::Vacant(place) = self.rows.entry(id) {
                let row = super::lock(tx, id).await?;
                place.insert(Row { now: row.clone(), stored: Some(row) });
            }
            if let Some(status) = self.continued(tx, id, target.is_automatic).await? {
                let found = self.change(id);
                if status != found.status {
                    found.status = status;
                    found.snoozed_until = None;
                    found.resolved_at = None;
                }
                if found.external_thread.is_none()
                    && let Some(thread) = &target.message.thread
                {
                    // The platform's name for the conversation came later than the conversation.
                    found.external_thread = Some(thread.clone());
                    self.by_thread.insert(thread.clone(), id);
                }
                return Ok((id, false));
            }
            previous = Some(id);
            next = self.successor(tx, id).await?;
        }
        Ok((self.open(tx, target, previous), true))
    }

    /// The interaction as it will be.
    pub(crate) fn get(&self, id: InteractionId) -> &interaction::Model {
        &self.rows.get(&id).expect("it was found or opened here").now
    }

    /// As [`Self::get`], to be changed.
    pub(crate) fn change(&mut self, id: InteractionId) -> &mut interaction::Model {
        &mut self.rows.get_mut(&id).expect("it was found or opened here").now
    }

    /// Whether the interaction was opened by this batch.
    pub(crate) fn is_new(&self, id: InteractionId) -> bool {
        self.rows.get(&id).is_some_and(|row| row.stored.is_none())
    }

    /// A message that one of the batch may answer or quote from now on.
    pub(crate) fn note_message(&mut self, external: &ExternalMessageId, id: MessageId, interaction: InteractionId) {
        self.messages.entry(external.clone()).or_insert((id, interaction));
    }

    /// Our message behind the platform's id, if it was asked for or noted.
    pub(crate) fn message(&self, external: &ExternalMessageId) -> Option<MessageId> {
        self.messages.get(external).map(|(id, _)| *id)
    }

    /// The state of an interaction after this message, or `None` when the message must start a new one.
    async fn continued(&mut self, tx: &Tx, id: InteractionId, is_automatic: bool) -> Result<Option<InteractionStatus>> {
        let (status, resolved_at) = (self.get(id).status, self.get(id).resolved_at);
        if is_automatic {
            return Ok(Some(status));
        }
        if let (InteractionStatus::Resolved, Some(resolved)) = (status, resolved_at) {
            let days = match self.reopen_days {
                Some(days) => days,
                None => {
                    let found = workspace::Entity::find_by_id(tx.workspace()).one(tx.conn()).await?;
                    *self.reopen_days.insert(found.ok_or(Error::NotFound("workspace"))?.reopen_days)
                }
            };
            if tx.now() - resolved > Duration::days(i64::from(days)) {
                return Ok(None);
            }
        }
        Ok(status.after_inbound(is_automatic))
    }

    /// The interaction that continues another one. Later than it, so that there are no circles.
    async fn successor(&self, tx: &Tx, id: InteractionId) -> Result<Option<InteractionId>> {
        if let Some(opened) = self.opened.iter().rev().find(|opened| self.get(**opened).linked_to == Some(id)) {
            return Ok(Some(*opened));
        }
        let next = interaction::in_workspace(tx.workspace())
            .filter(interaction::Column::LinkedTo.eq(id))
            .order_by_desc(interaction::Column::CreatedAt)
            .order_by_desc(interaction::Column::Id)
            .one(tx.conn())
            .await?;
        Ok(next.map(|next| next.id))
    }

    async fn find(&self, tx: &Tx, target: &Target<'_>) -> Result<Option<InteractionId>> {
        let message = target.message;
        if let Some(id) = message.thread.as_ref().and_then(|thread| self.by_thread.get(thread)) {
            return Ok(Some(*id));
        }
        if let Some((_, interaction)) = message.in_reply_to.iter().find_map(|known| self.messages.get(known)) {
            return Ok(Some(*interaction));
        }
        for sign in &message.signs {
            if let Some(found) = self.signed(tx, target, *sign).await? {
                return Ok(Some(found));
            }
        }
        Ok(match (&message.thread, self.class) {
            (Some(_), _) | (None, ChannelClass::Email) => None,
            (None, _) => self.by_identity.get(&target.identity.id).copied(),
        })
    }

    /// The interaction that a sign names.
    async fn signed(&self, tx: &Tx, target: &Target<'_>, sign: ThreadSign) -> Result<Option<InteractionId>> {
        let (ThreadSign::Proved(number) | ThreadSign::Claimed(number)) = sign;
        let found = interaction::in_workspace(tx.workspace())
            .filter(interaction::Column::ChannelId.eq(self.channel.id))
            .filter(interaction::Column::Number.eq(number))
            .one(tx.conn())
            .await?;
        let Some(found) = found else { return Ok(None) };
        let is_believed = matches!(sign, ThreadSign::Proved(_)) || super::takes_part(tx, &found, target.contact.id).await?;
        Ok(is_believed.then_some(found.id))
    }

    fn open(&mut self, tx: &Tx, target: &Target<'_>, continues: Option<InteractionId>) -> InteractionId {
        let id: InteractionId = crate::random::id();
        let now = interaction::Model {
            id,
            workspace_id: tx.workspace(),
            // Given when it is stored: until then nobody else waits for the counter.
            number: 0,
            inbox_id: self.channel.inbox_id,
            channel_id: self.channel.id,
            contact_id: target.contact.id,
            identity_id: target.identity.id,
            external_thread: target.message.thread.clone(),
            subject: target.message.subject.clone(),
            status: InteractionStatus::New,
            priority: Priority::Normal,
            assignee_id: None,
            skill_id: self.channel.default_skill_id,
            snoozed_until: None,
            is_automatic: target.is_automatic,
            inbound_count: 0,
            message_count: 0,
            last_message_id: None,
            last_inbound_at: None,
            last_activity_at: tx.now(),
            waiting_since: None,
            linked_to: continues,
            has_failed: false,
            script_state: None,
            version: Seq::UNNUMBERED,
            created_at: tx.now(),
            resolved_at: None,
            closed_at: None,
        };
        if let Some(thread) = &now.external_thread {
            self.by_thread.insert(thread.clone(), id);
        }
        self.by_identity.insert(now.identity_id, id);
        self.rows.insert(id, Row { now, stored: None });
        self.opened.push(id);
        id
    }

    /// Gives what was opened its number, makes it findable, and says in the log that it was opened.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) async fn announce(&mut self, tx: &mut Tx) -> Result<()> {
        if self.opened.is_empty() {
            return Ok(());
        }
        let count = u32::try_from(self.opened.len()).expect("a batch is small");
        let numbers = tx.next_interaction_numbers(count).await?;
        for (id, number) in self.opened.iter().zip(numbers) {
            self.rows.get_mut(id).expect("it was opened here").now.number = number;
        }
        let documents = self.opened.iter().map(|id| {
            let opened = self.get(*id);
            let words = [Some(super::reference(opened.number)), opened.subject.clone()].into_iter().flatten().collect::<Vec<_>>();
            (id.uuid(), Some(*id), words.join(" "))
        });
        crate::search::put_all(tx, EntityType::Interaction, documents.collect()).await?;
        for id in &self.opened {
            let opened = self.get(*id);
            tx.emit(super::event(EventKind::InteractionOpened, opened, ActorRef::Contact(opened.contact_id)));
        }
        Ok(())
    }

    /// Those that [`Self::write`] will write.
    pub(crate) fn unwritten(&self) -> impl Iterator<Item = Uuid> {
        self.rows.values().filter(|row| row.stored.as_ref() != Some(&row.now)).map(|row| row.now.id.uuid())
    }

    /// Writes what was opened and changed, with the versions that are known.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) async fn write(&mut self, tx: &Tx, versions: &HashMap<Uuid, Seq>) -> Result<()> {
        use interaction::Column;
        for row in self.rows.values_mut() {
            if let Some(version) = versions.get(&row.now.id.uuid()) {
                row.now.version = *version;
            }
        }
        let changed = self.rows.values().filter(|row| row.stored.as_ref().is_some_and(|stored| *stored != row.now));
        let changed: Vec<_> = changed.map(|row| row.now.clone().into_active_model()).collect();
        let columns = &[
            Column::Status,
            Column::SnoozedUntil,
            Column::ResolvedAt,
            Column::ExternalThread,
            Column::Subject,
            Column::InboundCount,
            Column::MessageCount,
            Column::LastMessageId,
            Column::LastInboundAt,
            Column::LastActivityAt,
            Column::WaitingSince,
            Column::Version,
        ];
        bulk::update(tx.conn(), changed, &[Column::WorkspaceId, Column::Id], columns).await?;
        let opened: Vec<_> = self.opened.iter().map(|id| self.get(*id).clone().into_active_model()).collect();
        bulk::insert(tx.conn(), opened, Known::Refused).await?;
        Ok(())
    }
}
