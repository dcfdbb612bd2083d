//! Prints syntax as error messages show it: Go's `Node.String`.

use super::ast::{Command, Expr, Pipe, Source};

/// Syntax that can be shown; `source` is what it was parsed from.
pub(crate) trait Shown {
    /// Appends the syntax to `out`.
    fn show(&self, source: &Source, out: &mut String);

    /// The syntax as text.
    fn shown(&self, source: &Source) -> String {
        let mut out = String::new();
        self.show(source, &mut out);
        out
    }
}

impl Shown for Pipe {
    fn show(&self, source: &Source, out: &mut String) {
        for (index, variable) in self.variables.of(&source.variables).iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            out.push_str(variable.name.text_of(&source.text));
        }
        if !self.variables.is_empty() {
            out.push_str(if self.is_assign { " = " } else { " := " });
        }
        for (index, command) in self.commands.of(&source.commands).iter().enumerate() {
            if index > 0 {
                out.push_str(" | ");
            }
            command.show(source, out);
        }
    }
}

impl Shown for Command {
    fn show(&self, source: &Source, out: &mut String) {
        for (index, operand) in self.operands.of(&source.operands).iter().enumerate() {
            if index > 0 {
                out.push(' ');
            }
            show_operand(operand, source, out);
        }
    }
}

impl Shown for Expr {
    fn show(&self, source: &Source, out: &mut String) {
        match self {
            Expr::Dot { .. } => out.push('.'),
            Expr::Nil { .. } => out.push_str("nil"),
            Expr::Bool { value, .. } => out.push_str(if *value { "true" } else { "false" }),
            Expr::Int { digits, .. } => out.push_str(digits.text_of(&source.text)),
            Expr::Number { number, .. } => out.push_str(&number.text),
            Expr::String { quoted, .. } => out.push_str(quoted.text_of(&source.text)),
            Expr::Field { path, .. } => out.push_str(path.0.text_of(&source.text)),
            Expr::Variable { name, path, .. } => {
                out.push_str(name.text_of(&source.text));
                out.push_str(path.0.text_of(&source.text));
            }
            Expr::Function { function, .. } => out.push_str(function.name),
            Expr::Chain { base, path, .. } => {
                show_operand(base, source, out);
                out.push_str(path.0.text_of(&source.text));
            }
            Expr::Pipe { pipe, .. } => pipe.of(&source.pipes).show(source, out),
        }
    }
}

fn show_operand(operand: &Expr, source: &Source, out: &mut String) {
    match operand {
        Expr::Pipe { pipe, .. } => {
            out.push('(');
            pipe.of(&source.pipes).show(source, out);
            out.push(')');
        }
        operand => operand.show(source, out),
    }
}
