//! Files of messages.

use async_graphql::{Context, ID, Object};
use chrono::Duration;
use tributary_domain::{Result, entity::attachment, spec::MediaClass as Class};

use super::enums::{AttachmentState, MediaClass};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    scalars::{Long, WebUrl, node_id},
};

/// How long a signed address is valid.
pub const VALID_MINUTES: i64 = 15;

/// A file of a message.
#[derive(async_graphql::Description)]
pub struct Attachment(pub attachment::Model);

impl Attachment {
    /// Its signed address, when it is there. The caller has made sure that the viewer may see it.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub fn signed(&self, cx: &Context<'_>) -> Result<Option<WebUrl>> {
        if self.0.state != attachment::AttachmentState::Stored {
            return Ok(None);
        }
        let app = cx.app();
        let expires = app.store.clock().now() + Duration::minutes(VALID_MINUTES);
        Ok(Some(WebUrl(app.links.url(&app.public_url, cx.actor()?.workspace, self.0.id, expires))))
    }
}

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl Attachment {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// File name, made safe.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Media type by its first bytes.
    async fn mime(&self) -> &str {
        &self.0.mime
    }

    /// Group of file types.
    async fn class(&self) -> MediaClass {
        Class::of(&self.0.mime).into()
    }

    /// Size in bytes.
    async fn bytes(&self) -> Long {
        Long(self.0.bytes)
    }

    /// What became of it.
    async fn state(&self) -> AttachmentState {
        self.0.state.into()
    }

    /// MIME content id when the body shows it (`cid:`).
    async fn content_id(&self) -> Option<&str> {
        self.0.content_id.as_deref()
    }

    /// Signed address, valid for 15 minutes; null until the file is there.
    async fn url(&self, cx: &Context<'_>) -> async_graphql::Result<Option<WebUrl>> {
        self.signed(cx).or_field_error()
    }

    /// Width of a picture, pixels.
    async fn width(&self) -> Option<i32> {
        self.0.width
    }

    /// Height of a picture, pixels.
    async fn height(&self) -> Option<i32> {
        self.0.height
    }
}
