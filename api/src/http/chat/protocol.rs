//! The frames of visitors, as docs/web-chat-protocol.md has them. Frames of ours are written where they arise.

use serde::Deserialize;
use serde_json::Value;
use tributary_domain::{
    content::RichContent,
    ids::{AttachmentId, MessageId},
};
use uuid::Uuid;

use super::error::Refused;

/// The only subprotocol spoken.
pub(super) const SUBPROTOCOL: &str = "tributary-chat.v1";
/// Largest frame that is taken.
pub(super) const FRAME_BYTES: usize = 64 * 1024;

/// A frame of a visitor.
#[derive(Debug)]
pub(super) struct ClientFrame {
    /// Made by the client; the same one again is the same frame.
    pub id: Uuid,
    pub body: ClientBody,
}

/// What it says.
#[derive(Debug)]
pub(super) enum ClientBody {
    Hello(Hello),
    Message(Said),
    Answer(Said),
    LeaveMessage(LeftMessage),
    Typing(Typing),
    Received(Mark),
    Seen(Mark),
    React(React),
    History(Before),
    End,
    Ping,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hello {
    pub token: String,
    #[serde(default)]
    pub after: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Said {
    pub content: RichContent,
    #[serde(default)]
    pub attachment_ids: Vec<AttachmentId>,
    #[serde(default)]
    pub quoted: Option<MessageId>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LeftMessage {
    #[serde(default)]
    pub name: Option<String>,
    pub email: String,
    pub text: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Typing {
    pub is_typing: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Mark {
    pub message_id: MessageId,
}

#[derive(Debug, Deserialize)]
pub(super) struct React {
    pub message_id: MessageId,
    pub emoji: String,
    pub is_added: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Before {
    pub before: String,
}

/// Why a text is no frame that can be worked on.
#[derive(Debug)]
pub(super) enum NotTaken {
    /// Not of this protocol at all.
    Foreign,
    /// A frame of a later version: ignored.
    Unknown,
    /// A known frame with something wrong in it.
    Invalid(Option<Uuid>, Refused),
}

impl ClientFrame {
    /// Reads a frame from JSON text. The parser itself refuses what is nested too deeply.
    pub(super) fn read(text: &str) -> Result<Self, NotTaken> {
        let value: Value = serde_json::from_str(text).map_err(|_| NotTaken::Foreign)?;
        Self::of(value)
    }

    /// Reads a frame from a JSON value.
    pub(super) fn of(value: Value) -> Result<Self, NotTaken> {
        let kind = value.get("type").and_then(Value::as_str).ok_or(NotTaken::Foreign)?.to_owned();
        let id = value.get("id").and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok());
        let body = match kind.as_str() {
            "hello" => read(id, value).map(ClientBody::Hello)?,
            "message" => read(id, value).map(ClientBody::Message)?,
            "answer" => read(id, value).map(ClientBody::Answer)?,
            "leave_message" => read(id, value).map(ClientBody::LeaveMessage)?,
            "typing" => read(id, value).map(ClientBody::Typing)?,
            "received" => read(id, value).map(ClientBody::Received)?,
            "seen" => read(id, value).map(ClientBody::Seen)?,
            "react" => read(id, value).map(ClientBody::React)?,
            "history" => read(id, value).map(ClientBody::History)?,
            "end" => ClientBody::End,
            "ping" => ClientBody::Ping,
            _ => return Err(NotTaken::Unknown),
        };
        let id = id.ok_or_else(|| NotTaken::Invalid(None, Refused::invalid("id: must be a UUID")))?;
        Ok(Self { id, body })
    }
}

fn read<T: serde::de::DeserializeOwned>(id: Option<Uuid>, value: Value) -> Result<T, NotTaken> {
    serde_json::from_value(value).map_err(|error| NotTaken::Invalid(id, Refused::invalid(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_frame_is_told_apart() {
        for foreign in ["", "[]", "1", "{}", "{\"type\":1}", "\"hello\"", "{\"type\":\"message\"", &"[".repeat(10_000)] {
            assert!(matches!(ClientFrame::read(foreign), Err(NotTaken::Foreign)), "{foreign:.40}");
        }
        assert!(matches!(ClientFrame::read(r#"{"type":"from_the_future","id":1}"#), Err(NotTaken::Unknown)));
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        for wrong in [
            r#"{"type":"ping"}"#.to_owned(),
            r#"{"type":"end","id":"x"}"#.to_owned(),
            format!(r#"{{"type":"message","id":"{id}","content":{{"kind":"NOPE"}}}}"#),
            format!(r#"{{"type":"message","id":"{id}","content":{{"kind":"TEXT","text":"a"}},"quoted":"int_1"}}"#),
            format!(r#"{{"type":"seen","id":"{id}","message_id":"msg_1"}}"#),
            format!(r#"{{"type":"typing","id":"{id}","is_typing":"yes"}}"#),
        ] {
            let refused = ClientFrame::read(&wrong).expect_err("wrong");
            assert!(matches!(&refused, NotTaken::Invalid(_, why) if why.code == "INVALID"), "{wrong}: {refused:?}");
        }
        let frame = ClientFrame::read(&format!(r#"{{"type":"message","id":"{id}","content":{{"kind":"TEXT","text":"a"}},"later":1}}"#));
        assert!(matches!(frame.expect("right").body, ClientBody::Message(said) if said.attachment_ids.is_empty() && said.quoted.is_none()));
    }
}
