//! Texts and numbers that charts have, and those at which implementations part.

use crate::choices::Choices;

const WORDS: [&str; 34] = [
    "",
    "a",
    "foo",
    "bar",
    "Hello World",
    "foo-bar",
    "fooBar",
    "foo_bar_baz",
    "http-server",
    "1",
    "0",
    "-1",
    "true",
    "false",
    "null",
    "~",
    " padded ",
    "a,b,c",
    "a:b",
    "x=y",
    "line one\nline two",
    "tab\there",
    "trailing\n",
    "\n",
    "naïve café",
    "日本語",
    "😀 emoji",
    "e\u{301}",
    "\u{feff}bom",
    "quote\"d",
    "single'd",
    "back\\slash",
    "<b>&amp;</b>",
    "release-name-that-is-longer-than-sixty-three-characters-in-total-x",
];

const ODD_WORDS: [&str; 46] = [
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "Yes",
    "NO",
    "1e3",
    "1.0",
    "0x1F",
    "0o17",
    "017",
    "1_000",
    "+1",
    ".5",
    "1.",
    ".inf",
    "-.inf",
    ".nan",
    "NaN",
    "Infinity",
    "2001-01-01",
    "2001-01-01T00:00:00Z",
    "12:30:45",
    "- a",
    "a: b",
    "# c",
    "{a}",
    "[a]",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "|",
    ">",
    "a #b",
    "http://u@h.x:80/p?q#f",
    "a@b.c",
    "1.2.3.4",
    "P1D",
    "1.2.3-a+b",
    "/a/{b",
    "\u{1}\u{7f}\u{85}\u{2028}\u{a0}",
];

const INTEGERS: [&str; 34] = [
    "0",
    "1",
    "2",
    "3",
    "5",
    "7",
    "10",
    "-1",
    "-7",
    "42",
    "63",
    "64",
    "100",
    "255",
    "1000",
    "65536",
    "1000000",
    "999999",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "0x1F",
    "0b101",
    "0o17",
    "017",
    "1_000",
    "'a'",
    "'\\n'",
    "+3",
    "1e3",
    "1234567",
];

const FLOATS: [&str; 25] = [
    "0.0",
    "1.0",
    "1.5",
    "-1.5",
    "0.1",
    "2.5",
    "3.5",
    "0.30000000000000004",
    "1e6",
    "1e20",
    "1e21",
    "1e-5",
    "1e-7",
    "123456.789",
    "1234567.0",
    "100000000.0",
    "1e100",
    "1.7976931348623157e308",
    "5e-324",
    "-0.0",
    "2.675",
    "0.5",
    "1e15",
    "123456789012345680.0",
    "0x1p-2",
];

/// Widths, counts and indexes.
const WIDTHS: [&str; 16] =
    ["0", "1", "2", "3", "4", "5", "6", "8", "10", "12", "-1", "-2", "-5", "20", "63", "-63"];

/// Keys of dictionaries and values.
pub(super) const KEYS: [&str; 12] =
    ["a", "b", "name", "enabled", "image", "tag", "list", "map", "x-y", "A", "10", "none"];

/// A text.
pub(super) fn text(choices: &mut Choices) -> String {
    match choices.weighted([10, 3, 3, 1].into_iter()) {
        0 => choices.pick(&WORDS).to_owned(),
        1 => choices.pick(&ODD_WORDS).to_owned(),
        2 => {
            let separator = choices.pick(&["", "-", " ", "\n", "/", ".", ",", "_"]);
            format!("{}{separator}{}", choices.pick(&WORDS), choices.pick(&WORDS))
        }
        _ => (0..choices.below(8)).map(|_| letter(choices)).collect(),
    }
}

/// A letter, now and then a strange one.
pub(super) fn letter(choices: &mut Choices) -> char {
    const STRANGE: [char; 24] = [
        ' ',
        '\n',
        '\t',
        '"',
        '\'',
        '\\',
        '`',
        ':',
        '#',
        '-',
        '{',
        '}',
        '%',
        '$',
        '\r',
        '\0',
        '\u{7f}',
        'é',
        'ß',
        'İ',
        'ǆ',
        '世',
        '\u{10ffff}',
        '\u{fffd}',
    ];
    if choices.percent(30) {
        return STRANGE[choices.below(STRANGE.len())];
    }
    char::from(b"abcxyzABZ0189_"[choices.below(14)])
}

/// An integer literal of Go, small more often than not.
pub(super) fn integer(choices: &mut Choices) -> &'static str {
    choices.pick(&INTEGERS)
}

/// A literal of a number with a fraction or an exponent.
pub(super) fn float(choices: &mut Choices) -> &'static str {
    choices.pick(&FLOATS)
}

/// A count, seldom a large or negative one.
pub(super) fn width(choices: &mut Choices) -> &'static str {
    WIDTHS[if choices.percent(30) { choices.below(WIDTHS.len()) } else { choices.below(8) }]
}

/// A key.
pub(super) fn key(choices: &mut Choices) -> &'static str {
    choices.pick(&KEYS)
}

/// A text as a literal of Go.
pub(super) fn quoted(choices: &mut Choices, text: &str) -> String {
    let raw = !text.contains(['`', '\r', '\0', '\u{feff}']) && choices.percent(15);
    if raw { format!("`{text}`") } else { go_quoted(text) }
}

/// A text in double quotes.
pub(super) fn go_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            letter if (letter as u32) < 32 || letter == '\u{7f}' || letter == '\u{feff}' => {
                quoted.push_str(&format!("\\u{:04x}", letter as u32));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// Joined items, each made anew.
pub(super) fn joined<T: AsRef<str>>(
    choices: &mut Choices,
    most: usize,
    separator: &str,
    mut item: impl FnMut(&mut Choices) -> T,
) -> String {
    let items: Vec<T> = (0..choices.below(most + 1)).map(|_| item(choices)).collect();
    items.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(separator)
}
