//! Channels, their kinds, and what a customer will get.

use async_graphql::{Context, ID, Object, SimpleObject};
use sea_orm::sea_query::Order;
use tributary_domain::{
    Error,
    content::{self, AttachmentFacts},
    entity::channel,
    ids::{AttachmentId, ChannelId},
    spec::{Audience, ChannelKind},
    store::page::{PageRequest, Sort},
};

use crate::graphql::{
    context::Cx,
    error::{OrFieldError, path},
    guard::{Needs, REFERS},
    node,
    scalars::{LanguageTag, Long, decode, decode_all},
    types::{
        channel::{Channel, ChannelConnection, ChannelKindInfo},
        content_input::RichContentInput,
        enums::ViolationCode,
        message::RenderedContent,
        page::MAX_PAGE,
    },
};

/// What a customer will get.
#[derive(SimpleObject)]
pub struct ContentPreview {
    /// The body as the channel takes it.
    rendered: RenderedContent,
    /// Text that stands for the whole body where the kind is not taken.
    fallback_text: String,
    /// What keeps it from being sent.
    violations: Vec<Violation>,
}

/// One thing that is wrong with a draft.
#[derive(SimpleObject)]
pub struct Violation {
    /// Path in the content, such as `["quickReplies", "replies", "2", "title"]`; empty for the whole.
    field: Vec<String>,
    /// What is wrong.
    code: ViolationCode,
    /// One English sentence for developers.
    message: String,
    /// The limit that was passed.
    limit: Option<Long>,
}

impl From<content::Violation> for Violation {
    fn from(violation: content::Violation) -> Self {
        Self {
            field: path(&violation.field),
            code: violation.code.into(),
            message: violation.message,
            limit: violation.limit.map(Long::from),
        }
    }
}

/// Queries of channels.
#[derive(Default)]
pub struct ChannelQuery;

#[Object]
impl ChannelQuery {
    /// The channels of the workspace, oldest first.
    #[graphql(guard = "Needs::scope(REFERS)")]
    async fn channels(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<ChannelConnection> {
        let actor = cx.actor().or_field_error()?;
        let request = PageRequest::new(Some(first), after, None, None, MAX_PAGE).or_field_error()?;
        let read = cx.read().await.or_field_error()?;
        let position = read.position().await.or_field_error()?;
        let sort = Sort::new("channels", [(channel::Column::CreatedAt, Order::Asc), (channel::Column::Id, Order::Asc)]);
        let page = sort.page(channel::in_workspace(actor.workspace), &request, read.conn()).await.or_field_error()?;
        Ok(ChannelConnection::new(page, cx.cursor(position).or_field_error()?, Channel))
    }

    /// Every kind of channel with its settings and abilities.
    #[graphql(guard = "Needs::scope(REFERS)")]
    async fn channel_kinds(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<ChannelKindInfo>> {
        cx.actor().or_field_error()?;
        let registry = &cx.app().registry;
        let info = |kind: ChannelKind| ChannelKindInfo { spec: registry.spec(kind), is_available: registry.get(kind).is_some() };
        Ok(ChannelKind::all().map(info).collect())
    }

    /// What the customer will get when this is sent on that channel, and what keeps it from being sent.
    #[graphql(guard = "Needs::scope(REFERS)")]
    async fn preview_content(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "On which channel.")] channel_id: ID,
        #[graphql(desc = "What is to be sent.")] content: RichContentInput,
        #[graphql(desc = "Uploaded files to go with it.", default)] attachment_ids: Vec<ID>,
        #[graphql(desc = "Language of fallback text.", default_with = "LanguageTag::english()")] language: LanguageTag,
    ) -> async_graphql::Result<ContentPreview> {
        let actor = cx.actor().or_field_error()?;
        let id: ChannelId = decode(&channel_id, "channelId").or_field_error()?;
        let files: Vec<AttachmentId> = decode_all(&attachment_ids, "attachmentIds").or_field_error()?;
        let body = content.into_content().or_field_error()?;
        let read = cx.read().await.or_field_error()?;
        let found = channel::by_id(actor.workspace, id).one(read.conn()).await.map_err(Error::from).or_field_error()?;
        let found = found.ok_or(Error::NotFound("channel")).or_field_error()?;
        let files = tributary_domain::message::own_files(&read, actor, &files).await.or_field_error()?;
        drop(read);
        for (place, image) in body.images() {
            if node::file(cx, image).await?.is_none() {
                return Err(Error::invalid(format!("content.{place}"), "no file that you see")).or_field_error();
            }
        }
        let facts: Vec<AttachmentFacts<'_>> =
            files.iter().map(|file| AttachmentFacts { mime: &file.mime, bytes: u64::try_from(file.bytes).unwrap_or(0) }).collect();
        let capabilities = cx.app().registry.capabilities(&found);
        let audience = if actor.is_machine() { Audience::Machine } else { Audience::Agent };
        let mut violations = content::validate(&body).err().unwrap_or_default();
        if violations.is_empty() {
            violations = content::check(&body, &facts, &capabilities, audience).err().unwrap_or_default();
        }
        let language = language.phrases();
        Ok(ContentPreview {
            fallback_text: body.fallback_in(language),
            rendered: RenderedContent::new(content::degrade(&body.sanitised(), &capabilities, language), language),
            violations: violations.into_iter().map(Violation::from).collect(),
        })
    }
}
