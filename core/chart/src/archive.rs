//! Chart archives (Go package `helm.sh/helm/v4/pkg/chart/loader/archive`): gzipped tar, read as a stream, never unpacked to
//! a disk, within bounds.

mod unpack;

use std::io::{self, BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom};

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use pilothouse_encoding::timestamp::Timestamp;
use tar::{Archive, Entries, Entry, EntryType};

use crate::{ChartError, File};

/// Bounds on an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all files together, unpacked.
    pub total: u64,
    /// Bytes of one file, unpacked.
    pub file: u64,
    /// Number of entries.
    pub entries: usize,
    /// Subcharts within subcharts.
    pub depth: usize,
}

/// What stands before the reason when an archive is not compressed as it should be.
pub(crate) const NOT_COMPRESSED: &str = "the archive is not gzip-compressed: ";

/// Go's words for an archive that is cut, and for one with something else in place of a header.
const UNEXPECTED_END: &str = "unexpected EOF";
const INVALID_HEADER: &str = "archive/tar: invalid tar header";

/// Bytes that an archive begins with.
const GZIP_HEADER: usize = 10;

/// Bytes that are unpacked at once.
const UNPACKED_AT_ONCE: usize = 32 << 10;

/// Bytes of a header.
const BLOCK: usize = 512;

impl Default for Limits {
    /// 48 MiB in total, archives within it included; 5 MiB a file, as Helm has it; 10,000 entries; 16 levels of
    /// subcharts.
    fn default() -> Self {
        Self { total: 48 << 20, file: 5 << 20, entries: 10_000, depth: 16 }
    }
}

/// Mark at the beginning of UTF-8 texts that Windows programs write.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The files of an archive, named by their path in the chart.
///
/// # Errors
/// When it is no archive, passes a bound, or holds a path that leads out of the chart.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<File>, ChartError> {
    read_within(bytes, &mut limits.clone())
}

/// [`read`], but what was read is taken from the bounds, so that archives within the archive share them.
pub(crate) fn read_within(bytes: &[u8], limits: &mut Limits) -> Result<Vec<File>, ChartError> {
    for read in [read_whole, read_ahead] {
        let mut left = *limits;
        let files = read(bytes, &mut left);
        // What is broken may lie behind the end, where nobody would have looked; the last reader does not.
        if !matches!(files, Err(ChartError::Archive(_))) {
            *limits = left;
            return files;
        }
    }
    read_by_blocks(bytes, limits)
}

/// Reads a small archive that is sound: it is unpacked at once, and its files are parts of what was unpacked.
fn read_whole(bytes: &[u8], limits: &mut Limits) -> Result<Vec<File>, ChartError> {
    let unusual = || ChartError::Archive(String::new());
    let most = limits.total.saturating_add(tar_overhead(limits));
    let unpacked = unpack::whole(bytes).filter(|unpacked| unpacked.len() as u64 <= most);
    let unpacked = Bytes::from(unpacked.ok_or_else(unusual)?);
    let mut archive = Archive::new(Content(Cursor::new(&unpacked)));
    let entries = archive.entries_with_seek().map_err(|error| broken(&error))?;
    let files = read_entries(entries, limits, |entry| {
        let start = usize::try_from(entry.raw_file_position()).map_err(|_| unusual())?;
        let size = usize::try_from(entry.size()).map_err(|_| unusual())?;
        let end = start.checked_add(size).filter(|_| entry.header().entry_type() != EntryType::GNUSparse);
        let end = end.filter(|end| *end <= unpacked.len()).ok_or_else(unusual)?;
        Ok(unpacked.slice(start..end))
    })?;
    ended(files, archive.into_inner())
}

/// The content of an archive. What is skipped has to be there.
struct Content<'c>(Cursor<&'c [u8]>);

impl Read for Content<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Seek for Content<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = self.0.seek(to)?;
        if at > self.0.get_ref().len() as u64 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(at) }
    }
}

/// Unpacks much at once: headers and small files are asked for piece by piece, and unpacking is slow in small pieces.
fn read_ahead(bytes: &[u8], limits: &mut Limits) -> Result<Vec<File>, ChartError> {
    read_stream(bytes, limits, UNPACKED_AT_ONCE)
}

/// Unpacks no more than what is looked at.
fn read_by_blocks(bytes: &[u8], limits: &mut Limits) -> Result<Vec<File>, ChartError> {
    read_stream(bytes, limits, BLOCK)
}

