//! Resolves variable names to slots.
//!
//! Go checks at parse time that a variable's name was seen, and finds its value at run time on a stack.
//! The two disagree in places (`else` sees names the `if` body declared, a declaration sees itself), so an entry
//! can be visible without being usable; using it then fails when it runs, as in Go.

struct Entry<'t> {
    name: &'t str,
    slot: Option<u32>,
}

/// The variables of one template body.
pub(crate) struct Scope<'t> {
    entries: Vec<Entry<'t>>,
    slots: usize,
}

impl<'t> Scope<'t> {
    /// A scope with only `$`, in slot 0.
    pub(crate) fn new() -> Self {
        Scope { entries: vec![Entry { name: "$", slot: Some(0) }], slots: 1 }
    }

    /// Number of slots needed so far.
    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    /// Marks the present set of names, for [`Scope::retire`] and [`Scope::leave`].
    pub(crate) fn mark(&self) -> usize {
        self.entries.len()
    }

    /// Makes a name known that cannot be used yet; returns its entry.
    pub(crate) fn introduce(&mut self, name: &'t str) -> usize {
        self.entries.push(Entry { name, slot: None });
        self.entries.len() - 1
    }

    /// Gives an introduced name a slot of its own.
    pub(crate) fn declare(&mut self, entry: usize) -> Option<u32> {
        // No text has so many variables that this is nothing.
        let slot = u32::try_from(entry).ok();
        if let Some(entry) = self.entries.get_mut(entry) {
            entry.slot = slot;
        }
        self.slots = self.slots.max(entry + 1);
        slot
    }

    /// Lets an introduced name stand for the variable it assigns to.
    pub(crate) fn assign(&mut self, entry: usize) -> Option<u32> {
        let name = self.entries.get(entry).map(|entry| entry.name)?;
        let slot = self.find(name);
        if let Some(entry) = self.entries.get_mut(entry) {
            entry.slot = slot;
        }
        slot
    }

    /// Whether the name was seen; if so, its slot when it can be used.
    pub(crate) fn resolve(&self, name: &str) -> Option<Option<u32>> {
        let known = self.entries.iter().any(|entry| entry.name == name);
        known.then(|| self.find(name))
    }

    /// Makes what was declared since `mark` unusable, though still known.
    pub(crate) fn retire(&mut self, mark: usize) {
        for entry in self.entries.iter_mut().skip(mark) {
            entry.slot = None;
        }
    }

    /// Forgets what was introduced since `mark`.
    pub(crate) fn leave(&mut self, mark: usize) {
        self.entries.truncate(mark);
    }

    fn find(&self, name: &str) -> Option<u32> {
        self.entries.iter().rev().filter(|entry| entry.name == name).find_map(|entry| entry.slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_sees_the_variable_it_shadows() {
        let mut scope = Scope::new();
        let first = scope.introduce("$x");
        assert_eq!(scope.resolve("$x"), Some(None));
        let outer = scope.declare(first);
        assert_eq!((scope.resolve("$x"), outer), (Some(outer), Some(1)));
        let second = scope.introduce("$x");
        assert_eq!(scope.resolve("$x"), Some(outer));
        let inner = scope.declare(second);
        assert_eq!((scope.resolve("$x"), inner), (Some(inner), Some(2)));
        scope.leave(second);
        assert_eq!(scope.resolve("$x"), Some(outer));
        assert_eq!(scope.resolve("$y"), None);
    }
}
