//! Private keys in the forms sprig reads and writes: PKCS#1, SEC 1, OpenSSL's DSA form and PKCS#8.

use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPublicKey as _};
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _, Signer as _};
use sha2::Sha256;

use super::curve::Curve;
use super::der::{self, Reader};
use super::entropy::EntropyRng;
use super::pem;

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// Numbers of a PKCS#1 key after its version.
const RSA_NUMBERS: usize = 8;
/// Version of SEC 1's form.
const EC_VERSION: u8 = 1;

/// A private key.
pub(super) enum PrivateKey {
    /// RSA, with its PKCS#1 form.
    Rsa { key: Box<rsa::PrivateKey>, der: Vec<u8> },
    /// ECDSA.
    Ec { curve: Curve, secret: Vec<u8>, public: Vec<u8> },
    /// Ed25519, by its seed.
    Ed25519([u8; 32]),
    /// DSA, in OpenSSL's form. It can be kept but signs no certificate.
    Dsa(Vec<u8>),
}

impl PrivateKey {
    /// The key of a PEM block.
    ///
    /// # Errors
    /// sprig's texts.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let block = pem::decode(text).ok_or("no PEM data in input")?;
        if block.label == "PRIVATE KEY" {
            return from_pkcs8(&block.content).map_err(|error| format!("decoding PEM as PKCS#8: {error}"));
        }
        let Some(kind) = block.label.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {}", block.label));
        };
        let wrap = |error: String| format!("parsing {kind} private key from PEM: {error}");
        match kind {
            "RSA" => from_pkcs1(&block.content).map_err(wrap),
            "EC" => from_sec1(None, &block.content).map_err(wrap),
            "DSA" => from_openssl_dsa(&block.content).map_err(wrap),
            other => Err(format!("invalid private key type {other}")),
        }
    }

    /// The key as sprig prints it.
    pub(super) fn to_pem(&self) -> String {
        match self {
            PrivateKey::Rsa { der, .. } => pem::encode("RSA PRIVATE KEY", der),
            PrivateKey::Dsa(der) => pem::encode("DSA PRIVATE KEY", der),
            PrivateKey::Ec { curve, secret, public } => {
                let parts: [&[u8]; 4] = [
                    &der::unsigned(&[EC_VERSION]),
                    &der::element(der::OCTET_STRING, secret),
                    &der::element(der::context(0, true), &der::identifier(curve.identifier())),
                    &der::element(der::context(1, true), &der::bit_string(public)),
                ];
                pem::encode("EC PRIVATE KEY", &der::sequence(&parts))
            }
            PrivateKey::Ed25519(seed) => {
                let secret = der::element(der::OCTET_STRING, &der::element(der::OCTET_STRING, seed));
                let algorithm = der::sequence(&[&der::identifier(ED25519)]);
                pem::encode("PRIVATE KEY", &der::sequence(&[&der::unsigned(&[0]), &algorithm, &secret]))
            }
        }
    }

    /// The public key: the algorithm, encoded, and the bits. A DSA key has none that certificates could name.
    pub(super) fn public(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let null = der::element(der::NULL, &[]);
        match self {
            PrivateKey::Rsa { key, .. } => {
                let algorithm = der::sequence(&[&der::identifier(RSA_ENCRYPTION), &null]);
                Some((algorithm, key.as_public_key().to_pkcs1_der().ok()?.as_bytes().to_vec()))
            }
            PrivateKey::Ec { curve, public, .. } => {
                let parts: [&[u8]; 2] =
                    [&der::identifier(EC_PUBLIC_KEY), &der::identifier(curve.identifier())];
                Some((der::sequence(&parts), public.clone()))
            }
            PrivateKey::Ed25519(seed) => {
                let public = ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes();
                Some((der::sequence(&[&der::identifier(ED25519)]), public.to_vec()))
            }
            PrivateKey::Dsa(_) => None,
        }
    }

    /// The algorithm, encoded, of the signatures this key makes.
    pub(super) fn signature_algorithm(&self) -> Option<Vec<u8>> {
        let null = der::element(der::NULL, &[]);
        match self {
            PrivateKey::Rsa { .. } => Some(der::sequence(&[&der::identifier(SHA256_WITH_RSA), &null])),
            PrivateKey::Ec { curve, .. } => {
                Some(der::sequence(&[&der::identifier(curve.signature_identifier())]))
            }
            PrivateKey::Ed25519(_) => Some(der::sequence(&[&der::identifier(ED25519)])),
            PrivateKey::Dsa(_) => None,
        }
    }

    /// A signature; nothing when the key cannot make one.
    pub(super) fn sign(&self, message: &[u8], random: &mut EntropyRng<'_>) -> Option<Vec<u8>> {
        match self {
            PrivateKey::Rsa { key, .. } => {
                let key = rsa::pkcs1v15::SigningKey::<Sha256>::new((**key).clone());
                Some(key.try_sign_with_rng(random, message).ok()?.to_vec())
            }
            PrivateKey::Ec { curve, secret, .. } => curve.sign(secret, message),
            PrivateKey::Ed25519(seed) => {
                Some(ed25519_dalek::SigningKey::from_bytes(seed).try_sign(message).ok()?.to_vec())
            }
            PrivateKey::Dsa(_) => None,
        }
    }
}

