//! The subscriptions: filtered, typed views of one log with one cursor, and presence, which is not in the log.

pub mod events;
pub mod inbox;
pub mod presence;

use async_graphql::MergedSubscription;

/// What can be followed.
#[derive(MergedSubscription, Default)]
pub struct Subscription(events::EventsSubscription, inbox::InboxSubscription, presence::PresenceSubscription);
