//! Plays a story through the domain's own commands, inside the seed's one transaction.
//!
//! What is queued on the way is recorded as sent (or failed, or in doubt) before the transaction commits, so no worker
//! ever sees it as work. Commands take the time of the transaction; [`super::backdate`] then gives every row its own.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, QueryFilter, QueryOrder};
use tributary_domain::{
    Error, Result,
    actor::Actor,
    contact::SeenVersions,
    content::{RichContent, Text},
    delivery::{self, Lane, OutboundAction, OutboundState, Outcome},
    entity::{attachment, channel, contact, contact_identity, message, outbound},
    ids::{ChannelId, ContactId, ExternalMessageId, ExternalThreadId, InteractionId, MessageId},
    inbound::{InboundEvent, InboundMessage, Receipt, Sender},
    interaction,
    media::ReadyAttachment,
    message::{NewMessage, NewNote, Received, Sent, Source, add_note, delete, edit, react, receive, send},
    random,
    spec::{Capabilities, ChannelSpec},
    state::DeliveryState,
    store::Tx,
};

use super::{
    backdate::{Mark, backdate},
    files::{FileKind, Ready},
    setup::House,
    story::{Customer, Fate, Place, Step, Story},
};

/// How many people are known to write on two channels.
const MERGES: usize = 3;

/// A channel with what the commands ask for.
pub(super) struct Stage {
    pub row: channel::Model,
    pub spec: &'static ChannelSpec,
    pub capabilities: Capabilities,
}

/// Files by kind, to be taken from the end.
pub(super) struct Files {
    pub pictures: Vec<Ready>,
    pub letters: Vec<Ready>,
}

impl Files {
    fn take(&mut self, kind: Option<FileKind>) -> Option<Ready> {
        match kind? {
            FileKind::Picture => self.pictures.pop(),
            FileKind::Letter => self.letters.pop(),
        }
    }
}

/// One story while it is played.
pub(super) struct Player<'a> {
    tx: &'a mut Tx,
    house: &'a House,
    stage: &'a Stage,
    files: &'a mut Files,
    place: Place,
    customer: &'a Customer,
    number: usize,
    interaction: Option<InteractionId>,
    last_in: Option<(MessageId, ExternalMessageId)>,
    last_out: Option<MessageId>,
    fates: HashMap<MessageId, Fate>,
    marks: Vec<Mark>,
    count: usize,
}

/// Plays one story; `number` tells it from the others.
pub(super) async fn play(tx: &mut Tx, house: &House, stage: &Stage, files: &mut Files, story: &Story, number: usize) -> anyhow::Result<()> {
    let mut player = Player {
        tx,
        house,
        stage,
        files,
        place: story.place,
        customer: &story.customer,
        number,
        interaction: None,
        last_in: None,
        last_out: None,
        fates: HashMap::new(),
        marks: Vec::new(),
        count: 0,
    };
    for (at, step) in &story.steps {
        player.marks.push(Mark { from: random::id::<MessageId>(), at: *at });
        player.step(*at, step, story.subject.as_deref()).await.map_err(|error| anyhow::anyhow!("story {number}, {step:?}: {error:?}"))?;
    }
    player.drain().await?;
    if let Some(id) = player.interaction {
        let lane = player.lane(id);
        delivery::release(player.tx, &lane, player.tx.now(), std::time::Duration::ZERO).await?;
        let readers = if story.is_old { house.people.as_slice() } else { &[] };
        backdate(player.tx, id, &player.marks, readers).await?;
    }
    Ok(())
}

