//! PEM blocks as Go's `encoding/pem` writes and reads them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Characters of a line of base64.
const LINE: usize = 64;

/// A block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// What stands after `BEGIN`.
    pub(super) label: String,
    /// The content, decoded.
    pub(super) content: Vec<u8>,
}

/// The text of a block without headers.
pub(super) fn encode(label: &str, content: &[u8]) -> String {
    let encoded = STANDARD.encode(content);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// The first well-formed block in the text; what is malformed is skipped.
pub(super) fn decode(text: &[u8]) -> Option<Block> {
    let mut rest = text;
    while let Some((label, body)) = begin(rest) {
        match block(&label, body) {
            Some(block) => return Some(block),
            None => rest = body,
        }
    }
    None
}

/// The label of the next block and what follows its first line.
fn begin(text: &[u8]) -> Option<(String, &[u8])> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let mut rest = text;
    let mut at_line_start = true;
    loop {
        if at_line_start && let Some(after) = rest.strip_prefix(BEGIN) {
            let end = after.iter().position(|byte| *byte == b'\n').unwrap_or(after.len());
            let line = after[..end].trim_ascii_end();
            if let Some(label) = line.strip_suffix(b"-----") {
                let label = String::from_utf8_lossy(label).into_owned();
                return Some((label, after.get(end + 1..).unwrap_or_default()));
            }
        }
        let next = rest.iter().position(|byte| *byte == b'\n')?;
        rest = &rest[next + 1..];
        at_line_start = true;
    }
}

/// The block whose headers and content begin at `body`.
fn block(label: &str, body: &[u8]) -> Option<Block> {
    let mut body = body;
    while let Some((_, after)) = header(body) {
        body = after;
    }
    let marker = b"-----END ";
    let end = if body.starts_with(marker) {
        0
    } else {
        body.windows(marker.len() + 1).position(|window| window[0] == b'\n' && &window[1..] == marker)? + 1
    };
    let line = &body[end + marker.len()..];
    let line = line.strip_prefix(label.as_bytes())?.strip_prefix(b"-----")?;
    let line = &line[..line.iter().position(|byte| *byte == b'\n').unwrap_or(line.len())];
    if !line.trim_ascii().is_empty() {
        return None;
    }
    let encoded: Vec<u8> =
        body[..end].iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r' | b' ' | b'\t')).collect();
    Some(Block { label: label.to_owned(), content: STANDARD.decode(encoded).ok()? })
}

/// A header line `Key: value` and what follows it.
fn header(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = body.iter().position(|byte| *byte == b'\n')?;
    let line = &body[..end];
    line.contains(&b':').then(|| (line, &body[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded() {
        for length in [0usize, 1, 47, 48, 49, 100] {
            let content: Vec<u8> = (0..=255).cycle().take(length).collect();
            let text = encode("EC PRIVATE KEY", &content);
            assert!(text.lines().all(|line| line.len() <= LINE), "{text}");
            let block = decode(text.as_bytes()).unwrap();
            assert_eq!(block, Block { label: "EC PRIVATE KEY".to_owned(), content });
        }
    }

    #[test]
    fn text_around_and_headers_are_skipped() {
        let text = "words\n-----BEGIN X-----\nbad!\n-----END X-----\n-----BEGIN Y-----\nA: b\n\nAAEC\r\n-----END Y-----";
        assert_eq!(decode(text.as_bytes()), Some(Block { label: "Y".to_owned(), content: vec![0, 1, 2] }));
        for none in ["", "no block", "-----BEGIN X-----\nAAEC\n-----END Y-----\n", "-----BEGIN X-----"] {
            assert_eq!(decode(none.as_bytes()), None, "{none}");
        }
    }
}
