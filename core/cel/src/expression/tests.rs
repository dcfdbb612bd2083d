use serde_json::{Value, json};

use super::Expression;

fn evaluate(text: &str, object: &Value) -> String {
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => return error.to_string(),
    };
    let fields = object.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value));
    match expression.evaluate(fields) {
        Ok(truth) => truth.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn expressions_over_objects() {
    let object: Value = serde_json::from_str(include_str!("../../testdata/object.json")).unwrap();
    let cases: Vec<(String, String)> =
        serde_json::from_str(include_str!("../../testdata/expressions.json")).unwrap();
    for (text, expected) in cases {
        assert_eq!(evaluate(&text, &object), expected, "{text}");
    }
}

#[test]
fn what_is_no_expression_is_shown_with_its_place() {
    assert_eq!(
        evaluate("dep.status.(", &json!({})),
        "failed to parse the CEL expression 'dep.status.(': ERROR: <input>:1:12: Syntax error: no viable alternative \
         at input '.('\n | dep.status.(\n | ...........^"
    );
    let deep = format!("{}1{}", "(".repeat(500), ")".repeat(500));
    assert!(evaluate(&deep, &json!({})).contains("recursion"), "{}", evaluate(&deep, &json!({})));
    let long = format!("'{}' == ''", "x".repeat(100_000));
    assert!(evaluate(&long, &json!({})).contains("exceeds limit"));
}

#[test]
fn what_costs_too_much_ends() {
    let numbers: Vec<u32> = (0..3000).collect();
    let object = json!({"l": numbers, "s": "x".repeat(100_000), "m": {"a": "b"}});
    let doubled = |times: usize| format!("['aaaa']{}.size() == 0", ".map(s, s + s)".repeat(times));
    let exceeded = [
        "l.all(a, l.all(b, l.all(c, a + b + c >= 0)))".to_owned(),
        "l.exists(a, l.exists(b, a + b < 0))".to_owned(),
        "l.map(a, s).size() == 0".to_owned(),
        "s.replace('x', s) == ''".to_owned(),
        "[s, s].join(s.replace('x', 'yy')) == ''".to_owned(),
        "l.all(a, s.contains('y') || true)".to_owned(),
        "l.map(a, string(a)).join(s) == ''".to_owned(),
        doubled(30),
    ];
    for text in exceeded {
        let outcome = evaluate(&text, &object);
        assert!(outcome.ends_with("operation cancelled: actual cost limit exceeded"), "{text}: {outcome}");
    }
    let cheap =
        ["l.all(a, a < 3000)".to_owned(), "s.contains('y') == false".to_owned(), doubled(10) + " || true"];
    for text in cheap {
        assert_eq!(evaluate(&text, &object), "true", "{text}");
    }
}

#[test]
fn the_budget_has_no_name_in_an_expression() {
    assert!(evaluate("@budget == 1", &json!({})).contains("Syntax error"));
}

#[test]
fn maps_are_iterated_in_order() {
    let keys: serde_json::Map<String, Value> = (0..50).map(|n| (format!("k{n:02}"), json!(n))).collect();
    let object = json!({"m": keys});
    let ordered: Vec<String> = (0..50).map(|n| format!("k{n:02}")).collect();
    let text = format!("m.map(k, k).join(',') == '{}'", ordered.join(","));
    assert_eq!(evaluate(&text, &object), "true");
    assert_eq!(evaluate("{'b': 1, 'a': 2}.map(k, k) == ['a', 'b']", &object), "true");
}
