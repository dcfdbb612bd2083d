//! Names of objects (Go package `k8s.io/apimachinery/pkg/api/validation`).

/// What a name of this kind must be, when `name` is not that.
pub(super) fn wrong(kind: &str, name: &str) -> Option<&'static str> {
    match kind {
        "CertificateSigningRequest" => None,
        "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" => {
            let is_segment = !matches!(name, "." | "..") && !name.contains(['/', '%']);
            (!is_segment).then_some("it may be anything but . and .., without / and %")
        }
        "Service" => {
            let is_label = is_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase());
            (!is_label).then_some(
                "it must have at most 63 lower case letters, digits and hyphens, begin with a letter and end with a \
                 letter or digit",
            )
        }
        "Namespace" => (!is_label(name)).then_some(
            "it must have at most 63 lower case letters, digits and hyphens, and begin and end with a letter or digit",
        ),
        _ => (!is_subdomain(name)).then_some(
            "it must have at most 253 lower case letters, digits, hyphens and dots, and each part between dots must \
             begin and end with a letter or digit",
        ),
    }
}

fn is_label(name: &str) -> bool {
    name.len() <= 63 && is_part(name)
}

fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_part)
}

fn is_part(part: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !part.is_empty() && !part.starts_with('-') && !part.ends_with('-') && part.bytes().all(is_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_depend_on_the_kind() {
        for (kind, name, is_right) in [
            ("Service", "web", true),
            ("Service", "1web", false),
            ("Service", "a.b", false),
            ("Pod", "a.b-1", true),
            ("Pod", "a..b", false),
            ("Pod", "A", false),
            ("ClusterRole", "system:a", true),
            ("ClusterRole", "a/b", false),
            ("Namespace", "a.b", false),
            ("CertificateSigningRequest", "A B", true),
        ] {
            assert_eq!(wrong(kind, name).is_none(), is_right, "{kind} {name}");
        }
    }
}
