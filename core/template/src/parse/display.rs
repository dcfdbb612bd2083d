//! Prints syntax as error messages show it: Go's `Node.String`.

use std::fmt::{self, Display as _};

use super::ast::{Command, Expr, Path, Pipe};

impl fmt::Display for Pipe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, variable) in self.variables.iter().enumerate() {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            formatter.write_str(&variable.name)?;
        }
        if !self.variables.is_empty() {
            formatter.write_str(if self.is_assign { " = " } else { " := " })?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" | ")?;
            }
            command.fmt(formatter)?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, operand) in self.operands.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            write_operand(formatter, operand)?;
        }
        Ok(())
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Dot { .. } => formatter.write_str("."),
            Expr::Nil { .. } => formatter.write_str("nil"),
            Expr::Bool { value, .. } => value.fmt(formatter),
            Expr::Number { number, .. } => formatter.write_str(&number.text),
            Expr::String { quoted, .. } => formatter.write_str(quoted),
            Expr::Field { path, .. } => write_path(formatter, path),
            Expr::Variable { name, path, .. } => {
                formatter.write_str(name)?;
                write_path(formatter, path)
            }
            Expr::Function { function, .. } => formatter.write_str(function.name),
            Expr::Chain { base, path, .. } => {
                write_operand(formatter, base)?;
                write_path(formatter, path)
            }
            Expr::Pipe(pipe) => pipe.fmt(formatter),
        }
    }
}

fn write_operand(formatter: &mut fmt::Formatter<'_>, operand: &Expr) -> fmt::Result {
    match operand {
        Expr::Pipe(pipe) => write!(formatter, "({pipe})"),
        operand => operand.fmt(formatter),
    }
}

fn write_path(formatter: &mut fmt::Formatter<'_>, path: &Path) -> fmt::Result {
    path.iter().try_for_each(|name| write!(formatter, ".{name}"))
}
