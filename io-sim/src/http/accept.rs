//! Content negotiation: the forms of an answer that a client asks for in `Accept`.

use pilothouse_protocol::ApiError;

/// The form of an answer. All of them are JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Objects as they are.
    Plain,
    /// A `Table` of `meta.k8s.io/v1`, as `kubectl get` prints it.
    Table,
    /// `PartialObjectMetadata` of `meta.k8s.io/v1`.
    Metadata,
    /// `PartialObjectMetadataList` of `meta.k8s.io/v1`.
    MetadataList,
    /// `APIGroupDiscoveryList` of `apidiscovery.k8s.io/v2`.
    Discovery,
}

/// The first form that the client accepts and that is offered. Protobuf and CBOR are not offered.
///
/// # Errors
///
/// 406 when there is none.
pub(crate) fn negotiate(accept: &str, offered: &[Form]) -> Result<Form, ApiError> {
    if accept.trim().is_empty() {
        return Ok(Form::Plain);
    }
    accept.split(',').filter_map(form).find(|form| offered.contains(form)).ok_or_else(not_acceptable)
}

fn form(range: &str) -> Option<Form> {
    let mut parts = range.split(';').map(str::trim);
    if !matches!(parts.next()?, "application/json" | "application/*" | "*/*") {
        return None;
    }
    let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
    let parameter = |name: &str| parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    match (parameter("as"), parameter("g"), parameter("v")) {
        (None, ..) => Some(Form::Plain),
        (Some("Table"), Some("meta.k8s.io"), Some("v1")) => Some(Form::Table),
        (Some("PartialObjectMetadata"), Some("meta.k8s.io"), Some("v1")) => Some(Form::Metadata),
        (Some("PartialObjectMetadataList"), Some("meta.k8s.io"), Some("v1")) => Some(Form::MetadataList),
        (Some("APIGroupDiscoveryList"), Some("apidiscovery.k8s.io"), Some("v2")) => Some(Form::Discovery),
        _ => None,
    }
}

fn not_acceptable() -> ApiError {
    let message = "only the following media types are accepted: application/json";
    ApiError::new(406, "NotAcceptable", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_acceptable_form_counts() {
        let objects = [Form::Plain, Form::Table, Form::Metadata, Form::MetadataList];
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
        for (accept, expected) in [
            (String::new(), Form::Plain),
            ("*/*".to_owned(), Form::Plain),
            ("application/vnd.kubernetes.protobuf,application/json".to_owned(), Form::Plain),
            (format!("{table},application/json"), Form::Table),
            (format!("application/json,{table}"), Form::Plain),
            ("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io".to_owned(), Form::Metadata),
            (
                "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io".to_owned(),
                Form::MetadataList,
            ),
            ("application/json;as=Table;v=v9;g=meta.k8s.io, application/json".to_owned(), Form::Plain),
        ] {
            assert_eq!(negotiate(&accept, &objects).ok(), Some(expected), "{accept}");
        }
        let refused = negotiate("application/vnd.kubernetes.protobuf", &objects).unwrap_err();
        assert_eq!((refused.code, refused.reason.as_str()), (406, "NotAcceptable"));
        assert!(negotiate(table, &[Form::Plain]).is_err());
    }
}
