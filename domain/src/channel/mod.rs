//! Configured channels: settings, sealed secrets, routing defaults, health, dead letters.

mod dead_letter;
mod health;
mod letters;
mod manage;
mod position;
mod raw;
mod settings;

pub use crate::entity::channel::ChannelHealth;
pub use dead_letter::{Letters, bury_inbound, drop_letters, replay};
pub(crate) use dead_letter::{bury_outbound, settle_outbound};
pub use health::{heard, pause, set_health};
pub use letters::{LetterFilter, excerpt_of, page_of_letters};
pub use manage::{ChannelChange, NewChannel, by_token, create, delete, update};
pub use position::{Position, claim_position, extend_position, listening, open_dead_letters, queued, release_position, save_position};
pub use raw::{NewRaw, StoredRaw, claim_raw, finish_raw, store_raw};
pub use settings::{SettingChange, open};
