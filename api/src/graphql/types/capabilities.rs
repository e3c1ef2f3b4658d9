//! What a channel can do, as the composer reads it.

use async_graphql::{Object, SimpleObject};
use sea_orm::Iterable;
use tributary_domain::spec;

use super::enums::{FloorCell, LengthUnit, MediaClass, RichKind, Support};
use crate::graphql::scalars::Long;

/// What a channel can do.
#[derive(async_graphql::Description)]
pub struct Capabilities(pub spec::Capabilities);

impl Capabilities {
    fn table(&self, audience: spec::Audience) -> Vec<RichSupport> {
        let row = match audience {
            spec::Audience::Machine => self.0.machine,
            spec::Audience::Agent => self.0.agent,
        };
        let support = |kind: spec::RichKind| RichSupport {
            kind: kind.into(),
            support: self.0.effective(audience, kind).into(),
            floor: row.and_then(|row| row.cell(kind)).map(FloorCell::from),
        };
        spec::RichKind::iter().map(support).collect()
    }
}

#[Object(use_type_description)]
impl Capabilities {
    /// What API clients, bots and scripts may send.
    async fn machine(&self) -> Vec<RichSupport> {
        self.table(spec::Audience::Machine)
    }

    /// What people are offered in the composer.
    async fn agent(&self) -> Vec<RichSupport> {
        self.table(spec::Audience::Agent)
    }

    /// Limit of a text message.
    async fn text(&self) -> TextLimit {
        TextLimit { max: self.0.text.max, unit: self.0.text.unit.into() }
    }

    /// Limits of rich content; 0 where a part does not exist.
    async fn rich(&self) -> RichLimits {
        let limits = self.0.rich;
        RichLimits {
            quick_replies: limits.quick_replies,
            quick_reply_title: limits.quick_reply_title,
            list_sections: limits.list_sections,
            list_items: limits.list_items,
            list_item_title: limits.list_item_title,
            list_item_description: limits.list_item_description,
            time_slots: limits.time_slots,
            form_fields: limits.form_fields,
            card_bytes: limits.card_bytes,
        }
    }

    /// Files, by class; a class that is missing is refused.
    async fn media(&self) -> Vec<MediaLimit> {
        let limit = |limit: &spec::MediaLimit| MediaLimit {
            class: limit.class.into(),
            mime_types: limit.mime_types.iter().map(ToString::to_string).collect(),
            max_bytes: limit.max_bytes.into(),
            max_caption: limit.max_caption,
        };
        self.0.media.iter().map(limit).collect()
    }

    /// Most files in one message.
    async fn max_attachments(&self) -> u32 {
        self.0.max_attachments
    }

    /// Answers can quote a message.
    async fn quotes(&self) -> bool {
        self.0.quotes
    }

    /// Reactions can be sent.
    async fn reactions(&self) -> bool {
        self.0.reactions
    }

    /// Editing of sent messages; null where it is impossible.
    async fn edit(&self) -> Option<EditRule> {
        self.0.edit.map(|rule| EditRule { max_age_s: rule.max_age_s })
    }

    /// Sent messages can be deleted.
    async fn delete(&self) -> bool {
        self.0.delete
    }

    /// The contact sees that we are typing.
    async fn typing(&self) -> bool {
        self.0.typing
    }

    /// The contact sees that we have read.
    async fn read_marks(&self) -> bool {
        self.0.read_marks
    }

    /// We hear that a message was delivered.
    async fn delivered_receipts(&self) -> bool {
        self.0.delivered_receipts
    }

    /// We hear that a message was read.
    async fn read_receipts(&self) -> bool {
        self.0.read_receipts
    }

    /// We may write first.
    async fn may_start(&self) -> bool {
        self.0.may_start
    }

    /// Until when we may answer; null: always.
    async fn reply_window(&self) -> Option<ReplyWindow> {
        self.0.reply_window.map(|window| ReplyWindow {
            window_s: window.window_s,
            human_window_s: window.human_window_s,
            templates_after: window.templates_after,
        })
    }
}

/// How well one kind of content is taken.
#[derive(SimpleObject)]
pub struct RichSupport {
    /// Which kind.
    kind: RichKind,
    /// How well.
    support: Support,
    /// What the product promises at least; null when it promises nothing for this channel or kind.
    floor: Option<FloorCell>,
}

/// Limit of a text.
#[derive(SimpleObject)]
pub struct TextLimit {
    /// Longest text.
    max: u32,
    /// Counted in.
    unit: LengthUnit,
}

/// Limits of rich content; 0 where a part does not exist.
#[derive(SimpleObject)]
pub struct RichLimits {
    /// Most quick replies.
    quick_replies: u32,
    /// Longest title of a quick reply, characters.
    quick_reply_title: u32,
    /// Most sections of a list.
    list_sections: u32,
    /// Most items of a list, over all sections.
    list_items: u32,
    /// Longest title of an item, characters.
    list_item_title: u32,
    /// Longest description of an item, characters.
    list_item_description: u32,
    /// Most slots of a time picker.
    time_slots: u32,
    /// Most fields of a form.
    form_fields: u32,
    /// Largest Adaptive Card as JSON, bytes.
    card_bytes: u32,
}

/// What files of a class a channel takes.
#[derive(SimpleObject)]
pub struct MediaLimit {
    /// Which class.
    class: MediaClass,
    /// MIME types taken; `*` for any.
    mime_types: Vec<String>,
    /// Largest file, bytes.
    max_bytes: Long,
    /// Longest caption, characters; 0 when it takes none.
    max_caption: u32,
}

/// Editing of sent messages.
#[derive(SimpleObject)]
pub struct EditRule {
    /// Seconds after sending in which it is possible; null: always.
    max_age_s: Option<u32>,
}

/// Until when we may answer.
#[derive(SimpleObject)]
pub struct ReplyWindow {
    /// Seconds after the contact's last message in which anything may be sent.
    window_s: u32,
    /// Longer window, seconds, for messages written by a person.
    human_window_s: Option<u32>,
    /// Whether approved templates may be sent after that.
    templates_after: bool,
}
