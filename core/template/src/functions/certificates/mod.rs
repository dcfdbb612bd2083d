//! Keys and certificates: `genPrivateKey`, `genCA`, `genSignedCert` and their like.

mod curve;
mod der;
mod entropy;
mod generate;
mod key;
mod pem;
mod x509;

use std::net::IpAddr;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::time::Time;
use crate::value::{Object, ParamType, Shape, Value};

use super::arguments::{bytes, display, int, text, value};
use super::{Function, base32, fixed};
use entropy::EntropyRng;
use generate::{CERTIFICATE_BITS, CERTIFICATE_KEY_STEPS, SMALL_KEY_STEPS};
use key::PrivateKey;
use x509::Request;

const STRING: ParamType = ParamType::String;
const INT: ParamType = ParamType::Int;
const LIST: ParamType = ParamType::List;
/// Go's name of the type of certificates.
const TYPE_NAME: &str = "sprig.certificate";
const CERTIFICATE: ParamType = ParamType::Native(TYPE_NAME);

const NANOSECONDS_PER_DAY: i64 = 24 * 3_600 * 1_000_000_000;
const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("genPrivateKey", &[STRING], |run, arguments| {
        generate::private_key_text(run, &text(arguments, 0)).map(Value::from)
    }),
    fixed("buildCustomCert", &[STRING, STRING], build_custom_certificate),
    fixed("genCA", &[STRING, INT], |run, arguments| authority(run, arguments, None)),
    fixed("genCAWithKey", &[STRING, INT, STRING], |run, arguments| authority(run, arguments, Some(2))),
    fixed("genSelfSignedCert", &[STRING, LIST, LIST, INT], |run, arguments| {
        self_signed(run, arguments, None)
    }),
    fixed("genSelfSignedCertWithKey", &[STRING, LIST, LIST, INT, STRING], |run, arguments| {
        self_signed(run, arguments, Some(4))
    }),
    fixed("genSignedCert", &[STRING, LIST, LIST, INT, CERTIFICATE], |run, arguments| {
        signed(run, arguments, None)
    }),
    fixed("genSignedCertWithKey", &[STRING, LIST, LIST, INT, CERTIFICATE, STRING], |run, arguments| {
        signed(run, arguments, Some(5))
    }),
];

/// A certificate and its key, both as PEM text.
struct Certificate {
    certificate: Value,
    key: Value,
}

impl Object for Certificate {
    fn type_name(&self) -> &str {
        TYPE_NAME
    }

    fn shape(&self) -> Shape {
        Shape::Struct(vec![("Cert", self.certificate.clone()), ("Key", self.key.clone())])
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let texts = |of: &Certificate| (of.certificate.as_text().cloned(), of.key.as_text().cloned());
        other.downcast::<Certificate>().is_some_and(|other| texts(self) == texts(other))
    }
}

/// Checks a certificate and a key that the values hold.
fn build_custom_certificate(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    run.environment.budget.charge_steps(SMALL_KEY_STEPS)?;
    let decode = |index: usize, what: &str| {
        base32::decode_base64(bytes(arguments, index))
            .map_err(|_| ExecError::plain(format!("unable to decode base64 {what}")))
    };
    let (certificate, key) = (decode(0, "certificate")?, decode(1, "private key")?);
    let block = pem::decode(&certificate).ok_or_else(|| ExecError::plain("unable to decode certificate"))?;
    x509::parse(&block.content).map_err(|error| {
        ExecError::plain(format!("error parsing certificate: decodedCert.Bytes: {error}"))
    })?;
    PrivateKey::parse(&key)
        .map_err(|error| ExecError::plain(format!("error parsing private key: {error}")))?;
    Ok(Value::native(Certificate { certificate: Value::string(certificate), key: Value::string(key) }))
}

fn authority(run: &mut Run<'_, '_>, arguments: &[Value], key: Option<usize>) -> Executed<Value> {
    let key = certificate_key(run, arguments, key)?;
    let request = Request {
        common_name: bytes(arguments, 0),
        dns_names: Vec::new(),
        addresses: Vec::new(),
        is_authority: true,
        validity: validity(run, int(arguments, 1)),
    };
    issue(run, &request, &key, None)
}

fn self_signed(run: &mut Run<'_, '_>, arguments: &[Value], key: Option<usize>) -> Executed<Value> {
    let key = certificate_key(run, arguments, key)?;
    let request = leaf_request(run, arguments)?;
    issue(run, &request, &key, None)
}

