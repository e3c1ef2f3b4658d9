//! Checking a body before it is stored.

use crate::{
    content::{self, AttachmentFacts, RichContent},
    entity::attachment,
    error::{Error, Result},
    spec::{Audience, Capabilities},
};

/// The body as it is stored: valid everywhere, HTML sanitised.
pub(super) fn prepare(content: &RichContent) -> Result<RichContent> {
    content::validate(content).map_err(Error::Content)?;
    Ok(content.clone().sanitised())
}

/// Refuses what the channel does not take from this audience.
pub(super) fn must_pass(content: &RichContent, files: &[attachment::Model], capabilities: &Capabilities, audience: Audience) -> Result<()> {
    let facts: Vec<AttachmentFacts<'_>> =
        files.iter().map(|file| AttachmentFacts { mime: &file.mime, bytes: u64::try_from(file.bytes).unwrap_or(0) }).collect();
    content::check(content, &facts, capabilities, audience).map_err(Error::Content)
}
