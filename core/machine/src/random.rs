//! Deterministic pseudo-random numbers from the seed that was given in.

/// SplitMix64 (Steele, Lea, Flood 2014): for jitter and for seeding the entropy of templates.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; zero for a bound of zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next_u64() % bound }
    }

    /// `nanos` changed by at most `percent` in either direction (spec 02 §2.12).
    pub fn jitter(&mut self, nanos: u64, percent: u8) -> u64 {
        let spread = (u128::from(nanos) * u128::from(percent) / 100) as u64;
        nanos - spread + self.below(spread.saturating_mul(2).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_its_share() {
        let mut random = Random::new(7);
        for _ in 0..1000 {
            let value = random.jitter(1000, 5);
            assert!((950..=1050).contains(&value));
        }
        assert_eq!(random.jitter(1000, 0), 1000);
    }
}
