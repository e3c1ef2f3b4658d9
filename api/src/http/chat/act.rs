//! What the frames of visitors do. The same for sockets and for POST.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tributary_domain::{
    chat::{self, OfficeHours, Side},
    content::{self, AttachmentContent, RichContent, Selection, Text},
    entity::message,
    ids::{AttachmentId, ExternalMessageId, MessageId},
    inbound::{AttachmentSource, InboundAttachment, InboundEvent, InboundMessage, Receipt, Sender},
    message::{Direction, Received},
    state::DeliveryState,
};
use uuid::Uuid;

use super::{
    Visit,
    error::Refused,
    protocol::{ClientBody, ClientFrame, LeftMessage, React, Said},
    view,
};

/// Longest reaction, characters.
const MAX_REACTION: usize = 32;
/// Longest e-mail address (RFC 5321), bytes.
const MAX_EMAIL: usize = 254;
/// Longest name, characters.
const MAX_NAME: usize = 100;

/// A message that was stored, now or earlier.
struct Stored {
    id: MessageId,
    at: tributary_domain::event::Seq,
    is_repeat: bool,
}

impl Visit {
    /// Does what a frame asks and answers it; frames that need no answer get none.
    ///
    /// `hello` and `ping` are about the connection, so the caller looks after them.
    pub(super) async fn act(&self, frame: ClientFrame) -> Option<Value> {
        let id = frame.id;
        let done = match self.limit(&frame.body) {
            Ok(()) => self.done(frame).await,
            Err(refused) => Err(refused),
        };
        done.unwrap_or_else(|refused| Some(refused.frame(Some(id))))
    }

    fn limit(&self, body: &ClientBody) -> Result<(), Refused> {
        match body {
            ClientBody::Message(_) | ClientBody::Answer(_) | ClientBody::LeaveMessage(_) => {
                self.chat.limits().message(&self.who(), self.address)
            }
            _ => self.chat.limits().frame(&self.who()),
        }
    }

    async fn done(&self, frame: ClientFrame) -> Result<Option<Value>, Refused> {
        let id = frame.id;
        match frame.body {
            ClientBody::Hello(_) | ClientBody::Ping => Ok(None),
            ClientBody::Message(said) => {
                if !matches!(said.content, RichContent::Text(_) | RichContent::Attachment(_)) {
                    return Err(Refused::invalid("content: a message is TEXT or ATTACHMENT"));
                }
                self.ack(id, self.say(id, said, self.sender()).await?).map(Some)
            }
            ClientBody::Answer(said) => self.ack(id, self.say(id, said, self.sender()).await?).map(Some),
            ClientBody::LeaveMessage(left) => self.ack(id, self.leave(id, left).await?).map(Some),
            ClientBody::Typing(typing) => {
                let event = InboundEvent::Typing { author: self.visitor().clone(), thread: None, is_typing: typing.is_typing };
                self.chat.worker().ingest_event(&self.channel, event).await?;
                Ok(None)
            }
            ClientBody::Received(mark) => self.receipt(mark.message_id, DeliveryState::Delivered).await.map(|()| None),
            ClientBody::Seen(mark) => self.receipt(mark.message_id, DeliveryState::Read).await.map(|()| None),
            ClientBody::React(react) => self.react(id, react).await.map(Some),
            ClientBody::History(before) => {
                let place = view::place(&before.before).ok_or_else(|| Refused::invalid("before: not a place of ours"))?;
                let read = self.chat.store().read(self.channel.workspace_id).await?;
                let side = chat::side(&read, self.channel.id, self.visitor()).await?;
                let (entries, has_more) = chat::history(&read, &side.interactions, Some(place)).await?;
                drop(read);
                let mut page = self.page(&entries, has_more);
                page["type"] = json!("history");
                page["id"] = json!(id);
                Ok(Some(page))
            }
            ClientBody::End => {
                let (channel, visitor) = (self.channel.id, self.visitor().clone());
                let (has_ended, _) = self
                    .chat
                    .store()
                    .transact(self.channel.workspace_id, move |tx| {
                        let visitor = visitor.clone();
                        Box::pin(async move { chat::end(tx, channel, &visitor).await })
                    })
                    .await?;
                Ok(Some(json!({"type": "ack", "id": id, "message_id": null, "cursor": null, "is_repeat": !has_ended})))
            }
        }
    }

    fn ack(&self, frame: Uuid, stored: Stored) -> Result<Value, Refused> {
        // The version of a message is the place of its last change, so the message stands there or before.
        let cursor = self.epoch.map(|epoch| self.cursor(tributary_domain::event::Position { epoch, seq: stored.at }));
        Ok(json!({"type": "ack", "id": frame, "message_id": stored.id, "cursor": cursor, "is_repeat": stored.is_repeat}))
    }

