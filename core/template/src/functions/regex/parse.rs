//! Parses an expression as Go's `regexp/syntax` does and writes it anew for the `regex` crate.

mod repeat;

use super::class;
use repeat::counts;

/// Most groups within groups.
pub(super) const MAX_DEPTH: usize = 1000;

/// An expression in the syntax of the `regex` crate.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// The expression; its groups have no names.
    pub(super) text: String,
    /// The names of the groups, from the first.
    pub(super) names: Vec<String>,
}

/// Why an expression is refused: Go's words and the part they are about.
pub(super) struct Refusal {
    pub(super) reason: &'static str,
    pub(super) part: String,
}

impl Refusal {
    /// A refusal of `part`.
    pub(super) fn of(reason: &'static str, part: &str) -> Self {
        Refusal { reason, part: part.to_owned() }
    }
}

/// Translates an expression.
///
/// # Errors
/// Go's text.
pub(super) fn translate(source: &str) -> Result<Pattern, String> {
    parse(source).map_err(|Refusal { reason, part }| format!("error parsing regexp: {reason}: `{part}`"))
}

/// The same, with what is refused in parts.
pub(super) fn parse(source: &str) -> Result<Pattern, Refusal> {
    let parser =
        Parser { whole: source, stack: Vec::new(), depth: 0, names: Vec::new(), flags: Flags::default() };
    parser.parse()
}

/// Flags that an expression can change in the middle.
#[derive(Clone, Copy, Default)]
struct Flags {
    /// `i`
    folds_case: bool,
    /// `m`
    multiline: bool,
    /// `s`
    dot_is_any: bool,
    /// `U`
    lazy: bool,
}

/// What was read and not yet joined.
enum Entry {
    /// A complete part, and how often it may be repeated at most.
    Part(String, u32),
    /// An open group, with the flags outside.
    Open(&'static str, Flags),
    /// `|`
    Bar,
}

struct Parser<'s> {
    whole: &'s str,
    stack: Vec<Entry>,
    /// How many groups are open.
    depth: usize,
    names: Vec<String>,
    flags: Flags,
}

impl<'s> Parser<'s> {
    fn parse(mut self) -> Result<Pattern, Refusal> {
        let mut rest = self.whole;
        let mut last_repeat = None;
        while let Some(next) = rest.chars().next() {
            let mut repeat = None;
            let after = &rest[next.len_utf8()..];
            rest = match next {
                '(' if after.starts_with('?') => self.special_group(rest)?,
                '(' => {
                    self.names.push(String::new());
                    self.open("(")?;
                    after
                }
                '|' => {
                    self.stack.push(Entry::Bar);
                    after
                }
                ')' => {
                    self.close()?;
                    after
                }
                '^' => self.part(if self.flags.multiline { "(?m:^)" } else { r"\A" }, after),
                '$' => self.part(if self.flags.multiline { "(?m:$)" } else { r"\z" }, after),
                '.' => self.part(if self.flags.dot_is_any { "(?s:.)" } else { "." }, after),
                '[' => {
                    let (class, after) = class::parse(rest)?;
                    self.foldable(&class);
                    after
                }
                '*' | '+' | '?' => {
                    repeat = Some(rest);
                    self.repeat(&next.to_string(), 1, rest, after, last_repeat)?
                }
                '{' => match counts(rest) {
                    None => self.literal('{', after),
                    Some((least, most, after)) => {
                        repeat = Some(rest);
                        self.counted(least, most, rest, after, last_repeat)?
                    }
                },
                '\\' => self.escape(rest)?,
                other => self.literal(other, after),
            };
            last_repeat = repeat;
        }
        let text = self.join();
        if !self.stack.is_empty() {
            return Err(Refusal::of("missing closing )", self.whole));
        }
        Ok(Pattern { text, names: self.names })
    }

