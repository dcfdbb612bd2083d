//! Password hashes and symmetric encryption.

use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{ParamType, Value};

use super::arguments::{bytes, charge_text, int, text};
use super::{Function, base32, fixed};

const STRING: ParamType = ParamType::String;

/// Steps of a bcrypt hash of cost 10, which takes about 60 ms.
const BCRYPT_STEPS: u64 = 3_000_000;
/// Steps of deriving a key with scrypt, which takes about 115 ms and 32 MiB.
const SCRYPT_STEPS: u64 = 6_000_000;
/// Longest password bcrypt takes, in bytes.
const BCRYPT_MAX: usize = 72;
/// Bytes of an AES block.
const BLOCK: usize = 16;
/// What the derivation of passwords begins with.
const DERIVATION_SCOPE: &[u8] = b"com.lyndir.masterpassword";

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("bcrypt", &[STRING], |run, arguments| Ok(bcrypt(run, bytes(arguments, 0))?.into())),
    fixed("htpasswd", &[STRING, STRING], htpasswd),
    fixed("derivePassword", &[ParamType::Uint32, STRING, STRING, STRING, STRING], derive_password),
    fixed("encryptAES", &[STRING, STRING], encrypt_aes),
    fixed("decryptAES", &[STRING, STRING], decrypt_aes),
];

fn bcrypt(run: &mut Run<'_, '_>, password: &[u8]) -> Executed<String> {
    run.environment.budget.charge_steps(BCRYPT_STEPS)?;
    if password.len() > BCRYPT_MAX {
        let reason = "bcrypt: password length exceeds 72 bytes";
        return Ok(format!("failed to encrypt string with bcrypt: {reason}"));
    }
    let mut salt = [0; 16];
    run.environment.entropy.fill(&mut salt);
    match bcrypt::hash_with_salt(password, bcrypt_cost(), salt) {
        // Go writes this version.
        Ok(hash) => Ok(hash.format_for_version(bcrypt::Version::TwoA)),
        Err(error) => Ok(format!("failed to encrypt string with bcrypt: {error}")),
    }
}

/// Go's default cost.
const fn bcrypt_cost() -> u32 {
    10
}

fn htpasswd(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let user = text(arguments, 0);
    if user.contains(':') {
        return Ok(format!("invalid username: {user}").into());
    }
    let hash = bcrypt(run, bytes(arguments, 1))?;
    Ok(format!("{user}:{hash}").into())
}

/// The Master Password algorithm: counter, kind, password, user and site give the same password every time.
fn derive_password(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let kind = text(arguments, 1);
    let templates: &[&str] = match &*kind {
        "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        "long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        "medium" => &["CvcnoCvc", "CvcCvcno"],
        "short" => &["Cvcn"],
        "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        "pin" => &["nnnn"],
        _ => return Ok(format!("cannot find password template {kind}").into()),
    };
    run.environment.budget.charge_steps(SCRYPT_STEPS)?;
    let salt = [DERIVATION_SCOPE, &length(arguments, 3), bytes(arguments, 3)].concat();
    let mut key = [0; 64];
    let params = scrypt::Params::new(15, 8, 2).map_err(|error| ExecError::plain(error.to_string()))?;
    scrypt::scrypt(bytes(arguments, 2), &salt, &params, &mut key)
        .map_err(|error| ExecError::plain(error.to_string()))?;
    let counter = u32::try_from(int(arguments, 0)).unwrap_or_default().to_be_bytes();
    let message = [DERIVATION_SCOPE, &length(arguments, 4), bytes(arguments, 4), &counter].concat();
    let seed = hmac_sha256(&key, &message);
    let template = templates[usize::from(seed[0]) % templates.len()];
    let pick = |(class, random): (u8, &u8)| {
        let characters = character_class(class);
        char::from(characters[usize::from(*random) % characters.len()])
    };
    Ok(template.bytes().zip(&seed[1..]).map(pick).collect::<String>().into())
}

/// The length of an argument as four bytes.
fn length(arguments: &[Value], index: usize) -> [u8; 4] {
    u32::try_from(bytes(arguments, index).len()).unwrap_or(u32::MAX).to_be_bytes()
}

fn character_class(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// HMAC-SHA-256 with a key of one block (64 bytes).
fn hmac_sha256(key: &[u8; 64], message: &[u8]) -> Vec<u8> {
    let keyed = |pad: u8, message: &[u8]| {
        let mut hash = Sha256::new();
        hash.update(key.map(|byte| byte ^ pad));
        hash.update(message);
        hash.finalize().to_vec()
    };
    keyed(0x5c, &keyed(0x36, message))
}

fn cipher(password: &[u8]) -> Aes256 {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    Aes256::new(&Array::from(key))
}

/// AES-256 in CBC mode with the password as key, PKCS#7 padding and the initial vector in front.
fn encrypt_aes(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let plain = bytes(arguments, 1);
    if plain.is_empty() {
        return Ok("".into());
    }
    charge_text(run, plain.len().saturating_mul(2))?;
    let padding = BLOCK - plain.len() % BLOCK;
    let mut content = plain.to_vec();
    content.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
    let mut previous = [0; BLOCK];
    run.environment.entropy.fill(&mut previous);
    let mut out = previous.to_vec();
    let cipher = cipher(bytes(arguments, 0));
    for chunk in content.chunks(BLOCK) {
        for (byte, plain) in previous.iter_mut().zip(chunk) {
            *byte ^= plain;
        }
        let mut block = Array::from(previous);
        cipher.encrypt_block(&mut block);
        previous = block.into();
        out.extend_from_slice(&previous);
    }
    Ok(STANDARD.encode(out).into())
}

fn decrypt_aes(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let encoded = bytes(arguments, 1);
    if encoded.is_empty() {
        return Ok("".into());
    }
    let content = base32::decode_base64(encoded).map_err(ExecError::plain)?;
    let Some((vector, content)) = content.split_at_checked(BLOCK) else {
        // Go makes room for the text as if nothing of it filled it up.
        let length = encoded.len() / 4 * 3;
        let message = format!("runtime error: slice bounds out of range [:{BLOCK}] with capacity {length}");
        return Err(ExecError::plain(message));
    };
    if content.len() % BLOCK != 0 {
        return Err(ExecError::plain("crypto/cipher: input not full blocks"));
    }
    let cipher = cipher(bytes(arguments, 0));
    let mut previous = vector;
    let mut out = Vec::with_capacity(content.len());
    for chunk in content.chunks_exact(BLOCK) {
        let mut block = [0; BLOCK];
        block.copy_from_slice(chunk);
        let mut block = Array::from(block);
        cipher.decrypt_block(&mut block);
        out.extend(block.iter().zip(previous).map(|(byte, previous)| byte ^ previous));
        previous = chunk;
    }
    let padding = usize::from(out.last().copied().unwrap_or_default());
    match out.len().checked_sub(padding) {
        Some(length) if !out.is_empty() => Ok(Value::string(&out[..length])),
        Some(_) => Err(ExecError::plain("runtime error: index out of range [-1]")),
        None => {
            let end = i64::try_from(out.len()).unwrap_or(0) - i64::try_from(padding).unwrap_or(0);
            Err(ExecError::plain(format!("runtime error: slice bounds out of range [:{end}]")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_of_a_known_message() {
        let mut key = [0; 64];
        key[..4].copy_from_slice(b"Jefe");
        let mac = hmac_sha256(&key, b"what do ya want for nothing?");
        assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }
}
