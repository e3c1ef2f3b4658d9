//! Channels, their kinds, and what a customer will get.

use async_graphql::{Context, ID, Object, SimpleObject};
use sea_orm::sea_query::Order;
use tributary_domain::{
    Error,
    content::{self, AttachmentFacts, Language},
    entity::{attachment, channel},
    ids::{AttachmentId, ChannelId},
    spec::{Audience, ChannelKind},
    store::page::{PageRequest, Sort},
};

use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    scalars::{decode, decode_all},
    types::{
        channel::{Channel, ChannelConnection, ChannelKindInfo, Language as ApiLanguage},
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
    /// Path in the input, dots between.
    field: String,
    /// What is wrong.
    code: ViolationCode,
    /// One English sentence for developers.
    message: String,
    /// The limit that was passed.
    limit: Option<i64>,
}

impl From<content::Violation> for Violation {
    fn from(violation: content::Violation) -> Self {
        Self {
            field: violation.field,
            code: violation.code.into(),
            message: violation.message,
            limit: violation.limit.map(u64::cast_signed),
        }
    }
}

/// Queries of channels.
#[derive(Default)]
pub struct ChannelQuery;

#[Object]
impl ChannelQuery {
    /// The channels of the workspace, oldest first.
    #[graphql(complexity = "usize::try_from(first.max(1)).unwrap_or(1) * child_complexity")]
    async fn channels(&self, cx: &Context<'_>, first: i32, after: Option<String>) -> async_graphql::Result<ChannelConnection> {
        let actor = cx.actor().or_field_error()?;
        let request = PageRequest::new(Some(first), after, None, None, MAX_PAGE).or_field_error()?;
        let read = cx.read().await.or_field_error()?;
        let position = read.position().await.or_field_error()?;
        let sort = Sort::new("channels", [(channel::Column::CreatedAt, Order::Asc), (channel::Column::Id, Order::Asc)]);
        let page = sort.page(channel::in_workspace(actor.workspace), &request, read.conn()).await.or_field_error()?;
        Ok(ChannelConnection::new(page, cx.cursor(position).or_field_error()?, Channel))
    }

    /// Every kind of channel with its settings and abilities.
    async fn channel_kinds(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<ChannelKindInfo>> {
        cx.actor().or_field_error()?;
        let registry = &cx.app().registry;
        let info = |kind: ChannelKind| ChannelKindInfo { spec: registry.spec(kind), is_available: registry.get(kind).is_some() };
        Ok(ChannelKind::all().map(info).collect())
    }

    /// What the customer will get when this is sent on that channel, and what keeps it from being sent.
    async fn preview_content(
        &self,
        cx: &Context<'_>,
        channel_id: ID,
        content: RichContentInput,
        #[graphql(default)] attachment_ids: Vec<ID>,
        #[graphql(default_with = "ApiLanguage::En")] language: ApiLanguage,
    ) -> async_graphql::Result<ContentPreview> {
        let actor = cx.actor().or_field_error()?;
        let id: ChannelId = decode(&channel_id, "channelId").or_field_error()?;
        let files: Vec<AttachmentId> = decode_all(&attachment_ids, "attachmentIds").or_field_error()?;
        let body = content.into_content().or_field_error()?;
        let read = cx.read().await.or_field_error()?;
        let found = channel::by_id(actor.workspace, id).one(read.conn()).await.map_err(Error::from).or_field_error()?;
        let found = found.ok_or(Error::NotFound("channel")).or_field_error()?;
        let files = attachment::of_ids(actor.workspace, &files).all(read.conn()).await.map_err(Error::from).or_field_error()?;
        let facts: Vec<AttachmentFacts<'_>> =
            files.iter().map(|file| AttachmentFacts { mime: &file.mime, bytes: u64::try_from(file.bytes).unwrap_or(0) }).collect();
        let capabilities = cx.app().registry.capabilities(&found);
        let audience = if actor.is_machine() { Audience::Machine } else { Audience::Agent };
        let mut violations = content::validate(&body).err().unwrap_or_default();
        if violations.is_empty() {
            violations = content::check(&body, &facts, &capabilities, audience).err().unwrap_or_default();
        }
        let language: Language = language.into();
        Ok(ContentPreview {
            fallback_text: body.fallback_in(language),
            rendered: RenderedContent::new(content::degrade(&body.sanitised(), &capabilities, language), language),
            violations: violations.into_iter().map(Violation::from).collect(),
        })
    }
}