/// An ECDSA key from its secret, which has the curve's size.
pub(super) fn ec_key(curve: Curve, secret: Vec<u8>) -> Option<PrivateKey> {
    let public = curve.public(&secret)?;
    Some(PrivateKey::Ec { curve, secret, public })
}

fn from_pkcs1(bytes: &[u8]) -> Result<PrivateKey, String> {
    if let Err(error) = rsa_numbers(bytes) {
        return Err(other_form(bytes, &[Form::Sec1, Form::Pkcs8]).unwrap_or(error));
    }
    let key = rsa::PrivateKey::from_pkcs1_der(bytes).map_err(|error| format!("crypto/rsa: {error}"))?;
    Ok(PrivateKey::Rsa { key: Box::new(key), der: bytes.to_vec() })
}

/// Checks that these are the numbers of a PKCS#1 key.
fn rsa_numbers(bytes: &[u8]) -> Result<(), String> {
    let mut outer = Reader::new(bytes);
    let mut inner = Reader::new(outer.expect(der::SEQUENCE)?);
    let version = inner.number()?;
    for _ in 0..RSA_NUMBERS {
        if inner.number()?.iter().all(|byte| *byte == 0) {
            return Err("x509: private key contains zero or negative value".to_owned());
        }
    }
    if !outer.is_empty() {
        return Err("asn1: syntax error: trailing data".to_owned());
    }
    if version > &[1][..] {
        return Err("x509: unsupported private key version".to_owned());
    }
    Ok(())
}

fn from_sec1(curve: Option<&[u8]>, bytes: &[u8]) -> Result<PrivateKey, String> {
    let parts = sec1_parts(bytes).map_err(|error| {
        other_form(bytes, &[Form::Pkcs8, Form::Pkcs1])
            .unwrap_or_else(|| format!("x509: failed to parse EC private key: {error}"))
    })?;
    let (version, mut secret, named) = parts;
    if version != [EC_VERSION] {
        let version = version.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        return Err(format!("x509: unknown EC private key version {version}"));
    }
    let curve = curve.or(named).and_then(Curve::of).ok_or("x509: unknown elliptic curve")?;
    // Some programs pad the secret with zeros, others leave them out.
    while secret.len() > curve.secret_size() {
        secret = secret.strip_prefix(&[0]).ok_or("x509: invalid private key length")?;
    }
    let mut padded = vec![0; curve.secret_size() - secret.len()];
    padded.extend_from_slice(secret);
    ec_key(curve, padded).ok_or_else(|| "crypto/ecdsa: invalid private key".to_owned())
}

/// Version, secret and named curve of SEC 1's form.
#[expect(clippy::type_complexity, reason = "three parts of one encoded value")]
fn sec1_parts(bytes: &[u8]) -> Result<(&[u8], &[u8], Option<&[u8]>), String> {
    let mut inner = Reader::new(Reader::new(bytes).expect(der::SEQUENCE)?);
    let (version, secret) = (inner.number()?, inner.expect(der::OCTET_STRING)?);
    let named = match inner.optional(der::context(0, true))? {
        Some(named) => Some(Reader::new(named).expect(der::OBJECT_IDENTIFIER)?),
        None => None,
    };
    Ok((version, secret, named))
}

fn from_openssl_dsa(bytes: &[u8]) -> Result<PrivateKey, String> {
    let mut inner = Reader::new(Reader::new(bytes).expect(der::SEQUENCE)?);
    let mut numbers = Vec::new();
    for _ in 0..6 {
        numbers.extend(der::unsigned(inner.number()?));
    }
    Ok(PrivateKey::Dsa(der::element(der::SEQUENCE, &numbers)))
}

