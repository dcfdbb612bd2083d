//! Functions that give something else each time, in the order of a Go map, or of the clock: of what they give, what is always
//! the same.

use super::expression;
use super::functions::{Function, Kind};
use super::scope::Scope;
use crate::choices::Choices;

/// A function with its parameters, and what makes its result stable.
type Call = (&'static str, &'static [Kind], &'static str);

const CALLS: [Call; 36] = [
    ("keys", &[Kind::Dict], "sortAlpha"),
    ("keys", &[Kind::Dict, Kind::Dict], "sortAlpha"),
    ("keys", &[Kind::Any], "len"),
    ("values", &[Kind::Dict], "sortAlpha"),
    ("values", &[Kind::Dict], "len"),
    ("values", &[Kind::Any], "len"),
    ("randAlpha", &[Kind::Width], "len"),
    ("randAlphaNum", &[Kind::Width], "len"),
    ("randNumeric", &[Kind::Width], "regexMatch \"^[0-9]*$\""),
    ("randAscii", &[Kind::Width], "len"),
    ("randBytes", &[Kind::Width], "len"),
    ("randInt", &[Kind::Width, Kind::Width], "typeOf"),
    ("shuffle", &[Kind::Str], "len"),
    ("uuidv4", &[], "len"),
    ("now", &[], "typeOf"),
    ("ago", &[Kind::Time], "typeOf"),
    ("ago", &[Kind::Any], "kindOf"),
    ("bcrypt", &[Kind::Str], "len"),
    ("htpasswd", &[Kind::Str, Kind::Str], "len"),
    ("encryptAES", &[Kind::Str, Kind::Str], "typeOf"),
    ("encryptAES \"key\"", &[Kind::Str], "decryptAES \"key\""),
    ("decryptAES", &[Kind::Str, Kind::B64], "quote"),
    ("decryptAES \"key\"", &[Kind::B64], "quote"),
    ("genPrivateKey", &[Kind::Str], "len"),
    ("genPrivateKey \"ed25519\"", &[], "trunc 27"),
    ("genPrivateKey \"ecdsa\"", &[], "trunc 30"),
    ("genCA", &[Kind::Any, Kind::Any], "typeOf"),
    ("genSelfSignedCert", &[Kind::Str, Kind::Any, Kind::Any, Kind::Any], "typeOf"),
    // Helm takes these away, so no template that calls one can be parsed.
    ("env", &[Kind::Str], "quote"),
    ("expandenv", &[Kind::Str], "quote"),
    ("getHostByName \"localhost\"", &[], "quote"),
    ("derivePassword 1", &[Kind::Any, Kind::Str, Kind::Str, Kind::Any], "typeOf"),
    ("genCAWithKey", &[Kind::Str, Kind::Width, Kind::Str], "typeOf"),
    ("genSelfSignedCertWithKey", &[Kind::Str, Kind::Any, Kind::Any, Kind::Width, Kind::Str], "typeOf"),
    ("genSignedCert", &[Kind::Str, Kind::Any, Kind::Any, Kind::Width, Kind::Any], "typeOf"),
    ("genSignedCertWithKey", &[Kind::Str, Kind::Any, Kind::Any, Kind::Width, Kind::Any, Kind::Str], "typeOf"),
];

/// A line that calls one of them.
pub(super) fn line(choices: &mut Choices, scope: &Scope) -> String {
    let (name, parameters, stable) = CALLS[choices.below(CALLS.len())];
    let function =
        Function { weight: 1, result: Kind::Any, name, parameters: parameters.to_vec(), variadic: false };
    format!("[{{{{ {} | {stable} }}}}]\n", expression::call(choices, scope, &function, 1))
}
