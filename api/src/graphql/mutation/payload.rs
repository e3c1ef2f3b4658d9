//! Payloads: the changed object, the refusals, and the cursor after the change.

/// Declares a payload with one object and a function that runs a command for it.
///
/// The object is loaded after the command, also when it was refused, so that a conflict shows the present state.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $field:ident: $object:ty }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            /// The object as it is now; null when there is none that the viewer may see.
            pub $field: Option<$object>,
            /// Why it was refused; empty when it was done.
            pub errors: Vec<$crate::graphql::error::UserError>,
            /// End of the change in the event log; null when nothing changed.
            pub cursor: Option<$crate::graphql::scalars::LogCursor>,
        }

        impl $name {
            /// The payload of a command's outcome.
            ///
            /// # Errors
            /// Internal errors, and `UNAUTHENTICATED`.
            pub fn of(
                outcome: tributary_domain::Result<Option<$crate::graphql::scalars::LogCursor>>,
                $field: Option<$object>,
            ) -> async_graphql::Result<Self> {
                let (cursor, errors) = match outcome {
                    Ok(cursor) => (cursor, Vec::new()),
                    Err(error) => (None, $crate::graphql::error::refusals(error)?),
                };
                Ok(Self { $field, errors, cursor })
            }
        }
    };
}
pub(crate) use payload;
