//! Reads offsets and names of zones.

use super::layout::OffsetForm;
use super::parse::{Problem, Reader};

impl Reader<'_> {
    /// `+01:00` and its like, or `Z`.
    pub(super) fn read_offset(&mut self, form: OffsetForm) -> Result<(), Problem> {
        if form.zulu
            && let Some(rest) = self.rest.strip_prefix('Z')
        {
            self.rest = rest;
            self.fields.utc = true;
            return Ok(());
        }
        let mut rest = self.rest.chars();
        let sign = rest.next().ok_or(Problem::Mismatch)?;
        self.rest = rest.as_str();
        let parts = usize::from(form.minutes) + usize::from(form.seconds);
        let length = 2 + parts * (2 + usize::from(form.colon));
        let Some(written) = self.rest.get(..length) else { return Err(Problem::Mismatch) };
        if form.colon && (1..=parts).any(|part| written.as_bytes()[part * 3 - 1] != b':') {
            return Err(Problem::Mismatch);
        }
        let mut numbers = [0; 3];
        let mut problem = None;
        for (at, (number, (most, what))) in numbers.iter_mut().zip(OFFSET_PARTS).take(parts + 1).enumerate() {
            let start = at * (2 + usize::from(form.colon));
            match two_digits(written.get(start..start + 2)) {
                Some(read) => *number = read,
                // What follows counts as zero.
                None => {
                    problem = problem.or(Some(Problem::Mismatch));
                    break;
                }
            }
            // The last number that is out of range is told, before any other fault.
            if *number > most {
                problem = Some(Problem::Range(what));
            }
        }
        self.rest = &self.rest[length..];
        match (problem, sign) {
            (Some(problem), _) => return Err(problem),
            (None, '+' | '-') => {}
            _ => return Err(Problem::Mismatch),
        }
        let seconds = (numbers[0] * 60 + numbers[1]) * 60 + numbers[2];
        // Go's mark for no offset at all is -1.
        self.fields.offset =
            Some(if sign == '-' { -seconds } else { seconds }).filter(|offset| *offset != -1);
        Ok(())
    }

    /// A zone abbreviation, which stands for UTC's offset unless it is one of GMT's.
    pub(super) fn read_zone_name(&mut self) -> Result<(), Problem> {
        if let Some(rest) = self.rest.strip_prefix("UTC") {
            (self.rest, self.fields.utc) = (rest, true);
            return Ok(());
        }
        let length = zone_length(self.rest).ok_or(Problem::Mismatch)?;
        self.fields.zone = Some(self.rest[..length].to_owned());
        self.rest = &self.rest[length..];
        Ok(())
    }
}

/// The numbers of an offset: the most they may be, and their names.
const OFFSET_PARTS: [(i32, &str); 3] =
    [(24, "time zone offset hour"), (60, "time zone offset minute"), (60, "time zone offset second")];

fn two_digits(text: Option<&str>) -> Option<i32> {
    text.filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()))?.parse().ok()
}

/// How many bytes of the text look like a zone's abbreviation.
fn zone_length(text: &str) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with("ChST") || text.starts_with("MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix("GMT") {
        return Some(3 + signed_hours(rest));
    }
    if text.starts_with(['+', '-']) {
        return Some(signed_hours(text)).filter(|length| *length > 0);
    }
    match text.bytes().take(6).take_while(u8::is_ascii_uppercase).count() {
        3 => Some(3),
        4 => (text.as_bytes()[3] == b'T' || text.starts_with("WITA")).then_some(4),
        5 => (text.as_bytes()[4] == b'T').then_some(5),
        _ => None,
    }
}

/// The length of a sign and hours of at most 23.
fn signed_hours(text: &str) -> usize {
    let digits = text.strip_prefix(['+', '-']).unwrap_or_default();
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    match digits[..length].parse::<u64>() {
        Ok(0..=23) => 1 + length,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_as_go_knows_them() {
        for (text, length) in [
            ("EST", Some(3)),
            ("ES", None),
            ("CESTx", Some(4)),
            ("ABCD", None),
            ("WITA", Some(4)),
            ("ABCDT", Some(5)),
            ("ABCDE", None),
            ("ABCDEF", None),
            ("MeST", Some(4)),
            ("GMT", Some(3)),
            ("GMT-12x", Some(6)),
            ("GMT+24", Some(3)),
            ("+03 ", Some(3)),
            ("+", None),
        ] {
            assert_eq!(zone_length(text), length, "{text}");
        }
    }
}
