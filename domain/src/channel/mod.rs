//! Configured channels: settings, sealed secrets, routing defaults, health, dead letters.

mod dead_letter;
mod door;
mod health;
mod letters;
mod manage;
mod position;
mod raw;
mod replay;
mod seen;
mod settings;

pub use crate::entity::{
    channel::{ChannelHealth, HealthCause},
    dead_letter::DeadLetterCause,
};
pub use dead_letter::{Letters, bury_inbound, drop_letters, replay};
pub(crate) use dead_letter::{bury_outbound, settle_outbound};
pub use door::RawDoor;
pub use health::{HealthReason, check, declared, heard, note_calls, pause, set_health, unwell};
pub use letters::{LetterFilter, excerpt_of, page_of_letters};
pub use manage::{ChannelChange, NewChannel, by_token, create, delete, update};
pub use position::{Position, claim_position, extend_position, listening, open_dead_letters, queued, release_position, save_position};
pub use raw::{NewRaw, RawClaim, StoredRaw, claim_raw, extend_raw, finish_raw, held_raws, store_raw, store_raws};
pub use replay::{ReplayedBatch, ReplayedUpTo, Span, replay_inbound};
pub(crate) use seen::are_first;
pub use settings::{SettingChange, open, renew_secret};
