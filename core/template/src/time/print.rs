//! Prints times by a layout.

use std::fmt::Write as _;

use pilothouse_encoding::timestamp::Civil;

use super::Time;
use super::layout::{Element, FractionForm, MONTHS, OffsetForm, next_element};

/// The time as the layout shows the reference time (`Time.Format`).
pub(crate) fn format(time: &Time, layout: &str) -> String {
    let civil = time.civil();
    let mut out = String::with_capacity(layout.len() + 10);
    let mut rest = layout;
    loop {
        let (before, element, after) = next_element(rest);
        out.push_str(before);
        let Some((element, _)) = element else {
            return out;
        };
        write_element(&mut out, time, &civil, element);
        rest = after;
    }
}

fn write_element(out: &mut String, time: &Time, civil: &Civil, element: Element) {
    let hour12 = (civil.hour + 11) % 12 + 1;
    let month = MONTHS.get(usize::from(civil.month) - 1).copied().unwrap_or_default();
    let weekday = civil.weekday.name();
    let afternoon = civil.hour >= 12;
    // Writing to a string cannot fail.
    let _ = match element {
        Element::LongMonth => out.write_str(month),
        Element::Month => out.write_str(&month[..3]),
        Element::NumMonth => write!(out, "{}", civil.month),
        Element::ZeroMonth => write!(out, "{:02}", civil.month),
        Element::LongWeekday => out.write_str(weekday),
        Element::Weekday => out.write_str(&weekday[..3]),
        Element::Day => write!(out, "{}", civil.day),
        Element::UnderDay => write!(out, "{:2}", civil.day),
        Element::ZeroDay => write!(out, "{:02}", civil.day),
        Element::UnderYearDay => write!(out, "{:3}", civil.year_day),
        Element::ZeroYearDay => write!(out, "{:03}", civil.year_day),
        Element::Hour => write!(out, "{:02}", civil.hour),
        Element::Hour12 => write!(out, "{hour12}"),
        Element::ZeroHour12 => write!(out, "{hour12:02}"),
        Element::Minute => write!(out, "{}", civil.minute),
        Element::ZeroMinute => write!(out, "{:02}", civil.minute),
        Element::Second => write!(out, "{}", civil.second),
        Element::ZeroSecond => write!(out, "{:02}", civil.second),
        Element::LongYear if civil.year < 0 => write!(out, "-{:04}", -civil.year),
        Element::LongYear => write!(out, "{:04}", civil.year),
        Element::Year => write!(out, "{:02}", civil.year.unsigned_abs() % 100),
        Element::UpperPm => out.write_str(if afternoon { "PM" } else { "AM" }),
        Element::LowerPm => out.write_str(if afternoon { "pm" } else { "am" }),
        Element::ZoneName if time.zone.is_empty() => {
            let form = OffsetForm { zulu: false, colon: false, minutes: true, seconds: false };
            write_offset(out, time.offset, form);
            Ok(())
        }
        Element::ZoneName => out.write_str(&time.zone),
        Element::Offset(form) => {
            write_offset(out, time.offset, form);
            Ok(())
        }
        Element::Fraction(form) => {
            write_fraction(out, time.nanos, form);
            Ok(())
        }
    };
}

fn write_offset(out: &mut String, offset: i32, form: OffsetForm) {
    if form.zulu && offset == 0 {
        out.push('Z');
        return;
    }
    // Go rounds to minutes before it looks at the sign.
    out.push(if offset / 60 < 0 { '-' } else { '+' });
    let seconds = offset.unsigned_abs();
    let colon = if form.colon { ":" } else { "" };
    let _ = write!(out, "{:02}", seconds / 3600);
    if form.minutes {
        let _ = write!(out, "{colon}{:02}", seconds / 60 % 60);
    }
    if form.seconds {
        let _ = write!(out, "{colon}{:02}", seconds % 60);
    }
}

fn write_fraction(out: &mut String, nanos: u32, form: FractionForm) {
    if form.trims && nanos == 0 {
        return;
    }
    let all = format!("{nanos:09}");
    let shown: String = all.chars().chain(std::iter::repeat('0')).take(form.digits.min(9)).collect();
    let shown = if form.trims { shown.trim_end_matches('0') } else { &shown };
    if !shown.is_empty() {
        out.push(form.separator);
        out.push_str(shown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_as_in_go() {
        let time = Time { offset: -4 * 3600, zone: "EDT".into(), ..Time::utc(1_657_271_411, 50_000_000) };
        let cases = [
            ("Monday January _2 03:04:05.000 pm Z07:00 MST", "Friday July  8 05:10:11.050 am -04:00 EDT"),
            ("20060102-150405.999", "20220708-051011.05"),
            ("__2 002 _2006", "189 189 _2022"),
            ("Month 1/2/06 3PM", "Month 7/8/22 5AM"),
        ];
        for (layout, expected) in cases {
            assert_eq!(format(&time, layout), expected);
        }
        assert_eq!(format(&Time::zero(), "2006-01-02 15:04:05 -0700 MST"), "0001-01-01 00:00:00 +0000 UTC");
    }
}
