//! The part of CEL that validation rules of CustomResourceDefinitions mostly are made of: `has`, `size`, comparisons,
//! `!`, `&&`, `||` and literals over the fields of `self`.

use serde_json::Value;

/// Evaluates a rule for an object; `None` when the rule uses more of the language, or fails to evaluate.
#[must_use]
pub(crate) fn evaluate(rule: &str, current: &Value) -> Option<bool> {
    let tokens = tokens(rule)?;
    let mut parser = Parser { tokens: &tokens, at: 0, current };
    let result = parser.or()?;
    if parser.at == tokens.len() { result.as_bool() } else { None }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Literal(Value),
    Sign(&'static str),
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    current: &'a Value,
}

impl Parser<'_> {
    fn or(&mut self) -> Option<Value> {
        let mut left = self.and();
        while self.take("||") {
            let right = self.and();
            left = join(left, right, true);
        }
        left
    }

    fn and(&mut self) -> Option<Value> {
        let mut left = self.comparison();
        while self.take("&&") {
            let right = self.comparison();
            left = join(left, right, false);
        }
        left
    }

    fn comparison(&mut self) -> Option<Value> {
        let left = self.unary();
        for sign in ["==", "!=", "<=", ">=", "<", ">"] {
            if self.take(sign) {
                // The right side is read even if the left one failed: the rest of the rule may decide.
                let right = self.unary();
                return compare(sign, &left?, &right?);
            }
        }
        left
    }

    fn unary(&mut self) -> Option<Value> {
        if self.take("!") {
            return Some(Value::Bool(!self.unary()?.as_bool()?));
        }
        if self.take("(") {
            let inner = self.or();
            return if self.take(")") { inner } else { None };
        }
        match self.tokens.get(self.at)?.clone() {
            Token::Literal(value) => {
                self.at += 1;
                Some(value)
            }
            Token::Name(name)
                if (name == "has" || name == "size")
                    && self.tokens.get(self.at + 1) == Some(&Token::Sign("(")) =>
            {
                self.at += 2;
                let found = self.path();
                if !self.take(")") {
                    return None;
                }
                if name == "has" { Some(Value::Bool(found.is_some())) } else { size(&found?) }
            }
            Token::Name(name) => {
                let found = self.path();
                if name.starts_with("self") { found } else { None }
            }
            Token::Sign(_) => None,
        }
    }

    fn path(&mut self) -> Option<Value> {
        let Some(Token::Name(name)) = self.tokens.get(self.at) else { return None };
        self.at += 1;
        let mut parts = name.split('.');
        if parts.next() != Some("self") {
            return None;
        }
        parts.try_fold(self.current, |value, part| value.get(part)).cloned()
    }

    fn take(&mut self, sign: &str) -> bool {
        let found =
            self.tokens.get(self.at).is_some_and(|token| matches!(token, Token::Sign(s) if *s == sign));
        self.at += usize::from(found);
        found
    }
}

/// `&&` and `||` do not care about an error on one side when the other side decides.
fn join(left: Option<Value>, right: Option<Value>, decisive: bool) -> Option<Value> {
    let (left, right) = (left.and_then(|v| v.as_bool()), right.and_then(|v| v.as_bool()));
    if left == Some(decisive) || right == Some(decisive) {
        return Some(Value::Bool(decisive));
    }
    left.and(right).map(|_| Value::Bool(!decisive))
}

fn compare(sign: &str, left: &Value, right: &Value) -> Option<Value> {
    let result = match sign {
        "==" => left == right,
        "!=" => left != right,
        _ => {
            let (left, right) = (left.as_f64()?, right.as_f64()?);
            match sign {
                "<=" => left <= right,
                ">=" => left >= right,
                "<" => left < right,
                _ => left > right,
            }
        }
    };
    Some(Value::Bool(result))
}

fn size(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(Value::from(text.chars().count())),
        Value::Array(items) => Some(Value::from(items.len())),
        Value::Object(fields) => Some(Value::from(fields.len())),
        _ => None,
    }
}

fn tokens(rule: &str) -> Option<Vec<Token>> {
    const SIGNS: [&str; 11] = ["||", "&&", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")"];
    let mut found = Vec::new();
    let mut rest = rule.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            found.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else if first == '\'' || first == '"' {
            let end = rest[1..].find(first)?;
            found.push(Token::Literal(Value::from(&rest[1..=end])));
            rest = &rest[end + 2..];
        } else {
            let end =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
            let word = rest.get(..end).filter(|word| !word.is_empty())?;
            found.push(match serde_json::from_str(word) {
                Ok(value) => Token::Literal(value),
                Err(_) => Token::Name(word.to_owned()),
            });
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_of_common_definitions() {
        let rule = "(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && has(self.chartRef))";
        for (rule, current, expected) in [
            (rule, json!({}), Some(false)),
            (rule, json!({"chart": {}}), Some(true)),
            (rule, json!({"chart": {}, "chartRef": {}}), Some(false)),
            ("!has(self.a) || self.name == 'X'", json!({"a": 1, "name": "X"}), Some(true)),
            ("!has(self.a) || self.name == 'X'", json!({"a": 1, "name": "Y"}), Some(false)),
            ("!has(self.a) || self.b.c == 'X'", json!({}), Some(true)),
            ("size(self.list) <= 2", json!({"list": [1, 2, 3]}), Some(false)),
            ("self.all(x, x > 1)", json!([]), None),
            ("self.matches('^a')", json!("a"), None),
        ] {
            assert_eq!(evaluate(rule, &current), expected, "{rule}");
        }
    }
}
