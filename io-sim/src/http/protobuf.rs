//! Bodies in Protobuf: kubectl and Helm send objects of built-in kinds so without asking whether they may.
//!
//! A body is `k8s` and a zero, then a `runtime.Unknown` with the kind and the object. Field numbers are those of the published
//! `generated.proto` files (see `server/schema/builtin.txt`); what they number is described by the same types as JSON.

use pilothouse_protocol::ApiError;
use serde_json::{Map, Value, json};

use crate::clock::rfc3339;
use crate::server::definitions::base64_of;
use crate::server::errors;
use crate::server::kinds::{Definition, Kinds};
use crate::server::schema::{Field, Type, Typed};

const MAGIC: &[u8] = b"k8s\0";

/// How deep messages may lie within each other.
const DEPTH_MAX: usize = 64;

/// One field of a message.
struct Part<'a> {
    number: u32,
    value: Wire<'a>,
}

/// What a field holds.
#[derive(Clone, Copy)]
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Reads an object of a built-in kind, or the options of a deletion.
///
/// # Errors
///
/// 400 for what cannot be read, 415 for a kind that has no Protobuf.
pub(super) fn decode(kinds: &Kinds, body: &[u8]) -> Result<Value, ApiError> {
    let unreadable = || errors::bad_request("the body of the request is no Protobuf of Kubernetes");
    let unknown = parts(body.strip_prefix(MAGIC).ok_or_else(unreadable)?).ok_or_else(unreadable)?;
    let bytes = |number| unknown.iter().rev().find(|part| part.number == number).and_then(Part::bytes);
    let meta = parts(bytes(1).unwrap_or_default()).ok_or_else(unreadable)?;
    let text = |number| {
        let found = meta.iter().find(|part| part.number == number).and_then(Part::bytes);
        String::from_utf8_lossy(found.unwrap_or_default()).into_owned()
    };
    let (api_version, kind, raw) = (text(1), text(2), bytes(2).unwrap_or_default());
    let mut object = match kinds.find(&api_version, &kind).map(|kind| (kind, &kind.definition)) {
        Some((known, Definition::Builtin(_))) if kind != "CustomResourceDefinition" => {
            message(known.typed(), raw, &[], 0).ok_or_else(unreadable)?
        }
        _ if kind == "DeleteOptions" => delete_options(raw).ok_or_else(unreadable)?,
        _ => return Err(super::body::unsupported()),
    };
    object.insert("apiVersion".to_owned(), json!(api_version));
    object.insert("kind".to_owned(), json!(kind));
    Ok(Value::Object(object))
}

impl<'a> Part<'a> {
    fn bytes(&self) -> Option<&'a [u8]> {
        match self.value {
            Wire::Bytes(bytes) => Some(bytes),
            Wire::Number(_) => None,
        }
    }
}

