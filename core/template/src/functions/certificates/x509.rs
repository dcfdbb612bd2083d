//! Certificates as Go's `crypto/x509` makes and reads them.

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use crate::time::{Time, format};

use super::der::{self, Reader};
use super::entropy::EntropyRng;
use super::key::PrivateKey;

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 14];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 35];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
/// Digital signature and key encipherment, as a bit string of three bits.
const USAGE: &[u8] = &[5, 0xa0];
/// The same and the signing of certificates, as a bit string of six bits.
const AUTHORITY_USAGE: &[u8] = &[2, 0xa4];
const PRINTABLE_STRING: u8 = 0x13;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// Bytes of the identifier of a key (RFC 7093).
const KEY_ID_SIZE: usize = 20;
/// Bytes of a serial number.
const SERIAL_SIZE: usize = 16;

/// What a certificate is to say.
pub(super) struct Request<'r> {
    /// The common name.
    pub(super) common_name: &'r [u8],
    /// DNS names, then addresses.
    pub(super) dns_names: Vec<Vec<u8>>,
    /// IP addresses.
    pub(super) addresses: Vec<IpAddr>,
    /// Whether it may sign others.
    pub(super) is_authority: bool,
    /// When it begins and ends.
    pub(super) validity: (Time, Time),
}

/// What is needed of the certificate that signs another.
pub(super) struct Parent {
    /// The encoded subject.
    subject: Vec<u8>,
    /// The identifier of its key, if it names one.
    key_id: Vec<u8>,
    /// Algorithm and bits of its public key.
    public: (Vec<u8>, Vec<u8>),
}

/// A certificate in the distinguished encoding; without a parent it signs itself.
///
/// # Errors
/// Go's texts.
pub(super) fn create(
    request: &Request<'_>,
    key: &PrivateKey,
    parent: Option<&Parent>,
    signer: &PrivateKey,
    random: &mut EntropyRng<'_>,
) -> Result<Vec<u8>, String> {
    let algorithm = signer
        .signature_algorithm()
        .ok_or("x509: certificate private key does not implement crypto.Signer")?;
    let (key_algorithm, bits) = key.public().ok_or("x509: unsupported public key type: *dsa.PublicKey")?;
    let subject = name(request.common_name)?;
    let issuer = parent.map_or(&subject, |parent| &parent.subject);
    if parent.is_some_and(|parent| signer.public().as_ref() != Some(&parent.public)) {
        return Err("x509: provided PrivateKey doesn't match parent's PublicKey".to_owned());
    }
    let parent_key_id = parent.filter(|_| *issuer != subject).map(|parent| parent.key_id.as_slice());
    let extensions = extensions(request, &bits, parent_key_id.unwrap_or_default())?;
    let mut serial = [0; SERIAL_SIZE];
    random.0.fill(&mut serial);
    let parts: [&[u8]; 8] = [
        &der::element(der::context(0, true), &der::unsigned(&[2])),
        &der::unsigned(&serial),
        &algorithm,
        issuer,
        &der::sequence(&[&moment(&request.validity.0), &moment(&request.validity.1)]),
        &subject,
        &der::sequence(&[&key_algorithm, &der::bit_string(&bits)]),
        &der::element(der::context(3, true), &extensions),
    ];
    let content = der::sequence(&parts);
    let signature = signer.sign(&content, random).ok_or("crypto: the key cannot sign")?;
    Ok(der::sequence(&[&content, &algorithm, &der::bit_string(&signature)]))
}

/// A name that holds a common name, or nothing.
fn name(common_name: &[u8]) -> Result<Vec<u8>, String> {
    if common_name.is_empty() {
        return Ok(der::sequence(&[]));
    }
    let printable = |byte: &u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(byte);
    let tag = if common_name.iter().all(printable) { PRINTABLE_STRING } else { UTF8_STRING };
    if std::str::from_utf8(common_name).is_err() {
        return Err("asn1: string not valid UTF-8".to_owned());
    }
    let attribute = der::sequence(&[&der::identifier(COMMON_NAME), &der::element(tag, common_name)]);
    Ok(der::sequence(&[&der::element(der::SET, &attribute)]))
}

/// A time: the short form until 2049.
fn moment(time: &Time) -> Vec<u8> {
    if (1950..2050).contains(&time.civil().year) {
        der::element(UTC_TIME, format(time, "060102150405Z").as_bytes())
    } else {
        der::element(GENERALIZED_TIME, format(time, "20060102150405Z").as_bytes())
    }
}

