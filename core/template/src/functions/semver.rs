//! Versions in templates.

use std::cmp::Ordering;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::semver::{Constraints, Version};
use crate::value::{IntType, Method, MethodError, Object, ParamType, Shape, Value};

use super::arguments::text;
use super::{Function, fixed};

const STRING: ParamType = ParamType::String;
const VERSION: &str = "*semver.Version";

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("semver", &[STRING], |_, arguments| match Version::parse(&text(arguments, 0)) {
        Ok(version) => Ok(Value::native(VersionObject { version, pointer: true })),
        Err(error) => Err(ExecError::plain(error.to_string())),
    }),
    fixed("semverCompare", &[STRING, STRING], compare),
];

fn compare(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    run.environment.budget.charge_steps(10)?;
    let fail = |error: crate::semver::SemverError| ExecError::plain(error.to_string());
    let constraints = Constraints::parse(&text(arguments, 0)).map_err(fail)?;
    let version = Version::parse(&text(arguments, 1)).map_err(fail)?;
    Ok(Value::Bool(constraints.check(&version)))
}

/// A version as `semver` and its methods return it.
struct VersionObject {
    version: Version,
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
        Shape::Struct(Vec::new())
    }

    fn methods(&self) -> &'static [Method] {
        METHODS
    }

    fn call(&self, method: &str, arguments: &[Value]) -> Result<Value, MethodError> {
        let version = &self.version;
        let changed = |version: Version| Value::native(VersionObject { version, pointer: false });
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
        Some(self.version.to_string())
    }

    fn encoded(&self) -> Option<serde_json::Value> {
        Some(self.version.to_string().into())
    }
}

impl VersionObject {
    fn compare(&self, method: &str, arguments: &[Value]) -> Result<Value, MethodError> {
        let other = match arguments.first() {
            Some(Value::Native(object)) => object.downcast::<VersionObject>(),
            _ => None,
        };
        let Some(other) = other else {
            return Err(MethodError(super::arguments::NIL_DEREFERENCE.to_owned()));
        };
        let order = self.version.compare(&other.version);
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
