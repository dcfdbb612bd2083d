//! Chart archives and the files in them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use pilothouse_chart::{Chart, Limits, coalesce_values};
use serde_json::Map;

/// What begins the line with the path of the next file, in inputs that are no archive.
const FILE_MARK: &str = "=== ";

/// The longest path in the old tar header.
const PATH_BYTES: usize = 100;

/// Small enough that a compression bomb ends within milliseconds.
const LIMITS: Limits = Limits { total: 256 << 10, file: 64 << 10, entries: 100, depth: 4 };

/// Loads a chart from the bytes: an archive when they begin like gzip, otherwise a list of files that is packed first,
/// because the checksums of both formats hide what is inside them from mutation. Loading must repeat itself, and what
/// was loaded must have values.
pub fn chart_archive(bytes: &[u8]) {
    if bytes.starts_with(b"\x1f\x8b") {
        load(bytes);
    } else if let Ok(archive) = pack(&String::from_utf8_lossy(bytes)) {
        load(&archive);
    }
}

fn load(archive: &[u8]) {
    let first = Chart::load_archive(archive, &LIMITS);
    let second = Chart::load_archive(archive, &LIMITS);
    assert_eq!(first.is_ok(), second.is_ok(), "loading does not repeat itself");
    match (first, second) {
        (Ok(first), Ok(second)) => {
            assert!(first == second, "loading does not repeat itself");
            use_chart(&first);
        }
        (Err(error), _) | (_, Err(error)) => {
            assert!(!error.to_string().is_empty(), "an error says why");
        }
    }
}

fn use_chart(chart: &Chart) {
    assert!(!chart.name().is_empty(), "a chart has a name");
    assert!(chart.values.is_object(), "values are a map");
    let nothing = Map::new();
    if let Ok(values) = coalesce_values(chart, &nothing, &mut Vec::new()) {
        let subcharts: Vec<&str> = chart.dependencies.iter().map(Chart::name).collect();
        let own = |key: &str| key != "global" && !subcharts.contains(&key);
        assert!(
            values.iter().filter(|(key, _)| own(key)).all(|(_, value)| !value.is_null()),
            "a null stayed"
        );
    }
    for crd in chart.crds() {
        assert!(crd.name.starts_with(chart.name()), "a CRD is named after its chart");
    }
}

/// Packs files written one after the other, each below a line with its path.
fn pack(text: &str) -> std::io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for file in text.split(FILE_MARK).skip(1) {
        let (path, data) = file.split_once('\n').unwrap_or((file, ""));
        let mut header = tar::Header::new_gnu();
        // The builder refuses hostile paths, the bytes of the header do not.
        let path = &path.as_bytes()[..path.len().min(PATH_BYTES)];
        header.as_old_mut().name[..path.len()].copy_from_slice(path);
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, data.as_bytes())?;
    }
    let mut encoder = builder.into_inner()?;
    encoder.flush()?;
    encoder.finish()
}
