//! The subscriptions: filtered, typed views of one log with one cursor; and two that tell each time all that they are about,
//! and need none: how the work stands, which follows from the log, and presence, which is not in it.

pub mod events;
pub mod inbox;
pub mod metrics;
pub mod presence;

use async_graphql::MergedSubscription;

/// What can be followed.
#[derive(MergedSubscription, Default)]
pub struct Subscription(events::EventsSubscription, inbox::InboxSubscription, metrics::MetricsSubscription, presence::PresenceSubscription);
