//! Templates without end: loops, recursion, texts and values that grow, and templates that are large themselves.

use crate::case::{Case, Expected, files, template, text};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = TEXTS.iter().map(|(name, source)| text(name, source)).collect();
    cases.extend(large());
    cases.extend(LARGE_WIDTHS.iter().map(|(name, pieces)| {
        let pieces = *pieces;
        template(name, move || {
            let format = pieces.repeat(1000);
            format!("{{{{ range 100000 }}}}{{{{ $_ := printf {format:?} 1 2 3 }}}}{{{{ end }}}}")
        })
    }));
    cases
}

const TEXTS: &[(&str, &str)] = &[
    ("range/endless", "{{ range 9000000000000000000 }}{{ end }}"),
    ("range/nested", "{{ range 100000 }}{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}{{ end }}"),
    ("range/until", "{{ range until 2000000000 }}{{ end }}"),
    ("range/until-step", "{{ range untilStep 0 9000000000000000000 1 }}{{ end }}"),
    ("range/seq", "{{ range 1000 }}{{ $_ := seq 1 100000000 }}{{ end }}"),
    ("range/again-and-again", "{{ range 1000000 }}{{ $_ := until 100000 }}{{ end }}"),
    ("range/output", "{{ range 1000000000 }}a: b\n{{ end }}"),
    ("include/itself", "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}"),
    (
        "include/two-by-two",
        "{{ define \"a\" }}{{ if lt (int .n) 60 }}{{ $d := dict \"n\" (add 1 .n) }}{{ include \"a\" $d }}\
         {{ include \"a\" $d }}{{ end }}{{ end }}{{ include \"a\" (dict \"n\" 0) }}",
    ),
    ("template/itself", "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}"),
    (
        "template/each-other",
        "{{ define \"a\" }}{{ template \"b\" . }}{{ end }}{{ define \"b\" }}{{ include \"a\" . }}{{ end }}{{ template \"a\" . }}",
    ),
    ("tpl/itself", "{{ $t := `{{ tpl .t . }}` }}{{ tpl $t (dict \"t\" $t) }}"),
    ("tpl/again-and-again", "{{ range 10000000 }}{{ tpl `{{ range 10 }}{{ end }}` . }}{{ end }}"),
    ("tpl/large", "{{ $t := repeat 100000 `{{ 1 }}` }}{{ range 10000 }}{{ $_ := tpl $t . }}{{ end }}"),
    (
        "tpl/definitions",
        "{{ range $i := until 1000000 }}{{ tpl (printf `{{ define \"a%d\" }}x{{ end }}` $i) $ }}{{ end }}",
    ),
    ("text/repeat", "{{ repeat 2000000000 \"x\" }}"),
    ("text/repeat-of-repeat", "{{ repeat 100000 (repeat 100000 \"x\") }}"),
    ("text/repeat-again", "{{ range 10000 }}{{ $_ := repeat 1000000 \"x\" }}{{ end }}"),
    ("text/indent", "{{ indent 2000000000 \"x\" }}"),
    ("text/indent-of-lines", "{{ indent 100000 (repeat 1000000 \"\\n\") }}"),
    ("text/nindent", "{{ range 100000 }}{{ $_ := nindent 1000000 \"x\" }}{{ end }}"),
    ("text/doubling", "{{ $s := \"xxxxxxxx\" }}{{ range 100 }}{{ $s = printf \"%s%s\" $s $s }}{{ end }}"),
    ("text/doubling-by-cat", "{{ $s := \"xxxxxxxx\" }}{{ range 100 }}{{ $s = cat $s $s $s $s }}{{ end }}"),
    ("text/doubling-by-squote", "{{ $s := \"x\" }}{{ range 100 }}{{ $s = squote $s $s }}{{ end }}"),
    (
        "text/doubling-by-replace",
        "{{ $s := \"xx\" }}{{ range 100 }}{{ $s = replace \"x\" \"xxx\" $s }}{{ end }}",
    ),
    ("text/replace-by-large", "{{ replace \"\" (repeat 100000 \"x\") (repeat 100000 \"y\") }}"),
    ("text/escapes", "{{ $s := repeat 8000000 \"<\" }}{{ range 100 }}{{ $_ := html $s }}{{ end }}"),
    ("text/escapes-for-scripts", "{{ $s := repeat 8000000 \"<\" }}{{ range 100 }}{{ $_ := js $s }}{{ end }}"),
    (
        "text/wrap",
        "{{ range 1000 }}{{ $_ := wrapWith 1 (repeat 1000 \"x\") (repeat 100000 \"y\") }}{{ end }}",
    ),
    ("text/split", "{{ range 1000 }}{{ $_ := splitList \"\" (repeat 1000000 \"x\") }}{{ end }}"),
    ("text/join", "{{ join (repeat 10000 \"x\") (until 1000000) }}"),
    ("text/random", "{{ randAlphaNum 2000000000 }}"),
    ("text/random-bytes", "{{ range 1000000 }}{{ $_ := randBytes 1000000 }}{{ end }}"),
    ("text/encrypted", "{{ range 1000000 }}{{ $_ := encryptAES \"k\" (repeat 1000000 \"x\") }}{{ end }}"),
    ("text/encoded", "{{ $s := \"x\" }}{{ range 1000000 }}{{ $s = b64enc $s }}{{ end }}"),
    (
        "text/camelcase",
        "{{ $s := repeat 1000000 \"aB\" }}{{ range 100000 }}{{ $_ := snakecase $s }}{{ end }}",
    ),
    (
        "text/abbreviations",
        "{{ $s := repeat 1000000 \"a B\" }}{{ range 100000 }}{{ $_ := initials $s }}{{ end }}",
    ),
    (
        "text/dates",
        "{{ $l := repeat 100000 \"Monday January \" }}{{ $t := now }}{{ range 1000000 }}{{ $_ := date $l $t }}{{ end }}",
    ),
    (
        "text/dates-read",
        "{{ $l := repeat 100000 \"2006 \" }}{{ range 1000000 }}{{ $_ := toDate $l $l }}{{ end }}",
    ),
    ("text/doubling-by-quote", "{{ $s := \"x\" }}{{ range 100 }}{{ $s = quote $s }}{{ end }}"),
    ("text/doubling-by-json", "{{ $s := \"x\" }}{{ range 100 }}{{ $s = toJson $s }}{{ end }}"),
    ("text/doubling-by-query", "{{ $s := \"%\" }}{{ range 100 }}{{ $s = urlquery $s $s }}{{ end }}"),
    (
        "text/base32",
        "{{ $s := repeat 1000000 \"x\" }}{{ range 1000000 }}{{ $_ := b32enc $s | b32dec }}{{ end }}",
    ),
    ("list/chunks", "{{ $l := until 1000000 }}{{ range 1000 }}{{ $_ := chunk 1 $l }}{{ end }}"),
    ("list/slices", "{{ $l := until 1000000 }}{{ range 10000 }}{{ $_ := slice $l 1 999999 }}{{ end }}"),
    ("list/compacted", "{{ $l := until 1000000 }}{{ range 10000 }}{{ $_ := compact $l }}{{ end }}"),
    ("list/doubling", "{{ $l := list 1 }}{{ range 100 }}{{ $l = concat $l $l }}{{ end }}"),
    ("list/growing", "{{ $l := list }}{{ range 10000000 }}{{ $l = append $l . }}{{ end }}"),
    ("list/growing-at-the-front", "{{ $l := list }}{{ range 10000000 }}{{ $l = prepend $l . }}{{ end }}"),
    ("list/first-of-many", "{{ $l := until 1000000 }}{{ range 1000000000 }}{{ $_ := first $l }}{{ end }}"),
    ("list/last-of-many", "{{ $l := until 1000000 }}{{ range 1000000000 }}{{ $_ := last $l }}{{ end }}"),
    ("list/rest-of-many", "{{ $l := until 100000 }}{{ range 100000 }}{{ $l = rest $l }}{{ end }}"),
    ("list/has", "{{ $l := until 1000000 }}{{ range 1000000 }}{{ $_ := has -1 $l }}{{ end }}"),
    ("list/uniq", "{{ uniq (until 1000000) }}"),
    ("list/without", "{{ $l := until 1000000 }}{{ range 1000 }}{{ $_ := without $l 1 2 3 4 }}{{ end }}"),
    ("list/sorted", "{{ $l := until 1000000 }}{{ range 1000 }}{{ $_ := sortAlpha $l }}{{ end }}"),
    ("list/reversed", "{{ $l := until 1000000 }}{{ range 1000 }}{{ $_ := reverse $l }}{{ end }}"),
    ("list/shared", "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ $l }}"),
    ("list/shared-as-json", "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}"),
    ("list/shared-as-yaml", "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ toYaml $l }}"),
    (
        "list/shared-as-toml",
        "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ toToml (dict \"a\" $l) }}",
    ),
    (
        "list/shared-copied",
        "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ $_ := deepCopy $l }}",
    ),
    (
        "list/shared-compared",
        "{{ $l := list 1 }}{{ $m := list 2 }}{{ range 60 }}{{ $l = list $l $l }}{{ $m = list $m $m }}{{ end }}{{ deepEqual $l (list $l $m) }}{{ has $l (list $m) }}{{ range 100000000 }}{{ $_ := deepEqual $l $m }}{{ end }}",
    ),
    (
        "list/shared-as-texts",
        "{{ $l := list 1 }}{{ range 18 }}{{ $l = list $l $l }}{{ end }}{{ range 1000 }}{{ $_ := toStrings (list $l $l $l) }}{{ end }}",
    ),
    (
        "list/shared-as-keys",
        "{{ $l := list 1 }}{{ range 18 }}{{ $l = list $l $l }}{{ end }}{{ $d := dict }}{{ range $i := until 1000 }}{{ $_ := set $d (toString $i) (dict (list $i $l) 1) }}{{ end }}",
    ),
    (
        "list/deep-and-wide-as-yaml",
        "{{ $l := until 100000 }}{{ range 400 }}{{ $l = list $l }}{{ end }}{{ toYaml $l }}",
    ),
    (
        "list/deep-and-wide-as-json",
        "{{ $l := until 100000 }}{{ range 400 }}{{ $l = list $l }}{{ end }}{{ toPrettyJson $l }}",
    ),
    ("list/deep-as-yaml", "{{ $l := list }}{{ range 600 }}{{ $l = list $l }}{{ end }}{{ toYaml $l }}"),
    ("list/deep-as-text", "{{ $l := list }}{{ range 10000 }}{{ $l = list $l }}{{ end }}{{ $l }}"),
    ("list/deep-as-json", "{{ $l := list }}{{ range 10000 }}{{ $l = list $l }}{{ end }}{{ mustToJson $l }}"),
    (
        "map/growing",
        "{{ $d := dict }}{{ range $i := until 10000000 }}{{ $_ := set $d (toString $i) $i }}{{ end }}",
    ),
    ("map/containing-itself", "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $d }}"),
    (
        "map/containing-itself-as-yaml",
        "{{ $d := dict }}{{ $_ := set $d \"d\" (list $d) }}{{ printf \"%v\" $d }}",
    ),
    (
        "map/containing-itself-merged",
        "{{ $d := dict }}{{ $e := dict }}{{ $_ := set $d \"a\" $e }}{{ $_ := set $e \"a\" $d }}{{ range 1000000 }}{{ $_ := merge $d (deepCopy (dict \"a\" (dict \"a\" (dict \"a\" 1)))) }}{{ end }}{{ $d }}",
    ),
    (
        "map/deep-as-toml",
        "{{ $d := dict \"a\" 1 }}{{ range 990 }}{{ $d = dict \"aaaaaaaaaaaaaaaaaaaa\" $d \"b\" 1 \"c\" 2 \"d\" 3 }}{{ end }}{{ range 100000 }}{{ $_ := toToml $d }}{{ end }}",
    ),
    (
        "map/keys",
        "{{ $d := dict }}{{ range $i := until 100000 }}{{ $_ := set $d (toString $i) $i }}{{ end }}{{ range 100000 }}{{ $_ := keys $d }}{{ end }}",
    ),
    (
        "map/picked",
        "{{ $d := dict }}{{ range $i := until 100000 }}{{ $_ := set $d (toString $i) $i }}{{ end }}{{ range 100000 }}{{ $_ := omit $d \"1\" }}{{ end }}",
    ),
    (
        "map/merged",
        "{{ $d := dict }}{{ range $i := until 100000 }}{{ $_ := set $d (toString $i) $i }}{{ end }}{{ range 100000 }}{{ $_ := merge (dict) $d }}{{ end }}",
    ),
    (
        "crypto/derivePassword",
        "{{ range $i := until 100000 }}{{ $_ := derivePassword 1 \"long\" (toString $i) \"u\" \"s\" }}{{ end }}",
    ),
    ("crypto/htpasswd", "{{ range $i := until 100000 }}{{ $_ := htpasswd \"u\" (toString $i) }}{{ end }}"),
    ("crypto/bcrypt", "{{ range $i := until 100000 }}{{ $_ := bcrypt (toString $i) }}{{ end }}"),
    ("crypto/genPrivateKey-ecdsa", "{{ range 100000 }}{{ $_ := genPrivateKey \"ecdsa\" }}{{ end }}"),
    ("crypto/genPrivateKey-ed25519", "{{ range 100000 }}{{ $_ := genPrivateKey \"ed25519\" }}{{ end }}"),
    (
        "crypto/decryptAES",
        "{{ $s := encryptAES \"k\" (repeat 1000000 \"x\") }}{{ range 1000000 }}{{ $_ := decryptAES \"k\" $s }}{{ end }}",
    ),
    ("crypto/sums", "{{ $s := repeat 10000000 \"x\" }}{{ range 100000 }}{{ $_ := sha512sum $s }}{{ end }}"),
];