    /// The visitor as the domain knows people of platforms.
    pub(super) fn sender(&self) -> Sender {
        let mut sender = Sender::known_by_id(self.visitor().clone());
        sender.locale = self.claims.at.language.clone();
        sender.is_verified = self.claims.is_signed_in();
        sender
    }

    async fn side(&self) -> Result<Side, Refused> {
        let read = self.chat.store().read(self.channel.workspace_id).await?;
        let side = chat::side(&read, self.channel.id, self.visitor()).await?;
        if side.contact.as_ref().is_some_and(|contact| contact.is_blocked) {
            return Err(Refused::forbidden("This visitor may not write here."));
        }
        Ok(side)
    }

    /// A frame that was stored already, under the name the visitor has or had.
    async fn known(&self, frame: Uuid) -> Result<Option<message::Model>, Refused> {
        let read = self.chat.store().read(self.channel.workspace_id).await?;
        for name in self.names() {
            let external = external_id(name, frame);
            if let Some(found) = message::by_external_id(self.channel.workspace_id, self.channel.id, &external, 0).one(read.conn()).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn say(&self, frame: Uuid, said: Said, sender: Sender) -> Result<Stored, Refused> {
        let side = self.side().await?;
        if let Some(found) = self.known(frame).await? {
            return Ok(Stored { id: found.id, at: found.version, is_repeat: true });
        }
        let content = self.checked(&side, said.content, &said.attachment_ids).await?;
        let quoted = match said.quoted {
            Some(quoted) => self.theirs(&side, quoted).await?.external_id,
            None => None,
        };
        let attachments = self.uploads(&side, &said.attachment_ids).await?;
        let now = self.chat.now();
        let inbound = InboundMessage {
            external_id: external_id(self.visitor(), frame),
            part: 0,
            contact: sender,
            reply_to: None,
            recipients: Vec::new(),
            is_echo: false,
            client_reference: None,
            thread: None,
            in_reply_to: Vec::new(),
            signs: Vec::new(),
            quoted,
            subject: None,
            content,
            attachments,
            at: now,
            is_automatic: false,
            failed_proofs: Vec::new(),
            raw: None,
        };
        let received = self.chat.worker().ingest_event(&self.channel, InboundEvent::Message(Box::new(inbound))).await?;
        if received == Received::Ignored {
            return Err(Refused::forbidden("This visitor may not write here."));
        }
        let found = self.known(frame).await?.ok_or_else(|| Refused::not_found("message"))?;
        if matches!(received, Received::Stored(_)) && side.newest.is_none() {
            self.note_context().await?;
        }
        Ok(Stored { id: found.id, at: found.version, is_repeat: received == Received::Duplicate })
    }

    /// The content as it may be stored: of the right kind, within the limits, true to the question that it answers.
    async fn checked(&self, side: &Side, content: RichContent, files: &[AttachmentId]) -> Result<RichContent, Refused> {
        let capabilities = &self.chat.worker().registry.spec(self.channel.kind).capabilities;
        let content = match content {
            RichContent::Text(Text { text }) if text.trim().is_empty() && !files.is_empty() => {
                RichContent::Attachment(AttachmentContent { caption: None })
            }
            RichContent::Selection(mut answer) => {
                let asked = self.question(side, answer.question).await?;
                correct(&mut answer, &asked.content.0)?;
                RichContent::Selection(answer)
            }
            RichContent::TimeChosen(answer) => {
                let asked = self.question(side, answer.question).await?;
                let slots = match &asked.content.0 {
                    RichContent::TimePicker(asked) => &asked.slots,
                    RichContent::AppointmentRequest(asked) => &asked.slots,
                    _ => return Err(Refused::invalid("content.question: asked for no time")),
                };
                let slot = slots.iter().find(|slot| slot.id == answer.slot.id);
                let slot = slot.cloned().ok_or_else(|| Refused::invalid("content.slot: was not offered"))?;
                RichContent::TimeChosen(content::TimeChosen { slot, ..answer })
            }
            RichContent::FormAnswers(answer) => {
                let asked = self.question(side, answer.question).await?;
                let held = match &asked.content.0 {
                    RichContent::Form(form) => form.held(answer).map_err(tributary_domain::Error::Content)?,
                    // Cards have fields of any make: what they answer is held to the general limits only.
                    RichContent::AdaptiveCard(_) => answer,
                    _ => return Err(Refused::invalid("content.question: is no form")),
                };
                RichContent::FormAnswers(held)
            }
            content @ (RichContent::Text(_) | RichContent::Attachment(_)) => content,
            _ => return Err(Refused::invalid("content: visitors do not send this kind")),
        };
        content::validate(&content).map_err(|violations| Refused::from(tributary_domain::Error::Content(violations)))?;
        let length = match &content {
            RichContent::Text(text) if text.text.trim().is_empty() => return Err(Refused::invalid("content.text: must not be empty")),
            RichContent::Attachment(_) if files.is_empty() => return Err(Refused::invalid("attachment_ids: must not be empty")),
            other => other.fallback(),
        };
        if capabilities.text.is_exceeded_by(&length) {
            return Err(Refused::invalid(format!("content.text: at most {} characters", capabilities.text.max)));
        }
        if files.len() > capabilities.max_attachments as usize {
            return Err(Refused::invalid(format!("attachment_ids: at most {}", capabilities.max_attachments)));
        }
        Ok(content)
    }

    async fn question(&self, side: &Side, question: Option<MessageId>) -> Result<message::Model, Refused> {
        let question = question.ok_or_else(|| Refused::invalid("content.question: must name the message that asked"))?;
        let asked = self.theirs(side, question).await?;
        if asked.direction == Direction::Out { Ok(asked) } else { Err(Refused::invalid("content.question: asked nothing")) }
    }

    /// A message of this visitor's conversation.
    async fn theirs(&self, side: &Side, id: MessageId) -> Result<message::Model, Refused> {
        let read = self.chat.store().read(self.channel.workspace_id).await?;
        Ok(chat::visible(&read, side, id).await?)
    }

    async fn uploads(&self, side: &Side, ids: &[AttachmentId]) -> Result<Vec<InboundAttachment>, Refused> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let contact = side.contact.as_ref().ok_or_else(|| Refused::not_found("attachment"))?.id;
        let read = self.chat.store().read(self.channel.workspace_id).await?;
        let found = chat::free_uploads(&read, contact, ids).await?;
        let ready = |file: tributary_domain::entity::attachment::Model| InboundAttachment {
            name: None,
            mime: None,
            content_id: None,
            source: AttachmentSource::Stored(file.id),
        };
        Ok(found.into_iter().map(ready).collect())
    }

    async fn leave(&self, frame: Uuid, left: LeftMessage) -> Result<Stored, Refused> {
        let email = left.email.trim().to_owned();
        let name = left.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        if !is_address(&email) {
            return Err(Refused::invalid("email: must be an e-mail address"));
        }
        if name.as_ref().is_some_and(|name| name.chars().count() > MAX_NAME || name.chars().any(char::is_control)) {
            return Err(Refused::invalid(format!("name: at most {MAX_NAME} characters")));
        }
        if !self.has_offline_form() {
            return Err(Refused::new(http::StatusCode::BAD_REQUEST, "NOT_SUPPORTED", "This channel takes no left messages."));
        }
        let sender = Sender { name, email: Some(email), ..self.sender() };
        let content = RichContent::Text(Text { text: left.text });
        self.say(frame, Said { content, attachment_ids: Vec::new(), quoted: None }, sender).await
    }

    async fn receipt(&self, id: MessageId, state: DeliveryState) -> Result<(), Refused> {
        let side = self.side().await?;
        let found = self.theirs(&side, id).await?;
        let (Direction::Out, Some(message)) = (found.direction, found.external_id) else {
            return Err(Refused::invalid("message_id: only what we sent is received and seen"));
        };
        let receipt = Receipt { message, state, failure: None, client_reference: None, at: self.chat.now(), is_watermark: true };
        self.chat.worker().ingest_event(&self.channel, InboundEvent::Receipt(receipt)).await?;
        Ok(())
    }

    async fn react(&self, frame: Uuid, react: React) -> Result<Value, Refused> {
        let emoji = react.emoji.trim().to_owned();
        if emoji.is_empty() || emoji.chars().count() > MAX_REACTION || emoji.chars().any(char::is_control) {
            return Err(Refused::invalid(format!("emoji: 1 to {MAX_REACTION} characters")));
        }
        let side = self.side().await?;
        let found = self.theirs(&side, react.message_id).await?;
        let message = found.external_id.ok_or_else(|| Refused::not_found("message"))?;
        if found.deleted_at.is_some() {
            return Err(Refused::new(http::StatusCode::CONFLICT, "CONFLICT", "The message was deleted."));
        }
        let event = InboundEvent::Reaction { message, author: self.sender(), emoji, is_added: react.is_added };
        let received = self.chat.worker().ingest_event(&self.channel, event).await?;
        let is_repeat = received == Received::Duplicate;
        Ok(json!({"type": "ack", "id": frame, "message_id": react.message_id, "cursor": null, "is_repeat": is_repeat}))
    }

    /// Tells the people who answer where the visitor wrote from.
    async fn note_context(&self) -> Result<(), Refused> {
        let at = &self.claims.at;
        let facts = [("page_url", &at.url), ("page_title", &at.title), ("referrer", &at.referrer), ("time_zone", &at.time_zone)];
        let facts: BTreeMap<String, String> =
            facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect();
        let side = self.side().await?;
        let Some(contact) = side.contact.map(|contact| contact.id).filter(|_| !facts.is_empty()) else { return Ok(()) };
        self.chat
            .store()
            .transact(self.channel.workspace_id, move |tx| {
                let facts = facts.clone();
                Box::pin(async move { chat::note_context(tx, contact, facts).await })
            })
            .await?;
        Ok(())
    }

    /// Whether somebody is there now.
    pub(super) fn is_online(&self) -> bool {
        let hours = OfficeHours::of_setting(self.channel.settings.get("office_hours"));
        self.channel.is_enabled && hours.is_none_or(|hours| hours.is_open(self.chat.now()))
    }

    /// Whether messages may be left while nobody is there.
    pub(super) fn has_offline_form(&self) -> bool {
        self.channel.settings.get("offline_form").and_then(Value::as_bool).unwrap_or(true)
    }
}

/// The platform's id of the message that a frame brings: the same frame is the same message.
fn external_id(visitor: &tributary_domain::ids::ExternalUserId, frame: Uuid) -> ExternalMessageId {
    ExternalMessageId(format!("{}:{frame}", visitor.0))
}

/// Holds a selection to what was offered; titles are ours, whatever the client says.
fn correct(answer: &mut Selection, asked: &RichContent) -> Result<(), Refused> {
    let (offered, is_multiple): (Vec<(&str, &str)>, bool) = match asked {
        RichContent::QuickReplies(asked) => (asked.replies.iter().map(|reply| (&*reply.id, &*reply.title)).collect(), false),
        RichContent::ListPicker(asked) => (asked.items().map(|item| (&*item.id, &*item.title)).collect(), asked.multiple),
        _ => return Err(Refused::invalid("content.question: offered nothing to choose from")),
    };
    if answer.items.is_empty() || answer.items.len() > 1 && !is_multiple {
        return Err(Refused::invalid("content.items: choose what was offered"));
    }
    for item in &mut answer.items {
        let (_, title) = offered.iter().find(|(id, _)| *id == item.id).ok_or_else(|| Refused::invalid("content.items: was not offered"))?;
        (*title).clone_into(&mut item.title);
    }
    Ok(())
}

/// Enough to catch slips; whether mail arrives there shows later.
fn is_address(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let is_plain = !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';'));
    is_plain && !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.') && text.len() <= MAX_EMAIL
}

