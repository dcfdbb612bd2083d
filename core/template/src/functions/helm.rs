//! Helm's own functions that reach templates, the cluster and the network.

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{ParamType, Text, Value};

use super::arguments::text;
use super::{Function, fixed};

const STRING: ParamType = ParamType::String;

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("include", &[STRING, ParamType::Any], |run, arguments| match &arguments[0] {
        Value::String(name) => run.include(name, &arguments[1]),
        _ => run.include(&Text::from(""), &arguments[1]),
    }),
    fixed("tpl", &[STRING, ParamType::Any], |run, arguments| match &arguments[0] {
        Value::String(source) => run.tpl(source, &arguments[1]),
        _ => Ok(Value::from("")),
    }),
    fixed("lookup", &[STRING, STRING, STRING, STRING], lookup),
    fixed("getHostByName", &[STRING], |run, arguments| {
        let name = text(arguments, 0);
        run.environment.host.host_by_name(&name).map(Value::from).map_err(ExecError::plain)
    }),
];

fn lookup(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let (api_version, kind) = (text(arguments, 0), text(arguments, 1));
    let (namespace, name) = (text(arguments, 2), text(arguments, 3));
    run.environment.host.lookup(&api_version, &kind, &namespace, &name).map_err(ExecError::plain)
}
