//! What differs between two servers in their texts.

/// Uids become `<uid>`.
#[must_use]
pub fn masked_uids(text: &str) -> String {
    let is_uid = |part: &str| {
        part.len() == 36
            && part.bytes().enumerate().all(|(index, byte)| match index {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
    };
    let mut result = text.to_owned();
    let mut index = 0;
    while index + 36 <= result.len() {
        if result.get(index..index + 36).is_some_and(is_uid) {
            result.replace_range(index..index + 36, "<uid>");
        }
        index += 1;
    }
    result
}

/// The real server lists the errors of custom objects in random order.
#[must_use]
pub fn sorted_causes(message: &str) -> String {
    match message.split_once(" is invalid: [") {
        Some((subject, causes)) => {
            let mut causes: Vec<&str> = causes.trim_end_matches(']').split(", ").collect();
            causes.sort_unstable();
            format!("{subject} is invalid: [{}]", causes.join(", "))
        }
        None => message.to_owned(),
    }
}

/// Some refusals print values of the server's own Go types, the difference between two of them, a whole object with its
/// times, or one of several fields as it happens to meet them: what a model has not got.
#[must_use]
pub fn without_go_values(message: &str) -> String {
    let message = message
        .split_once("\n@@")
        .or_else(|| message.split_once("\n  core."))
        .map_or(message, |(head, _)| head);
    let message = masked(message, "spec.template: Invalid value: ", ": field is immutable", "<go>");
    let message = masked(&message, "patch: Invalid value: ", ": strict decoding error", "<object>");
    let message = masked(&message, "): .spec.", ": field not declared in schema", "<field>");
    message.trim_end().to_owned()
}

/// A text with what stands between two parts replaced.
fn masked(message: &str, before: &str, after: &str, mask: &str) -> String {
    let Some(start) = message.find(before).map(|at| at + before.len()) else { return message.to_owned() };
    let Some(length) = message[start..].rfind(after) else { return message.to_owned() };
    format!("{}{mask}{}", &message[..start], &message[start + length..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_masked_wherever_they_are() {
        let uid = "0f8fad5b-d9cb-469f-a165-70867728950e";
        assert_eq!(masked_uids(&format!("é {uid}, {uid}")), "é <uid>, <uid>");
        assert_eq!(masked_uids(&uid.replace('f', "g")), uid.replace('f', "g"));
    }

    #[test]
    fn values_of_go_are_masked() {
        let text = "spec.template: Invalid value: {\"Spec\":{}}: field is immutable";
        assert_eq!(without_go_values(text), "spec.template: Invalid value: <go>: field is immutable");
        assert_eq!(without_go_values("spec: Forbidden: no\n@@ -6 +7 @@\n"), "spec: Forbidden: no");
        assert_eq!(without_go_values("gone"), "gone");
        let text = "patch: Invalid value: \"{}\": strict decoding error: unknown field \"a\"";
        assert_eq!(
            without_go_values(text),
            "patch: Invalid value: <object>: strict decoding error: unknown field \"a\""
        );
        let text = "patch object (a/b; v1, Kind=C): .spec.odd: field not declared in schema";
        assert_eq!(
            without_go_values(text),
            "patch object (a/b; v1, Kind=C): .spec.<field>: field not declared in schema"
        );
    }

    #[test]
    fn causes_have_an_order() {
        assert_eq!(sorted_causes("a is invalid: [c, b]"), "a is invalid: [b, c]");
        assert_eq!(sorted_causes("gone"), "gone");
    }
}
