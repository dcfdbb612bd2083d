//! The part of ASN.1's distinguished encoding that keys and certificates need, with the error words of Go's
//! `encoding/asn1`.

/// Tag of a boolean.
pub(super) const BOOLEAN: u8 = 0x01;
/// Tag of an integer.
pub(super) const INTEGER: u8 = 0x02;
/// Tag of a bit string.
pub(super) const BIT_STRING: u8 = 0x03;
/// Tag of an octet string.
pub(super) const OCTET_STRING: u8 = 0x04;
/// Tag of the null value.
pub(super) const NULL: u8 = 0x05;
/// Tag of an object identifier.
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
/// Tag of a sequence.
pub(super) const SEQUENCE: u8 = 0x30;
/// Tag of a set.
pub(super) const SET: u8 = 0x31;

/// The tag of a part that is named by its number in the context.
pub(super) const fn context(number: u8, constructed: bool) -> u8 {
    0x80 | number | if constructed { 0x20 } else { 0 }
}

/// A value with its tag and length.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(u8::try_from(length).unwrap_or_default());
    } else {
        let bytes = length.to_be_bytes();
        let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
        out.push(0x80 | u8::try_from(significant.len()).unwrap_or_default());
        out.extend_from_slice(significant);
    }
    out.extend_from_slice(content);
    out
}

/// A sequence of encoded values.
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// A number that is not negative, from its bytes, the most significant first.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    match significant.first() {
        None => element(INTEGER, &[0]),
        Some(first) if first & 0x80 != 0 => element(INTEGER, &[&[0], significant].concat()),
        Some(_) => element(INTEGER, significant),
    }
}

/// A bit string of whole bytes.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes].concat())
}

/// An object identifier from its encoded content.
pub(super) fn identifier(content: &[u8]) -> Vec<u8> {
    element(OBJECT_IDENTIFIER, content)
}

/// An object identifier as Go prints it, `1.2.840.113549`.
pub(super) fn identifier_text(content: &[u8]) -> String {
    let mut numbers = Vec::new();
    let mut number = 0u64;
    for byte in content {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    let first = numbers.first().copied().unwrap_or_default();
    let (root, second) = if first < 80 { (first / 40, first % 40) } else { (2, first - 80) };
    let rest = numbers.iter().skip(1).map(|number| format!(".{number}"));
    format!("{root}.{second}{}", rest.collect::<String>())
}

/// Reads values one after the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'b>(&'b [u8]);

/// A value that was read.
#[derive(Clone, Copy)]
pub(super) struct Element<'b> {
    /// Its tag.
    pub(super) tag: u8,
    /// What it holds.
    pub(super) content: &'b [u8],
    /// All of it, with tag and length.
    pub(super) whole: &'b [u8],
}

impl<'b> Reader<'b> {
    /// Reads from the beginning of `bytes`.
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Reader(bytes)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag of the next value.
    pub(super) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next value, whatever its tag.
    ///
    /// # Errors
    /// Go's text for data that ends too early or is not in the distinguished form.
    pub(super) fn any(&mut self) -> Result<Element<'b>, String> {
        const TRUNCATED: &str = "asn1: syntax error: data truncated";
        let whole = self.0;
        let (tag, rest) = whole.split_first().ok_or("asn1: syntax error: sequence truncated")?;
        let (first, mut rest) = rest.split_first().ok_or("asn1: syntax error: truncated tag or length")?;
        let mut length = usize::from(*first);
        if first & 0x80 != 0 {
            let (bytes, after) = rest
                .split_at_checked(usize::from(first & 0x7f))
                .ok_or("asn1: syntax error: truncated tag or length")?;
            if bytes.is_empty() {
                return Err("asn1: syntax error: indefinite length found (not DER)".to_owned());
            }
            if bytes.len() > 4 {
                return Err("asn1: structure error: length too large".to_owned());
            }
            if bytes[0] == 0 {
                return Err("asn1: structure error: superfluous leading zeros in length".to_owned());
            }
            length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            if length < 0x80 {
                return Err("asn1: structure error: non-minimal length".to_owned());
            }
            rest = after;
        }
        let (content, after) = rest.split_at_checked(length).ok_or(TRUNCATED)?;
        self.0 = after;
        Ok(Element { tag: *tag, content, whole: &whole[..whole.len() - after.len()] })
    }

    /// The content of the next value, which must have the tag.
    ///
    /// # Errors
    /// Those of [`Reader::any`], and Go's text for another tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<&'b [u8], String> {
        let mut ahead = *self;
        let element = ahead.any()?;
        if element.tag != tag {
            return Err(mismatch(tag, &element));
        }
        *self = ahead;
        Ok(element.content)
    }

    /// The next value when it has the tag.
    ///
    /// # Errors
    /// Those of [`Reader::any`].
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'b [u8]>, String> {
        if self.peek() == Some(tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    /// The bytes of the next value, which must be a number that is not negative.
    ///
    /// # Errors
    /// Those of [`Reader::expect`], and Go's text for a number in another form.
    pub(super) fn number(&mut self) -> Result<&'b [u8], String> {
        let content = self.expect(INTEGER)?;
        match content {
            [] => Err("asn1: structure error: empty integer".to_owned()),
            [0, second, ..] if second & 0x80 == 0 => {
                Err("asn1: structure error: integer not minimally-encoded".to_owned())
            }
            [0, rest @ ..] if !rest.is_empty() => Ok(rest),
            _ => Ok(content),
        }
    }
}

/// Go's text for a value that is not of the wanted kind.
fn mismatch(wanted: u8, found: &Element<'_>) -> String {
    let go_name = match wanted {
        INTEGER => "int",
        OCTET_STRING => "[]uint8",
        BIT_STRING => "BitString",
        OBJECT_IDENTIFIER => "ObjectIdentifier",
        _ => "",
    };
    let flags = "optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> \
                 stringType:0 timeType:0 set:false omitEmpty:false";
    format!(
        "asn1: structure error: tags don't match ({} vs {{class:{} tag:{} length:{} isCompound:{}}}) {{{flags}}} {go_name} @{}",
        wanted & 0x1f,
        found.tag >> 6,
        found.tag & 0x1f,
        found.content.len(),
        found.tag & 0x20 != 0,
        found.whole.len() - found.content.len(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_possible() {
        assert_eq!(element(OCTET_STRING, &[0; 127])[..2], [4, 127]);
        assert_eq!(element(OCTET_STRING, &[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(element(OCTET_STRING, &[0; 256])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn numbers_are_never_negative() {
        assert_eq!(unsigned(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0]), [2, 1, 0]);
        let encoded = unsigned(&[0xff, 1]);
        assert_eq!(Reader::new(&encoded).number(), Ok(&[0xff, 1][..]));
    }

    #[test]
    fn what_ends_too_early_is_an_error() {
        for bytes in [&[][..], &[0x30], &[0x30, 0x84, 0xff], &[0x30, 5, 1], &[0x30, 0x80, 0, 0]] {
            assert!(Reader::new(bytes).any().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn identifiers_print_with_dots() {
        assert_eq!(identifier_text(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), "1.2.840.113549.1.1.11");
    }
}
