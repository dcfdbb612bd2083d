//! Tables recorded from Go's `strconv`, `encoding/json` and `time`: `tests/data/{numbers,durations,times}.json`.

use pilothouse_encoding::duration::GoDuration;
use pilothouse_encoding::number::{format_float, format_float32, format_json_float, format_yaml_float};
use pilothouse_encoding::timestamp::Timestamp;
use serde::Deserialize;

/// A float and its texts: shortest, with fixed precision, as JSON, and rounded to 32 bits.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NumberCase {
    bits: String,
    e: String,
    f: String,
    g: String,
    e3: String,
    f2: String,
    g5: String,
    g17: String,
    json: String,
    g32: String,
}

/// A text and what Go's parser printed back, or its error.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TextCase {
    r#in: String,
    out: String,
    err: String,
    nanos: i64,
}

#[test]
fn numbers() {
    let cases: Vec<NumberCase> = serde_json::from_str(include_str!("data/numbers.json")).unwrap();
    for case in cases {
        let value = f64::from_bits(u64::from_str_radix(&case.bits, 16).unwrap());
        assert_eq!(format_float(value, 'e', None), case.e);
        assert_eq!(format_float(value, 'f', None), case.f);
        assert_eq!(format_float(value, 'g', None), case.g);
        assert_eq!(format_float(value, 'e', Some(3)), case.e3);
        assert_eq!(format_float(value, 'f', Some(2)), case.f2);
        assert_eq!(format_float(value, 'g', Some(5)), case.g5);
        assert_eq!(format_float(value, 'g', Some(17)), case.g17);
        assert_eq!(format_json_float(value), case.json);
        assert_eq!(format_yaml_float(value), case.g);
        assert_eq!(format_float32(value), case.g32);
    }
}

#[test]
fn durations() {
    let cases: Vec<TextCase> = serde_json::from_str(include_str!("data/durations.json")).unwrap();
    for case in cases {
        match GoDuration::parse(&case.r#in) {
            Ok(duration) => {
                assert_eq!(
                    (duration.to_string(), duration.as_nanos()),
                    (case.out, case.nanos),
                    "{}",
                    case.r#in
                );
            }
            Err(error) => assert_eq!(error.to_string(), case.err),
        }
    }
}

#[test]
fn times() {
    let cases: Vec<TextCase> = serde_json::from_str(include_str!("data/times.json")).unwrap();
    for case in cases {
        match Timestamp::parse(&case.r#in) {
            Ok(time) => {
                assert_eq!((time.to_string(), time.unix_seconds()), (case.out, case.nanos), "{}", case.r#in);
            }
            Err(error) => assert_eq!(error.to_string(), case.err),
        }
    }
}
