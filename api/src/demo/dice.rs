//! Numbers that look random and are the same for ever, whatever the version of any library: the demo tells the same
//! stories on every machine. Not for secrets.

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Dice(u64);

impl Dice {
    /// Dice that fall the same for the same `seed`.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `count` without `count` itself.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count.max(1)).unwrap_or(1);
        usize::try_from(self.next() % count).unwrap_or(0)
    }

    /// A number between the two, both included.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        let span = u64::try_from(to - from + 1).unwrap_or(1).max(1);
        from + i64::try_from(self.next() % span).unwrap_or(0)
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of these; there must be some.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_falls_the_same() {
        let (mut one, mut other) = (Dice::new(7), Dice::new(7));
        let thrown: Vec<_> = (0..20).map(|_| one.below(6)).collect();
        assert_eq!(thrown, (0..20).map(|_| other.below(6)).collect::<Vec<_>>());
        assert!(thrown.iter().any(|eyes| *eyes != thrown[0]) && thrown.iter().all(|eyes| *eyes < 6));
        assert!((0..50).map(|_| one.between(-2, 2)).all(|number| (-2..=2).contains(&number)));
    }
}
