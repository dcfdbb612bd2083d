//! Names, keys and items of a list that are long and alike: telling them apart takes longer than counting them.

use crate::case::{Case, template};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = OF_A_MAP
        .iter()
        .map(|(name, call)| template(&format!("long-keys/{name}"), move || again(MAP, call)))
        .collect();
    cases.extend(
        OF_A_LIST
            .iter()
            .map(|(name, call)| template(&format!("long-items/{name}"), move || again(LIST, call))),
    );
    cases.push(template("long-names/field", || {
        let name = "x".repeat(LONG);
        let keys: String = (0..10).map(|number| format!("\"{name}{number}\" 1 ")).collect();
        format!("{{{{ $d := dict {keys} \"{name}\" 1 }}}}{}", again("", &format!("$d.{name}")))
    }));
    cases.push(template("long-names/include", || {
        let name = "x".repeat(LONG);
        let define = |end: &str| format!("{{{{ define \"{name}{end}\" }}}}{{{{ end }}}}");
        format!("{}{}{}", define("1"), define("2"), again("", &format!("include \"{name}2\" .")))
    }));
    cases.push(template("long-names/variable", || {
        let name = "x".repeat(LONG);
        let declare = |end: &str| format!("{{{{ ${name}{end} := 1 }}}}");
        format!("{}{}{}", declare("1"), declare("2"), again("", &format!("add ${name}1 ${name}2")))
    }));
    cases.push(template("long-names/many-variables", || {
        let declarations: String = (0..100_000).map(|number| format!("{{{{ $v{number} := 1 }}}}")).collect();
        format!("{declarations}{}", again("", "add $v0 $v1"))
    }));
    cases
}

/// Letters of a long name. What is parsed takes many times its length, so longer ones would not be read at all.
const LONG: usize = 100_000;

/// A map with keys that have a long beginning in common, and one of which it is the whole.
const MAP: &str = "{{ $s := repeat 1000000 \"x\" }}{{ $d := dict $s 1 }}{{ range $i := until 100 }}\
                   {{ $_ := set $d (printf \"%s%d\" $s $i) $i }}{{ end }}{{ $e := deepCopy $d }}";

/// A list of many texts that are alike, and another such text.
const LIST: &str = "{{ $s := repeat 1000000 \"x\" }}{{ $t := printf \"%sy\" (substr 0 999999 $s) }}{{ $l := list $s }}\
                    {{ range until 15 }}{{ $l = concat $l $l }}{{ end }}{{ $m := concat $l }}";

const OF_A_MAP: &[(&str, &str)] = &[
    ("index", "index $d $s"),
    ("get", "get $d $s"),
    ("has-key", "hasKey $d $s"),
    ("set", "set $d $s 1"),
    ("unset", "unset $d $s"),
    ("merged", "merge $d $e"),
    ("overwritten", "mergeOverwrite $d $e"),
    ("copied", "deepCopy $d"),
    ("compared", "deepEqual $d $e"),
    ("picked", "pick $d $s"),
    ("omitted", "omit $d $s"),
    ("plucked", "pluck $s $d $e"),
    ("dug", "dig $s 1 $d"),
    ("sorted", "keys $d | sortAlpha"),
    ("as-json", "toJson $d"),
    ("as-yaml", "toYaml $d"),
    ("values", "values $d"),
];

const OF_A_LIST: &[(&str, &str)] = &[
    ("sorted", "sortAlpha $l"),
    ("uniq", "uniq $l"),
    ("without", "without $l $t"),
    ("has", "has $t $l"),
    ("compared", "deepEqual $l $m"),
    ("joined", "join \"\" $l"),
    ("alike", "eq $t $s $s $s $s $s $s $s $s $s $s $s $s $s $s $s $s $s $s $s $s $s $s $s"),
    ("larger", "gt $t $s"),
    ("as-texts", "toStrings $l"),
    ("as-keys", "dict $s 1 $t 2 $s 3 $t 4 $s 5 $t 6 $s 7 $t 8 $s 9 $t 10"),
];

/// Calls something again and again.
fn again(before: &str, call: &str) -> String {
    format!("{before}{{{{ range 1000000000 }}}}{{{{ $_ := {call} }}}}{{{{ end }}}}")
}
