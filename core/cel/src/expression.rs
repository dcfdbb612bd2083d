//! Expressions: from text to a value.

use std::sync::Arc;

use cel::common::ast::IdedExpr;
use cel::common::types::CelBool;
use cel::{Context, DeclarationError, Env, Value as CelValue, extensions};
use serde_json::Value;

use crate::budget::{self, Budget, EXCEEDED};
use crate::charge;
use crate::check;
use crate::error::{EvaluationError, SyntaxError, failure, syntax};
use crate::sets;
use crate::value::to_cel;

/// The longest expression, in characters (cel-go's default).
const MAX_CHARACTERS: usize = 100_000;

/// An expression that has been read.
pub struct Expression {
    text: String,
    program: IdedExpr,
    environment: Arc<Env>,
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl Expression {
    /// Reads an expression without looking at what its names mean: whether they exist shows when it is evaluated.
    ///
    /// # Errors
    /// When the text is no expression.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Self::read(text, None)
    }

    /// Reads an expression over these variables, each of which is an object, and checks that its names and functions
    /// exist and that it gives a boolean.
    ///
    /// # Errors
    /// When the text is no expression, or the check fails.
    pub fn compile(text: &str, variables: &[&str]) -> Result<Self, SyntaxError> {
        Self::read(text, Some(variables))
    }

    /// Whether the expression is true for these variables. The same variables give the same answer or error.
    ///
    /// # Errors
    /// When it cannot be evaluated, gives no boolean, or costs too much.
    pub fn evaluate<'a>(
        &self,
        variables: impl IntoIterator<Item = (&'a str, &'a Value)>,
    ) -> Result<bool, EvaluationError> {
        let mut context = Context::with_env(Arc::clone(&self.environment));
        for (name, value) in variables {
            context.add_variable_as_val(name, to_cel(value));
        }
        let budget = Budget::default();
        context.add_variable_as_val(budget::VARIABLE, Box::new(budget.clone()));
        let failed = |reason: String| EvaluationError::Failed { text: self.text.clone(), reason };
        let result = CelValue::resolve_val(&self.program, &context);
        if budget.is_exceeded() {
            return Err(failed(EXCEEDED.to_owned()));
        }
        match result.map_err(|error| failed(failure(&error)))?.downcast_ref::<CelBool>() {
            Some(truth) => Ok(*truth.inner()),
            None => Err(EvaluationError::NoBoolean(self.text.clone())),
        }
    }

    fn read(text: &str, variables: Option<&[&str]>) -> Result<Self, SyntaxError> {
        let invalid = |reason: String| SyntaxError::Invalid { text: text.to_owned(), reason };
        let characters = text.chars().count();
        if characters > MAX_CHARACTERS {
            return Err(invalid(format!(
                "ERROR: <input>:-1:0: expression code point size exceeds limit: size: {characters}, limit {MAX_CHARACTERS}"
            )));
        }
        let environment = environment().map_err(|error| SyntaxError::Environment(error.to_string()))?;
        let program = environment.compile(text).map_err(|errors| invalid(syntax(text, &errors)))?;
        if let Some(variables) = variables {
            check::gives_boolean(&program, variables).map_err(|problem| problem.into_error(text))?;
        }
        let mut program = program.expression().clone();
        charge::instrument(&mut program);
        Ok(Self { text: text.to_owned(), program, environment: Arc::new(environment) })
    }
}

/// What expressions may use, as Flux has it.
fn environment() -> Result<Env, DeclarationError> {
    let mut environment = Env::stdlib();
    environment.add_extension(extensions::strings)?;
    environment.add_extension(extensions::encoders)?;
    environment.add_extension(sets::extension)?;
    environment.add_extension(budget::extension)?;
    Ok(environment)
}

#[cfg(test)]
mod tests;
