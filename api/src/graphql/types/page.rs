//! Relay connections over keyset pages.

use async_graphql::SimpleObject;

/// Where a page lies in its list.
#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    /// Whether rows follow.
    pub has_next_page: bool,
    /// Whether rows precede.
    pub has_previous_page: bool,
    /// Cursor of the first row.
    pub start_cursor: Option<String>,
    /// Cursor of the last row.
    pub end_cursor: Option<String>,
}

/// Largest page.
pub const MAX_PAGE: u32 = 200;
/// Most rows of a list that has no pages, because hardly anything has more.
pub const MAX_SHORT_LIST: usize = 200;

/// Declares the connection and the edge of a node type.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty, $name:literal) => {
        #[doc = concat!("A page of ", $name, ".")]
        #[derive(async_graphql::SimpleObject)]
        #[graphql(complex, crate = "crate::graphql::walk")]
        pub struct $connection {
            /// The rows with their cursors.
            pub edges: Vec<$edge>,
            /// Where the page lies in its list.
            pub page_info: $crate::graphql::types::page::PageInfo,
            /// End of the event log as of this page: follow the log from here to stay up to date.
            pub log_cursor: $crate::graphql::scalars::LogCursor,
        }

        #[doc = concat!("One row of a page of ", $name, ".")]
        #[derive(async_graphql::SimpleObject)]
        #[graphql(crate = "crate::graphql::walk")]
        pub struct $edge {
            /// Position of the row in its list.
            pub cursor: String,
            /// The row.
            pub node: $node,
        }

        #[async_graphql::ComplexObject(crate = "crate::graphql::walk")]
        impl $connection {
            /// The rows without their cursors.
            async fn nodes(&self) -> Vec<&$node> {
                self.edges.iter().map(|edge| &edge.node).collect()
            }
        }

        impl $connection {
            /// A connection over a page of rows.
            pub fn new<T>(
                page: tributary_domain::store::page::Page<T>,
                log_cursor: $crate::graphql::scalars::LogCursor,
                node: impl FnMut(T) -> $node,
            ) -> Self {
                let page_info = $crate::graphql::types::page::PageInfo {
                    has_next_page: page.has_next,
                    has_previous_page: page.has_previous,
                    start_cursor: page.cursors.first().cloned(),
                    end_cursor: page.cursors.last().cloned(),
                };
                let edges = page.items.into_iter().map(node).zip(page.cursors).map(|(node, cursor)| $edge { cursor, node }).collect();
                Self { edges, page_info, log_cursor }
            }
        }
    };
}
pub(crate) use connection;