fn extensions(request: &Request<'_>, key: &[u8], parent_key_id: &[u8]) -> Result<Vec<u8>, String> {
    let usage = if request.is_authority { AUTHORITY_USAGE } else { USAGE };
    let purposes = [&der::identifier(SERVER_AUTH)[..], &der::identifier(CLIENT_AUTH)];
    let truth = der::element(der::BOOLEAN, &[0xff]);
    let constraints: &[&[u8]] = if request.is_authority { &[&truth] } else { &[] };
    let mut all = vec![
        extension(KEY_USAGE, true, &der::element(der::BIT_STRING, usage)),
        extension(EXTENDED_KEY_USAGE, false, &der::sequence(&purposes)),
        extension(BASIC_CONSTRAINTS, true, &der::sequence(constraints)),
    ];
    if request.is_authority {
        let digest = Sha256::digest(key);
        let id = der::element(der::OCTET_STRING, &digest[..KEY_ID_SIZE]);
        all.push(extension(SUBJECT_KEY_ID, false, &id));
    }
    if !parent_key_id.is_empty() {
        let id = der::sequence(&[&der::element(der::context(0, false), parent_key_id)]);
        all.push(extension(AUTHORITY_KEY_ID, false, &id));
    }
    if !request.dns_names.is_empty() || !request.addresses.is_empty() {
        let names = alternative_names(request)?;
        all.push(extension(SUBJECT_ALT_NAME, request.common_name.is_empty(), &names));
    }
    Ok(der::element(der::SEQUENCE, &all.concat()))
}

fn extension(identifier: &[u8], is_critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if is_critical { der::element(der::BOOLEAN, &[0xff]) } else { Vec::new() };
    der::sequence(&[&der::identifier(identifier), &critical, &der::element(der::OCTET_STRING, value)])
}

fn alternative_names(request: &Request<'_>) -> Result<Vec<u8>, String> {
    let mut names = Vec::new();
    for name in &request.dns_names {
        if !name.is_ascii() {
            let shown = crate::format::quote::quoted(name);
            return Err(format!("x509: {shown} cannot be encoded as an IA5String"));
        }
        names.extend(der::element(der::context(2, false), name));
    }
    for address in &request.addresses {
        let tag = der::context(7, false);
        names.extend(match address.to_canonical() {
            IpAddr::V4(address) => der::element(tag, &address.octets()),
            IpAddr::V6(address) => der::element(tag, &address.octets()),
        });
    }
    Ok(der::element(der::SEQUENCE, &names))
}

/// Reads a certificate.
///
/// # Errors
/// Go's texts for what is malformed.
pub(super) fn parse(bytes: &[u8]) -> Result<Parent, String> {
    let malformed = |part: &str| format!("x509: malformed {part}");
    let mut outer = Reader::new(bytes);
    let mut whole = Reader::new(outer.expect(der::SEQUENCE).map_err(|_| malformed("certificate"))?);
    let content = whole.expect(der::SEQUENCE).map_err(|_| malformed("tbs certificate"))?;
    let mut content = Reader::new(content);
    let version = content.optional(der::context(0, true)).map_err(|_| malformed("version"))?;
    let version = match version {
        Some(version) => Reader::new(version)
            .number()
            .map_err(|_| malformed("version"))?
            .last()
            .copied()
            .unwrap_or_default(),
        None => 0,
    };
    if version > 2 {
        return Err("x509: invalid version".to_owned());
    }
    let serial = content.expect(der::INTEGER).map_err(|_| malformed("serial number"))?;
    if serial.first().is_some_and(|first| first & 0x80 != 0) {
        return Err("x509: negative serial number".to_owned());
    }
    let inner = content.expect(der::SEQUENCE).map_err(|_| malformed("signature algorithm identifier"))?;
    let named = whole.expect(der::SEQUENCE).map_err(|_| malformed("algorithm identifier"))?;
    if inner != named {
        return Err("x509: inner and outer signature algorithm identifiers don't match".to_owned());
    }
    content.expect(der::SEQUENCE).map_err(|_| malformed("issuer"))?;
    content.expect(der::SEQUENCE).map_err(|_| malformed("validity"))?;
    let subject = content.any().ok().filter(|subject| subject.tag == der::SEQUENCE);
    let subject = subject.ok_or_else(|| malformed("issuer"))?.whole.to_vec();
    let public = public_key(content.expect(der::SEQUENCE).map_err(|_| malformed("spki"))?)?;
    let key_id = match content.optional(der::context(3, true)).map_err(|_| malformed("extensions"))? {
        Some(extensions) if version == 2 => subject_key_id(extensions)?,
        _ => Vec::new(),
    };
    whole.expect(der::BIT_STRING).map_err(|_| malformed("signature"))?;
    if !outer.is_empty() || !whole.is_empty() {
        return Err("x509: trailing data".to_owned());
    }
    Ok(Parent { subject, key_id, public })
}

