//! Randomness, all of it from the environment.

use base64::Engine as _;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{ParamType, Value};

use super::arguments::{charge_text, int, text};
use super::{Function, fixed};

const COUNT: &[ParamType] = &[ParamType::Int];
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("randAlphaNum", COUNT, |run, arguments| {
        random_text(run, arguments, &format!("0123456789{LETTERS}"))
    }),
    fixed("randAlpha", COUNT, |run, arguments| random_text(run, arguments, LETTERS)),
    fixed("randNumeric", COUNT, |run, arguments| random_text(run, arguments, "0123456789")),
    fixed("randAscii", COUNT, |run, arguments| {
        let printable: String = (b' '..=b'~').map(char::from).collect();
        random_text(run, arguments, &printable)
    }),
    fixed("randBytes", COUNT, random_bytes),
    fixed("randInt", &[ParamType::Int, ParamType::Int], random_int),
    fixed("uuidv4", &[], uuid),
    fixed("shuffle", &[ParamType::String], shuffle),
];

/// Characters of `alphabet`; a negative count gives none.
fn random_text(run: &mut Run<'_, '_>, arguments: &[Value], alphabet: &str) -> Executed<Value> {
    let count = usize::try_from(int(arguments, 0)).unwrap_or(0);
    charge_text(run, count)?;
    let alphabet = alphabet.as_bytes();
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let index = below(run, alphabet.len() as u64);
        out.push(alphabet[usize::try_from(index).unwrap_or(0) % alphabet.len()]);
    }
    Ok(Value::string(out))
}

fn random_bytes(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let Ok(count) = usize::try_from(int(arguments, 0)) else {
        return Err(ExecError::plain("runtime error: makeslice: len out of range"));
    };
    charge_text(run, count.saturating_mul(3))?;
    let mut bytes = vec![0; count];
    run.environment.entropy.fill(&mut bytes);
    Ok(base64::engine::general_purpose::STANDARD.encode(bytes).into())
}

fn random_int(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let (min, max) = (int(arguments, 0), int(arguments, 1));
    match u64::try_from(max.wrapping_sub(min)) {
        Ok(range) if range > 0 => Ok(Value::int(min.wrapping_add_unsigned(below(run, range)))),
        _ => Err(ExecError::plain("invalid argument to Intn")),
    }
}

/// A random version 4 UUID.
fn uuid(run: &mut Run<'_, '_>, _: &[Value]) -> Executed<Value> {
    let mut bytes = [0u8; 16];
    run.environment.entropy.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(parts.join("-").into())
}

fn shuffle(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut characters: Vec<char> = text(arguments, 0).chars().collect();
    for last in (1..characters.len()).rev() {
        let other = usize::try_from(below(run, last as u64 + 1)).unwrap_or(0);
        characters.swap(last, other);
    }
    Ok(characters.into_iter().collect::<String>().into())
}

/// A number from 0 to before `bound`, all equally likely.
fn below(run: &mut Run<'_, '_>, bound: u64) -> u64 {
    // Numbers above the largest multiple of the bound would favour small results.
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let mut bytes = [0; 8];
        run.environment.entropy.fill(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        if number < limit {
            return number % bound;
        }
    }
}
