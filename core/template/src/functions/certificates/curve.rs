//! The elliptic curves of ECDSA keys.

use rsa::signature::{SignatureEncoding, Signer};

/// A curve of NIST's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    /// P-256
    P256,
    /// P-384
    P384,
    /// P-521
    P521,
}

impl Curve {
    const ALL: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

    /// The encoded object identifier of the curve.
    pub(super) fn identifier(self) -> &'static [u8] {
        match self {
            Curve::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
            Curve::P384 => &[0x2b, 0x81, 4, 0, 0x22],
            Curve::P521 => &[0x2b, 0x81, 4, 0, 0x23],
        }
    }

    /// The encoded object identifier of ECDSA with the digest that goes with the curve (RFC 5758).
    pub(super) fn signature_identifier(self) -> &'static [u8] {
        match self {
            Curve::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
            Curve::P384 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
            Curve::P521 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4],
        }
    }

    /// The curve with this encoded object identifier.
    pub(super) fn of(identifier: &[u8]) -> Option<Curve> {
        Curve::ALL.into_iter().find(|curve| curve.identifier() == identifier)
    }

    /// Bytes of a secret.
    pub(super) fn secret_size(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }

    /// The public point of a secret, uncompressed; nothing for a secret out of range.
    pub(super) fn public(self, secret: &[u8]) -> Option<Vec<u8>> {
        Some(match self {
            Curve::P256 => p256::ecdsa::SigningKey::from_slice(secret)
                .ok()?
                .verifying_key()
                .to_sec1_point(false)
                .as_bytes()
                .to_vec(),
            Curve::P384 => p384::ecdsa::SigningKey::from_slice(secret)
                .ok()?
                .verifying_key()
                .to_sec1_point(false)
                .as_bytes()
                .to_vec(),
            Curve::P521 => p521::ecdsa::SigningKey::from_slice(secret)
                .ok()?
                .verifying_key()
                .to_sec1_point(false)
                .as_bytes()
                .to_vec(),
        })
    }

    /// A signature in the distinguished encoding; the same for the same message (RFC 6979).
    pub(super) fn sign(self, secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Curve::P256 => {
                let key = p256::ecdsa::SigningKey::from_slice(secret).ok()?;
                sign_with::<p256::ecdsa::DerSignature, _>(&key, message)
            }
            Curve::P384 => {
                let key = p384::ecdsa::SigningKey::from_slice(secret).ok()?;
                sign_with::<p384::ecdsa::DerSignature, _>(&key, message)
            }
            Curve::P521 => {
                let key = p521::ecdsa::SigningKey::from_slice(secret).ok()?;
                sign_with::<p521::ecdsa::DerSignature, _>(&key, message)
            }
        }
    }
}

fn sign_with<S: SignatureEncoding, K: Signer<S>>(key: &K, message: &[u8]) -> Option<Vec<u8>> {
    Some(key.try_sign(message).ok()?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_points_and_sign() {
        for curve in Curve::ALL {
            let mut secret = vec![0; curve.secret_size()];
            assert_eq!(curve.public(&secret), None, "zero is no secret");
            secret[curve.secret_size() - 1] = 7;
            let public = curve.public(&secret).unwrap();
            assert_eq!(public.len(), 2 * curve.secret_size() + 1);
            assert_eq!(curve.sign(&secret, b"m"), curve.sign(&secret, b"m"));
            assert_eq!(Curve::of(curve.identifier()), Some(curve));
        }
    }
}
