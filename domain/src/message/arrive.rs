//! New messages of contacts, as many as follow each other: stored by a number of statements that does not depend on how many
//! there are, because everything that decides about them is looked up together and everything that changes is written together.

use std::collections::{HashMap, HashSet};

use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{AuthorKind, Direction, EntryKind, Received, SystemLine, asked::Asked, parked, receive::Source};
use crate::{
    actor::Actor,
    contact::People,
    content::RichContent,
    entity::{channel, message},
    error::{Error, Result},
    event::{ActorRef, EntityType, EventKind, Seq},
    ids::{ExternalMessageId, InteractionId, MessageId},
    inbound::{InboundMessage, Sender},
    interaction::{self, Places, Target},
    media::ReadyAttachment,
    script,
    spec::ChannelClass,
    store::{
        Tx,
        bulk::{self, Known, among},
    },
};

/// A message that came in.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    /// Where in the batch it stands.
    pub(super) place: usize,
    pub(super) inbound: &'a InboundMessage,
    pub(super) files: &'a [ReadyAttachment],
}

/// Stores the messages in their order and writes to their places in `received` what they came to. `is_last`: nothing else
/// follows them in this transaction.
pub(super) async fn arrive(
    tx: &mut Tx,
    from: Source<'_>,
    messages: Vec<Arrival<'_>>,
    received: &mut [Received],
    is_last: bool,
) -> Result<()> {
    let mut rest = messages.as_slice();
    while !rest.is_empty() {
        let (taken, left) = rest.split_at(alone(from, rest));
        let done = wave(tx, from, taken, received, is_last && left.is_empty()).await?;
        rest = if done < taken.len() { &rest[done..] } else { left };
    }
    Ok(())
}

/// How many of the next messages may be looked at together: none that is there twice, and each mail by itself, because in
/// a mailbox those before decide who takes part.
fn alone(from: Source<'_>, messages: &[Arrival<'_>]) -> usize {
    if from.spec.class == ChannelClass::Email {
        return 1;
    }
    let mut seen = HashSet::new();
    messages.iter().take_while(|one| seen.insert((&one.inbound.external_id, one.inbound.part))).count()
}

/// A message that is new, and where it goes.
struct Placed<'a> {
    arrival: Arrival<'a>,
    id: MessageId,
    interaction: InteractionId,
    by: ActorRef,
    /// Name and id of its writer.
    author: (Uuid, String),
    /// The interaction was opened for it.
    is_new: bool,
    /// Its writer had not written in the conversation before.
    joins: bool,
}

/// Stores messages together, as many as can be; returns how many. One whose interaction has just been opened and is about
/// to be changed by a script has to wait for that.
async fn wave(tx: &mut Tx, from: Source<'_>, messages: &[Arrival<'_>], received: &mut [Received], is_last: bool) -> Result<usize> {
    let channel = from.channel;
    let senders: Vec<&Sender> = messages.iter().map(|one| &one.inbound.contact).collect();
    let mut people = People::known(tx, channel, &senders).await?;
    // Asked once the identities are locked: a copy may have been stored while this one waited for that.
    let ids: Vec<_> = messages.iter().map(|one| (&one.inbound.external_id, one.inbound.part)).collect();
    let known = known(tx, channel, &ids).await?;
    let fresh: Vec<Arrival<'_>> =
        messages.iter().filter(|one| !known.contains(&(one.inbound.external_id.clone(), one.inbound.part))).copied().collect();
    if fresh.is_empty() {
        return Ok(messages.len());
    }
    let writers: Vec<&Sender> = fresh.iter().map(|one| &one.inbound.contact).collect();
    people.meet(tx, channel, &writers).await?;
    let mut targets = Vec::with_capacity(fresh.len());
    for arrival in fresh {
        let (contact, identity) = people.get(&arrival.inbound.contact.external_id).ok_or(Error::NotFound("contact"))?;
        if contact.is_blocked {
            received[arrival.place] = Received::Ignored;
            continue;
        }
        let target = Target { contact, identity, message: arrival.inbound, is_automatic: arrival.inbound.is_automatic };
        targets.push((arrival, target));
    }
    if targets.is_empty() {
        return Ok(messages.len());
    }
    let wanted: Vec<Target<'_>> = targets.iter().map(|(_, target)| *target).collect();
    let mut places = Places::look_up(tx, channel, from.spec.class, &wanted).await?;
    let (mut placed, mut scripted, mut put_off) = (Vec::with_capacity(targets.len()), HashSet::new(), None);
    for (arrival, target) in &targets {
        let (interaction, is_new) = places.open_or_continue(tx, target).await?;
        if scripted.contains(&interaction) {
            put_off = Some(arrival.place);
            break;
        }
        if is_new && !target.is_automatic && channel.default_script_id.is_some() {
            scripted.insert(interaction);
        }
        // In a mailbox the people of a conversation are known by what they write only; elsewhere the platform knows them.
        let joins = from.spec.class == ChannelClass::Email
            && !is_new
            && !interaction::takes_part(tx, places.get(interaction), target.contact.id).await?;
        let id: MessageId = crate::random::id();
        places.note_message(&arrival.inbound.external_id, id, interaction);
        let author = (target.contact.id.uuid(), target.contact.name.clone());
        placed.push(Placed { arrival: *arrival, id, interaction, by: ActorRef::Contact(target.contact.id), author, is_new, joins });
    }
    let entries = entries(tx, &mut places, &placed).await?;
    let is_last = is_last && put_off.is_none() && from.spec.class != ChannelClass::Email;
    write(tx, channel, &mut places, entries, is_last).await?;
    for one in &placed {
        received[one.arrival.place] = Received::Stored(one.id);
    }
    follow_up(tx, from, &places, &placed).await?;
    Ok(put_off.map_or(messages.len(), |place| messages.iter().take_while(|one| one.place < place).count()))
}

