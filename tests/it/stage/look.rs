//! Looking at what is stored.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tributary_domain::{
    entity::{attachment, dead_letter, interaction, lane, message, outbound},
    event::{Event, Seq, log},
    ids::{InteractionId, MessageId},
};

use super::Stage;

impl Stage {
    /// A message by the platform's id.
    pub(crate) async fn find(&self, external_id: &str) -> Option<message::Model> {
        let read = self.store.read(self.workspace).await.unwrap();
        let found = message::in_workspace(self.workspace).filter(message::Column::ExternalId.eq(external_id));
        found.one(read.conn()).await.unwrap()
    }

    pub(crate) async fn message(&self, id: MessageId) -> message::Model {
        let read = self.store.read(self.workspace).await.unwrap();
        message::by_id(self.workspace, id).one(read.conn()).await.unwrap().unwrap()
    }

    /// Everything in an interaction, in the order in which it is shown.
    pub(crate) async fn thread(&self, id: InteractionId) -> Vec<message::Model> {
        let read = self.store.read(self.workspace).await.unwrap();
        let rows = message::of_interaction(self.workspace, id).order_by_asc(message::Column::At).order_by_asc(message::Column::Id);
        rows.all(read.conn()).await.unwrap()
    }

    pub(crate) async fn interaction(&self, id: InteractionId) -> interaction::Model {
        let read = self.store.read(self.workspace).await.unwrap();
        interaction::by_id(self.workspace, id).one(read.conn()).await.unwrap().unwrap()
    }

    pub(crate) async fn interactions(&self) -> Vec<interaction::Model> {
        let read = self.store.read(self.workspace).await.unwrap();
        interaction::in_workspace(self.workspace).order_by_asc(interaction::Column::Number).all(read.conn()).await.unwrap()
    }

    pub(crate) async fn events(&self) -> Vec<Event> {
        let read = self.store.read(self.workspace).await.unwrap();
        log::after(&read, Seq::UNNUMBERED, 100_000).await.unwrap()
    }

    pub(crate) async fn letters(&self) -> Vec<dead_letter::Model> {
        let read = self.store.read(self.workspace).await.unwrap();
        dead_letter::in_workspace(self.workspace).order_by_asc(dead_letter::Column::Id).all(read.conn()).await.unwrap()
    }

    /// The outbound work of a message, oldest first.
    pub(crate) async fn work_of(&self, id: MessageId) -> Vec<outbound::Model> {
        let read = self.store.read(self.workspace).await.unwrap();
        let rows = outbound::in_workspace(self.workspace).filter(outbound::Column::MessageId.eq(id)).order_by_asc(outbound::Column::N);
        rows.all(read.conn()).await.unwrap()
    }

    pub(crate) async fn lane(&self, id: InteractionId) -> lane::Model {
        let read = self.store.read(self.workspace).await.unwrap();
        lane::Entity::find_by_id((self.workspace, id)).one(read.conn()).await.unwrap().unwrap()
    }

    pub(crate) async fn files_of(&self, id: MessageId) -> Vec<attachment::Model> {
        let read = self.store.read(self.workspace).await.unwrap();
        let rows = attachment::in_workspace(self.workspace).filter(attachment::Column::MessageId.eq(id));
        rows.order_by_asc(attachment::Column::Id).all(read.conn()).await.unwrap()
    }

    /// How many files have bytes.
    pub(crate) fn count_blobs(&self) -> usize {
        let folder = self.files.path().join(self.workspace.uuid().simple().to_string());
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }

    /// The texts that the integrator let in, in order, repeats left out.
    pub(crate) fn delivered(&self) -> Vec<String> {
        let received = self.integrator.received();
        received.iter().filter(|call| !call.is_repeat).filter_map(|call| sent_text(&call.body)).collect()
    }
}

/// The text of a call that sends a message, in any of its forms.
pub(crate) fn sent_text(body: &serde_json::Value) -> Option<String> {
    let content = match body["type"].as_str() {
        Some("message.send") => &body["data"]["messageContent"],
        Some(_) => return None,
        None => &body["messageContent"],
    };
    content["payload"]["text"].as_str().map(str::to_owned)
}
