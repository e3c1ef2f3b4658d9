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

/// Complexity of a list: every row costs what is asked of it.
#[must_use]
pub fn cost(first: i32, of_row: usize) -> usize {
    usize::try_from(first).unwrap_or(1).max(1).saturating_mul(of_row.max(1))
}

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
