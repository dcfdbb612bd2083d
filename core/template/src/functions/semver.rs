//! Versions in templates.

use std::cell::RefCell;
use std::cmp::Ordering;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::format::quote::quoted;
use crate::semver::{Constraints, SemverError, Version};
use crate::value::{IntType, Method, MethodError, Object, ParamType, Shape, Value, lossy};

use super::arguments::{bytes, text};
use super::{Function, fixed};

const STRING: ParamType = ParamType::String;
const VERSION: &str = "*semver.Version";

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("semver", &[STRING], |_, arguments| match Version::parse(&text(arguments, 0)) {
        Ok(version) => Ok(Value::native(VersionObject::new(version, true))),
        Err(error) => Err(ExecError::plain(error.to_string())),
    }),
    fixed("semverCompare", &[STRING, STRING], compare),
];

fn compare(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    run.environment.budget.charge_steps(10)?;
    let fail = |error: SemverError| ExecError::plain(error.to_string());
    let constraints = Constraints::parse(&text(arguments, 0))
        .map_err(|error| fail(with_bytes(error, bytes(arguments, 0))))?;
    let version = Version::parse(&text(arguments, 1)).map_err(fail)?;
    Ok(Value::Bool(constraints.check(&version)))
}

/// The error with the constraint as it was given, bytes that are no letter included.
fn with_bytes(error: SemverError, given: &[u8]) -> SemverError {
    let SemverError::Constraint(shown) = &error else { return error };
    let bars: Vec<usize> =
        given.windows(2).enumerate().filter(|(_, two)| *two == b"||").map(|(at, _)| at).collect();
    let starts = std::iter::once(0).chain(bars.iter().map(|at| at + 2));
    let ends = bars.iter().copied().chain([given.len()]);
    let mut groups = starts.zip(ends).filter_map(|(start, end)| given.get(start..end));
    let group = groups.find(|group| quoted(lossy(group).as_bytes()) == *shown);
    group.map_or(error, |group| SemverError::Constraint(quoted(group)))
}

/// A version as `semver` and its methods return it.
struct VersionObject {
    version: RefCell<Version>,
    /// Go's methods that change a version return a plain struct.
    pointer: bool,
}

const fn getter(name: &'static str) -> Method {
    Method { name, params: &[], variadic: None }
}

const fn with_version(name: &'static str) -> Method {
    Method { name, params: &[ParamType::Native(VERSION)], variadic: None }
}

static METHODS: &[Method] = &[
    getter("Major"),
    getter("Minor"),
    getter("Patch"),
    getter("Prerelease"),
    getter("Metadata"),
    getter("Original"),
    getter("String"),
    getter("IncPatch"),
    getter("IncMinor"),
    getter("IncMajor"),
    Method { name: "SetPrerelease", params: &[STRING], variadic: None },
    Method { name: "SetMetadata", params: &[STRING], variadic: None },
    with_version("Compare"),
    with_version("LessThan"),
    with_version("LessThanEqual"),
    with_version("GreaterThan"),
    with_version("GreaterThanEqual"),
    with_version("Equal"),
];

impl Object for VersionObject {
    fn type_name(&self) -> &str {
        if self.pointer { VERSION } else { "semver.Version" }
    }

    fn shape(&self) -> Shape {
        let version = self.version.borrow();
        Shape::Struct(vec![
            ("major", unsigned(version.major)),
            ("minor", unsigned(version.minor)),
            ("patch", unsigned(version.patch)),
            ("pre", version.prerelease.as_str().into()),
            ("metadata", version.metadata.as_str().into()),
            ("original", version.original.as_str().into()),
        ])
    }

    fn methods(&self) -> &'static [Method] {
        METHODS
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let parts = |of: &VersionObject| {
            let of = of.version.borrow();
            let texts = (of.prerelease.clone(), of.metadata.clone(), of.original.clone());
            (of.major, of.minor, of.patch, texts)
        };
        let same = |other: &VersionObject| !self.pointer && !other.pointer && parts(self) == parts(other);
        other.downcast::<Self>().is_some_and(same)
    }

    fn call(&self, method: &str, arguments: &[Value]) -> Result<Value, MethodError> {
        let version = self.version.borrow();
        let changed = |version: Version| Value::native(VersionObject::new(version, false));
        let fail = |error: crate::semver::SemverError| MethodError(error.to_string());
        Ok(match method {
            "Major" => unsigned(version.major),
            "Minor" => unsigned(version.minor),
            "Patch" => unsigned(version.patch),
            "Prerelease" => version.prerelease.as_str().into(),
            "Metadata" => version.metadata.as_str().into(),
            "Original" => version.original.as_str().into(),
            "String" => version.to_string().into(),
            "IncPatch" => changed(version.next_patch()),
            "IncMinor" => changed(version.next_minor()),
            "IncMajor" => changed(version.next_major()),
            "SetPrerelease" => changed(version.with_prerelease(&text(arguments, 0)).map_err(fail)?),
            "SetMetadata" => changed(version.with_metadata(&text(arguments, 0)).map_err(fail)?),
            _ => self.compare(method, arguments)?,
        })
    }

    fn string(&self) -> Option<String> {
        Some(self.version.borrow().to_string())
    }

    fn assign(&self, other: &dyn Object) {
        if let Some(other) = other.downcast::<Self>() {
            let version = other.version.borrow().clone();
            self.version.replace(version);
        }
    }

    /// Go copies none of the fields, as all are hidden.
    fn copied(&self) -> Option<Value> {
        Some(Value::native(Self::new(Version::default(), self.pointer)))
    }

    fn encoded(&self) -> Option<Result<String, MethodError>> {
        Some(Ok(self.version.borrow().to_string()))
    }
}

impl VersionObject {
    fn new(version: Version, pointer: bool) -> Self {
        Self { version: RefCell::new(version), pointer }
    }

    fn compare(&self, method: &str, arguments: &[Value]) -> Result<Value, MethodError> {
        let other = match arguments.first() {
            Some(Value::Native(object)) => object.downcast::<VersionObject>(),
            _ => None,
        };
        let Some(other) = other else {
            return Err(MethodError(super::arguments::NIL_DEREFERENCE.to_owned()));
        };
        let order = self.version.borrow().compare(&other.version.borrow());
        Ok(match method {
            "LessThan" => Value::Bool(order == Ordering::Less),
            "LessThanEqual" => Value::Bool(order != Ordering::Greater),
            "GreaterThan" => Value::Bool(order == Ordering::Greater),
            "GreaterThanEqual" => Value::Bool(order != Ordering::Less),
            "Equal" => Value::Bool(order == Ordering::Equal),
            _ => Value::int(order as i64),
        })
    }
}

fn unsigned(number: u64) -> Value {
    Value::Int(IntType::Uint64, number.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn improper_constraints_are_shown_as_given() {
        let given = b"1 || \xc3|| 2";
        let error = Constraints::parse(&lossy(given)).unwrap_err();
        assert_eq!(with_bytes(error, given).to_string(), r#"improper constraint: " \xc3""#);
    }
}
