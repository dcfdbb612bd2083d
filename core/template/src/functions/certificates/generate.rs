//! Makes private keys from the entropy of a render.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, NonZero, Odd, RandomBits as _, RandomMod as _, Resize as _};
use crypto_primes::{Flavor, is_prime, random_prime};
use rsa::pkcs1::EncodeRsaPrivateKey as _;

use crate::exec::{Executed, Run};

use super::curve::Curve;
use super::der;
use super::entropy::EntropyRng;
use super::key::{PrivateKey, ec_key};

/// Bits of the keys that are made for certificates.
pub(super) const CERTIFICATE_BITS: usize = 2048;
/// Bits of an RSA key that was asked for by itself.
const RSA_BITS: usize = 4096;
/// Bits of the modulus and of the order of a DSA key.
const DSA_BITS: (u32, u32) = (2048, 256);

/// Steps of making an RSA key for a certificate, which takes 0.15 s in the mean.
pub(super) const CERTIFICATE_KEY_STEPS: u64 = 4_500_000;
/// Steps of making an RSA or DSA key by itself, which takes 2 s in the mean.
const LARGE_KEY_STEPS: u64 = 50_000_000;
/// Steps of making a key on an elliptic curve, and of reading a key or signing with it.
pub(super) const SMALL_KEY_STEPS: u64 = 20_000;

/// `genPrivateKey`: the key as text, or text about why there is none.
pub(super) fn private_key_text(run: &mut Run<'_, '_>, kind: &str) -> Executed<String> {
    let steps = match kind {
        "" | "rsa" | "dsa" => LARGE_KEY_STEPS,
        "ecdsa" | "ed25519" => SMALL_KEY_STEPS,
        _ => return Ok(format!("Unknown type {kind}")),
    };
    run.environment.budget.charge_steps(steps)?;
    let mut random = EntropyRng(run.environment.entropy);
    let key = match kind {
        "dsa" => dsa(&mut random),
        "ecdsa" => ecdsa(&mut random),
        "ed25519" => Some(ed25519(&mut random)),
        _ => rsa(&mut random, RSA_BITS),
    };
    Ok(key.map_or_else(|| "failed to generate private key: no key was found".to_owned(), |key| key.to_pem()))
}

/// An RSA key with the exponent 65537.
pub(super) fn rsa(random: &mut EntropyRng<'_>, bits: usize) -> Option<PrivateKey> {
    let key = rsa::PrivateKey::new(random, bits).ok()?;
    let der = key.to_pkcs1_der().ok()?.as_bytes().to_vec();
    Some(PrivateKey::Rsa { key: Box::new(key), der })
}

fn ecdsa(random: &mut EntropyRng<'_>) -> Option<PrivateKey> {
    let curve = Curve::P256;
    // Nearly every number is below the order of the curve.
    for _ in 0..64 {
        let mut secret = vec![0; curve.secret_size()];
        random.0.fill(&mut secret);
        if let Some(key) = ec_key(curve, secret) {
            return Some(key);
        }
    }
    None
}

fn ed25519(random: &mut EntropyRng<'_>) -> PrivateKey {
    let mut seed = [0; 32];
    random.0.fill(&mut seed);
    PrivateKey::Ed25519(seed)
}

/// A DSA key: a prime order `q`, a prime modulus `p` of which `q` divides `p-1`, a generator, a secret.
fn dsa(random: &mut EntropyRng<'_>) -> Option<PrivateKey> {
    let (bits, order_bits) = DSA_BITS;
    let q: BoxedUint = random_prime(random, Flavor::Any, order_bits);
    let q = NonZero::new(q.resize(bits)).into_option()?;
    let p = dsa_modulus(random, &q, bits)?;
    let parameters = BoxedMontyParams::new_vartime(Odd::new(p.clone()).into_option()?);
    let power = |base: BoxedUint, exponent: &BoxedUint| {
        BoxedMontyForm::new(base, &parameters).pow(exponent).retrieve()
    };
    let cofactor = (&p - BoxedUint::one_with_precision(bits)) / &q;
    let g = (2u64..)
        .map(|base| power(BoxedUint::from(base).resize(bits), &cofactor))
        .find(|g| *g > BoxedUint::one_with_precision(bits))?;
    let x = BoxedUint::try_random_mod_vartime(random, &q).ok()?;
    let y = power(g.clone(), &x);
    let numbers: Vec<u8> = [BoxedUint::zero_with_precision(bits), p, q.get(), g, y, x]
        .iter()
        .flat_map(|number| der::unsigned(&number.to_be_bytes()))
        .collect();
    Some(PrivateKey::Dsa(der::element(der::SEQUENCE, &numbers)))
}

/// A prime with the top bit set that leaves 1 when divided by twice the order.
fn dsa_modulus(random: &mut EntropyRng<'_>, q: &NonZero<BoxedUint>, bits: u32) -> Option<BoxedUint> {
    let one = BoxedUint::one_with_precision(bits);
    let step = NonZero::new(q.shl(1)).into_option()?;
    let top = one.shl(bits - 1);
    loop {
        let candidate = BoxedUint::try_random_bits(random, bits).ok()?.resize(bits) | &top;
        let candidate = &candidate - (&candidate % &step) + &one;
        if candidate > top && !has_small_factor(&candidate) && is_prime(Flavor::Any, &candidate) {
            return Some(candidate);
        }
    }
}

/// Whether a small prime divides the number: cheaper to find out than whether it is prime.
fn has_small_factor(number: &BoxedUint) -> bool {
    const MOST: u64 = 2000;
    let limbs = number.to_be_bytes();
    (3..MOST)
        .step_by(2)
        .filter(|divisor| (3..).step_by(2).take_while(|d| d * d <= *divisor).all(|d| divisor % d != 0))
        .any(|divisor| limbs.iter().fold(0, |rest, byte| (rest << 8 | u64::from(*byte)) % divisor) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::SeededEntropy;

    #[test]
    fn keys_depend_on_the_entropy_only() {
        let text = |seed| {
            let mut entropy = SeededEntropy::new(seed);
            rsa(&mut EntropyRng(&mut entropy), 1024).unwrap().to_pem()
        };
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
        assert!(PrivateKey::parse(text(1).as_bytes()).is_ok());
    }

    #[test]
    fn a_dsa_key_has_its_numbers() {
        let mut entropy = SeededEntropy::new(1);
        let key = dsa(&mut EntropyRng(&mut entropy)).unwrap().to_pem();
        assert_eq!(PrivateKey::parse(key.as_bytes()).map(|key| key.to_pem()), Ok(key));
    }
}
