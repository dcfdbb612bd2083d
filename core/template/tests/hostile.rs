//! Templates that try to exhaust the stack, the memory or the time of a render.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use pilothouse_template::value::Entries;
use pilothouse_template::{
    Budget, Changed, Detached, Environment, LimitError, Limits, MissingKey, Moment, SeededEntropy,
    TemplateSet, Value,
};

/// Renders on a test thread's own stack with the default limits, but few steps.
fn render(text: &str) -> Result<String, (String, Option<LimitError>)> {
    let mut set = TemplateSet::new(MissingKey::Zero);
    set.parse("t", text).map_err(|error| (error.to_string(), error.limit))?;
    let (mut host, mut entropy, mut changed) = (Detached, SeededEntropy::new(1), Changed::default());
    let limits = Limits { steps: 500_000, bytes: 64 << 20, ..Limits::default() };
    let mut environment = Environment {
        host: &mut host,
        entropy: &mut entropy,
        now: Moment::default(),
        changed: &mut changed,
        budget: Budget::new(limits),
    };
    let result = set.execute("t", &Value::map(Entries::new()), &mut environment);
    changed.release();
    result.map_err(|error| (error.to_string(), error.limit()))
}

#[track_caller]
fn assert_limited(text: &str, expected: fn(LimitError) -> bool) {
    match render(text) {
        Ok(output) => panic!("rendered {} bytes", output.len()),
        Err((message, limit)) => {
            let shown: String = message.chars().take(300).collect();
            assert!(limit.is_some_and(expected), "{limit:?}: {shown}");
        }
    }
}

#[test]
fn nesting_in_the_text() {
    let is_stack = |limit| matches!(limit, LimitError::Stack(_));
    assert_limited(&format!("{{{{ {}1{} }}}}", "(".repeat(100_000), ")".repeat(100_000)), is_stack);
    assert_limited(&format!("{}{}", "{{ if 1 }}".repeat(100_000), "{{ end }}".repeat(100_000)), is_stack);
    assert_limited(&format!("{{{{ if 0 }}}}{}{{{{ end }}}}", "{{ else if 0 }}".repeat(100_000)), is_stack);
    assert_eq!(render(&format!("{{{{ {}1{} }}}}", "(".repeat(60), ")".repeat(60))), Ok("1".to_owned()));
}

#[test]
fn recursion_of_templates() {
    let is_stack = |limit| matches!(limit, LimitError::Stack(_));
    assert_limited("{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}", is_stack);
    assert_limited("{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}", is_stack);
    assert_limited("{{ $t := `{{ tpl .t . }}` }}{{ tpl $t (dict \"t\" $t) }}", is_stack);
}

#[test]
fn endless_work() {
    let is_steps = |limit| matches!(limit, LimitError::Steps(_));
    assert_limited("{{ range 1000000000 }}{{ end }}", is_steps);
    assert_limited("{{ range until 100000000 }}{{ end }}", is_steps);
    assert_limited(
        "{{ range 1000 }}{{ range 1000 }}{{ regexMatch \"(a*)*b\" \"aaaaaaaaaaaaaaaa\" }}{{ end }}{{ end }}",
        is_steps,
    );
    assert_limited("{{ $l := list }}{{ range 100000 }}{{ $l = append $l . }}{{ end }}", is_steps);
}

#[test]
fn endless_text() {
    let is_bytes = |limit| matches!(limit, LimitError::Bytes(_));
    assert_limited("{{ repeat 1000000000 \"x\" }}", is_bytes);
    assert_limited("{{ indent 1000000000 \"x\" }}", is_bytes);
    // What is built is large, and so is the work of looking at it.
    assert_limited(
        "{{ $s := \"xxxxxxxx\" }}{{ range 60 }}{{ $s = printf \"%s%s\" $s $s }}{{ end }}",
        |limit| matches!(limit, LimitError::Bytes(_) | LimitError::Steps(_)),
    );
    assert_limited("{{ randAlphaNum 1000000000 }}", is_bytes);
    assert_limited("{{ replace \"\" (repeat 100000 \"x\") (repeat 100000 \"y\") }}", is_bytes);
}

#[test]
fn values_that_contain_themselves_or_share_much() {
    let own = "{{ $m := dict }}{{ $_ := set $m \"m\" $m }}";
    for use_of in [
        "{{ $m }}",
        "{{ printf \"%v\" $m }}",
        "{{ deepCopy $m }}",
        "{{ mustToJson $m }}",
        "{{ mustToYaml $m }}",
    ] {
        let (message, _) = render(&format!("{own}{use_of}")).unwrap_err();
        let is_told = ["nests deeper than 1000 levels", "encountered a cycle"]
            .iter()
            .any(|text| message.contains(text));
        assert!(is_told, "{use_of}: {message}");
    }
    let shared = "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}";
    for use_of in ["{{ $l }}", "{{ deepCopy $l }}", "{{ mustToJson $l }}"] {
        assert!(render(&format!("{shared}{use_of}")).is_err(), "{use_of}");
    }
    let deep = "{{ $l := list }}{{ range 100000 }}{{ $l = list $l }}{{ end }}{{ len $l }}";
    assert_eq!(render(deep), Ok("1".to_owned()));
}

#[test]
fn what_the_yaml_library_would_not_read_again_is_not_written() {
    let nested = |levels: usize| {
        format!("{{{{ $l := list 1 }}}}{{{{ range {levels} }}}}{{{{ $l = list $l }}}}{{{{ end }}}}")
    };
    for (levels, passes) in [(400, true), (499, true), (500, false), (600, false)] {
        let rendered = render(&format!("{}{{{{ toYaml $l | len | lt 0 }}}}", nested(levels)));
        match rendered {
            Ok(text) => assert!(passes && text == "true", "{levels}: {text}"),
            Err((message, _)) => {
                assert!(!passes && message.contains("nests deeper than 500 levels"), "{levels}: {message}")
            }
        }
    }
}

#[test]
fn a_passed_bound_names_template_and_line() {
    let (message, _) = render("a\n{{ range 1000000000 }}{{ end }}").unwrap_err();
    assert_eq!(
        message,
        "template: t:2:9: executing \"t\" at <1000000000>: rendering takes more than 500000 steps"
    );
}

#[test]
fn a_set_costs_the_same_each_time() {
    let text = r#"{{ range list "a" "b" }}{{ regexMatch "^\\pL{2}[a-z]+$" . }}{{ end }}{{ regexFind "[0-9]+" "a1" }}"#;
    let mut set = TemplateSet::new(MissingKey::Zero);
    set.parse("t", text).unwrap();
    let used = || {
        let mut entropy = SeededEntropy::new(1);
        let mut environment = Environment {
            host: &mut Detached,
            entropy: &mut entropy,
            now: Moment::default(),
            changed: &mut Changed::default(),
            budget: Budget::default(),
        };
        set.execute("t", &Value::Nil, &mut environment).unwrap();
        (environment.budget.steps_used(), environment.budget.bytes_used())
    };
    assert_eq!(used(), used());
}
