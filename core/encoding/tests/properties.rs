//! Properties that hold for every value and every text.

use std::collections::BTreeMap;

use pilothouse_encoding::duration::GoDuration;
use pilothouse_encoding::number::from_json_float;
use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_encoding::{go_json, yaml};
use proptest::prelude::*;
use serde_json::Value;

/// Texts without the characters YAML forbids and the line break that does not survive JSON.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => proptest::char::range('a', 'e'),
        2 => proptest::sample::select("yn019.:#-?!&*'\"|>{}[],%@`~=<\\ \t\n\r".chars().collect::<Vec<_>>()),
        1 => any::<char>().prop_filter("forbidden", |c| !matches!(
            c,
            '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )),
    ];
    prop_oneof![
        proptest::collection::vec(character, 0..20).prop_map(|characters| characters.into_iter().collect()),
        "(word |x ){20,40}",
        proptest::sample::select(vec![
            "yes",
            "null",
            "1",
            "0x1",
            "1e3",
            ".5",
            "2001-01-01",
            "1:30",
            "<<",
            "---"
        ])
        .prop_map(str::to_owned),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // The text of the negative zero is that of an integer.
        any::<f64>()
            .prop_filter("not a negative zero", |float| *float != 0.0 || float.is_sign_positive())
            .prop_filter_map("finite", from_json_float)
            .prop_map(Value::Number),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        text().prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(text(), inner, 0..5)
                .prop_map(|members: BTreeMap<_, _>| members.into_iter().collect()),
        ]
    })
}

/// `<<` as a key is written without quotes, as go-yaml does, and so read as a merge.
fn has_merge_key(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_merge_key),
        Value::Object(members) => members.iter().any(|(key, member)| key == "<<" || has_merge_key(member)),
        _ => false,
    }
}

proptest! {
    #[test]
    fn yaml_round_trip(value in value().prop_filter("merge", |value| !has_merge_key(value))) {
        let yaml = yaml::emit(&value).unwrap();
        prop_assert_eq!(yaml::parse(&yaml).unwrap(), value.clone(), "{}", yaml);
        let sorted = yaml::emit_sorted_bytes(&value).unwrap();
        if !sorted.is_empty() {
            prop_assert_eq!(yaml::parse_strict(&sorted).unwrap(), value, "{}", sorted);
        }
    }

    #[test]
    fn json_is_read_as_json_and_as_yaml(value in value()) {
        let json = go_json::to_string(&value);
        prop_assert_eq!(&serde_json::from_str::<Value>(&json).unwrap(), &value);
        prop_assert_eq!(&yaml::parse(&json).unwrap(), &value);
        prop_assert_eq!(&go_json::to_string_of(&value).unwrap(), &json);
        prop_assert_eq!(&serde_json::from_str::<Value>(&go_json::indented(&json)).unwrap(), &value);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n\té😀]{0,60}") {
        let _ = yaml::parse(&text);
        let _ = yaml::parse_strict(&text);
    }

    #[test]
    fn durations_round_trip(nanos in any::<i64>()) {
        let duration = GoDuration::from_nanos(nanos);
        prop_assert_eq!(GoDuration::parse(&duration.to_string()).unwrap(), duration);
    }

    #[test]
    fn timestamps_round_trip(seconds in -62_135_596_800_i64..253_402_300_800, nanos in 0_u32..1_000_000_000) {
        let time = Timestamp::from_unix(seconds, nanos);
        prop_assert_eq!(Timestamp::parse(&time.to_string()).unwrap(), time);
        prop_assert_eq!(Timestamp::from_civil(&time.civil(), nanos), time);
    }
}
