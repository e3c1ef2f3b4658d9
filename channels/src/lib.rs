//! Channel adapters and the worker that runs them.
//!
//! Adding a channel: a folder of the same shape as its siblings, a line in the registry, a value in
//! [`tributary_domain::spec::ChannelKind`].

pub mod apple_app_reviews;
pub mod apple_messages;
pub mod byoc;
pub mod channel;
pub mod digital_chat;
pub mod email;
pub mod error;
pub mod facebook;
pub mod facebook_messenger;
pub mod google_business_messages;
pub mod google_places;
pub mod google_play;
pub mod instagram;
pub mod instagram_direct;
pub mod line;
pub mod linkedin;
pub mod microsoft_teams;
pub mod registry;
pub mod shared;
pub mod slack;
pub mod sms;
pub mod specs;
pub mod telegram;
pub mod viber;
pub mod whatsapp;
pub mod worker;
pub mod x;
pub mod x_direct_messages;
pub mod youtube;
