//! The form of a version in a text.

/// A version at the beginning of a text, in parts.
pub(super) struct Parts<'a> {
    /// Without the leading `v`.
    pub(super) major: &'a str,
    pub(super) minor: Option<&'a str>,
    pub(super) patch: Option<&'a str>,
    pub(super) prerelease: Option<&'a str>,
    pub(super) metadata: Option<&'a str>,
    /// Bytes of the text that belong to it.
    pub(super) length: usize,
}

/// The longest version at the beginning of `text`, whose numbers consist of bytes that `is_digit` accepts. No shorter one
/// needs to be tried: what follows a shorter one is always a byte of the version's own alphabet.
pub(super) fn loose(text: &str, is_digit: impl Fn(&u8) -> bool) -> Option<Parts<'_>> {
    let start = usize::from(text.starts_with('v'));
    let run = |at: usize, accepts: &dyn Fn(&u8) -> bool| {
        text.as_bytes()[at..].iter().take_while(|byte| accepts(byte)).count()
    };
    let major = run(start, &is_digit);
    if major == 0 {
        return None;
    }
    let mut at = start + major;
    let mut numbers = [None, None];
    for number in &mut numbers {
        let length = if text[at..].starts_with('.') { run(at + 1, &is_digit) } else { 0 };
        if length == 0 {
            break;
        }
        *number = Some(&text[at + 1..at + 1 + length]);
        at += 1 + length;
    }
    let mut extra = |mark: char| {
        let length = if text[at..].starts_with(mark) { identifiers(&text[at + 1..]) } else { 0 };
        let found = (length > 0).then(|| &text[at + 1..at + 1 + length]);
        at += found.map_or(0, |found| found.len() + 1);
        found
    };
    let prerelease = extra('-');
    let metadata = extra('+');
    let [minor, patch] = numbers;
    Some(Parts { major: &text[start..start + major], minor, patch, prerelease, metadata, length: at })
}

/// Length of the identifiers with dots between them at the beginning of `text`.
fn identifiers(text: &str) -> usize {
    let identifier = |at: usize| {
        let bytes = text.as_bytes()[at..].iter();
        bytes.take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count()
    };
    let mut at = identifier(0);
    while at > 0 && text[at..].starts_with('.') {
        let length = identifier(at + 1);
        if length == 0 {
            break;
        }
        at += 1 + length;
    }
    at
}
