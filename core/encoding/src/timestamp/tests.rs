use super::*;

#[test]
fn round_trips() {
    for text in [
        "2024-05-07T04:54:21.123456789Z",
        "2024-05-07T04:54:21.1Z",
        "2024-02-29T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "1969-12-31T23:59:59.5Z",
        "2024-05-07T04:54:21.12-07:00",
        "2024-05-07T04:54:21+05:30",
    ] {
        let time = Timestamp::parse(text).unwrap();
        assert_eq!(time.to_string(), text);
        let json = format!("\"{text}\"");
        assert_eq!(serde_json::to_string(&time).unwrap(), json);
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
    }
}

#[test]
fn other_forms() {
    let cases = [
        ("2024-05-07T04:54:21.120000000Z", "2024-05-07T04:54:21.12Z"),
        ("2024-05-07T04:54:21.1234567891234Z", "2024-05-07T04:54:21.123456789Z"),
        ("2024-05-07T04:54:21+00:00", "2024-05-07T04:54:21Z"),
        ("2024-05-07T4:54:21Z", "2024-05-07T04:54:21Z"),
        ("", "0001-01-01T00:00:00Z"),
    ];
    for (text, expected) in cases {
        assert_eq!(Timestamp::parse(text).unwrap().to_string(), expected, "{text}");
    }
}

#[test]
fn errors_in_gos_words() {
    let cases = [
        ("x", r#"parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006""#),
        ("2024-05-07", r#"parsing time "2024-05-07" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T""#),
        ("2024-13-07T00:00:00Z", r#"parsing time "2024-13-07T00:00:00Z": month out of range"#),
        ("2023-02-29T00:00:00Z", r#"parsing time "2023-02-29T00:00:00Z": day out of range"#),
        ("2024-05-07T24:00:00Z", r#"parsing time "2024-05-07T24:00:00Z": hour out of range"#),
        ("2024-05-07T00:00:00Zx", r#"parsing time "2024-05-07T00:00:00Zx": extra text: "x""#),
        (
            "2024-05-07T00:00:00",
            r#"parsing time "2024-05-07T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00""#,
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(Timestamp::parse(text).unwrap_err().to_string(), expected);
    }
}

#[test]
fn instants_and_spans() {
    let utc = Timestamp::parse("2024-05-07T04:54:21Z").unwrap();
    let local = Timestamp::parse("2024-05-07T06:54:21+02:00").unwrap();
    assert_eq!(utc, local);
    assert_eq!(utc.unix_seconds(), 1_715_057_661);
    assert_eq!(local.to_seconds_string(), "2024-05-07T04:54:21Z");
    assert_eq!(local.civil().hour, 6);
    let later = utc.saturating_add(GoDuration::from_nanos(1_500_000_000));
    assert_eq!(later.to_string(), "2024-05-07T04:54:22.5Z");
    assert_eq!(later.to_micros_string(), "2024-05-07T04:54:22.500000Z");
    assert_eq!(later.since(utc).to_string(), "1.5s");
    assert_eq!(utc.since(later).to_string(), "-1.5s");
    let earlier = utc.saturating_add(GoDuration::from_nanos(-1));
    assert_eq!(earlier.to_string(), "2024-05-07T04:54:20.999999999Z");
    assert!(earlier < utc && Timestamp::zero().is_zero() && !utc.is_zero());
    assert_eq!(Timestamp::from_unix_nanos(-1).to_string(), "1969-12-31T23:59:59.999999999Z");
    assert_eq!(Timestamp::from_unix_nanos(utc.unix_nanos()), utc);
    assert_eq!(utc.since(Timestamp::zero()).as_nanos(), i64::MAX);
}

#[test]
fn civil_parts() {
    let cases = [
        (0, 1970, 1, 1, Weekday::Thursday, 1),
        (951_782_400, 2000, 2, 29, Weekday::Tuesday, 60),
        (-62_135_596_800, 1, 1, 1, Weekday::Monday, 1),
        (1_735_603_200, 2024, 12, 31, Weekday::Tuesday, 366),
        (-2_203_891_200, 1900, 3, 1, Weekday::Thursday, 60),
    ];
    for (seconds, year, month, day, weekday, year_day) in cases {
        let civil = Civil::from_unix_seconds(seconds);
        assert_eq!((civil.year, civil.month, civil.day), (year, month, day));
        assert_eq!((civil.weekday, civil.year_day), (weekday, year_day));
        assert_eq!(civil.unix_seconds(), seconds);
        assert_eq!(Civil::new(year, month, day, 0, 0, 0), civil);
    }
}

#[test]
fn every_day_of_four_centuries() {
    let mut seconds = Civil::new(1800, 1, 1, 12, 34, 56).unix_seconds();
    let mut previous = Civil::from_unix_seconds(seconds);
    for _ in 0..146_097 {
        seconds += 86_400;
        let civil = Civil::from_unix_seconds(seconds);
        let month_end = previous.day == days_in_month(previous.year, previous.month);
        assert_eq!(civil.day, if month_end { 1 } else { previous.day + 1 });
        assert_eq!(civil.unix_seconds(), seconds);
        previous = civil;
    }
}
