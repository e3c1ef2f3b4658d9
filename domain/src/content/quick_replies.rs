//! A question with one-tap answers: [`QuickReplies`].

use serde::{Deserialize, Serialize};

use super::{fallback::Page, violation::Findings};

/// A question with one-tap answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuickReplies {
    /// The question.
    pub text: String,
    /// The answers, in order.
    pub replies: Vec<QuickReply>,
}

/// One one-tap answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuickReply {
    /// Unique within the message; comes back in the [`super::Selection`].
    pub id: String,
    /// What the button says.
    pub title: String,
}

impl QuickReplies {
    pub(super) fn tell(&self, page: &mut Page) {
        page.line(&self.text);
        page.gap();
        for (index, reply) in self.replies.iter().enumerate() {
            page.choice(index + 1, &reply.title, None);
        }
        page.invite(false);
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        found.text("quickReplies.text", &self.text);
        found.options("quickReplies.replies", self.replies.len());
        for (index, reply) in self.replies.iter().enumerate() {
            found.title(&format!("quickReplies.replies.{index}.title"), &reply.title);
        }
        found.ids(self.replies.iter().enumerate().map(|(index, reply)| (format!("quickReplies.replies.{index}"), reply.id.as_str())));
    }
}
