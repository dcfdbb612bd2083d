//! Why a text is not of a format, where the validator has other words than Go's.

use pilothouse_encoding::quote::quote;
use pilothouse_template::go_quote;

/// Go's words; nothing where the validator's are the same.
pub(super) fn reason(format: &str, text: &str) -> Option<String> {
    match format {
        "ipv4" => ipv4(text),
        "uuid" => uuid(text),
        "date" => Some(date(text)),
        "date-time" => {
            let after_date = text.as_bytes().get(10);
            let has_form = text.len() >= 20 && matches!(after_date, Some(b'T' | b't'));
            let day = has_form.then(|| text.get(..10)).flatten();
            day.filter(|day| !is_date(day)).map(|day| format!("invalid date element: {}", date(day)))
        }
        "json-pointer" if !text.starts_with('/') => Some("not starting with /".to_owned()),
        "email" if text.len() > 254 => Some("more than 255 characters long".to_owned()),
        _ => None,
    }
}

/// What the validator says, in Go's form: the unit of a duration is quoted.
pub(super) fn worded(format: &str, reason: &str) -> String {
    let mut words: Vec<String> = reason.split(' ').map(str::to_owned).collect();
    if format == "duration"
        && let Some(unit) = words.iter_mut().skip_while(|word| *word != "unit").nth(1)
    {
        *unit = format!("'{unit}'");
    }
    words.join(" ")
}

fn uuid(text: &str) -> Option<String> {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != LENGTHS.len() {
        return Some(format!("must have {} elements", LENGTHS.len()));
    }
    groups.iter().zip(LENGTHS).enumerate().find_map(|(index, (group, length))| {
        if group.len() != length {
            return Some(format!("element {} must be {length} characters long", index + 1));
        }
        let other = group.chars().find(|letter| !letter.is_ascii_hexdigit());
        other.map(|letter| format!("non-hex character {letter:?}"))
    })
}

fn ipv4(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return Some("expected four decimals".to_owned());
    }
    groups.into_iter().find_map(|group| {
        if group.len() > 1 && group.starts_with('0') {
            return Some("leading zeros".to_owned());
        }
        match group.parse::<i64>() {
            Ok(0..=255) => None,
            Ok(_) => Some("decimal must be between 0 and 255".to_owned()),
            Err(_) => Some(format!("strconv.Atoi: parsing {}: invalid syntax", go_quote(group))),
        }
    })
}

/// Go's text about a text that its time package does not read as a date.
fn date(text: &str) -> String {
    let parts = [("2006", 4), ("-", 1), ("01", 2), ("-", 1), ("02", 2)];
    let mut rest = text;
    for (element, length) in parts {
        let fits = rest.get(..length).is_some_and(|part| match element {
            "-" => part == "-",
            _ => part.bytes().all(|byte| byte.is_ascii_digit()),
        });
        if !fits {
            let (text, rest) = (quote(text), quote(rest));
            return format!("parsing time {text} as \"2006-01-02\": cannot parse {rest} as {element:?}");
        }
        rest = &rest[length..];
    }
    if !rest.is_empty() {
        return format!("parsing time {}: extra text: {}", quote(text), quote(rest));
    }
    let month = text[5..7].parse::<u8>().unwrap_or_default();
    let part = if (1..=12).contains(&month) { "day" } else { "month" };
    format!("parsing time {text:?}: {part} out of range")
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-').map(str::parse::<u32>);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) => {
            let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
            let days = match month {
                2 if leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                1..=12 => 31,
                _ => 0,
            };
            (1..=days).contains(&day)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_the_words_of_go() {
        let cases = [
            ("ipv4", "1.2.3", "expected four decimals"),
            ("ipv4", "1.2.3.256", "decimal must be between 0 and 255"),
            ("ipv4", "1.2.3.a", "strconv.Atoi: parsing \"a\": invalid syntax"),
            ("uuid", "a-b", "must have 5 elements"),
            ("date", "x", "parsing time \"x\" as \"2006-01-02\": cannot parse \"x\" as \"2006\""),
            (
                "date",
                "é",
                "parsing time \"\\xc3\\xa9\" as \"2006-01-02\": cannot parse \"\\xc3\\xa9\" as \"2006\"",
            ),
            ("date", "2020-13-01", "parsing time \"2020-13-01\": month out of range"),
            ("date", "2020-02-30", "parsing time \"2020-02-30\": day out of range"),
            (
                "date-time",
                "2020-02-30T00:00:00Z",
                "invalid date element: parsing time \"2020-02-30\": day out of range",
            ),
        ];
        for (format, text, expected) in cases {
            assert_eq!(reason(format, text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(reason("date-time", "2020-02-29T25:00:00Z"), None);
        assert_eq!(worded("duration", "unit D out of order"), "unit 'D' out of order");
        assert_eq!(worded("time", "missing unit"), "missing unit");
    }
}
