//! What all lists of the schema share.

use tributary_domain::{Result, store::page::PageRequest};

use crate::graphql::types::page::MAX_PAGE;

/// The arguments of a list that is read forward: `first` from 1 to 200.
///
/// # Errors
/// `Invalid` at `first`.
pub fn request(first: i32, after: Option<String>) -> Result<PageRequest> {
    PageRequest::new(Some(first), after, None, None, MAX_PAGE)
}

/// Answers a list that belongs to something, together with those of all others of its kind in the same answer.
macro_rules! paged {
    ($cx:expr, $of:expr, $request:expr, $connection:ident, $node:expr) => {{
        let key = $crate::graphql::loader::PageOf { of: $of, request: $request.or_field_error()? };
        let loaded = $cx.rows().load_once(key).await.map_err($crate::graphql::types::load_error)?;
        let (page, position) = loaded.ok_or_else(|| $crate::graphql::error::field_error(tributary_domain::Error::NotFound("list")))?;
        Ok($connection::new(page, $cx.cursor(position).or_field_error()?, $node))
    }};
}
pub(crate) use paged;

/// Answers a list: reads the page and the end of the log from one snapshot.
macro_rules! listed {
    ($cx:expr, $first:expr, $after:expr, $connection:ident, $node:expr, |$read:ident, $request:ident| $page:expr) => {{
        let $request = $crate::graphql::query::list::request($first, $after).or_field_error()?;
        let $read = $cx.read().await.or_field_error()?;
        let page = $page.await.or_field_error()?;
        let position = $read.position().await.or_field_error()?;
        Ok($connection::new(page, $cx.cursor(position).or_field_error()?, $node))
    }};
}
pub(crate) use listed;