    fn part<'r>(&mut self, text: &str, after: &'r str) -> &'r str {
        self.stack.push(Entry::Part(text.to_owned(), 1));
        after
    }

    fn literal<'r>(&mut self, character: char, after: &'r str) -> &'r str {
        self.foldable(&class::escaped(character));
        after
    }

    /// A part that means both cases under the flag `i`.
    fn foldable(&mut self, text: &str) {
        let text = if self.flags.folds_case { format!("(?i:{text})") } else { text.to_owned() };
        self.stack.push(Entry::Part(text, 1));
    }

    /// Takes the parts up to the open group and joins them.
    fn join(&mut self) -> String {
        let start = self.stack.iter().rposition(|entry| matches!(entry, Entry::Open(..)));
        let parts = self.stack.split_off(start.map_or(0, |start| start + 1));
        parts
            .iter()
            .map(|entry| match entry {
                Entry::Part(text, _) => text.as_str(),
                Entry::Bar | Entry::Open(..) => "|",
            })
            .collect()
    }

    fn open(&mut self, text: &'static str) -> Result<(), Refusal> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Refusal::of("expression nests too deeply", self.whole));
        }
        self.stack.push(Entry::Open(text, self.flags));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        self.depth = self.depth.saturating_sub(1);
        let start = self.stack.iter().rposition(|entry| matches!(entry, Entry::Open(..)));
        let inner = self.stack.iter().skip(start.map_or(0, |start| start + 1));
        let weight = inner.map(|entry| if let Entry::Part(_, weight) = entry { *weight } else { 1 }).max();
        let text = self.join();
        match self.stack.pop() {
            Some(Entry::Open(open, flags)) => {
                self.flags = flags;
                self.stack.push(Entry::Part(format!("{open}{text})"), weight.unwrap_or(1)));
                Ok(())
            }
            _ => Err(Refusal::of("unexpected )", self.whole)),
        }
    }

    /// `(?...`: a named group, a group without number, or flags.
    fn special_group(&mut self, rest: &'s str) -> Result<&'s str, Refusal> {
        for start in ["(?P<", "(?<"] {
            let Some(named) = rest.strip_prefix(start) else { continue };
            if named.is_empty() {
                continue;
            }
            let Some((name, after)) = named.split_once('>') else {
                return Err(Refusal::of("invalid named capture", rest));
            };
            let is_word = |next: char| next == '_' || next.is_ascii_alphanumeric();
            if name.is_empty() || !name.chars().all(is_word) {
                let capture = &rest[..rest.len() - after.len()];
                return Err(Refusal::of("invalid named capture", capture));
            }
            self.names.push(name.to_owned());
            self.open("(")?;
            return Ok(after);
        }
        self.flags(rest)
    }

    fn flags(&mut self, rest: &'s str) -> Result<&'s str, Refusal> {
        let (mut flags, mut value, mut saw_flag) = (self.flags, true, false);
        let mut after = &rest[2..];
        while let Some(next) = after.chars().next() {
            after = &after[next.len_utf8()..];
            let flag = match next {
                'i' => &mut flags.folds_case,
                'm' => &mut flags.multiline,
                's' => &mut flags.dot_is_any,
                'U' => &mut flags.lazy,
                '-' if value => {
                    (value, saw_flag) = (false, false);
                    continue;
                }
                ':' | ')' if value || saw_flag => {
                    if next == ':' {
                        self.open("(?:")?;
                    }
                    self.flags = flags;
                    return Ok(after);
                }
                _ => break,
            };
            *flag = value;
            saw_flag = true;
        }
        Err(Refusal::of("invalid or unsupported Perl syntax", &rest[..rest.len() - after.len()]))
    }

    fn escape(&mut self, rest: &'s str) -> Result<&'s str, Refusal> {
        let after = rest.get(2..).unwrap_or_default();
        match rest.as_bytes().get(1) {
            Some(b'A') => return Ok(self.part(r"\A", after)),
            Some(b'z') => return Ok(self.part(r"\z", after)),
            Some(b'b') => return Ok(self.part(r"(?-u:\b)", after)),
            Some(b'B') => return Ok(self.part(r"(?-u:\B)", after)),
            Some(b'C') => return Err(Refusal::of("invalid escape sequence", r"\C")),
            Some(b'Q') => {
                let (quoted, after) = after.split_once(r"\E").unwrap_or((after, ""));
                for character in quoted.chars() {
                    self.literal(character, "");
                }
                return Ok(after);
            }
            _ => {}
        }
        if let Some((class, after)) = class::escape(rest)? {
            self.foldable(&format!("[{class}]"));
            return Ok(after);
        }
        let (character, after) = class::character(rest)?;
        Ok(self.literal(character, after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_written_anew() {
        let cases = [
            (r"^\Qa.b\E+$", r"\Aa\x{2e}(?:b)+\z"),
            ("(?i)a(?-i)b", "(?i:a)b"),
            ("(?m)^a$", "(?m:^)a(?m:$)"),
            ("(?U)a*?b*", "(?:a)*(?:b)*?"),
            ("a{2,3}b{x}", r"(?:a){2,3}b\x{7b}x\x{7d}"),
            ("(?:a|b)?c", "(?:(?:a|b))?c"),
            (r"\d\x41\101", "[0-9]AA"),
        ];
        for (source, expected) in cases {
            let pattern = translate(source).unwrap();
            assert_eq!(pattern.text, expected, "{source}");
            assert!(regex::Regex::new(&pattern.text).is_ok(), "{source}");
        }
        assert_eq!(translate("(a)(?P<n>b)(?<m>c)").unwrap().names, ["", "n", "m"]);
    }

    #[test]
    fn refusals_have_the_words_of_go() {
        let cases = [
            ("(a", "missing closing ): `(a`"),
            ("a)", "unexpected ): `a)`"),
            ("[a", "missing closing ]: `[a`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a*+?", "invalid nested repetition operator: `*+?`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(|*)", "missing argument to repetition operator: `*`"),
            ("a{2,1}", "invalid repeat count: `{2,1}`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("(?:a{100}){11}", "invalid repeat count: `{11}`"),
            (r"a\", "trailing backslash at end of expression: ``"),
            (r"\8", r"invalid escape sequence: `\8`"),
            (r"\Z", r"invalid escape sequence: `\Z`"),
            (r"\pX", r"invalid character class range: `\pX`"),
            ("[b-a]", "invalid character class range: `b-a`"),
            ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?<=a)", "invalid named capture: `(?<=a)`"),
            ("(?i-)a", "invalid or unsupported Perl syntax: `(?i-)`"),
            ("(?P<a-b>c)", "invalid named capture: `(?P<a-b>`"),
        ];
        for (source, expected) in cases {
            let found = translate(source).unwrap_err();
            assert_eq!(found, format!("error parsing regexp: {expected}"), "{source}");
        }
    }

    #[test]
    fn parts_that_only_look_alike_are_accepted() {
        for fine in [
            "a*?b+?", "[*+]*", "(?:a+)+", r"\++", "(?i)a?", "[]*]+", "a{2}?", "^*", r"[\w-.]", "a{,2}",
            "a{02}", r"\_",
        ] {
            let pattern = translate(fine).unwrap();
            assert!(regex::Regex::new(&pattern.text).is_ok(), "{fine}: {}", pattern.text);
        }
    }
}
