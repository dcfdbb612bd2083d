//! Base 32, and base 64 decoding with Go's error words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::value::Value;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Standard base 32 with padding.
pub(super) fn encode(input: &[u8]) -> String {
    let mut out = String::with_capacity(input.len().div_ceil(5) * 8);
    for chunk in input.chunks(5) {
        let mut block = [0u8; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let symbols = (chunk.len() * 8).div_ceil(5);
        for index in 0..8 {
            let digit = usize::try_from(bits >> (35 - 5 * index) & 31).unwrap_or(0);
            out.push(if index < symbols { char::from(ALPHABET[digit]) } else { '=' });
        }
    }
    out
}

/// Decodes base 32; sprig gives the error's text as the result.
pub(super) fn decode(input: &[u8]) -> Value {
    match decode_blocks(input) {
        Ok(bytes) => Value::string(bytes),
        Err(offset) => format!("illegal base32 data at input byte {offset}").into(),
    }
}

/// Decodes base 64, line breaks aside; the error is Go's text.
pub(super) fn decode_base64(input: &[u8]) -> Result<Vec<u8>, String> {
    let kept: Vec<u8> = input.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    match STANDARD.decode(&kept) {
        Ok(bytes) => Ok(bytes),
        Err(_) => lenient_base64(&kept)
            .ok_or_else(|| format!("illegal base64 data at input byte {}", base64_error_offset(input))),
    }
}

/// Go ignores stray bits after the last byte.
fn lenient_base64(input: &[u8]) -> Option<Vec<u8>> {
    let config = base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, config).decode(input).ok()
}

/// Where Go's decoder gives up: at the first byte that cannot stand there, or at the end of the input.
fn base64_error_offset(input: &[u8]) -> usize {
    let is_symbol = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut count = 0;
    for (offset, &byte) in input.iter().enumerate() {
        match byte {
            b'\r' | b'\n' => {}
            b'=' if count % 4 >= 2 => return padding_error_offset(input, offset, count),
            byte if is_symbol(byte) => count += 1,
            _ => return offset,
        }
    }
    // The last, incomplete group is reported at its start.
    let missing = count % 4;
    let tail: Vec<usize> =
        (0..input.len()).filter(|&offset| !matches!(input[offset], b'\r' | b'\n')).collect();
    tail.len().checked_sub(missing).and_then(|index| tail.get(index)).copied().unwrap_or(input.len())
}

fn padding_error_offset(input: &[u8], offset: usize, count: usize) -> usize {
    let rest = input.iter().enumerate().skip(offset + 1);
    let mut rest = rest.filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    if count % 4 == 2 {
        match rest.next() {
            None => return input.len(),
            Some((_, b'=')) => {}
            Some((next, _)) => return next - 1,
        }
    }
    rest.next().map_or(input.len(), |(next, _)| next)
}

/// Decodes base 32 without line breaks; the error is the place that Go's decoder names.
fn decode_blocks(input: &[u8]) -> Result<Vec<u8>, usize> {
    let kept: Vec<u8> = input.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let mut out = Vec::with_capacity(kept.len() / 8 * 5);
    for at in (0..kept.len()).step_by(8) {
        let symbols = symbols_of_group(&kept, at)?;
        let group = &kept[at..at + symbols];
        let bits = group.iter().filter_map(|byte| digit(*byte)).fold(0, |bits, digit| bits << 5 | digit);
        let aligned: u64 = bits << (40 - 5 * symbols);
        out.extend_from_slice(&aligned.to_be_bytes()[3..3 + symbols * 5 / 8]);
        if symbols < 8 {
            break;
        }
    }
    Ok(out)
}

/// How many symbols a group has before its padding.
fn symbols_of_group(input: &[u8], at: usize) -> Result<usize, usize> {
    for symbols in 0..8 {
        let place = at + symbols;
        match input.get(place) {
            None => return Err(input.len() - symbols),
            // Padding is what the last eight bytes may have.
            Some(b'=') if symbols >= 2 && input.len() - place <= 8 => return padded(input, place, symbols),
            Some(&byte) if digit(byte).is_none() => return Err(place),
            Some(_) => {}
        }
    }
    Ok(8)
}

/// The number of symbols in front of padding that begins at a place, if there is as much of it as there should be.
fn padded(input: &[u8], place: usize, symbols: usize) -> Result<usize, usize> {
    let rest = &input[place + 1..];
    if rest.len() + symbols < 7 {
        return Err(input.len());
    }
    if let Some(other) = rest[..7 - symbols].iter().position(|byte| *byte != b'=') {
        return Err(place + other);
    }
    if matches!(symbols, 3 | 6) { Err(place) } else { Ok(symbols) }
}

fn digit(byte: u8) -> Option<u64> {
    ALPHABET.iter().position(|symbol| *symbol == byte).map(|digit| digit as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_round_trips() {
        for input in ["", "f", "fo", "foo", "foob", "fooba", "foobar"] {
            let encoded = encode(input.as_bytes());
            assert_eq!(decode(encoded.as_bytes()).as_text().unwrap().as_str(), input);
        }
        assert_eq!(encode(b"foobar"), "MZXW6YTBOI======");
    }

    #[test]
    fn base32_errors_are_where_go_sees_them() {
        for (input, place) in [
            ("MZ=:======", 2),
            ("MZXW6YTBO", 8),
            ("MZXW6===MZXW6===", 5),
            ("MZX=====", 3),
            ("MZ====", 6),
            ("M1======", 1),
            ("=ZXW6YTB", 0),
        ] {
            assert_eq!(decode_blocks(input.as_bytes()), Err(place), "{input}");
        }
    }
}
