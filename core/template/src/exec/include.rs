//! `include` and `tpl`: templates whose output is a value.

use std::rc::Rc;

use crate::error::ExecError;
use crate::format::quote::quoted;
use crate::parse::parse_file;
use crate::set::{Namespace, ROOT_NAME};
use crate::value::{Text, Value};

use super::{Executed, Operand, Run};

/// How many runs of the same template `include` allows inside each other (Helm's `recursionMaxNums`).
const MAX_NESTED_INCLUDES: usize = 1000;

/// Bytes of `tpl` text that count as one step; parsing runs at a few ten MB/s.
const TPL_BYTES_PER_STEP: usize = 4;

impl Run<'_, '_> {
    /// The output of the named template over `data`.
    pub(crate) fn include(&mut self, written: &Text, data: &Value) -> Executed<Value> {
        let name = &*written.as_str();
        match self.included.get_mut(name) {
            Some(count) if *count > MAX_NESTED_INCLUDES => {
                let reason = "unable to execute template";
                let message = format!("rendering template has a nested reference name: {name}: {reason}");
                return Err(ExecError::plain(message));
            }
            Some(count) => *count += 1,
            None => drop(self.included.insert(Rc::from(name), 1)),
        }
        let start = self.output.len();
        let result = self.run_named(name, written.as_bytes(), data);
        if let Some(count) = self.included.get_mut(name) {
            *count -= 1;
        }
        let output = self.written_since(start, |output| Value::string(output));
        result.map(|()| output)
    }

    /// The output of `text`, parsed as a template that sees the present definitions and may add its own.
    pub(crate) fn tpl(&mut self, text: &Text, data: &Value) -> Executed<Value> {
        let source = text.as_str();
        if !source.contains("{{") {
            return Ok(without_no_value(text.as_bytes()));
        }
        self.environment.budget.charge_steps((source.len() / TPL_BYTES_PER_STEP) as u64)?;
        self.environment.budget.charge_bytes(crate::set::parsed_size(&source))?;
        let stack = self.environment.budget.limits().stack / 2;
        let file = parse_file(ROOT_NAME, &source, stack).map_err(|error| {
            let shown = quoted(text.as_bytes());
            let wrapped = ExecError::plain(format!("cannot parse template {shown}: {error}"));
            match error.limit {
                Some(limit) => wrapped.with_limit(limit),
                None => wrapped,
            }
        })?;
        let main = Rc::clone(&file.main);
        let overlay = Namespace::overlay(&self.namespace, file);
        let outer = std::mem::replace(&mut self.namespace, overlay);
        let start = self.output.len();
        let result = self.run_tree(&main, Operand::plain(data.clone()));
        let output = self.written_since(start, without_no_value);
        self.namespace = outer;
        match result {
            Ok(()) => Ok(output),
            // Nested errors each repeat their text, which may be large.
            Err(error) if self.environment.budget.charge_bytes(text.len()).is_err() => Err(error),
            Err(error) => {
                let shown = quoted(text.as_bytes());
                Err(ExecError::wrap(format!("error during tpl function execution for {shown}: "), error))
            }
        }
    }
}

/// Removes `<no value>`, as Helm does with everything it renders.
fn without_no_value(output: &[u8]) -> Value {
    const MARK: &[u8] = b"<no value>";
    let mut kept = Vec::with_capacity(output.len());
    let mut start = 0;
    for mark in memchr::memmem::find_iter(output, MARK) {
        kept.extend_from_slice(&output[start..mark]);
        start = mark + MARK.len();
    }
    kept.extend_from_slice(&output[start..]);
    Value::string(kept)
}
