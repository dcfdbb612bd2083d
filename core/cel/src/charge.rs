//! Rewrites a program so that it pays for what it does (see [`crate::budget`]).

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, operators};

use crate::budget::{CHARGE, MULTIPLY, RANGE, VARIABLE};
use crate::functions::NAMESPACES;

/// Operators that look at no more than a boolean, a key, or a field.
const FREE: [&str; 8] = [
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::CONDITIONAL,
    operators::INDEX,
    operators::OPT_INDEX,
    operators::OPT_SELECT,
    operators::NOT_STRICTLY_FALSE,
];

/// Makes the program pay for the operands of functions and operators, for what is iterated over and what is collected.
pub(crate) fn instrument(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Call(call) => instrument_call(call),
        Expr::Comprehension(comprehension) => instrument_comprehension(comprehension),
        Expr::List(list) => list.elements.iter_mut().for_each(paid),
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    paid(&mut entry.key);
                    paid(&mut entry.value);
                }
            }
        }
        Expr::Struct(object) => {
            for entry in &mut object.entries {
                if let EntryExpr::StructField(field) = &mut entry.expr {
                    paid(&mut field.value);
                }
            }
        }
        Expr::Select(select) => instrument(&mut select.operand),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
    }
}

fn instrument_call(call: &mut CallExpr) {
    if FREE.contains(&call.func_name.as_str()) {
        call.args.iter_mut().for_each(instrument);
        return;
    }
    // The result may be as long as the product of two operands.
    let factor = match (call.func_name.as_str(), call.args.as_slice()) {
        ("replace", [_, replacement, ..]) => Some(replacement.clone()),
        ("join", [separator]) => Some(separator.clone()),
        _ => None,
    };
    call.args.iter_mut().for_each(paid);
    let Some(target) = call.target.as_deref_mut().filter(|target| !is_namespace(target)) else { return };
    paid(target);
    if let Some(mut factor) = factor {
        instrument(&mut factor);
        wrap(target, MULTIPLY, Some(factor));
    }
}

fn instrument_comprehension(comprehension: &mut ComprehensionExpr) {
    let accumulator = comprehension.accu_var.clone();
    instrument(&mut comprehension.iter_range);
    wrap(&mut comprehension.iter_range, RANGE, None);
    instrument(&mut comprehension.accu_init);
    instrument(&mut comprehension.loop_cond);
    instrument_step(&mut comprehension.loop_step, &accumulator);
    instrument(&mut comprehension.result);
}

/// A step that appends keeps its shape, by which the interpreter knows it.
fn instrument_step(step: &mut IdedExpr, accumulator: &str) {
    let Expr::Call(call) = &mut step.expr else { return instrument(step) };
    let is_accumulator = |node: &IdedExpr| matches!(&node.expr, Expr::Ident(name) if name == accumulator);
    match (call.func_name.as_str(), call.args.as_mut_slice()) {
        (operators::ADD, [sum, added]) if is_accumulator(sum) => instrument(added),
        (operators::CONDITIONAL, [guard, step, otherwise]) if is_accumulator(otherwise) => {
            instrument(guard);
            instrument_step(step, accumulator);
        }
        _ => instrument_call(call),
    }
}

fn paid(node: &mut IdedExpr) {
    instrument(node);
    if !matches!(node.expr, Expr::Literal(_)) {
        wrap(node, CHARGE, None);
    }
}

fn wrap(node: &mut IdedExpr, function: &str, further: Option<IdedExpr>) {
    let inner = std::mem::take(node);
    let id = inner.id;
    let budget = IdedExpr { id, expr: Expr::Ident(VARIABLE.to_owned()) };
    let args = [budget, inner].into_iter().chain(further).collect();
    *node =
        IdedExpr { id, expr: Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args }) };
}

/// Whether the node is the first part of the name of a function, as in `sets.contains`.
fn is_namespace(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Ident(name) if NAMESPACES.contains(&name.as_str()))
}
