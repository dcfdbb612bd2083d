//! Digests.

use std::fmt::Write as _;

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::exec::{Executed, Run};
use crate::value::{ParamType, Value};

use super::arguments::bytes;
use super::{Function, fixed};

const STRING: &[ParamType] = &[ParamType::String];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("sha1sum", STRING, hash::<Sha1>),
    fixed("sha256sum", STRING, hash::<Sha256>),
    fixed("sha512sum", STRING, hash::<Sha512>),
    fixed("adler32sum", STRING, |run, arguments| {
        charge(run, bytes(arguments, 0).len())?;
        Ok(adler32(bytes(arguments, 0)).to_string().into())
    }),
];

fn hash<D: Digest>(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let input = bytes(arguments, 0);
    charge(run, input.len())?;
    let mut out = String::new();
    for byte in D::digest(input) {
        let _ = write!(out, "{byte:02x}");
    }
    Ok(out.into())
}

fn adler32(input: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut low, mut high) = (1, 0);
    for byte in input {
        low = (low + u32::from(*byte)) % MODULUS;
        high = (high + low) % MODULUS;
    }
    high << 16 | low
}

/// Hashing runs at a few hundred MB/s.
fn charge(run: &mut Run<'_, '_>, length: usize) -> Executed<()> {
    Ok(run.environment.budget.charge_steps((length / 16) as u64)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adler32_of_a_known_text() {
        assert_eq!(adler32(b"Wikipedia"), 300_286_872);
        assert_eq!(adler32(b""), 1);
    }
}