fn public_key(info: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
    let mut info = Reader::new(info);
    let algorithm = info.any().ok().filter(|algorithm| algorithm.tag == der::SEQUENCE);
    let algorithm = algorithm.ok_or("x509: malformed public key algorithm identifier")?.whole.to_vec();
    let bits = info.expect(der::BIT_STRING).map_err(|_| "x509: malformed subjectPublicKey")?;
    let bits = bits.strip_prefix(&[0]).ok_or("x509: malformed subjectPublicKey")?;
    Ok((algorithm, bits.to_vec()))
}

fn subject_key_id(extensions: &[u8]) -> Result<Vec<u8>, String> {
    let list = Reader::new(extensions).expect(der::SEQUENCE).map_err(|_| "x509: malformed extensions")?;
    let mut list = Reader::new(list);
    let mut key_id = Vec::new();
    while !list.is_empty() {
        let extension = list.expect(der::SEQUENCE).map_err(|_| "x509: malformed extension")?;
        let mut extension = Reader::new(extension);
        let identifier =
            extension.expect(der::OBJECT_IDENTIFIER).map_err(|_| "x509: malformed extension OID field")?;
        extension.optional(der::BOOLEAN).map_err(|_| "x509: malformed extension critical field")?;
        let value =
            extension.expect(der::OCTET_STRING).map_err(|_| "x509: malformed extension value field")?;
        if identifier == SUBJECT_KEY_ID {
            let id = Reader::new(value).expect(der::OCTET_STRING);
            key_id = id.map_err(|_| "x509: invalid subject key identifier")?.to_vec();
        }
    }
    Ok(key_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::SeededEntropy;
    use crate::functions::certificates::curve::Curve;
    use crate::functions::certificates::key::ec_key;

    fn request(common_name: &[u8], is_authority: bool) -> Request<'_> {
        Request {
            common_name,
            dns_names: vec![b"a.b".to_vec()],
            addresses: vec!["::ffff:1.2.3.4".parse().unwrap()],
            is_authority,
            validity: (Time::utc(0, 0), Time::utc(3_000_000_000, 0)),
        }
    }

    #[test]
    fn a_certificate_names_its_parent() {
        let mut entropy = SeededEntropy::new(1);
        let mut random = EntropyRng(&mut entropy);
        let authority_key = ec_key(Curve::P256, vec![1; 32]).unwrap();
        let key = PrivateKey::Ed25519([2; 32]);
        let authority = create(&request(b"ca", true), &authority_key, None, &authority_key, &mut random);
        let parent = parse(&authority.unwrap()).unwrap();
        assert_eq!(parent.key_id.len(), KEY_ID_SIZE);
        let child =
            create(&request(b"*.x", false), &key, Some(&parent), &authority_key, &mut random).unwrap();
        assert!(child.windows(KEY_ID_SIZE).any(|window| window == parent.key_id));
        assert!(child.windows(4).any(|window| window == [1, 2, 3, 4]));
        assert!(parse(&child).unwrap().key_id.is_empty());
        let wrong = create(&request(b"x", false), &key, Some(&parent), &key, &mut random);
        assert_eq!(wrong, Err("x509: provided PrivateKey doesn't match parent's PublicKey".to_owned()));
    }

    #[test]
    fn what_is_malformed_is_refused_wherever_it_is_cut() {
        let mut entropy = SeededEntropy::new(1);
        let key = PrivateKey::Ed25519([2; 32]);
        let mut random = EntropyRng(&mut entropy);
        let whole = create(&request(b"ca", true), &key, None, &key, &mut random).unwrap();
        for length in 0..whole.len() {
            assert!(parse(&whole[..length]).is_err(), "{length}");
        }
        assert_eq!(parse(&[whole, vec![0]].concat()).err().unwrap(), "x509: trailing data");
    }

    #[test]
    fn names_must_be_of_their_alphabet() {
        assert_eq!(name(b"").unwrap(), [0x30, 0]);
        assert_eq!(name(b"a*").unwrap()[11], UTF8_STRING);
        assert!(name(b"\xff").is_err());
    }
}
