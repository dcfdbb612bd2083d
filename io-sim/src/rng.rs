//! A small seeded generator (SplitMix64), the only source of chance in a simulated world.

/// Pseudo-random numbers; the same seed gives the same numbers on every platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rng {
    state: u64,
    /// Bytes that decide the first numbers, from the last to the first.
    script: Vec<u8>,
}

impl Rng {
    /// A generator from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed, script: Vec::new() }
    }

    /// A generator whose numbers are decided by bytes, two for each, as long as there are any: for a fuzzer that looks for
    /// interesting choices.
    #[must_use]
    pub fn scripted(bytes: &[u8]) -> Self {
        Self { state: 0, script: bytes.iter().rev().copied().collect() }
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        if let Some(low) = self.script.pop() {
            let high = self.script.pop().unwrap_or_default();
            return u64::from(u16::from_le_bytes([low, high])) * 0x0001_0001;
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; zero when `bound` is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next_u64() % bound }
    }

    /// A place in a list of so many.
    pub fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low.saturating_add(self.below(high.saturating_sub(low).saturating_add(1)))
    }

    /// True in `per_mille` of a thousand cases.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.below(1000) < u64::from(per_mille)
    }

    /// An independent generator, for a part of the world that must not disturb the numbers of others.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self::new(self.next_u64())
    }

    /// A number as a random UUID (version 4) would look.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.next_u64(), self.next_u64());
        let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xfff | 0x4000);
        let (d, e) = (low >> 48 & 0x3fff | 0x8000, low & 0xffff_ffff_ffff);
        format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_numbers() {
        let (mut one, mut two) = (Rng::new(7), Rng::new(7));
        assert!((0..100).all(|_| one.next_u64() == two.next_u64()));
        assert_ne!(Rng::new(1).next_u64(), Rng::new(2).next_u64());
    }

    #[test]
    fn bytes_decide_the_first_numbers() {
        let mut rng = Rng::scripted(&[3, 0, 1]);
        assert_eq!((rng.below(10), rng.below(10)), (1, 7));
        assert_eq!(rng.next_u64(), Rng::new(0).next_u64());
    }

    #[test]
    fn bounds_hold() {
        let mut rng = Rng::new(3);
        assert!((0..1000).all(|_| (5..=9).contains(&rng.between(5, 9))));
        assert!((0..1000).all(|_| !rng.chance(0) && rng.chance(1000)));
        assert_eq!(rng.uuid().len(), 36);
    }
}