/// The fields of a message.
fn parts(mut bytes: &[u8]) -> Option<Vec<Part<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let value = match key & 7 {
            0 => Wire::Number(varint(&mut bytes)?),
            1 => Wire::Number(u64::from_le_bytes(take(&mut bytes, 8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                Wire::Bytes(take(&mut bytes, length)?)
            }
            5 => Wire::Number(u64::from(u32::from_le_bytes(take(&mut bytes, 4)?.try_into().ok()?))),
            _ => return None,
        };
        found.push(Part { number: u32::try_from(key >> 3).ok()?, value });
    }
    Some(found)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// A message of a struct. `within` is where it lies in the fields' numbers: messages that JSON has no level for.
fn message(typed: Typed<'_>, bytes: &[u8], within: &[u32], depth: usize) -> Option<Map<String, Value>> {
    let Type::Struct(known) = typed.get() else { return None };
    if depth > DEPTH_MAX {
        return None;
    }
    let mut object = Map::new();
    for part in parts(bytes)? {
        let path: Vec<u32> = within.iter().copied().chain([part.number]).collect();
        if let Some((name, field)) = known.fields.iter().find(|(_, field)| *field.wire == *path) {
            add(&mut object, name, field, typed, part.value, depth)?;
        } else if known.fields.values().any(|field| field.wire.starts_with(&path)) {
            object.extend(message(typed, part.bytes()?, &path, depth + 1)?);
        }
    }
    Some(object)
}

fn add(
    object: &mut Map<String, Value>,
    name: &str,
    field: &Field,
    typed: Typed<'_>,
    wire: Wire<'_>,
    depth: usize,
) -> Option<()> {
    let inner = typed.at(field.id);
    match (inner.get(), wire) {
        (Type::List { element, .. }, wire) => {
            let item = value(typed.at(*element), wire, depth)?;
            match object.entry(name).or_insert_with(|| json!([])) {
                Value::Array(items) => items.push(item),
                _ => return None,
            }
        }
        (Type::Map { element, .. }, Wire::Bytes(bytes)) => {
            let entry = parts(bytes)?;
            let part = |number| entry.iter().find(|part| part.number == number);
            let key = String::from_utf8(part(1).and_then(Part::bytes).unwrap_or_default().to_vec()).ok()?;
            let held = part(2).map_or(Wire::Bytes(&[]), |part| part.value);
            let held = value(typed.at(*element), held, depth)?;
            object.entry(name).or_insert_with(|| json!({}))[key] = held;
        }
        (_, wire) => {
            let value = value(inner, wire, depth)?;
            // A field that cannot be absent is on the wire although it is empty, and left out of JSON.
            let is_empty = value.is_null() || value == "" || value == 0 || value == false;
            if !is_empty || (field.optional && !value.is_null()) {
                object.insert(name.to_owned(), value);
            }
        }
    }
    Some(())
}

fn value(typed: Typed<'_>, wire: Wire<'_>, depth: usize) -> Option<Value> {
    Some(match (typed.get(), wire) {
        (Type::Scalar('b'), Wire::Number(number)) => json!(number != 0),
        (Type::Scalar('n'), Wire::Number(number)) => json!(f64::from_bits(number)),
        (Type::Scalar(_), Wire::Number(number)) => json!(number.cast_signed()),
        (Type::Scalar('t'), Wire::Bytes(bytes)) => time(bytes)?,
        (Type::Scalar('y'), Wire::Bytes(bytes)) => json!(base64_of(bytes)),
        (Type::Scalar('q'), Wire::Bytes(bytes)) => quantity(bytes)?,
        (Type::Scalar(_), Wire::Bytes(bytes)) => json!(String::from_utf8(bytes.to_vec()).ok()?),
        (Type::Struct(_), Wire::Bytes(bytes)) => Value::Object(message(typed, bytes, &[], depth + 1)?),
        // JSON within a message.
        (Type::Any, Wire::Bytes(bytes)) => {
            let raw = parts(bytes)?.into_iter().find(|part| part.number == 1)?;
            serde_json::from_slice(raw.bytes()?).ok()?
        }
        _ => return None,
    })
}

/// `Time` and `MicroTime`; null for none.
fn time(bytes: &[u8]) -> Option<Value> {
    let parts = parts(bytes)?;
    let number = |number| {
        let found = parts.iter().find(|part| part.number == number);
        found.and_then(|part| if let Wire::Number(number) = part.value { Some(number) } else { None })
    };
    let Some(seconds) = number(1).filter(|seconds| *seconds != 0) else { return Some(Value::Null) };
    let text = rfc3339(seconds.cast_signed().checked_mul(1_000_000_000)?);
    Some(json!(match number(2).unwrap_or_default() / 1000 {
        0 => text,
        micros => format!("{}.{micros:06}Z", text.trim_end_matches('Z')),
    }))
}

/// `Quantity`, or `IntOrString`, which begins with a number.
fn quantity(bytes: &[u8]) -> Option<Value> {
    let parts = parts(bytes)?;
    let find = |number| parts.iter().find(|part| part.number == number).map(|part| part.value);
    Some(match (find(1), find(2), find(3)) {
        (Some(Wire::Bytes(text)), ..) | (Some(Wire::Number(1)), _, Some(Wire::Bytes(text))) => {
            json!(String::from_utf8(text.to_vec()).ok()?)
        }
        (_, Some(Wire::Number(number)), _) => json!(number.cast_signed()),
        _ => json!(0),
    })
}

/// `DeleteOptions` of `meta/v1`.
fn delete_options(bytes: &[u8]) -> Option<Map<String, Value>> {
    let text = |bytes: &[u8]| Some(json!(String::from_utf8(bytes.to_vec()).ok()?));
    let mut options = Map::new();
    for part in parts(bytes)? {
        let (name, value) = match (part.number, part.value) {
            (1, Wire::Number(number)) => ("gracePeriodSeconds", json!(number.cast_signed())),
            (2, Wire::Bytes(inner)) => {
                let mut preconditions = json!({});
                for part in parts(inner)? {
                    let name = if part.number == 1 { "uid" } else { "resourceVersion" };
                    preconditions[name] = text(part.bytes()?)?;
                }
                ("preconditions", preconditions)
            }
            (3, Wire::Number(number)) => ("orphanDependents", json!(number != 0)),
            (4, Wire::Bytes(inner)) => ("propagationPolicy", text(inner)?),
            (5, Wire::Bytes(inner)) => ("dryRun", json!([text(inner)?])),
            _ => continue,
        };
        options.insert(name.to_owned(), value);
    }
    Some(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u8::try_from(bytes.len()).expect("short");
        [&[number << 3 | 2, length][..], bytes].concat()
    }

    fn body(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &meta), field(2, raw)].concat()
    }

    #[test]
    fn objects_are_what_they_are_in_json() {
        let kinds = Kinds::builtin("v1.36.1");
        let metadata =
            [field(1, b"x"), field(2, b""), field(11, &[field(1, b"k"), field(2, b"v")].concat())].concat();
        let entry = [field(1, b"a"), field(2, b"b")].concat();
        let secret = [field(1, &metadata), field(2, &entry), field(3, b"Opaque")].concat();
        assert_eq!(
            decode(&kinds, &body("v1", "Secret", &secret)),
            Ok(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "labels": {"k": "v"}},
                "data": {"a": "Yg=="}, "type": "Opaque"}))
        );
        // replicas: 0 is said, minReadySeconds: 0 is only not left out.
        let spec = [&[1 << 3, 0, 5 << 3, 0][..], &field(3, &field(2, &field(1, &field(2, &field(2, b"")))))]
            .concat();
        let deployment = decode(&kinds, &body("apps/v1", "Deployment", &field(2, &spec))).expect("readable");
        assert_eq!(
            (&deployment["spec"]["replicas"], deployment["spec"].get("minReadySeconds")),
            (&json!(0), None)
        );
        let volumes = &deployment["spec"]["template"]["spec"]["volumes"];
        assert_eq!(*volumes, json!([{"emptyDir": {}}]));
    }

    #[test]
    fn options_of_deletions() {
        let raw = [&[1 << 3, 0][..], &field(4, b"Foreground")].concat();
        let options =
            decode(&Kinds::builtin("v1.36.1"), &body("v1", "DeleteOptions", &raw)).expect("readable");
        assert_eq!(
            (&options["gracePeriodSeconds"], &options["propagationPolicy"]),
            (&json!(0), &json!("Foreground"))
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let kinds = Kinds::builtin("v1.36.1");
        let code = |body: &[u8]| decode(&kinds, body).unwrap_err().code;
        assert_eq!(code(b"hello"), 400);
        assert_eq!(code(&[MAGIC, &[0xff; 12]].concat()), 400);
        assert_eq!(code(&body("example.com/v1", "Odd", b"")), 415);
        assert_eq!(code(&body("v1", "Secret", &[2 << 3 | 2, 200])), 400);
    }
}