/// What the messages change, in memory: their interactions, and the rows that are to be written.
async fn entries<'a>(tx: &Tx, places: &mut Places<'_>, placed: &[Placed<'a>]) -> Result<Vec<Entry<'a>>> {
    let typed = placed.iter().filter(|one| !places.is_new(one.interaction) && one.arrival.inbound.content.typed().is_some());
    let mut asked = Asked::look_up(tx, typed.map(|one| one.interaction).collect()).await?;
    let mut entries = Vec::with_capacity(placed.len());
    for one in placed {
        let inbound = one.arrival.inbound;
        let content = asked.answered(one.interaction, inbound.content.clone().sanitised());
        asked.add(one.interaction, inbound.at.min(tx.now()), one.id);
        let change = places.change(one.interaction);
        change.inbound_count += 1;
        change.message_count += 1;
        change.last_message_id = Some(one.id);
        change.last_inbound_at = Some(inbound.at.max(change.last_inbound_at.unwrap_or(inbound.at)));
        change.last_activity_at = tx.now();
        if !inbound.is_automatic && change.waiting_since.is_none() {
            change.waiting_since = Some(tx.now());
        }
        if change.subject.is_none() {
            change.subject.clone_from(&inbound.subject);
        }
        let (author, name) = &one.author;
        entries.push(Entry {
            id: one.id,
            interaction: one.interaction,
            direction: Direction::In,
            author: (AuthorKind::Contact, Some(*author), name.clone()),
            by: one.by,
            content,
            quoted: inbound.quoted.as_ref().and_then(|quoted| places.message(quoted)),
            inbound,
            files: one.arrival.files,
        });
    }
    Ok(entries)
}

/// What comes of stored messages besides: lines in the thread, scripts.
async fn follow_up(tx: &mut Tx, from: Source<'_>, places: &Places<'_>, placed: &[Placed<'_>]) -> Result<()> {
    let channel = from.channel;
    let system = Actor::system(tx.workspace());
    for one in placed {
        let (interaction, inbound) = (places.get(one.interaction), one.arrival.inbound);
        // Only of mails do the ids mean the same in every mailbox.
        if from.spec.class == ChannelClass::Email {
            interaction::relate(tx, interaction, channel, &inbound.external_id, inbound.part).await?;
        }
        if one.joins
            && let ActorRef::Contact(contact) = one.by
        {
            let line = SystemLine::ParticipantJoined { contact, name: one.author.1.clone() };
            super::add_system_line(tx, &system, interaction, line).await?;
        }
        if !inbound.failed_proofs.is_empty() {
            let line = SystemLine::SenderDoubtful { message: one.id, failed: inbound.failed_proofs.clone() };
            super::add_system_line(tx, &system, interaction, line).await?;
        }
        if one.is_new && !inbound.is_automatic {
            script::start(tx, from.capabilities, channel, interaction).await?;
        }
    }
    Ok(())
}

/// A message to be stored.
pub(super) struct Entry<'a> {
    pub(super) id: MessageId,
    pub(super) interaction: InteractionId,
    pub(super) direction: Direction,
    /// Kind, id and name.
    pub(super) author: (AuthorKind, Option<Uuid>, String),
    pub(super) by: ActorRef,
    pub(super) content: RichContent,
    pub(super) quoted: Option<MessageId>,
    pub(super) inbound: &'a InboundMessage,
    pub(super) files: &'a [ReadyAttachment],
}

/// Writes messages with their files and interactions, tells of them, and applies what was heard of them too early. With
/// `is_last` nothing will be locked after them, so that their events may be numbered before the rows are written, which are
/// then written once.
///
/// # Errors
/// `Conflict` when another transaction was faster with one: everything done on the way here must be undone with it.
pub(super) async fn write(
    tx: &mut Tx,
    channel: &channel::Model,
    places: &mut Places<'_>,
    entries: Vec<Entry<'_>>,
    is_last: bool,
) -> Result<()> {
    let ids: Vec<&ExternalMessageId> = entries.iter().map(|entry| &entry.inbound.external_id).collect();
    let early = parked::look_up(tx, channel.id, &ids).await?;
    places.announce(tx).await?;
    let (mut touched, mut documents, mut texts) = (HashSet::new(), Vec::new(), Vec::new());
    for entry in &entries {
        let interaction = places.get(entry.interaction);
        // Once is enough for all its messages: who is told of the first loads what came of all of them.
        if !places.is_new(entry.interaction) && touched.insert(entry.interaction) {
            interaction::touch(tx, interaction, entry.by);
        }
        super::log(tx, EventKind::MessageReceived, entry.id, interaction, entry.by);
        let text = entry.content.fallback();
        let words = [entry.inbound.subject.as_deref().unwrap_or_default(), &text].join(" ");
        documents.push((entry.id.uuid(), Some(entry.interaction), words));
        texts.push(text);
    }
    crate::search::put_all(tx, EntityType::Message, documents).await?;
    let versions = if is_last && early.is_empty() {
        let unwritten = places.unwritten().chain(entries.iter().map(|entry| entry.id.uuid())).collect();
        tx.number(&unwritten).await?
    } else {
        HashMap::new()
    };
    places.write(tx, &versions).await?;
    insert(tx, channel, entries, texts, &versions).await?;
    parked::apply(tx, channel.id, early).await
}

async fn insert(
    tx: &mut Tx,
    channel: &channel::Model,
    entries: Vec<Entry<'_>>,
    texts: Vec<String>,
    versions: &HashMap<Uuid, Seq>,
) -> Result<()> {
    let (mut rows, mut files) = (Vec::with_capacity(entries.len()), Vec::new());
    for (entry, text) in entries.into_iter().zip(texts) {
        let inbound = entry.inbound;
        files.extend(entry.files.iter().map(|file| (entry.id, file)));
        let (author, author_id, name) = entry.author;
        rows.push(message::ActiveModel {
            id: Set(entry.id),
            interaction_id: Set(entry.interaction),
            channel_id: Set(channel.id),
            direction: Set(entry.direction),
            author_kind: Set(author),
            author_id: Set(author_id),
            author_name: Set(Some(name)),
            content: Set(entry.content.into()),
            text: Set(text),
            external_id: Set(Some(inbound.external_id.clone())),
            part: Set(inbound.part),
            quoted_id: Set(entry.quoted),
            subject: Set(inbound.subject.clone()),
            is_automatic: Set(inbound.is_automatic),
            // Where the sender's proofs failed, what it says about answers may be a trap.
            reply_to: Set(inbound.reply_to.clone().filter(|_| inbound.failed_proofs.is_empty())),
            recipients: Set((!inbound.recipients.is_empty()).then(|| inbound.recipients.clone().into())),
            raw_attachment_id: Set(entry.files.iter().find_map(ReadyAttachment::original)),
            at: Set(inbound.at.min(tx.now())),
            version: Set(versions.get(&entry.id.uuid()).copied().unwrap_or(Seq::UNNUMBERED)),
            ..super::blank(tx, EntryKind::Message)
        });
    }
    let count = rows.len() as u64;
    if bulk::insert(tx.conn(), rows, Known::Kept).await? < count {
        return Err(Error::Conflict("the message was stored meanwhile".into()));
    }
    for (message, file) in files {
        crate::media::attach(tx, message, file.clone()).await?;
    }
    Ok(())
}

/// Those of the messages of a channel, by the platform's id and part, that are stored.
pub(super) async fn known(
    tx: &Tx,
    channel: &channel::Model,
    messages: &[(&ExternalMessageId, i32)],
) -> Result<HashSet<(ExternalMessageId, i32)>> {
    let stored = message::in_workspace(tx.workspace())
        .filter(message::Column::ChannelId.eq(channel.id))
        .filter(among(tx.conn(), message::Column::ExternalId, messages.iter().map(|(id, _)| (*id).clone())))
        .select_only()
        .columns([message::Column::ExternalId, message::Column::Part])
        .into_tuple()
        .all(tx.conn())
        .await?;
    let wanted: HashSet<(&ExternalMessageId, i32)> = messages.iter().copied().collect();
    Ok(stored.into_iter().filter(|(id, part)| wanted.contains(&(id, *part))).collect())
}
