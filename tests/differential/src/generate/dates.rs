//! Layouts and texts of dates, zones, durations.

use super::literals::{go_quoted, joined};
use crate::choices::Choices;

/// A layout of a date.
pub(super) fn layout(choices: &mut Choices) -> String {
    const WHOLE: [&str; 12] = [
        "2006-01-02",
        "2006-01-02T15:04:05Z07:00",
        "Mon Jan _2 15:04:05 2006",
        "02 Jan 06 15:04 MST",
        "15:04:05",
        "3:04PM",
        "Monday, 02-Jan-06 15:04:05 MST",
        "2006-01-02T15:04:05.999999999Z07:00",
        "20060102150405",
        "Jan _2 15:04:05.000",
        "RFC3339",
        "",
    ];
    const PARTS: [&str; 48] = [
        "2006",
        "06",
        "01",
        "1",
        "Jan",
        "January",
        "02",
        "2",
        "_2",
        "002",
        "__2",
        "15",
        "03",
        "3",
        "04",
        "4",
        "05",
        "5",
        "PM",
        "pm",
        "MST",
        "Z0700",
        "Z07:00",
        "-0700",
        "-07:00",
        "-07",
        "Z07",
        "Z070000",
        "-07:00:00",
        ".000",
        ".999",
        ",000",
        "Monday",
        "Mon",
        "T",
        " ",
        "-",
        ":",
        "/",
        "x",
        "é",
        ".00000000000",
        "05.000",
        "05,99",
        "MST7",
        "UTC",
        "_2006",
        "Januaryx",
    ];
    if choices.percent(50) {
        return joined(choices, 7, "", |choices| choices.pick(&PARTS).to_owned());
    }
    choices.pick(&WHOLE).to_owned()
}

/// The text of a date.
pub(super) fn date_text(choices: &mut Choices) -> String {
    const TEXTS: [&str; 28] = [
        "2024-02-29",
        "2024-02-29T13:04:05Z",
        "2023-12-31T23:59:59+02:00",
        "Thu Feb 29 13:04:05 2024",
        "0001-01-01",
        "1969-12-31",
        "29 Feb 24 13:04 UTC",
        "13:04:05",
        "1:04PM",
        "2023-02-29",
        "2024-13-01",
        "9999-12-31T23:59:59.999999999Z",
        "1970-01-01",
        "20240229130405",
        "2024-02-29 ",
        "Feb 29 13:04:05.123",
        "2024-02-29T13:04:05.5Z",
        "2024-02-29T24:00:00Z",
        "24",
        "",
        "Thursday, 29-Feb-24 13:04:05 EST",
        "2024-02-29T13:04:05-00:30",
        "2024-02-29T13:04:05+25:61",
        "29 Feb 24 13:04 GMT+3",
        "29 Feb 24 13:04 WITA",
        "29 Feb 24 13:04 +03",
        "2024-02-29T13:04:05.-5Z",
        "Thu, 29 Feb 2024 13:04:05 -0700",
    ];
    choices.pick(&TEXTS).to_owned()
}

/// A time zone. Those whose rules depend on the edition of the database, as for EST, are not among them.
pub(super) fn zone(choices: &mut Choices) -> String {
    choices
        .pick(&[
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Asia/Kathmandu",
            "Local",
            "",
            "Nowhere/City",
            "GMT",
            "Asia/Tokyo",
            "Etc/GMT+5",
            "America/Sao_Paulo",
        ])
        .to_owned()
}

/// A duration.
pub(super) fn duration(choices: &mut Choices) -> String {
    const DURATIONS: [&str; 24] = [
        "1h",
        "30m",
        "90s",
        "24h",
        "-1.5h",
        "1h15m30.918273645s",
        "100ms",
        "0",
        "2400h",
        "87600h",
        "1us",
        "1µs",
        "5ns",
        "-0s",
        "1d",
        "",
        "h",
        "1.h",
        ".5h",
        "+5m",
        "9223372036s",
        "9999999h",
        "1h 2m",
        "59s",
    ];
    choices.pick(&DURATIONS).to_owned()
}

/// A line that calls a method of a time, and now and then one of what it gives.
pub(super) fn method(choices: &mut Choices) -> String {
    let layout = go_quoted("2006-01-02T15:04:05.999Z07:00");
    let time = |choices: &mut Choices| {
        let text = choices.pick(&[
            "2024-02-29T13:04:05Z",
            "1999-12-31T23:59:59+01:00",
            "0001-01-01T00:00:00Z",
            "2024-01-31T01:02:03.5-11:30",
            "x",
        ]);
        format!("(toDate {layout} {})", go_quoted(text))
    };
    let receiver = time(choices);
    let number = |choices: &mut Choices| {
        choices.pick(&["0", "1", "-1", "12", "400", "36000", "1000000", "1.5", "\"a\"", "nil"])
    };
    let call = match choices.below(8) {
        0 => {
            let (years, months, days) = (number(choices), number(choices), number(choices));
            format!("{receiver}.AddDate {years} {months} {days}")
        }
        1 | 2 => {
            let name = choices.pick(&["Add", "Truncate", "Round", "Format", "Nothing"]);
            format!("{receiver}.{name} {}", number(choices))
        }
        3 => {
            let name = choices.pick(&["Sub", "Before", "After", "Equal", "Compare"]);
            format!("{receiver}.{name} {}", time(choices))
        }
        4 => {
            let name =
                choices.pick(&["Hours", "Minutes", "Seconds", "Milliseconds", "String", "Abs", "Round 7"]);
            format!("({receiver}.Sub {}).{name}", time(choices))
        }
        _ => {
            let name = choices.pick(&[
                "Year",
                "Month",
                "Day",
                "Weekday",
                "Hour",
                "Minute",
                "Second",
                "Nanosecond",
                "YearDay",
                "Unix",
                "UnixMilli",
                "UnixMicro",
                "UnixNano",
                "IsZero",
                "IsDST",
                "UTC",
                "Local",
                "String",
                "GoString",
                "MarshalJSON",
                "MarshalText",
                "Date",
                "Clock",
                "ISOWeek",
                "Zone",
                "ZoneBounds",
                "wall",
                "Month.String",
                "Weekday.Nothing",
            ]);
            format!("{receiver}.{name}")
        }
    };
    let shown = choices.pick(&[
        "",
        "",
        "",
        " | quote",
        " | typeOf",
        " | kindOf",
        " | int",
        " | toJson",
        " | printf \"%d\"",
        " | printf \"%#v\"",
        " | eq 1",
        " | add 1",
        " | toYaml",
        " | printf \"%x\"",
    ]);
    format!("[{{{{ ({call}){shown} }}}}]\n")
}
