use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use pilothouse_encoding::timestamp::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::{ApplyMethod, ReleaseStatus};

fn sample() -> ReleaseRecord {
    ReleaseRecord { name: "app".to_owned(), version: 1, ..ReleaseRecord::default() }
}

#[test]
fn the_text_is_base64_of_gzip_as_go_writes_it() {
    let text = encode(&sample(), &Limits::default()).unwrap();
    let bytes = STANDARD.decode(&text).unwrap();
    // No time, best compression, unknown system: the header of Go's writer.
    assert_eq!(bytes[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    assert_eq!(decode(&text, &Limits::default()).unwrap(), sample());
}

#[test]
fn plain_json_and_line_breaks_are_read() {
    let plain = STANDARD.encode(release_json(&sample()).unwrap());
    assert_eq!(decode(&plain, &Limits::default()).unwrap(), sample());
    let (head, tail) = plain.split_at(20);
    assert_eq!(decode(&format!("{head}\r\n{tail}\n"), &Limits::default()).unwrap(), sample());
}

#[test]
fn what_is_no_release_is_an_error() {
    let gzipped = |content: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    };
    let truncated = &gzipped(b"{}")[..12];
    for (text, message) in [
        ("!".to_owned(), "illegal base64 data at input byte 0"),
        ("AAAA*AAA".to_owned(), "illegal base64 data at input byte 4"),
        (STANDARD.encode(b"nonsense"), "expected ident at line 1 column 2"),
        (String::new(), "EOF while parsing a value at line 1 column 0"),
        (STANDARD.encode(gzipped(b" []")), "release is a list"),
        (STANDARD.encode(truncated), ""),
    ] {
        let error = decode(&text, &Limits::default()).unwrap_err().to_string();
        assert!(error.starts_with(message), "{text}: {error}");
    }
}

#[test]
fn both_sizes_are_bounded() {
    let mut record = sample();
    record.manifest = "x".repeat(4096);
    let small = Limits { decompressed: 4096, encoded: 1 << 20 };
    let text = encode(&record, &small).unwrap();
    assert!(matches!(decode(&text, &small), Err(CodecError::Decompressed { limit: 4096 })));
    let plain = STANDARD.encode(release_json(&record).unwrap());
    assert!(matches!(decode(&plain, &small), Err(CodecError::Decompressed { limit: 4096 })));
    let tiny = Limits { encoded: 8, ..Limits::default() };
    assert!(matches!(encode(&record, &tiny), Err(CodecError::Encoded { limit: 8, .. })));
}

#[test]
fn what_grows_has_to_fit_as_well() {
    let mut record = sample();
    // Hexadecimal digits of a hash: they can be compressed by half at the most.
    let digits =
        |from: u32| pilothouse_encoding::digest::Algorithm::Sha256.compute(&from.to_le_bytes()).to_string();
    record.manifest = (0..200).map(digits).collect();
    let size = encode(&record, &Limits::default()).unwrap().len();
    for (encoded, room, fits) in [
        (size, 0, true),
        (size - 1, 0, false),
        (size + 99, 100, false),
        (size + 100, 100, true),
        (1 << 20, 4096, true),
    ] {
        let limits = Limits { encoded, ..Limits::default() };
        assert_eq!(check_size(&record, &limits, room).is_ok(), fits, "{encoded} with {room} to spare");
    }
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0i64..4_000_000_000, 0u32..1_000_000_000, -720i32..720)
        .prop_map(|(seconds, nanos, minutes)| Timestamp::from_unix(seconds, nanos).with_offset(minutes * 60))
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        proptest::num::f64::NORMAL.prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn record() -> impl Strategy<Value = ReleaseRecord> {
    let text = any::<String>;
    let config = proptest::collection::btree_map(any::<String>(), value(), 0..5);
    let info = (time(), time(), text(), text(), "[a-z-]{0,12}");
    (text(), info, config, text(), 0u32..9, proptest::collection::vec(any::<u8>(), 0..64)).prop_map(
        |(name, (first, last, description, notes, status), config, manifest, version, data)| {
            let mut record = ReleaseRecord { name, manifest, version, ..ReleaseRecord::default() };
            record.info.first_deployed = first;
            record.info.last_deployed = last;
            record.info.notes = notes;
            record.set_status(ReleaseStatus::parse(&status), description);
            record.config = Some(config.into_iter().collect());
            record.chart.values.clone_from(&record.config);
            record.chart.schema = Some(data.clone());
            record.chart.files.push(pilothouse_chart::File {
                name: "f".to_owned(),
                data: data.into(),
                modtime: Some(last),
            });
            record.apply_method = (version % 2 == 0).then_some(ApplyMethod::ServerSide);
            record
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_is_read_back(record in record()) {
        let decoded = decode(&encode(&record, &Limits::default()).unwrap(), &Limits::default()).unwrap();
        prop_assert_eq!(release_json(&decoded).unwrap(), release_json(&record).unwrap());
        prop_assert_eq!(decoded.info, record.info);
        prop_assert_eq!(decoded.chart.files, record.chart.files);
    }

    #[test]
    fn hostile_texts_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let _ = decode(&STANDARD.encode(&bytes), &Limits::default());
        let _ = decode(&String::from_utf8_lossy(&bytes), &Limits::default());
    }
}