fn read_stream(bytes: &[u8], limits: &mut Limits, ahead: usize) -> Result<Vec<File>, ChartError> {
    if !bytes.starts_with(b"\x1f\x8b\x08") {
        return Err(ChartError::Archive(
            match bytes.len() {
                0 => "EOF",
                1..GZIP_HEADER => UNEXPECTED_END,
                _ => return Err(ChartError::Archive(format!("{NOT_COMPRESSED}gzip: invalid header"))),
            }
            .to_owned(),
        ));
    }
    // One byte more than allowed, so that passing the bound is noticed and never read as the end.
    let unpacked = GzDecoder::new(bytes).take(limits.total.saturating_add(tar_overhead(limits)));
    let mut archive = Archive::new(BufReader::with_capacity(ahead, unpacked));
    let entries = archive.entries().map_err(|error| broken(&error))?;
    let files = read_entries(entries, limits, |entry| {
        let mut data = Vec::with_capacity(usize::try_from(entry.size()).unwrap_or_default());
        entry.read_to_end(&mut data).map_err(|error| broken(&error))?;
        Ok(data.into())
    })?;
    ended(files, archive.into_inner())
}

fn read_entries<R: Read>(
    found: Entries<'_, R>,
    limits: &mut Limits,
    content: impl Fn(&mut Entry<'_, R>) -> Result<Bytes, ChartError>,
) -> Result<Vec<File>, ChartError> {
    let mut files = Vec::new();
    let (mut left, mut entries) = (limits.total, 0);
    for (count, entry) in found.enumerate() {
        if count >= limits.entries {
            return Err(ChartError::TooLarge(format!(
                "chart archive has more than {} entries",
                limits.entries
            )));
        }
        entries = count + 1;
        let mut entry = entry.map_err(|error| broken(&error))?;
        if let Some(file) = read_entry(&mut entry, limits, &mut left, &content)? {
            files.push(file);
        }
    }
    limits.total = left;
    limits.entries -= entries;
    Ok(files)
}

/// The files, if the block of zeros behind them is followed by another one, or nothing.
fn ended(files: Vec<File>, rest: impl Read) -> Result<Vec<File>, ChartError> {
    let mut block = Vec::with_capacity(BLOCK);
    rest.take(BLOCK as u64).read_to_end(&mut block).map_err(|error| broken(&error))?;
    match block.len() {
        0 | BLOCK if block.iter().all(|byte| *byte == 0) => {
            if files.is_empty() {
                Err(ChartError::Empty)
            } else {
                Ok(files)
            }
        }
        BLOCK => Err(ChartError::Archive(INVALID_HEADER.to_owned())),
        _ => Err(ChartError::Archive(UNEXPECTED_END.to_owned())),
    }
}

/// Headers and padding: 1 KiB an entry is more than tar needs, with room for long names.
fn tar_overhead(limits: &Limits) -> u64 {
    (limits.entries as u64).saturating_mul(4096).saturating_add(1 << 20)
}

fn read_entry<R: Read>(
    entry: &mut Entry<'_, R>,
    limits: &Limits,
    left: &mut u64,
    content: impl Fn(&mut Entry<'_, R>) -> Result<Bytes, ChartError>,
) -> Result<Option<File>, ChartError> {
    let kind = entry.header().entry_type();
    if matches!(kind, EntryType::Directory | EntryType::XGlobalHeader | EntryType::XHeader) {
        return Ok(None);
    }
    let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    if matches!(kind, EntryType::Symlink | EntryType::Link) {
        return Err(ChartError::Path(format!("chart illegally contains a link: {path:?}")));
    }
    let name = chart_path(&path)?;
    let too_large = || {
        ChartError::TooLarge(format!("decompressed chart is larger than the maximum size {}", limits.total))
    };
    if entry.size() > *left {
        return Err(too_large());
    }
    if entry.size() > limits.file {
        let file = limits.file;
        let text = format!("decompressed chart file {path:?} is larger than the maximum file size {file}");
        return Err(ChartError::TooLarge(text));
    }
    let data = content(entry)?;
    *left = left.saturating_sub(data.len() as u64);
    if *left == 0 {
        return Err(too_large());
    }
    let data = without_mark(data);
    let seconds = entry.header().mtime().ok().and_then(|seconds| i64::try_from(seconds).ok());
    let modtime = seconds.map(|seconds| Timestamp::from_unix_nanos(seconds.saturating_mul(1_000_000_000)));
    Ok(Some(File { name, data, modtime }))
}

/// The content without a byte order mark.
pub(crate) fn without_mark(data: Bytes) -> Bytes {
    if data.starts_with(BYTE_ORDER_MARK) { data.slice(BYTE_ORDER_MARK.len()..) } else { data }
}

/// The path within the chart: without the leading folder, cleaned, never leading out.
fn chart_path(path: &str) -> Result<String, ChartError> {
    let delimiter = if path.contains('\\') { '\\' } else { '/' };
    let (first, rest) = path.split_once(delimiter).unwrap_or((path, ""));
    let name = rest.replace(delimiter, "/");
    if name.starts_with('/') {
        return Err(ChartError::Path("chart illegally contains absolute paths".to_owned()));
    }
    let name = clean(&name);
    if name == "." {
        let text = format!("chart illegally contains content outside the base directory: {path:?}");
        return Err(ChartError::Path(text));
    }
    if name.starts_with("..") {
        return Err(ChartError::Path("chart illegally references parent directory".to_owned()));
    }
    let mut letters = name.chars();
    if letters.next().is_some_and(|c| c.is_ascii_alphabetic()) && name[1..].starts_with(":/") {
        return Err(ChartError::Path("chart contains illegally named files".to_owned()));
    }
    if first == "Chart.yaml" {
        return Err(ChartError::Path("chart yaml not in base directory".to_owned()));
    }
    Ok(name)
}

/// Go's `path.Clean` for relative paths.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// What Go says where it is known: nothing for what lies in the middle of compressed data, as Go counts it in its own way.
fn broken(error: &io::Error) -> ChartError {
    let text = error.to_string();
    let is_short = error.kind() == ErrorKind::UnexpectedEof
        || ["incomplete deflate stream", "failed to read entire block", "unexpected EOF"]
            .iter()
            .any(|short| text.contains(short));
    ChartError::Archive(if is_short {
        UNEXPECTED_END.to_owned()
    } else if text.contains("checksum mismatch") {
        INVALID_HEADER.to_owned()
    } else if text.contains("checksum does not match") {
        "gzip: invalid checksum".to_owned()
    } else {
        format!("chart archive is corrupt: {text}")
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, data) in files {
            let mut header = tar::Header::new_old();
            // The builder refuses hostile paths, the header's bytes do not.
            let bytes = name.as_bytes();
            header.as_old_mut().name[..bytes.len()].copy_from_slice(bytes);
            header.set_size(data.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, *data).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn hostile_paths_are_refused() {
        let cases = [
            ("c/../../etc/passwd", "chart illegally references parent directory"),
            ("c//etc/passwd", "chart illegally contains absolute paths"),
            ("plain", "chart illegally contains content outside the base directory: \"plain\""),
            ("c\\d:\\x", "chart contains illegally named files"),
            ("Chart.yaml/x", "chart yaml not in base directory"),
        ];
        for (path, message) in cases {
            let error = read(&archive(&[(path, b"x")]), &Limits::default()).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn sizes_are_bounded() {
        let limits = Limits { total: 100, file: 50, entries: 3, depth: 1 };
        let read =
            |files: &[(&str, &[u8])]| read(&archive(files), &limits).map_err(|error| error.to_string());
        assert!(read(&[("c/a", &[0; 60])]).unwrap_err().contains("maximum file size 50"));
        assert!(read(&[("c/a", &[0; 50]), ("c/b", &[0; 50])]).unwrap_err().contains("maximum size 100"));
        let many: Vec<(&str, &[u8])> = vec![("c/a", b"x"); 4];
        assert!(read(&many).unwrap_err().contains("more than 3 entries"));
        assert_eq!(read(&[("c/a/./b", b"\xef\xbb\xbfx")]).unwrap()[0].data, &b"x"[..]);
    }

    #[test]
    fn what_follows_the_end_is_not_looked_at() {
        let mut tail = vec![0u8; 4096];
        let mut state = 1u32;
        // Bytes that cannot be packed, so that the end of the files is not near that of the archive.
        tail.fill_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        });
        let mut plain = Vec::new();
        std::io::copy(&mut GzDecoder::new(&archive(&[("c/a", b"x")])[..]), &mut plain).unwrap();
        plain.extend(&tail);
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(&plain).unwrap();
        let mut bytes = gz.finish().unwrap();
        let length = bytes.len();
        bytes[length - 8..].fill(0xff);
        bytes.truncate(length - 2000);
        assert_eq!(read(&bytes, &Limits::default()).unwrap()[0].data, &b"x"[..]);
    }

    #[test]
    fn all_readers_agree() {
        let whole = archive(&[("c/a", b"x"), ("c/d/b", &[7; 1500]), ("c/e", b"")]);
        let mut plain = Vec::new();
        GzDecoder::new(&whole[..]).read_to_end(&mut plain).unwrap();
        for length in [0, 100, 512, 513, 1024, 1500, 2047, 2048, 3000, plain.len() - 700, plain.len()] {
            let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
            gz.write_all(&plain[..length]).unwrap();
            let bytes = gz.finish().unwrap();
            let (mut first, mut second) = (Limits::default(), Limits::default());
            let told = |files: Result<Vec<File>, ChartError>| files.map_err(|error| error.to_string());
            let read = told(read_within(&bytes, &mut first));
            assert_eq!(read, told(read_by_blocks(&bytes, &mut second)), "{length}");
            assert_eq!(first, second);
        }
    }

    #[test]
    fn what_is_no_archive_is_named() {
        assert!(read(b"hello, hello", &Limits::default()).unwrap_err().to_string().contains("not gzip"));
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(&[1; 700]).unwrap();
        assert!(read(&gz.finish().unwrap(), &Limits::default()).is_err());
    }
}
