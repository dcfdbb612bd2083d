//! Unpacking a whole archive at once: a small one takes longer in pieces, each of which is copied several times.

use flate2::{Decompress, FlushDecompress, Status};

/// Largest archive, unpacked, that is unpacked at once; larger ones are read as a stream.
const MOST: usize = 16 << 20;

/// What the end of the data is not written into: unpacking is slow where there is little room.
const ROOM: usize = 512;

/// Flags of the header that say which parts follow (RFC 1952).
const HEADER_SUM: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const KNOWN: u8 = 1 | HEADER_SUM | EXTRA | NAME | COMMENT;

/// The content of a gzip file; nothing when that is large or something is unusual or wrong, which the reader of streams
/// then tells.
pub(super) fn whole(bytes: &[u8]) -> Option<Vec<u8>> {
    let (rest, size) = bytes.split_last_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*size)).ok().filter(|size| *size <= MOST)?;
    let (packed, sum) = without_header(rest)?.split_last_chunk::<4>()?;
    let mut content = vec![0; size + ROOM];
    let mut decompress = Decompress::new(false);
    let status = decompress.decompress(packed, &mut content, FlushDecompress::Finish).ok()?;
    let is_all = decompress.total_in() == packed.len() as u64 && decompress.total_out() == size as u64;
    if status != Status::StreamEnd || !is_all {
        return None;
    }
    content.truncate(size);
    // The sum of the unpacker's own library takes a fifth of the time of charts with large files.
    (crc32fast::hash(&content) == u32::from_le_bytes(*sum)).then_some(content)
}

/// What follows the header.
fn without_header(bytes: &[u8]) -> Option<&[u8]> {
    let (header, mut rest) = bytes.split_first_chunk::<10>()?;
    let [0x1f, 0x8b, 8, flags, ..] = *header else { return None };
    // The sum of the header is left to the reader of streams, it is rare.
    if flags & !KNOWN != 0 || flags & HEADER_SUM != 0 {
        return None;
    }
    if flags & EXTRA != 0 {
        let (length, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for part in [NAME, COMMENT] {
        if flags & part != 0 {
            rest = rest.get(memchr::memchr(0, rest)? + 1..)?;
        }
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder};

    use super::*;

    fn packed(builder: GzBuilder, content: &[u8]) -> Vec<u8> {
        let mut gz = builder.write(Vec::new(), Compression::fast());
        gz.write_all(content).unwrap();
        gz.finish().unwrap()
    }

    #[test]
    fn contents_are_unpacked() {
        let content: Vec<u8> = (0..70_000_u32).map(|number| (number % 251) as u8).collect();
        for content in [&content[..], b"", b"x"] {
            assert_eq!(whole(&packed(GzBuilder::new(), content)).as_deref(), Some(content));
            let helm = GzBuilder::new().extra("+aHR0").filename("a").comment("Helm");
            assert_eq!(whole(&packed(helm, content)).as_deref(), Some(content));
        }
    }

    #[test]
    fn what_is_wrong_is_left_to_the_reader_of_streams() {
        let bytes = packed(GzBuilder::new(), &[7; 3000]);
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 0x55;
            // Some bits of the header and of the last byte mean nothing.
            assert!(whole(&broken).is_none_or(|content| content == [7; 3000]), "{at}");
            assert_eq!(whole(&bytes[..at]), None);
        }
        assert_eq!(whole(&[&bytes[..], b"more"].concat()), None);
        let mut unchecked = bytes.clone();
        unchecked[bytes.len() - 8] ^= 1;
        assert_eq!(whole(&unchecked), None);
    }
}
