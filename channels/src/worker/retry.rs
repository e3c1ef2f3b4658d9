//! When to try again. Pure.

use std::time::Duration;

/// Shortest wait.
const FIRST: Duration = Duration::from_secs(1);
/// Longest wait.
const LONGEST: Duration = Duration::from_mins(10);
/// After this long a message is given up.
pub(super) const GIVE_UP_AFTER: Duration = Duration::from_hours(24);

/// The wait before the attempt after `attempts` have failed: doubling, full jitter, never under a tenth of the step so
/// that a lane does not spin. The platform's own wish wins.
///
/// `jitter` is between 0 and 1.
#[must_use]
pub(super) fn wait(attempts: u32, wish: Option<Duration>, jitter: f64) -> Duration {
    if let Some(wish) = wish {
        return wish.min(GIVE_UP_AFTER);
    }
    let step = FIRST.saturating_mul(1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX)).min(LONGEST);
    step.mul_f64(jitter.clamp(0.1, 1.0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{GIVE_UP_AFTER, wait};

    #[test]
    fn waits_grow_and_stay_in_bounds() {
        assert_eq!(wait(1, None, 1.0), Duration::from_secs(1));
        assert_eq!(wait(4, None, 1.0), Duration::from_secs(8));
        assert_eq!(wait(40, None, 1.0), Duration::from_mins(10));
        assert_eq!(wait(4, None, 0.0), Duration::from_millis(800));
    }

    #[test]
    fn the_platforms_wish_wins() {
        assert_eq!(wait(1, Some(Duration::from_secs(77)), 1.0), Duration::from_secs(77));
        assert_eq!(wait(1, Some(Duration::from_hours(99)), 1.0), GIVE_UP_AFTER);
    }
}
