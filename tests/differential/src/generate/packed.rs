//! Files that are no text: archived subcharts and what else lies in charts.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::case::Case;
use crate::choices::Choices;

/// Puts a subchart into an archive, which is malformed now and then.
pub(super) fn pack(choices: &mut Choices, case: &mut Case, name: &str) {
    let folder = format!("charts/{name}/");
    let names: Vec<String> = case.files.keys().filter(|path| path.starts_with(&folder)).cloned().collect();
    let files: Vec<(String, String)> = names
        .iter()
        .filter_map(|path| Some((path.strip_prefix(&folder)?.to_owned(), case.files.remove(path)?)))
        .collect();
    let odd = choices.percent(30);
    let base =
        if odd { choices.pick(&[name, "other", ".", "./x", "a/b", "..", "/x", "x y", ""]) } else { name };
    let mut archive = compressed(&tar(choices, base, &files, odd));
    if odd {
        spoil(choices, &mut archive);
    }
    let path = match choices.below(if odd { 8 } else { 2 }) {
        0 => format!("charts/{name}-0.1.0.tgz"),
        1 => format!("charts/{name}.tgz"),
        2 => format!("charts/{name}.tar.gz"),
        3 => format!("charts/_{name}.tgz"),
        4 => format!("charts/{name}.TGZ"),
        5 => format!("charts/deeper/{name}.tgz"),
        6 => format!("{name}.tgz"),
        _ => format!("charts/{name}.tgz.prov"),
    };
    case.binary.insert(path, STANDARD.encode(archive));
}

/// Bytes that are no text, or hardly one.
pub(super) fn bytes(choices: &mut Choices) -> String {
    const CONTENTS: [&[u8]; 11] = [
        b"\xff",
        b"a\x00b\n",
        b"\x1f\x8b\x08\x00",
        b"caf\xc3",
        b"\xc3\x28: 1\n",
        b"a: \xe2\x82\n",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98",
        b"{{ \"\xff\" }}\n",
        b"a: \"\xff\"\nb: 2\n",
        b"\xef\xbb\xbfa: 1\r\n",
    ];
    let mut content = Vec::new();
    for _ in 0..=choices.below(2) {
        content.extend_from_slice(CONTENTS[choices.below(CONTENTS.len())]);
    }
    STANDARD.encode(content)
}

fn tar(choices: &mut Choices, base: &str, files: &[(String, String)], odd: bool) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let path = if base.is_empty() { name.clone() } else { format!("{base}/{name}") };
        append(&mut builder, &path, text.as_bytes(), tar::EntryType::Regular);
        if odd && choices.percent(10) {
            let kinds = [
                tar::EntryType::Directory,
                tar::EntryType::XHeader,
                tar::EntryType::XGlobalHeader,
                tar::EntryType::Fifo,
                tar::EntryType::Regular,
            ];
            append(&mut builder, &format!("{path}.x"), b"", kinds[choices.below(kinds.len())]);
        }
    }
    builder.into_inner().unwrap_or_default()
}

/// Appends an entry under any path, those that a careful writer refuses included.
fn append(builder: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8], kind: tar::EntryType) {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(content.len() as u64);
    let name = &mut header.as_old_mut().name;
    let length = path.len().min(name.len());
    name[..length].copy_from_slice(&path.as_bytes()[..length]);
    header.set_cksum();
    // A Vec takes whatever is written.
    let _ = builder.append(&header, content);
}

fn compressed(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default()
}

fn spoil(choices: &mut Choices, archive: &mut Vec<u8>) {
    let middle = archive.len() / 2;
    match choices.below(8) {
        0 => archive.truncate(middle),
        1 => archive.truncate(5),
        2 => archive.clear(),
        3 => archive.extend_from_slice(b"trailing"),
        4 => archive[middle] ^= 0x55,
        5 => *archive = b"no archive".to_vec(),
        _ => {}
    }
}
