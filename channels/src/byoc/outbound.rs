//! Outbound work as HTTP steps; pure. Sending them is [`super::deliver`].

use chrono::{DateTime, Utc};
use serde::Serialize;
use tributary_domain::{
    ids::OutboundId,
    outbound::{Action, Destination, OpenChannel, Outbound, OutboundMessage},
};
use url::Url;

use super::{
    Mode,
    content::{self, Written},
    wire::{ActionData, Attachment, Author, Envelope, ExternalId, LegacyCall, LegacyMessage, MessageData, OutboundCall, Recipient, Thread},
};
use crate::{
    channel::{FileLink, HttpStep, Step},
    shared::sign,
};

pub(super) fn render(channel: &OpenChannel, outbound: &Outbound) -> Vec<Step> {
    let mode = Mode::of(&channel.settings);
    let step = match (mode, &outbound.action) {
        (Mode::Standard, action) => standard(channel, outbound, action),
        (Mode::CompatNew, Action::Send(message)) => compat_new(channel, outbound, message),
        (Mode::CompatOld, Action::Send(message)) => compat_old(channel, outbound, message),
        // The older forms have a call for messages and for nothing else.
        (Mode::CompatNew | Mode::CompatOld, _) => Step::Nothing,
    };
    vec![step]
}

fn standard(channel: &OpenChannel, outbound: &Outbound, action: &Action) -> Step {
    let at = made_at(outbound.id);
    let plain = ActionData {
        id_on_external_platform: None,
        interaction_id: outbound.to.interaction.to_string(),
        thread: thread(&outbound.to),
        recipients: recipients(&outbound.to),
        reaction: None,
        is_typing: None,
    };
    let on = |target: &tributary_domain::ids::ExternalMessageId| Some(target.as_str().to_owned());
    let (kind, data) = match action {
        Action::Send(message) => return message_step(channel, outbound, message, "message.send", None),
        Action::Edit { target, message } => return message_step(channel, outbound, message, "message.edit", on(target)),
        Action::Delete { target } => ("message.delete", ActionData { id_on_external_platform: on(target), ..plain }),
        Action::React { target, emoji, is_added } => {
            let kind = if *is_added { "message.like" } else { "message.unlike" };
            (kind, ActionData { id_on_external_platform: on(target), reaction: Some(emoji.clone()), ..plain })
        }
        Action::MarkRead { target } => ("seen", ActionData { id_on_external_platform: on(target), ..plain }),
        Action::Typing { is_typing } => ("typing", ActionData { is_typing: Some(*is_typing), ..plain }),
        Action::Close => ("interaction.closed", plain),
    };
    step(outbound.id, address(channel, &[]), &Envelope { kind, timestamp: at, data }, Vec::new())
}

fn message_step(channel: &OpenChannel, outbound: &Outbound, message: &OutboundMessage, kind: &'static str, target: Option<String>) -> Step {
    let Written { content, links } = content::write(message, Mode::Standard);
    let data = MessageData {
        id_on_external_platform: target,
        message_id: message.id.to_string(),
        interaction_id: outbound.to.interaction.to_string(),
        thread: thread(&outbound.to),
        recipients: recipients(&outbound.to),
        message_content: content,
        attachments: attachments(message),
        reply_to_message: reply_to(message),
        author: Author { name: message.author_name.clone(), is_automatic: message.is_automatic },
    };
    let envelope = Envelope { kind, timestamp: message.at, data };
    step(outbound.id, address(channel, &[]), &envelope, file_links("/data", message, links))
}

fn compat_new(channel: &OpenChannel, outbound: &Outbound, message: &OutboundMessage) -> Step {
    let Written { content, links } = content::write(message, Mode::CompatNew);
    let call = OutboundCall {
        thread: Thread { thread_name: None, ..known_thread(&outbound.to) },
        message_content: content,
        recipients: recipients(&outbound.to),
        attachments: attachments(message),
        reply_to_message: reply_to(message),
    };
    let address = address(channel, &["2.0", "channel", &channel.id.to_string(), "outbound"]);
    step(outbound.id, address, &call, file_links("", message, links))
}

fn compat_old(channel: &OpenChannel, outbound: &Outbound, message: &OutboundMessage) -> Step {
    let thread = Thread { thread_name: None, ..known_thread(&outbound.to) };
    let address = address(channel, &["1.0", "posts", &thread.id_on_external_platform, "messages"]);
    let call = LegacyCall { thread, message: LegacyMessage { text: message.fallback.clone() }, attachments: attachments(message) };
    step(outbound.id, address, &call, file_links("", message, Vec::new()))
}

fn step(id: OutboundId, url: String, body: &impl Serialize, links: Vec<FileLink>) -> Step {
    Step::Http(HttpStep {
        method: "POST".to_owned(),
        url,
        headers: vec![(sign::ID.to_owned(), id.to_string())],
        body: serde_json::to_value(body).expect("bodies are plain data with text keys"),
        links,
    })
}

/// The integrator's address with path segments added; an unreadable address is kept, so that delivery can say what is wrong.
fn address(channel: &OpenChannel, segments: &[&str]) -> String {
    let text = channel.text("url").unwrap_or_default();
    if segments.is_empty() {
        return text.to_owned();
    }
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url.into()
}

/// When the work was ordered: the time inside its id, so that a retry has the same body.
fn made_at(id: OutboundId) -> DateTime<Utc> {
    let (seconds, nanoseconds) = id.uuid().get_timestamp().map(|time| time.to_unix()).unwrap_or_default();
    i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, nanoseconds)).unwrap_or_default()
}

fn thread(to: &Destination) -> Option<Thread> {
    let id = to.thread.as_ref()?.as_str().to_owned();
    Some(Thread { id_on_external_platform: id, thread_name: to.subject.clone() })
}

/// The older forms know no message without a thread; where the platform has none, the person stands for it.
fn known_thread(to: &Destination) -> Thread {
    thread(to).unwrap_or_else(|| Thread { id_on_external_platform: to.user.as_str().to_owned(), thread_name: None })
}

fn recipients(to: &Destination) -> Vec<Recipient> {
    let id = to.user.as_str().to_owned();
    vec![Recipient { id_on_external_platform: id, name: to.user_name.clone(), is_primary: true, is_private: false }]
}

fn reply_to(message: &OutboundMessage) -> Option<ExternalId> {
    message.quoted.as_ref().map(|quoted| ExternalId { id_on_external_platform: quoted.as_str().to_owned() })
}

fn attachments(message: &OutboundMessage) -> Vec<Attachment> {
    let attachment = |file: &tributary_domain::outbound::OutboundAttachment| Attachment {
        id: file.id.to_string(),
        url: String::new(),
        friendly_name: file.name.clone(),
        file_name: file.name.clone(),
        mime_type: file.mime.clone(),
        size: file.bytes,
    };
    message.attachments.iter().map(attachment).collect()
}

fn file_links(base: &str, message: &OutboundMessage, inside: Vec<(String, tributary_domain::ids::AttachmentId)>) -> Vec<FileLink> {
    let listed = message.attachments.iter().enumerate();
    let listed = listed.map(|(n, file)| FileLink { pointer: format!("{base}/attachments/{n}/url"), attachment: file.id });
    let inside =
        inside.into_iter().map(|(pointer, attachment)| FileLink { pointer: format!("{base}/messageContent{pointer}"), attachment });
    listed.chain(inside).collect()
}
