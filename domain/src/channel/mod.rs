//! Configured channels: settings, sealed secrets, routing defaults, health, dead letters.

mod dead_letter;
mod health;
mod inbox_raw;
mod manage;
mod settings;

pub use crate::entity::channel::ChannelHealth;
pub use dead_letter::{bury_inbound, drop_letters, replay};
pub(crate) use dead_letter::bury_outbound;
pub use health::{heard, pause, set_health};
pub use inbox_raw::{Stored as StoredRaw, finish_raw, store_raw};
pub use manage::{ChannelChange, NewChannel, by_token, create, delete, update};
pub use settings::{SettingChange, capabilities, open};
