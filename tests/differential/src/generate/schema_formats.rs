//! Texts that are of a format of schemas, or nearly so.

use super::literals;
use crate::choices::Choices;

const ADDRESSES: [&str; 18] = [
    "::1",
    "::",
    "fe80::1%eth0",
    "1:2:3:4:5:6:7:8",
    "::ffff:1.2.3.4",
    "1::2::3",
    "12345::",
    "1.2.3.4",
    "01.2.3.4",
    "1.2.3",
    "1.2.3.256",
    "1:2:3:4:5:6:1.2.3.4",
    "::1.2.3",
    "1:",
    ":1",
    "g::1",
    "1:2:3:4:5:6:7:8:9",
    "+1.2.3.4",
];
const TIMES: [&str; 16] = [
    "2024-02-29",
    "2023-02-29",
    "2024-13-01",
    "12:30:45Z",
    "12:30:45.123+01:00",
    "24:00:00Z",
    "23:59:60Z",
    "12:30:60Z",
    "12:30:45",
    "12:30:45+1:00",
    "12:-3:45Z",
    "1:::::56Z",
    "00:59:60+01:00",
    "12:30:45.Z",
    "2a24-02-29",
    "+024-01-01",
];
const DURATIONS: [&str; 14] = [
    "P1D",
    "P1Y2M3DT4H5M6S",
    "P2W",
    "P",
    "PT",
    "P1",
    "P1D1Y",
    "P1H",
    "PT1D",
    "PT1H1H",
    "PD",
    "1D",
    "PW",
    "P1DT1HT1M",
];
const NAMES: [&str; 16] = [
    "example.com",
    "a",
    "",
    "-a",
    "a-",
    "a..b",
    "a_b",
    "example.com.",
    "é.com",
    "localhost",
    "a b",
    ".a",
    "a.",
    "xn--a",
    "0",
    "a.-b",
];
const POINTERS: [&str; 14] =
    ["", "/a", "/a~0b", "/a~2", "a", "/~", "0", "0#", "1/a", "01", "-1", "0##", "2/~0~1", "10a"];
const VERSIONS: [&str; 10] = [
    "1.2.3",
    "1.2",
    "v1.2.3",
    "1.2.3-01",
    "1.2.3+b",
    "1.2.3-a.b+c",
    "1.2.3-",
    "1.2.3+",
    "01.2.3",
    "1.2.3-a_b",
];
const IDENTIFIERS: [&str; 5] = [
    "01234567-89ab-cdef-0123-456789abcdef",
    "0123456g-89ab-cdef-0123-456789abcdef",
    "a-b",
    "01234567-89ab-cdef-0123-4",
    "01234567-89ab-cdef-0123-456789abcdéf",
];

/// A format with a text.
pub(super) fn draw(choices: &mut Choices) -> (&'static str, String) {
    const FORMATS: [&str; 22] = [
        "ipv6",
        "ipv4",
        "uri",
        "uri-reference",
        "uri-template",
        "iri",
        "iri-reference",
        "email",
        "hostname",
        "date",
        "time",
        "date-time",
        "duration",
        "period",
        "json-pointer",
        "relative-json-pointer",
        "uuid",
        "semver",
        "regex",
        "idn-email",
        "idn-hostname",
        "unknown",
    ];
    let format = FORMATS[choices.below(FORMATS.len())];
    let mut text = match format {
        "ipv4" | "ipv6" => choices.pick(&ADDRESSES).to_owned(),
        "uri" | "uri-reference" | "uri-template" | "iri" | "iri-reference" => url(choices),
        "email" | "idn-email" => email(choices),
        "hostname" | "idn-hostname" => choices.pick(&NAMES).to_owned(),
        "date" | "time" => choices.pick(&TIMES).to_owned(),
        "date-time" => moment(choices),
        "duration" => choices.pick(&DURATIONS).to_owned(),
        "period" => {
            let part = |choices: &mut Choices| {
                if choices.percent(50) { moment(choices) } else { choices.pick(&DURATIONS).to_owned() }
            };
            let separator = choices.pick(&["/", "/", "/", "-"]);
            format!("{}{separator}{}", part(choices), part(choices))
        }
        "json-pointer" | "relative-json-pointer" => choices.pick(&POINTERS).to_owned(),
        "uuid" => choices.pick(&IDENTIFIERS).to_owned(),
        "semver" => choices.pick(&VERSIONS).to_owned(),
        "regex" => super::formats::pattern(choices, 2),
        _ => literals::text(choices),
    };
    if choices.percent(25) {
        spoil(choices, &mut text);
    }
    (format, text)
}

fn moment(choices: &mut Choices) -> String {
    let date = choices.pick(&["2024-02-29", "2023-02-29", "2024-2-29", "0000-01-01"]);
    let letter = choices.pick(&["T", "t", " "]);
    format!(
        "{date}{letter}{}",
        choices.pick(&["12:30:45Z", "23:59:60Z", "12:30:45.5-07:00", "12:30", "25:00:00Z"])
    )
}

fn url(choices: &mut Choices) -> String {
    const HOSTS: [&str; 22] = [
        "h",
        "[::1]",
        "[::1]:80",
        "[fe80::1%25eth0]",
        "[::1%25a%20b]",
        "[::1%25a%2fb]",
        "[1.2.3.4]",
        "[x]",
        "[::1",
        "::1",
        "a:1:2",
        "a[::1]",
        "u:p@h:80",
        "u p@h",
        "h:p",
        "",
        "a%41",
        "a%C3%A9",
        "é",
        "a b",
        "[::1]x",
        "u%zz@h",
    ];
    const PATHS: [&str; 14] = [
        "", "/", "/a/{b}/c", "/{a", "/a}", "/{a{b}}", "/%7Ba", "/%7ba", "/a%2Fb", "/%zz", "?q=1#f", "#%zz",
        "/a\\b", "/é",
    ];
    let scheme =
        choices.pick(&["http://", "https://", "", "//", "x://", "mailto:", "urn:", "HTTP://", "1x://", ":"]);
    format!("{scheme}{}{}", choices.pick(&HOSTS), choices.pick(&PATHS))
}

fn email(choices: &mut Choices) -> String {
    let local = choices.pick(&[
        "a",
        ".a",
        "a.",
        "a..b",
        "\"a b\"",
        "\"a\\\"b\"",
        "\"a",
        "a b",
        "",
        "é",
        "\"",
        "\"a\"b",
    ]);
    let domain = choices.pick(&[
        "@b.c",
        "@[1.2.3.4]",
        "@[1.2]",
        "@[IPv6:::1]",
        "@[IPv6:x]",
        "@[IPv6:::1%a]",
        "@-b",
        "@",
        "",
        "@[",
        "@b@c",
    ]);
    format!("{local}{domain}")
}

/// Changes a letter.
fn spoil(choices: &mut Choices, text: &mut String) {
    let mut letters: Vec<char> = text.chars().collect();
    let at = choices.below(letters.len() + 1);
    let end = (at + choices.below(2)).min(letters.len());
    letters.splice(at..end, [literals::letter(choices)]);
    *text = letters.into_iter().collect();
}
