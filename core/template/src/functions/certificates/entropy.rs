//! The environment's randomness as the key crates want it.

use std::convert::Infallible;

use crate::environment::Entropy;

/// Random numbers from the entropy of a render.
pub(super) struct EntropyRng<'e>(pub(super) &'e mut dyn Entropy);

impl rsa::rand_core::TryRng for EntropyRng<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

// The entropy of a render is as hard to guess as the keys made of it have to be.
impl rsa::rand_core::TryCryptoRng for EntropyRng<'_> {}
