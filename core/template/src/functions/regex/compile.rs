//! Compiles regular expressions within the budget and keeps them as long as the budget that paid for them.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use regex::{Regex, RegexBuilder};

use crate::budget::{Budget, LimitError};
use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::Value;

use super::super::arguments::{bytes, text};
use super::parse::{self, Pattern};
use super::utf8;

/// Bytes a compiled expression may take, tried in turn to learn how large it is.
const SIZES: [usize; 7] = [2 << 10, 8 << 10, 32 << 10, 128 << 10, 512 << 10, 2 << 20, 10 << 20];
/// Bytes of a compiled expression that take a step to make: 100 MiB are made in a second.
const COMPILED_BYTES_PER_STEP: u64 = 3;
/// How searching goes with the size: so many bytes of a compiled expression take a step for 32 bytes of a text. That is
/// the worst case, in which a search looks at all parts of the expression for each letter.
const SEARCHED_BYTES_PER_STEP: u64 = 8;
const SEARCHED_TEXT: u64 = 32;
/// Bytes of a compiled expression for each of its states.
const STATE: usize = 32;
/// Bytes and steps of a class of Unicode, before it is compiled.
const CLASS_BYTES: usize = 16 << 10;
const CLASS_STEPS: u64 = 10_000;
/// Bytes that searching may keep for an expression: at least, and as a multiple of its size.
const SEARCH_CACHE: usize = 128 << 10;
const SEARCH_CACHE_FACTOR: usize = 8;
const MAX_SEARCH_CACHE: usize = 2 << 20;
/// Bytes of compiled expressions that are kept, with what searching keeps for them.
const MAX_KEPT: usize = 64 << 20;

/// Compiled expressions by their source.
#[derive(Clone, Default)]
pub(crate) struct RegexCache {
    compiled: BTreeMap<String, Rc<Compiled>>,
    bytes: usize,
}

/// A compiled expression.
pub(super) struct Compiled {
    pub(super) regex: Regex,
    /// The names of its groups.
    pub(super) names: Vec<String>,
    /// A bound of its size in bytes.
    size: usize,
}

impl Compiled {
    /// Steps that searching a text of so many bytes may take.
    fn steps(&self, length: usize) -> u64 {
        let steps = self.size as u64 / SEARCHED_BYTES_PER_STEP;
        (length as u64 + 1).saturating_mul(steps) / SEARCHED_TEXT
    }

    /// How many times larger it is than the smallest.
    pub(super) fn weight(&self) -> u64 {
        (self.size / SIZES[0]) as u64
    }

    /// What it takes in memory with what searching keeps.
    fn kept(&self) -> usize {
        // Searching goes forwards and backwards.
        self.size + 2 * search_cache(self.size)
    }
}

/// The compiled first argument, to search the second. A function that panics in Go words its error as `MustCompile` does.
pub(super) fn compiled(run: &mut Run<'_, '_>, arguments: &[Value], panics: bool) -> Executed<Rc<Compiled>> {
    let source = text(arguments, 0);
    let length = bytes(arguments, 1).len();
    let budget = &mut run.environment.budget;
    let given = bytes(arguments, 0);
    let kept = budget.regexes.compiled.get(&*source).filter(|_| source.as_bytes() == given);
    if let Some(compiled) = kept.map(Rc::clone) {
        budget.charge_steps(1 + compiled.steps(length))?;
        return Ok(compiled);
    }
    charge_parsing(&source, budget)?;
    let translated = match std::str::from_utf8(given) {
        Ok(source) => parse::translate(source),
        Err(error) => Err(utf8::refusal(given, error.valid_up_to())),
    };
    let pattern = match translated {
        Ok(pattern) => pattern,
        Err(message) if panics => return Err(panicked(given, &message)),
        Err(message) => return Err(ExecError::plain(message)),
    };
    let compiled = Rc::new(compile(pattern, budget)?);
    budget.charge_steps(compiled.steps(length))?;
    budget.regexes.keep(source.into_owned(), &compiled);
    Ok(compiled)
}

