//! Layouts and texts of dates, zones, durations.

use super::literals::joined;
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
    const TEXTS: [&str; 22] = [
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
    ];
    choices.pick(&TEXTS).to_owned()
}

/// A time zone.
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
