//! Regular expressions: catastrophic ones, large ones, many.

use crate::case::{Case, template};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = SEARCHES
        .iter()
        .map(|(name, expression, text)| {
            template(&format!("regex/{name}"), move || {
                format!(
                    "{{{{ $t := {text} }}}}{{{{ range 100000000 }}}}{{{{ $_ := regexMatch {expression:?} $t }}}}{{{{ end }}}}"
                )
            })
        })
        .collect();
    cases.extend(ALL.iter().map(|(name, call)| {
        template(&format!("regex/{name}"), move || {
            format!("{{{{ range $i := until 1000000 }}}}{{{{ $_ := {call} }}}}{{{{ end }}}}")
        })
    }));
    cases
}

/// A name, an expression, and an expression that gives the text to search.
const SEARCHES: &[(&str, &str, &str)] = &[
    ("nested-stars", "^(a*)*b$", "repeat 100000 \"a\""),
    ("nested-pluses", "^(a+)+$", "printf \"%sb\" (repeat 100000 \"a\")"),
    ("alternatives", "^(a|aa|aaa)*$", "printf \"%sb\" (repeat 100000 \"a\")"),
    ("pairs", "(x+x+)+y", "repeat 100000 \"x\""),
    ("many-optional", "(a?){500}a{500}", "repeat 499 \"a\""),
    ("many-states", "[01]*1[01]{500}$", "repeat 100000 \"01101\""),
    ("few-states", "[01]*1[01]{12}x", "repeat 100000 \"0110100110010110\""),
    ("large-classes", "(\\pL|\\pN|\\pP|\\pS){1,100}$", "repeat 10000 \"aé漢😀-\""),
    ("folded-classes", "(?i)[\\pL\\pN]{1,50}[^\\pZ]{1,50}$", "repeat 10000 \"aé漢\""),
    ("huge-repeats", "((a{100}){10}){1}b", "repeat 1000000 \"a\""),
    ("any-letter", ".{1000}.{1000}.{1000}$", "repeat 100000 \"é\""),
    ("short-texts", "(\\pL{30}){5}", "\"a\""),
];

/// A name, and a call to be made again and again; `$i` is another number each time.
const ALL: &[(&str, &str)] = &[
    ("too-large", "regexMatch (printf \"((\\\\pL{30}){30}){1}%d\" $i) \"x\""),
    ("too-large-again", "regexMatch \"((\\\\pL{30}){30}){1}\" \"x\""),
    ("many-large", "regexMatch (printf \"(\\\\pL{30}){%d}\" (add 1 (mod $i 30))) \"x\""),
    ("many-small", "regexMatch (printf \"a%d\" $i) (repeat 1000 \"a\")"),
    ("many-with-states", "regexMatch (printf \"[01]*1[01]{12}%d\" $i) (repeat 1000 \"0110100110010110\")"),
    ("unicode-classes", "regexMatch (printf \"%s%d\" (repeat 10000 \"\\\\pL\") $i) \"x\""),
    (
        "unknown-classes",
        "regexMatch (printf \"%s%d\" (repeat 10000 \"\\\\pL\") $i | replace \"L\" \"{Nothing}\") \"x\"",
    ),
    ("nested-groups", "regexMatch (printf \"%s%d%s\" (repeat 100000 \"(\") $i (repeat 100000 \")\")) \"x\""),
    ("open-groups", "regexMatch (printf \"%s%d\" (repeat 900 \"(\") $i) \"x\""),
    ("long", "regexMatch (printf \"%s%d\" (repeat 100000 \"ab\") $i) \"x\""),
    ("long-class", "regexMatch (printf \"[%s%d]\" (repeat 100000 \"a-z\") $i) \"x\""),
    ("many-groups", "regexReplaceAll (printf \"%s%d\" (repeat 3000 \"(a)?\") $i) (repeat 10000 \"a\") \"b\""),
    ("find-empty", "regexFindAll \"\" (repeat 10000000 \"x\") -1"),
    ("split-empty", "regexSplit \"\" (repeat 10000000 \"x\") -1"),
    ("replace-empty", "regexReplaceAll \"\" (repeat 10000000 \"x\") \"y\""),
    ("replace-by-large", "regexReplaceAll \"a\" (repeat 10000 \"a\") (repeat 10000 \"y\")"),
    ("replace-by-groups", "regexReplaceAll \"(a*)\" (repeat 10000 \"a\") (repeat 10000 \"$1\")"),
    ("find-far-ahead", "regexFindAll \"a*b|a\" (repeat 200000 \"a\") -1"),
    (
        "find-far-ahead-with-states",
        "regexFindAll \"[01]*1[01]{12}x|[01]\" (repeat 20000 \"0110100110010110\") -1",
    ),
    ("quoted", "regexQuoteMeta (repeat 10000000 \"*\")"),
];