fn from_pkcs8(bytes: &[u8]) -> Result<PrivateKey, String> {
    let (algorithm, parameters, secret) =
        pkcs8_parts(bytes).map_err(|error| other_form(bytes, &[Form::Sec1, Form::Pkcs1]).unwrap_or(error))?;
    match algorithm {
        RSA_ENCRYPTION => from_pkcs1(secret)
            .map_err(|error| format!("x509: failed to parse RSA private key embedded in PKCS#8: {error}")),
        EC_PUBLIC_KEY => {
            let curve = Reader::new(parameters).expect(der::OBJECT_IDENTIFIER).ok();
            from_sec1(curve, secret)
                .map_err(|error| format!("x509: failed to parse EC private key embedded in PKCS#8: {error}"))
        }
        ED25519 if !parameters.is_empty() => Err("x509: invalid Ed25519 private key parameters".to_owned()),
        ED25519 => {
            let seed = Reader::new(secret)
                .expect(der::OCTET_STRING)
                .map_err(|error| format!("x509: invalid Ed25519 private key: {error}"))?;
            let length = seed.len();
            let seed = seed.try_into();
            seed.map(PrivateKey::Ed25519)
                .map_err(|_| format!("x509: invalid Ed25519 private key length: {length}"))
        }
        other => {
            let name = der::identifier_text(other);
            Err(format!("x509: PKCS#8 wrapping contained private key with unknown algorithm: {name}"))
        }
    }
}

/// Algorithm, its parameters and the secret of PKCS#8's form.
#[expect(clippy::type_complexity, reason = "three parts of one encoded value")]
fn pkcs8_parts(bytes: &[u8]) -> Result<(&[u8], &[u8], &[u8]), String> {
    let mut inner = Reader::new(Reader::new(bytes).expect(der::SEQUENCE)?);
    inner.number()?;
    let mut algorithm = Reader::new(inner.expect(der::SEQUENCE)?);
    let name = algorithm.expect(der::OBJECT_IDENTIFIER)?;
    let parameters = if algorithm.is_empty() { &[][..] } else { algorithm.any()?.whole };
    Ok((name, parameters, inner.expect(der::OCTET_STRING)?))
}

/// A form of private keys.
#[derive(Clone, Copy)]
enum Form {
    Pkcs1,
    Pkcs8,
    Sec1,
}

/// Go's advice when the bytes are well-formed in another form.
fn other_form(bytes: &[u8], forms: &[Form]) -> Option<String> {
    let parser = forms.iter().find_map(|form| match form {
        Form::Pkcs1 => rsa_numbers(bytes).is_ok().then_some("ParsePKCS1PrivateKey"),
        Form::Pkcs8 => pkcs8_parts(bytes).is_ok().then_some("ParsePKCS8PrivateKey"),
        Form::Sec1 => sec1_parts(bytes).is_ok().then_some("ParseECPrivateKey"),
    })?;
    Some(format!("x509: failed to parse private key (use {parser} instead for this key format)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        PrivateKey::parse(text.as_bytes()).err().unwrap_or_default()
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(error("x"), "no PEM data in input");
        assert_eq!(
            error(&pem::encode("CERTIFICATE", b"x")),
            "no private key data in PEM block of type CERTIFICATE"
        );
        assert_eq!(error(&pem::encode("FOO PRIVATE KEY", b"x")), "invalid private key type FOO");
        assert!(
            error(&pem::encode("RSA PRIVATE KEY", b"x"))
                .starts_with("parsing RSA private key from PEM: asn1: ")
        );
    }

    #[test]
    fn a_key_under_the_wrong_label_is_named() {
        let key = ec_key(Curve::P256, vec![7; 32]).unwrap().to_pem().replace("EC PRIVATE", "RSA PRIVATE");
        assert_eq!(
            error(&key),
            "parsing RSA private key from PEM: x509: failed to parse private key (use ParseECPrivateKey instead \
             for this key format)"
        );
    }

    #[test]
    fn keys_are_printed_as_they_were_read() {
        for key in [PrivateKey::Ed25519([3; 32]), ec_key(Curve::P384, vec![9; 48]).unwrap()] {
            let text = key.to_pem();
            assert_eq!(PrivateKey::parse(text.as_bytes()).map(|key| key.to_pem()), Ok(text));
        }
    }

    #[test]
    fn numbers_that_make_no_key_are_refused() {
        let numbers: Vec<u8> =
            [0, 6, 1, 1, 2, 3, 1, 1, 1].iter().flat_map(|n| der::unsigned(&[*n])).collect();
        let text = pem::encode("RSA PRIVATE KEY", &der::element(der::SEQUENCE, &numbers));
        assert!(error(&text).contains("crypto/rsa"), "{}", error(&text));
    }
}
