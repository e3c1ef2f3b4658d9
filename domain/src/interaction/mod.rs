//! Interactions: the whole conversation of a contact with us on one channel. One command per file.

pub mod along;
mod change;
mod open;
mod policy;
mod read;
mod relate;
pub mod rows;

pub(crate) use change::read_elsewhere;
pub use change::{assign, mark_read, move_to_inbox, set_priority, set_skill, set_status, set_tags, snooze, wake_snoozed};
pub(crate) use change::{audience, event, thread_closed, touch};
pub(crate) use open::{Places, Target};
pub(crate) use policy::window_end;
pub use policy::{ReplyPolicy, ReplyRefusal, reply_policy};
pub use read::{by_id, by_reference, must_see};
pub(crate) use read::{lock, must_see_locked, takes_part};
pub(crate) use relate::relate;

pub use crate::entity::interaction::Priority;

/// The short reference that people read to each other.
#[must_use]
pub fn reference(number: i64) -> String {
    format!("T-{number}")
}

/// The number in a reference; upper and lower case and a missing prefix are all right.
#[must_use]
pub fn parse_reference(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix("T-").or_else(|| text.strip_prefix("t-")).unwrap_or(text);
    digits.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::{parse_reference, reference};

    #[test]
    fn references_come_back() {
        assert_eq!(parse_reference(&reference(1042)), Some(1042));
        assert_eq!(parse_reference(" t-7 "), Some(7));
        assert_eq!(parse_reference("T--7"), None);
        assert_eq!(parse_reference("x7"), None);
    }
}
