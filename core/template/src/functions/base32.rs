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

fn decode_blocks(input: &[u8]) -> Result<Vec<u8>, usize> {
    let kept: Vec<(usize, u8)> =
        input.iter().copied().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n')).collect();
    let mut out = Vec::with_capacity(kept.len() / 8 * 5);
    for (block_index, block) in kept.chunks(8).enumerate() {
        let symbols = block.iter().take_while(|(_, byte)| *byte != b'=').count();
        let is_last = (block_index + 1) * 8 >= kept.len();
        let mut bits = 0u64;
        for &(offset, byte) in &block[..symbols] {
            let digit = ALPHABET.iter().position(|&symbol| symbol == byte).ok_or(offset)?;
            bits = bits << 5 | digit as u64;
        }
        let start = block.first().map_or(0, |(offset, _)| *offset);
        if block.len() < 8 {
            return Err(block_index * 8);
        }
        if symbols < 8 && !is_last {
            return Err(block.last().map_or(start, |(offset, _)| offset + 1));
        }
        if let Some((offset, _)) = block[symbols..].iter().find(|(_, byte)| *byte != b'=') {
            return Err(offset - 1);
        }
        if !matches!(symbols, 2 | 4 | 5 | 7 | 8) {
            return Err(start + symbols);
        }
        let bytes = symbols * 5 / 8;
        let aligned = bits << (40 - 5 * symbols);
        out.extend_from_slice(&aligned.to_be_bytes()[3..3 + bytes]);
    }
    Ok(out)
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
}
