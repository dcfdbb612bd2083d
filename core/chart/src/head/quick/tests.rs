use proptest::prelude::*;

use super::super::{Head, parsed};
use super::read;

#[test]
fn plain_documents_are_read() {
    let text = "# Source: c/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"a-b\"\n  annotations:\n    \
                helm.sh/hook: pre-install,post-install # twice\n  labels: {}\ndata:\n  x: |-\n\n    a: [\n\n    b\n  y: >\n    \
                text\n  list:\n  - a\n    b\n  - k: 'it''s'\n    l: -1\n  - - x\n    - y\nspec:\n  some\n  text\n";
    let head = read(text).unwrap();
    assert_eq!(Ok(&head), parsed(text).as_ref());
    assert_eq!((head.kind.as_str(), head.name.as_str()), ("ConfigMap", "a-b"));
    assert_eq!(head.annotations.len(), 1);
}

#[test]
fn what_is_unusual_is_left_to_the_parser() {
    for text in [
        "",
        "# nothing\n",
        "a: [1]\n",
        "a: &x 1\n",
        "a: *x\n",
        "a: !!str 1\n",
        "<<: {}\n",
        "a: .inf\n",
        "~: 1\n",
        "null: 1\n",
        "a: b: c\n",
        "a: \"x\n  y\" z\n",
        "a: 'x\n  y\n",
        "a: 'x\n---\n'\n",
        "- a\n",
        "a:\n\tb: 1\n",
        "a: 1\n b: 2\n",
        "a: x\n  y: z\n",
        "kind: {}\n",
        "kind:\n  a: b\n",
        "kind: a\nkind: b\n",
        "metadata: x\n",
        "metadata:\n- a\n",
        "metadata:\n  annotations:\n    on: x\n",
        "kind: a\n  b\n",
        "a: |2\n  x\n",
        "a: |\n   \n  x\n",
        "a: |\n  x\n y: 1\n",
        "a: \"\\/\"\n",
        "? a\n",
        "a: 1\n---\nb: 2\n",
        "a: 1e999\n",
        "text\n",
        " a: 1\n",
        "a: 1\r\n",
        "a: \u{85}\n",
        "a: @x\n",
        "a: x\n# c\n  y\n",
        "a:\n  - b\n - c\n",
    ] {
        assert_eq!(read(text), None, "{text:?}");
    }
}

/// Lines that make documents of all kinds, valid and not.
fn line() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just("apiVersion: v1"),
        Just("kind: Job"),
        Just("kind: 'a b'"),
        Just("metadata:"),
        Just("name: x"),
        Just("annotations:"),
        Just("helm.sh/hook: test"),
        Just("a: 1"),
        Just("a:"),
        Just("b: |"),
        Just("b: >-"),
        Just("- a"),
        Just("- a: b"),
        Just("- - c"),
        Just("-"),
        Just("- |"),
        Just("text"),
        Just("more text: x"),
        Just("c: text"),
        Just("d: \"q\\n\""),
        Just("d: 'q'"),
        Just("# comment"),
        Just("e: {}"),
        Just("e: []"),
        Just("f: [1, 2]"),
        Just("f: [a, 'b c']"),
        Just("f: [\"\"] # x"),
        Just("\"k\": v"),
        Just("'k':"),
        Just("t: .a.b"),
        Just("w: ="),
        Just("- ="),
        Just("u: :a:b"),
        Just("|-"),
        Just("{}"),
        Just("kind: 1.50"),
        Just("name: yes"),
        Just("v: 0.1.2"),
        Just("g: -"),
        Just("h: - x"),
        Just("i: x # y"),
        Just("j: x #y: z"),
        Just("k: http://x"),
        Just(""),
        Just("  "),
        Just("\tx"),
        Just("l: \"open"),
        Just("end\""),
        Just("r: 'it''s"),
        Just("end' # x"),
        Just("s: \"a\\"),
        Just("---"),
        Just("1: x"),
        Just("m: 1.5e3"),
        Just("n: ~"),
        Just("o: 'a' b"),
        Just("p: \"a\": b"),
        Just("q: >"),
        Just("x: a:"),
        Just("y : z"),
        Just("z:b"),
        Just("é: ü"),
    ];
    (0usize..5, text)
        .prop_map(|(indent, text)| format!("{}{text}\n", "  ".repeat(indent)[..indent].to_owned()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn what_is_read_is_what_the_parser_reads(lines in proptest::collection::vec(line(), 1..9)) {
        let text: String = lines.concat();
        if let Some(head) = read(&text) {
            prop_assert_eq!(Ok::<Head, String>(head), parsed(&text), "{:?}", text);
        }
    }
}

/// The line at which a document is given up.
fn given_up(document: &str) -> Option<&str> {
    let ends: Vec<usize> = document.match_indices('\n').map(|(at, _)| at + 1).collect();
    let last = ends.iter().rposition(|end| read(&document[..*end]).is_some())?;
    document[ends[last]..].lines().next()
}

/// The largest outputs of real charts: most of them are plain, and what is read of them is right.
#[test]
#[ignore = "takes long without optimisation"]
fn large_outputs_are_plain() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/charts/charts");
    let (mut all, mut quick) = (0, 0);
    for case in [
        "prometheus-community__helm-charts__prometheus-operator-crds/cases/default.out.gz",
        "projectcalico__calico__crd.projectcalico.org.v1/cases/default.out.gz",
        "helm__charts__prometheus-operator/cases/default.out.gz",
    ] {
        let Ok(file) = std::fs::File::open(root.join(case)) else { continue };
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
        for document in crate::split_manifests(&text, crate::Separation::Exact) {
            all += document.len();
            match read(document) {
                Some(head) => {
                    quick += document.len();
                    assert_eq!(Ok(head), parsed(document));
                }
                None => println!("{case}: {:?}", given_up(document)),
            }
        }
    }
    println!("{quick} of {all} bytes are plain");
    assert!(quick * 10 >= all * 9);
}
