//! What a customer answered to something that was asked in a message.

use async_graphql::{Context, Object, SimpleObject};
use tributary_domain::{content, ids::MessageId};

use super::TimeSlot;
use crate::graphql::{node, types::message::Message};

/// Answer to quick replies or a list.
#[derive(async_graphql::Description)]
pub struct SelectionContent(pub(super) content::Selection);

#[Object(use_type_description)]
impl SelectionContent {
    /// The message that asked, when known.
    async fn question(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Message>> {
        question(cx, self.0.question).await
    }

    /// What was chosen.
    async fn items(&self) -> Vec<SelectedItem> {
        self.0.items.iter().map(|item| SelectedItem { id: item.id.clone(), title: item.title.clone() }).collect()
    }
}

/// One chosen item.
#[derive(SimpleObject)]
pub struct SelectedItem {
    /// Id of the reply or list item.
    id: String,
    /// What it said.
    title: String,
}

/// Answer to a time picker or an appointment request.
#[derive(async_graphql::Description)]
pub struct TimeChosenContent(pub(super) content::TimeChosen);

#[Object(use_type_description)]
impl TimeChosenContent {
    /// The message that asked, when known.
    async fn question(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Message>> {
        question(cx, self.0.question).await
    }

    /// The slot that was chosen.
    async fn slot(&self) -> TimeSlot {
        self.0.slot.clone().into()
    }
}

/// Answer to a form or card.
#[derive(async_graphql::Description)]
pub struct FormAnswersContent(pub(super) content::FormAnswers);

#[Object(use_type_description)]
impl FormAnswersContent {
    /// The message that asked, when known.
    async fn question(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Message>> {
        question(cx, self.0.question).await
    }

    /// One entry per filled field.
    async fn answers(&self) -> Vec<FormAnswer> {
        let answer = |answer: &content::FormAnswer| FormAnswer {
            field_id: answer.field_id.clone(),
            label: answer.label.clone(),
            values: answer.values.clone(),
        };
        self.0.answers.iter().map(answer).collect()
    }
}

/// One filled field.
#[derive(SimpleObject)]
pub struct FormAnswer {
    /// Id of the field.
    field_id: String,
    /// What the field was called.
    label: String,
    /// What was entered or chosen, readable; several for a multiple choice.
    values: Vec<String>,
}

async fn question(cx: &Context<'_>, id: Option<MessageId>) -> async_graphql::Result<Option<Message>> {
    let Some(id) = id else { return Ok(None) };
    node::message(cx, id).await
}