#[cfg(test)]
mod tests {
    use tributary_domain::content::{QuickReplies, QuickReply, SelectedItem};

    use super::*;

    #[test]
    fn addresses_are_checked_lightly() {
        assert!(is_address("mara@example.org") && is_address("a.b+c@sub.example.org"));
        for wrong in ["", "mara", "@example.org", "mara@", "mara@localhost", "ma ra@example.org", "a@b.c>", "mara@.org", "mara@example."] {
            assert!(!is_address(wrong), "{wrong}");
        }
        assert!(!is_address(&format!("{}@example.org", "x".repeat(250))));
    }

    #[test]
    fn only_what_was_offered_can_be_chosen() {
        let reply = |id: &str, title: &str| QuickReply { id: id.into(), title: title.into() };
        let asked = RichContent::QuickReplies(QuickReplies { text: "?".into(), replies: vec![reply("y", "Yes"), reply("n", "No")] });
        let choose = |ids: &[&str]| {
            let items = ids.iter().map(|id| SelectedItem { id: (*id).into(), title: "forged".into() }).collect();
            let mut answer = Selection { question: None, items };
            correct(&mut answer, &asked).map(|()| answer.items.into_iter().map(|item| item.title).collect::<Vec<_>>())
        };
        assert_eq!(choose(&["y"]).expect("offered"), ["Yes"]);
        for wrong in [&["x"][..], &[], &["y", "n"]] {
            assert_eq!(choose(wrong).expect_err("not offered").code, "INVALID");
        }
        let mut answer = Selection { question: None, items: vec![SelectedItem { id: "y".into(), title: "Yes".into() }] };
        assert!(correct(&mut answer, &RichContent::Text(Text { text: "?".into() })).is_err());
    }
}
