//! Everything random comes from the entropy that was given in, and from nowhere else.

use sha2::{Digest, Sha256};

/// A deterministic generator: SHA-256 over a key and a counter. As hard to guess as its key, because charts make
/// passwords of it.
#[derive(Clone)]
pub struct Random {
    key: [u8; 32],
    counter: u64,
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Random(#{})", self.counter)
    }
}

impl Random {
    /// From a short seed: for simulation and tests, not for secrets that matter.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::from_entropy(Sha256::digest(seed.to_le_bytes()).into())
    }

    /// From 256 bits of entropy.
    #[must_use]
    pub fn from_entropy(key: [u8; 32]) -> Self {
        Self { key, counter: 0 }
    }

    /// The entropy that the generator was made of. Whoever knows it knows everything that comes of it.
    #[must_use]
    pub fn entropy(&self) -> [u8; 32] {
        self.key
    }

    /// A generator of its own for a name; the same name gives the same generator.
    #[must_use]
    pub fn derive(&self, name: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(name);
        Self::from_entropy(hash.finalize().into())
    }

    /// The next 256 bits.
    pub fn next_block(&mut self) -> [u8; 32] {
        self.counter += 1;
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(self.counter.to_le_bytes());
        hash.finalize().into()
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        let block = self.next_block();
        block.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
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

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (mut a, mut b) = (Random::new(1).derive(b"x"), Random::new(1).derive(b"x"));
        assert_eq!((a.next_u64(), a.next_u64()), (b.next_u64(), b.next_u64()));
        assert_ne!(a.next_u64(), Random::new(1).derive(b"y").next_u64());
    }
}