fn signed(run: &mut Run<'_, '_>, arguments: &[Value], key: Option<usize>) -> Executed<Value> {
    let key = certificate_key(run, arguments, key)?;
    let field = |name: &str| match value(arguments, 4) {
        Value::Native(object) => object.field(name).unwrap_or_default(),
        _ => Value::Nil,
    };
    let (certificate, signer) = (field("Cert"), field("Key"));
    let block = pem::decode(bytes(&[certificate], 0))
        .ok_or_else(|| ExecError::plain("unable to decode certificate"))?;
    let parent = x509::parse(&block.content).map_err(|error| {
        ExecError::plain(format!("error parsing certificate: decodedSignerCert.Bytes: {error}"))
    })?;
    let signer = PrivateKey::parse(bytes(&[signer], 0))
        .map_err(|error| ExecError::plain(format!("error parsing private key: {error}")))?;
    let request = leaf_request(run, arguments)?;
    issue(run, &request, &key, Some((&parent, &signer)))
}

/// The key of a certificate: that of the argument at `index`, or a new one.
fn certificate_key(run: &mut Run<'_, '_>, arguments: &[Value], index: Option<usize>) -> Executed<PrivateKey> {
    let Some(index) = index else {
        run.environment.budget.charge_steps(CERTIFICATE_KEY_STEPS)?;
        return generate::rsa(&mut EntropyRng(run.environment.entropy), CERTIFICATE_BITS)
            .ok_or_else(|| ExecError::plain("error generating rsa key: no key was found"));
    };
    run.environment.budget.charge_steps(SMALL_KEY_STEPS)?;
    PrivateKey::parse(bytes(arguments, index))
        .map_err(|error| ExecError::plain(format!("parsing private key: {error}")))
}

/// A certificate for names and addresses, from the arguments of sprig's functions.
fn leaf_request<'a>(run: &mut Run<'_, '_>, arguments: &'a [Value]) -> Executed<Request<'a>> {
    let mut addresses = Vec::new();
    for address in items(arguments, 1) {
        let Some(shown) = address.as_text() else {
            let shown = display(run, &address)?;
            return Err(ExecError::plain(format!("error parsing ip: {} is not a string", shown.as_str())));
        };
        let parsed = shown.as_str().parse::<IpAddr>();
        addresses
            .push(parsed.map_err(|_| ExecError::plain(format!("error parsing ip: {}", shown.as_str())))?);
    }
    let mut dns_names = Vec::new();
    for name in items(arguments, 2) {
        let Some(text) = name.as_text() else {
            let shown = display(run, &name)?;
            let message = format!("error processing alternate dns name: {} is not a string", shown.as_str());
            return Err(ExecError::plain(message));
        };
        dns_names.push(text.as_bytes().to_vec());
    }
    Ok(Request {
        common_name: bytes(arguments, 0),
        dns_names,
        addresses,
        is_authority: false,
        validity: validity(run, int(arguments, 3)),
    })
}

fn items(arguments: &[Value], index: usize) -> Vec<Value> {
    arguments.get(index).and_then(Value::as_list).map(|list| list.snapshot()).unwrap_or_default()
}

/// From now for so many days, counted as Go counts nanoseconds: they begin anew beyond 292 years.
fn validity(run: &Run<'_, '_>, days: i64) -> (Time, Time) {
    let now = run.environment.now;
    let span = NANOSECONDS_PER_DAY.wrapping_mul(days);
    let end = now.seconds.saturating_add(span.div_euclid(NANOSECONDS_PER_SECOND));
    (Time::utc(now.seconds, 0), Time::utc(end, 0))
}

/// Makes the certificate and gives it together with its key.
fn issue(
    run: &mut Run<'_, '_>,
    request: &Request<'_>,
    key: &PrivateKey,
    signer: Option<(&x509::Parent, &PrivateKey)>,
) -> Executed<Value> {
    run.environment.budget.charge_steps(SMALL_KEY_STEPS)?;
    let mut random = EntropyRng(run.environment.entropy);
    let (parent, signer) = match signer {
        Some((parent, signer)) => (Some(parent), signer),
        None => (None, key),
    };
    let certificate = x509::create(request, key, parent, signer, &mut random)
        .map_err(|error| ExecError::plain(format!("error creating certificate: {error}")))?;
    Ok(Value::native(Certificate {
        certificate: pem::encode("CERTIFICATE", &certificate).into(),
        key: key.to_pem().into(),
    }))
}
