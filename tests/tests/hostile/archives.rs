//! Archives: bombs, paths and links that lead out, many files, names without end.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::case::{Case, Expected, archive};

const CHART: &[u8] = b"apiVersion: v2\nname: m\nversion: 0.1.0\n";
const BLOCK: usize = 512;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        archive("archive/bomb-in-one-file", Expected::Limit("larger than the maximum"), || {
            Builder::chart().zeros("m/files/a", 1 << 30).finish()
        }),
        archive("archive/bomb-in-many-files", Expected::Limit("larger than the maximum size"), || {
            (0..200)
                .fold(Builder::chart(), |all, number| all.zeros(&format!("m/files/{number}"), 4 << 20))
                .finish()
        }),
        archive("archive/bomb-in-subcharts", Expected::Limit("larger than the maximum size"), || {
            let inner = Builder::new("c").file("c/Chart.yaml", CHART).zeros("c/a", 5 << 20).finish();
            let add = |all: Builder, number| all.file(&format!("m/charts/c{number}.tgz"), &inner);
            (0..200).fold(Builder::chart(), add).finish()
        }),
        archive("archive/subcharts-in-subcharts", Expected::Limit(""), || {
            let mut inner = Builder::chart().finish();
            for _ in 0..100 {
                inner = Builder::chart().file("m/charts/m.tgz", &inner).finish();
            }
            inner
        }),
        archive("archive/a-million-files", Expected::Limit("more than 10000 entries"), || {
            (0..1_000_000).fold(Builder::chart(), |all, _| all.file("m/templates/a.yaml", b"")).finish()
        }),
        archive("archive/a-million-folders", Expected::Limit("more than 10000 entries"), || {
            (0..1_000_000).fold(Builder::chart(), |all, _| all.entry(b'5', "m/templates", "", 0)).finish()
        }),
        archive("archive/name-without-end", Expected::Refused("unexpected EOF"), || {
            Builder::chart().entry(b'L', "././@LongLink", "", 1 << 30).fill(1 << 30).finish()
        }),
        archive("archive/attributes-without-end", Expected::Refused("unexpected EOF"), || {
            Builder::chart().entry(b'x', "m/a", "", 1 << 30).fill(1 << 30).finish()
        }),
        archive("archive/size-that-lies", Expected::Refused("unexpected EOF"), || {
            Builder::chart().entry(b'0', "m/a", "", 4 << 20).finish()
        }),
        archive("archive/cut", Expected::Refused("unexpected EOF"), || {
            let whole = Builder::chart().zeros("m/a", 1 << 20).finish();
            whole[..whole.len() / 2].to_vec()
        }),
        archive("archive/nothing", Expected::Refused("EOF"), Vec::new),
        archive("archive/symbolic-link", Expected::Refused("link"), || {
            Builder::chart().entry(b'2', "m/templates/a.yaml", "/etc/passwd", 0).finish()
        }),
        archive("archive/hard-link", Expected::Refused("link"), || {
            Builder::chart().entry(b'1', "m/templates/a.yaml", "../../etc/passwd", 0).finish()
        }),
    ];
    for (name, path, text) in [
        ("parent", "m/../../etc/passwd", "references parent directory"),
        ("hidden-parent", "m/templates/../../../x", "references parent directory"),
        ("absolute", "m//etc/passwd", "contains absolute paths"),
        ("backslashes", "m\\..\\..\\x", "references parent directory"),
        ("drive", "m\\c:\\x", "illegally named files"),
        ("no-folder", "passwd", "outside the base directory"),
    ] {
        let build = move || Builder::chart().file(path, b"x").finish();
        cases.push(archive(&format!("archive/path-{name}"), Expected::Refused(text), build));
    }
    cases
}

/// Writes archives that no tool would write.
struct Builder(GzEncoder<Vec<u8>>);

impl Builder {
    fn new(_: &str) -> Self {
        Builder(GzEncoder::new(Vec::new(), Compression::fast()))
    }

    /// An archive that begins with a chart.
    fn chart() -> Self {
        Builder::new("m").file("m/Chart.yaml", CHART)
    }

    fn file(self, name: &str, data: &[u8]) -> Self {
        let mut all = self.entry(b'0', name, "", data.len() as u64);
        all.0.write_all(data).unwrap();
        all.0.write_all(&vec![0; data.len().next_multiple_of(BLOCK) - data.len()]).unwrap();
        all
    }

    fn zeros(self, name: &str, size: usize) -> Self {
        self.entry(b'0', name, "", size as u64).fill(size)
    }

    fn fill(mut self, size: usize) -> Self {
        let zeros = vec![0; 1 << 20];
        for _ in 0..size >> 20 {
            self.0.write_all(&zeros).unwrap();
        }
        self
    }

    /// A header alone.
    fn entry(mut self, kind: u8, name: &str, link: &str, size: u64) -> Self {
        let mut header = tar::Header::new_gnu();
        // The library refuses hostile paths, the header's bytes do not.
        let fields = header.as_old_mut();
        fields.name[..name.len()].copy_from_slice(name.as_bytes());
        fields.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_size(size);
        header.set_mode(0o644);
        header.set_cksum();
        self.0.write_all(header.as_bytes()).unwrap();
        self
    }

    fn finish(mut self) -> Vec<u8> {
        self.0.write_all(&[0; 2 * BLOCK]).unwrap();
        self.0.finish().unwrap()
    }
}
