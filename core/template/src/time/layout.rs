//! Go's time layouts: which parts of the reference time a layout shows.

/// An element of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    ZoneName,
    Offset(OffsetForm),
    Fraction(FractionForm),
}

/// How an offset from UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OffsetForm {
    /// `Z` stands for UTC.
    pub(super) zulu: bool,
    pub(super) colon: bool,
    pub(super) minutes: bool,
    pub(super) seconds: bool,
}

/// How a fraction of a second is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FractionForm {
    pub(super) separator: char,
    pub(super) digits: usize,
    /// Trailing zeros are left out.
    pub(super) trims: bool,
}

/// Literal elements, longer ones before those they begin with. A `*` entry must not be followed by a small letter.
const WORDS: &[(&str, Element, bool)] = &[
    ("January", Element::LongMonth, false),
    ("Jan", Element::Month, true),
    ("Monday", Element::LongWeekday, false),
    ("Mon", Element::Weekday, true),
    ("MST", Element::ZoneName, false),
    ("01", Element::ZeroMonth, false),
    ("02", Element::ZeroDay, false),
    ("03", Element::ZeroHour12, false),
    ("04", Element::ZeroMinute, false),
    ("05", Element::ZeroSecond, false),
    ("06", Element::Year, false),
    ("002", Element::ZeroYearDay, false),
    ("15", Element::Hour, false),
    ("1", Element::NumMonth, false),
    ("2006", Element::LongYear, false),
    ("2", Element::Day, false),
    ("__2", Element::UnderYearDay, false),
    ("_2", Element::UnderDay, false),
    ("3", Element::Hour12, false),
    ("4", Element::Minute, false),
    ("5", Element::Second, false),
    ("PM", Element::UpperPm, false),
    ("pm", Element::LowerPm, false),
    ("-070000", offset(false, false, true, true), false),
    ("-07:00:00", offset(false, true, true, true), false),
    ("-0700", offset(false, false, true, false), false),
    ("-07:00", offset(false, true, true, false), false),
    ("-07", offset(false, false, false, false), false),
    ("Z070000", offset(true, false, true, true), false),
    ("Z07:00:00", offset(true, true, true, true), false),
    ("Z0700", offset(true, false, true, false), false),
    ("Z07:00", offset(true, true, true, false), false),
    ("Z07", offset(true, false, false, false), false),
];

const fn offset(zulu: bool, colon: bool, minutes: bool, seconds: bool) -> Element {
    Element::Offset(OffsetForm { zulu, colon, minutes, seconds })
}

/// The text before the first element, the element with its spelling, and the text after it.
pub(super) fn next_element(layout: &str) -> (&str, Option<(Element, &str)>, &str) {
    for (index, _) in layout.char_indices() {
        let rest = &layout[index..];
        // "_2006" is an underscore and a year.
        if let Some(after) = rest.strip_prefix("_2006") {
            return (&layout[..=index], Some((Element::LongYear, "2006")), after);
        }
        if let Some((element, length)) = element_at(rest) {
            return (&layout[..index], Some((element, &rest[..length])), &rest[length..]);
        }
    }
    (layout, None, "")
}

fn element_at(text: &str) -> Option<(Element, usize)> {
    for (word, element, alone) in WORDS {
        if let Some(after) = text.strip_prefix(word)
            && !(*alone && after.starts_with(|next: char| next.is_ascii_lowercase()))
        {
            return Some((*element, word.len()));
        }
    }
    fraction_at(text)
}

fn fraction_at(text: &str) -> Option<(Element, usize)> {
    let separator = text.chars().next().filter(|first| matches!(first, '.' | ','))?;
    let digit = text[1..].chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
    let digits = text[1..].len() - text[1..].trim_start_matches(digit).len();
    if text[1 + digits..].starts_with(|next: char| next.is_ascii_digit()) {
        return None;
    }
    Some((Element::Fraction(FractionForm { separator, digits, trims: digit == '9' }), 1 + digits))
}

/// English month names, January first.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// English names of the days of the week, Sunday first.
pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