impl fmt::Debug for RegexCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.compiled.keys()).finish()
    }
}

impl RegexCache {
    fn keep(&mut self, source: String, compiled: &Rc<Compiled>) {
        if self.bytes + compiled.kept() > MAX_KEPT {
            *self = RegexCache::default();
        }
        self.bytes += compiled.kept();
        self.compiled.insert(source, Rc::clone(compiled));
    }
}

/// Charges for translating and parsing: groups within groups are written anew for each, and classes of Unicode are large.
fn charge_parsing(source: &str, budget: &mut Budget) -> Executed<()> {
    const COPIED_PER_STEP: usize = 256;
    let count = |what: &str| source.matches(what).count();
    let depth = count("(").min(parse::MAX_DEPTH);
    let classes = count("\\p") + count("\\P");
    let copied = source.len().saturating_mul(depth) / COPIED_PER_STEP;
    budget.charge_steps(100 + (source.len() + copied) as u64 + CLASS_STEPS.saturating_mul(classes as u64))?;
    Ok(budget.charge_bytes(CLASS_BYTES.saturating_mul(classes))?)
}

/// Tries one size after the other. What Go accepts fails only for its size or depth.
fn compile(pattern: Pattern, budget: &mut Budget) -> Executed<Compiled> {
    let Pattern { text, names } = pattern;
    for size in SIZES {
        budget.charge_steps(size as u64 / COMPILED_BYTES_PER_STEP)?;
        match RegexBuilder::new(&text).size_limit(size).dfa_size_limit(search_cache(size)).build() {
            Ok(regex) => {
                // Searching keeps the places of all groups for each state.
                let places = (names.len() + 1) * 2 * size_of::<usize>();
                budget.charge_bytes((size / STATE).saturating_mul(places))?;
                return Ok(Compiled { regex, names, size });
            }
            Err(regex::Error::CompiledTooBig(_)) => {}
            Err(_) => break,
        }
    }
    Err(LimitError::Pattern(SIZES[SIZES.len() - 1]).into())
}

fn search_cache(size: usize) -> usize {
    (size * SEARCH_CACHE_FACTOR).clamp(SEARCH_CACHE, MAX_SEARCH_CACHE)
}

fn panicked(source: &[u8], message: &str) -> ExecError {
    let shown = if crate::format::quote::can_backquote(source) {
        format!("`{}`", String::from_utf8_lossy(source))
    } else {
        crate::format::quote::quoted(source)
    };
    ExecError::plain(format!("regexp: Compile({shown}): {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(source: &str, budget: &mut Budget) -> Executed<Compiled> {
        charge_parsing(source, budget)?;
        compile(parse::translate(source).map_err(ExecError::plain)?, budget)
    }

    #[test]
    fn large_expressions_cost_more() {
        let size = |source: &str| compiled(source, &mut Budget::default()).map(|compiled| compiled.size);
        assert_eq!(size("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), Ok(SIZES[0]));
        assert!(size(r"\pL+").unwrap() > SIZES[0]);
        assert_eq!(size(r"(\pL{30}){30}").unwrap_err().limit(), Some(LimitError::Pattern(10 << 20)));
    }

    #[test]
    fn expressions_that_are_too_large_are_paid_for() {
        let mut budget = Budget::default();
        assert!(compiled(r"(\pL{30}){30}", &mut budget).is_err());
        assert!(budget.steps_used() > 4_000_000, "{}", budget.steps_used());
        let limit =
            |source: &str| compiled(source, &mut Budget::default()).err().and_then(|error| error.limit());
        assert!(matches!(limit(&r"\pL".repeat(100_000)), Some(LimitError::Steps(_) | LimitError::Bytes(_))));
        assert!(matches!(limit(&"(a)".repeat(20_000)), Some(LimitError::Bytes(_))));
    }
}
