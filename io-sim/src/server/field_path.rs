//! The place of a field in an object, put into words only for those that something is wrong with.

use std::fmt;

/// A field, by the way to it from the object that holds it.
#[derive(Clone, Copy, Debug)]
pub(super) enum FieldPath<'p> {
    /// The object itself.
    Root,
    /// A field of the object at a path.
    Member(&'p FieldPath<'p>, &'p str),
    /// An item of the list at a path.
    Item(&'p FieldPath<'p>, usize),
}

impl<'p> FieldPath<'p> {
    /// A field of what is here.
    pub(super) fn member(&'p self, name: &'p str) -> Self {
        Self::Member(self, name)
    }

    /// An item of what is here.
    pub(super) fn item(&'p self, index: usize) -> Self {
        Self::Item(self, index)
    }
}

impl fmt::Display for FieldPath<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => formatter.write_str(name),
            Self::Member(parent, name) => write!(formatter, "{parent}.{name}"),
            Self::Item(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_the_servers() {
        let path = FieldPath::Root;
        let (spec, items) = (path.member("spec"), path.member("items"));
        assert_eq!(path.to_string(), "");
        assert_eq!(spec.member("size").to_string(), "spec.size");
        assert_eq!(items.item(2).member("name").to_string(), "items[2].name");
    }
}