/// Formats of which each piece prints a million bytes.
const LARGE_WIDTHS: &[(&str, &str)] = &[
    ("printf/widths", "%1000000d"),
    ("printf/precisions", "%.1000000d"),
    ("printf/both", "%1000000.1000000f"),
    ("printf/zeros", "%01000000d"),
    ("printf/hexadecimal", "%1000000.1000000x"),
    ("printf/wrong-verbs", "%1000000z"),
];

/// Templates that are large themselves.
fn large() -> Vec<Case> {
    // Already parsing it is too much, so there is no line.
    let template = |name: &str, build: fn() -> String| {
        files(name, Expected::Limit("m/templates/a.yaml"), move || {
            vec![("templates/a.yaml".to_owned(), build())]
        })
    };
    let many = |name: &str, piece: &'static str, times: usize| {
        files(name, Expected::Limit("m/templates/a.yaml"), move || {
            vec![("templates/a.yaml".to_owned(), piece.repeat(times))]
        })
    };
    let nested = |name: &str, open: &'static str, close: &'static str, times: usize| {
        files(name, Expected::Limit("m/templates/a.yaml"), move || {
            vec![("templates/a.yaml".to_owned(), format!("{}1{}", open.repeat(times), close.repeat(times)))]
        })
    };
    vec![
        many("large/actions", "{{ 1 }}", 700_000),
        many("large/definitions", "{{ define \"a\" }}x{{ end }}", 200_000),
        many("large/ifs", "{{ if 1 }}x{{ end }}", 250_000),
        many("large/variables", "{{ $a := 1 }}", 400_000),
        template("large/arguments", || format!("{{{{ list {} }}}}", "1 ".repeat(2_000_000))),
        template("large/strings", || format!("{{{{ list {} }}}}", "\"\" ".repeat(1_500_000))),
        template("large/fields", || format!("{{{{ {} }}}}", ".a".repeat(2_000_000))),
        template("large/pipeline", || format!("{{{{ 1 {} }}}}", "| add 1 ".repeat(600_000))),
        template("large/arguments-that-are-large", || {
            let uses = "$s ".repeat(10_000);
            format!("{{{{ $s := repeat 10000000 \"x\" }}}}{{{{ cat {uses} }}}}")
        }),
        template("large/arguments-printed", || {
            let uses = "$s ".repeat(10_000);
            format!(
                "{{{{ $s := repeat 10000000 \"x\" }}}}{{{{ range 1000 }}}}{{{{ $_ := print {uses} }}}}{{{{ end }}}}"
            )
        }),
        template("large/nested-parentheses", || {
            format!("{{{{ {}1{} }}}}", "(".repeat(1_000_000), ")".repeat(1_000_000))
        }),
        nested("large/nested-ifs", "{{ if 1 }}", "{{ end }}", 200_000),
        nested("large/nested-ranges", "{{ range 2 }}", "{{ end }}", 100),
        template("large/else-ifs", || {
            format!("{{{{ if 0 }}}}{}{{{{ end }}}}", "{{ else if 0 }}".repeat(300_000))
        }),
        files("large/many-templates", Expected::Limit("m/templates/"), || {
            let text = "{{ 1 }}{{ 2 }}{{ 3 }}".repeat(200);
            (0..9_700).map(|number| (format!("templates/{number}.yaml"), text.clone())).collect()
        }),
        files("large/much-output", Expected::Limit("m/templates/"), || {
            let text = "a: b\n".repeat(1_000_000);
            (0..20).map(|number| (format!("templates/{number}.yaml"), text.clone())).collect()
        }),
        files("large/error", Expected::Refused("m/templates/a.yaml:2"), || {
            vec![("templates/a.yaml".to_owned(), "#\n{{ fail (repeat 60000000 \"x\") }}".to_owned())]
        }),
        files("large/error-of-includes", Expected::Refused("m/templates/a.yaml:2"), || {
            let text = "#\n{{ define \"a\" }}{{ if . }}{{ include \"a\" (rest .) }}{{ else }}{{ fail (repeat 1000000 \"x\") }}{{ end }}\
                        {{ end }}{{ include \"a\" (until 100) }}";
            vec![("templates/a.yaml".to_owned(), text.to_owned())]
        }),
        files("large/many-crds", Expected::Done, || {
            vec![("crds/a.yaml".to_owned(), "---\na: 1\n".repeat(400_000))]
        }),
        files("large/many-hooks", Expected::Done, || {
            let hook = "---\nkind: Job\nmetadata: {name: a, annotations: {helm.sh/hook: \"pre-install,post-install\"}}\n";
            vec![("templates/a.yaml".to_owned(), hook.repeat(50_000))]
        }),
        files("large/a-million-documents", Expected::Done, || {
            vec![("templates/a.yaml".to_owned(), "---\na: 1\n".repeat(500_000))]
        }),
    ]
}