impl Player<'_> {
    async fn step(&mut self, at: DateTime<Utc>, step: &Step, subject: Option<&str>) -> Result<()> {
        let house = self.house;
        match step {
            Step::In { content, file, quotes, is_automatic } => {
                self.hear(at, content, *file, *quotes, *is_automatic, subject).await?;
            }
            Step::Out { agent, content, file, quotes, fate } => self.say(&house.people[*agent], content, *file, *quotes, *fate).await?,
            Step::Receipt { is_read } => self.receipt(at, *is_read).await?,
            Step::Note { agent, text, mention } => {
                let mentions = mention.iter().filter_map(|position| house.people[*position].person()).collect();
                let new =
                    NewNote { interaction: self.id()?, client_id: self.client_id(), text: text.clone(), mentions, attachments: Vec::new() };
                add_note(self.tx, &house.people[*agent], new).await?;
            }
            Step::Assign { by, to } => {
                interaction::assign(self.tx, &house.people[*by], self.id()?, house.people[*to].person(), None).await?
            }
            Step::Status { agent, status } => interaction::set_status(self.tx, &house.people[*agent], self.id()?, *status, None).await?,
            Step::Snooze { agent, until } => interaction::snooze(self.tx, &house.people[*agent], self.id()?, *until, None).await?,
            Step::Priority { agent, priority } => {
                interaction::set_priority(self.tx, &house.people[*agent], self.id()?, *priority, None).await?;
            }
            Step::Skill { agent, skill } => {
                interaction::set_skill(self.tx, &house.people[*agent], self.id()?, Some(house.skills[*skill]), None).await?;
            }
            Step::Tags { agent, tags } => {
                let add = tags.iter().map(|position| house.tags[*position]).collect();
                interaction::set_tags(self.tx, &house.people[*agent], self.id()?, add, BTreeSet::new(), None).await?;
            }
            Step::Move { agent } => interaction::move_to_inbox(self.tx, &house.people[*agent], self.id()?, house.workshop, None).await?,
            Step::React { agent, emoji } => self.react(agent.map(|position| &house.people[position]), emoji).await?,
            Step::Edit { agent, text } => self.edit(at, agent.map(|position| &house.people[position]), text).await?,
            Step::Delete { agent } => self.delete(at, agent.map(|position| &house.people[position])).await?,
            Step::Read { agent } => interaction::mark_read(self.tx, &house.people[*agent], self.id()?, true).await?,
        }
        Ok(())
    }

    fn id(&self) -> Result<InteractionId> {
        self.interaction.ok_or(Error::NotFound("interaction"))
    }

    fn client_id(&mut self) -> String {
        self.count += 1;
        format!("demo-{}-{}", self.number, self.count)
    }

    fn sender(&self) -> Sender {
        Sender {
            name: Some(self.customer.name.clone()),
            email: self.customer.email.clone(),
            phone: self.customer.phone.clone(),
            locale: Some(self.customer.language.to_owned()),
            is_verified: self.place == Place::Byoc,
            ..Sender::known_by_id(self.customer.key.as_str())
        }
    }

    async fn event(&mut self, event: InboundEvent, files: Vec<ReadyAttachment>) -> Result<Received> {
        let from = Source { spec: self.stage.spec, capabilities: &self.stage.capabilities, channel: &self.stage.row };
        receive(self.tx, from, event, files).await
    }

    async fn hear(
        &mut self,
        at: DateTime<Utc>,
        content: &RichContent,
        file: Option<FileKind>,
        quotes: bool,
        is_automatic: bool,
        subject: Option<&str>,
    ) -> Result<()> {
        self.drain().await?;
        let external_id = ExternalMessageId(match self.place {
            Place::Mail => format!("{}@mail.example.com", self.client_id()),
            Place::Chat | Place::Byoc => self.client_id(),
        });
        let content = match self.last_out {
            Some(asked) => content.clone().answering(asked),
            None => content.clone(),
        };
        let quoted = if quotes { self.last_in.as_ref().map(|(_, external)| external.clone()) } else { None };
        let first = self.last_in.as_ref().map(|(_, external)| external.clone());
        let message = InboundMessage {
            external_id: external_id.clone(),
            part: 0,
            contact: self.sender(),
            reply_to: None,
            recipients: Vec::new(),
            is_echo: false,
            client_reference: None,
            thread: (self.place == Place::Byoc).then(|| ExternalThreadId(format!("demo-thread-{}", self.number))),
            in_reply_to: first.into_iter().collect(),
            signs: Vec::new(),
            quoted,
            subject: subject.map(ToOwned::to_owned),
            content,
            attachments: Vec::new(),
            at,
            is_automatic,
            failed_proofs: Vec::new(),
            raw: None,
        };
        let files = self.files.take(file).map(|file| ReadyAttachment::stored(file.id, Some(file.name), None, None, file.stored));
        let received = self.event(InboundEvent::Message(Box::new(message)), files.into_iter().collect()).await?;
        let Received::Stored(id) = received else { return Err(Error::Conflict(format!("a message was not stored: {received:?}"))) };
        if self.interaction.is_none() {
            let row = message::by_id(self.tx.workspace(), id).one(self.tx.conn()).await?.ok_or(Error::NotFound("message"))?;
            self.interaction = Some(row.interaction_id);
        }
        self.last_in = Some((id, external_id));
        self.drain().await
    }

    async fn say(&mut self, by: &Actor, content: &RichContent, file: Option<FileKind>, quotes: bool, fate: Fate) -> Result<()> {
        let mut attachments = Vec::new();
        if let Some(file) = self.files.take(file) {
            attachment::ActiveModel {
                workspace_id: Set(self.tx.workspace()),
                id: Set(file.id),
                message_id: Set(None),
                uploader: Set(by.reference()),
                name: Set(file.name),
                mime: Set(file.stored.sniffed_mime),
                bytes: Set(i64::try_from(file.stored.bytes).unwrap_or(i64::MAX)),
                sha256: Set(Some(file.stored.sha256)),
                state: Set(attachment::AttachmentState::Stored),
                content_id: Set(None),
                source: Set(None),
                width: Set(file.size.map(|(width, _)| width)),
                height: Set(file.size.map(|(_, height)| height)),
                error: Set(None),
                is_shown: Set(false),
                next_try_at: Set(None),
                created_at: Set(self.tx.now()),
            }
            .insert(self.tx.conn())
            .await?;
            attachments.push(file.id);
        }
        let new = NewMessage {
            interaction: self.id()?,
            client_id: self.client_id(),
            content: content.clone(),
            attachments,
            quoted: if quotes { self.last_in.as_ref().map(|(id, _)| *id) } else { None },
            seen: None,
            then_status: None,
        };
        let Sent::Queued(id) = send(self.tx, by, &self.stage.capabilities, new).await? else {
            return Err(Error::Conflict("an answer was not queued".to_owned()));
        };
        self.last_out = Some(id);
        self.fates.insert(id, fate);
        self.drain().await
    }

    async fn receipt(&mut self, at: DateTime<Utc>, is_read: bool) -> Result<()> {
        let Some(message) = self.external_of_last_out().await? else { return Ok(()) };
        let states = if is_read { &[DeliveryState::Delivered, DeliveryState::Read][..] } else { &[DeliveryState::Delivered] };
        for state in states {
            let receipt =
                Receipt { message: message.clone(), client_reference: None, state: *state, failure: None, at, is_watermark: true };
            self.event(InboundEvent::Receipt(receipt), Vec::new()).await?;
        }
        Ok(())
    }

    async fn external_of_last_out(&self) -> Result<Option<ExternalMessageId>> {
        let Some(id) = self.last_out else { return Ok(None) };
        Ok(message::by_id(self.tx.workspace(), id).one(self.tx.conn()).await?.and_then(|found| found.external_id))
    }

    async fn react(&mut self, by: Option<&Actor>, emoji: &str) -> Result<()> {
        match (by, self.last_in.clone()) {
            (Some(by), Some((id, _))) => {
                react(self.tx, by, &self.stage.capabilities, id, emoji, true).await?;
                self.drain().await
            }
            _ => {
                let Some(message) = self.external_of_last_out().await? else { return Ok(()) };
                let event = InboundEvent::Reaction { message, author: self.sender(), emoji: emoji.to_owned(), is_added: true };
                self.event(event, Vec::new()).await.map(drop)
            }
        }
    }

    async fn edit(&mut self, at: DateTime<Utc>, by: Option<&Actor>, text: &str) -> Result<()> {
        match (by, self.last_out, self.last_in.clone()) {
            (Some(by), Some(id), _) => {
                edit(self.tx, by, &self.stage.capabilities, id, Text::content(text), None).await?;
                self.drain().await
            }
            (None, _, Some((_, message))) => {
                self.event(InboundEvent::Edited { message, content: Text::content(text), at }, Vec::new()).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn delete(&mut self, at: DateTime<Utc>, by: Option<&Actor>) -> Result<()> {
        match (by, self.last_out, self.last_in.clone()) {
            (Some(by), Some(id), _) => {
                delete(self.tx, by, &self.stage.capabilities, id, None).await?;
                self.drain().await
            }
            (None, _, Some((_, message))) => self.event(InboundEvent::Deleted { message, at }, Vec::new()).await.map(drop),
            _ => Ok(()),
        }
    }

    /// A lane that nobody has claimed yet has fence 0; nobody else can see it before the commit.
    fn lane(&self, interaction: InteractionId) -> Lane {
        Lane { workspace: self.tx.workspace(), interaction, channel: self.stage.row.id, fence: 0 }
    }

    /// Records everything that is queued as done.
    async fn drain(&mut self) -> Result<()> {
        let Some(interaction) = self.interaction else { return Ok(()) };
        let queued = outbound::in_workspace(self.tx.workspace())
            .filter(outbound::Column::InteractionId.eq(interaction))
            .filter(outbound::Column::State.eq(OutboundState::Queued))
            .order_by_asc(outbound::Column::N)
            .all(self.tx.conn())
            .await?;
        let lane = self.lane(interaction);
        for row in queued {
            let outcome = self.outcome(&row);
            delivery::record(self.tx, &lane, row.id, outcome).await?;
        }
        Ok(())
    }

    fn outcome(&self, row: &outbound::Model) -> Outcome {
        let (Some(id), OutboundAction::Send) = (row.message_id, &row.action.0) else { return Outcome::Sent { external_id: None } };
        match self.fates.get(&id) {
            Some(Fate::Failed) => {
                Outcome::Failed { code: "RECIPIENT_UNKNOWN".to_owned(), detail: Some("550 5.1.1 The mailbox does not exist.".to_owned()) }
            }
            Some(Fate::Unconfirmed) => {
                Outcome::Unconfirmed { reason: "the connection broke after the message had been handed over".to_owned() }
            }
            Some(Fate::Sent) | None => {
                let external = match self.place {
                    Place::Mail => format!("{}@example.org", id.uuid().simple()),
                    Place::Chat | Place::Byoc => id.to_string(),
                };
                Outcome::Sent { external_id: Some(ExternalMessageId(external)) }
            }
        }
    }
}

/// Merges contacts of the chat and of the mailbox that have the same address: the same people on two channels.
pub(super) async fn merge_doubles(tx: &mut Tx, house: &House, chat: ChannelId, mail: ChannelId) -> Result<()> {
    let mut by_email: HashMap<String, (Vec<ContactId>, Vec<ContactId>)> = HashMap::new();
    let identities = contact_identity::in_workspace(tx.workspace()).order_by_asc(contact_identity::Column::Id).all(tx.conn()).await?;
    let contacts = contact::in_workspace(tx.workspace()).filter(contact::Column::Email.is_not_null()).all(tx.conn()).await?;
    let emails: HashMap<ContactId, String> = contacts.into_iter().filter_map(|found| Some((found.id, found.email?))).collect();
    for identity in identities {
        let Some(email) = emails.get(&identity.contact_id) else { continue };
        let (in_chat, in_mail) = by_email.entry(email.clone()).or_default();
        if identity.channel_id == chat {
            in_chat.push(identity.contact_id);
        } else if identity.channel_id == mail {
            in_mail.push(identity.contact_id);
        }
    }
    let mut pairs: Vec<_> = by_email.into_values().filter_map(|(in_chat, in_mail)| Some((*in_mail.first()?, *in_chat.first()?))).collect();
    pairs.sort();
    for (winner, loser) in pairs.into_iter().take(MERGES) {
        tributary_domain::contact::merge(tx, &house.people[1], winner, loser, SeenVersions::default()).await?;
    }
    Ok(())
}
