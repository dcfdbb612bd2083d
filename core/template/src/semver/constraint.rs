//! Version constraints.

use std::cmp::Ordering;

use crate::format::quote::quoted;

use super::{SemverError, Version};

const MAX_LENGTH: usize = 512;
const MAX_GROUPS: usize = 32;

/// Alternatives of constraints that must hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraints {
    groups: Vec<Group>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    constraints: Vec<Constraint>,
    /// One of the constraints names a pre-release, so that pre-releases may pass all of them.
    allows_prereleases: bool,
}

/// One operator and version.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Constraint {
    operator: Operator,
    version: Version,
    /// A number is absent or a wildcard: any, the minor one and all after it, or the patch.
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

impl Constraints {
    /// Reads constraints such as `>=1.2.0-0 <2 || ~3.1`.
    ///
    /// # Errors
    /// [`SemverError`] in the words of `NewConstraint`.
    pub fn parse(text: &str) -> Result<Constraints, SemverError> {
        if text.len() > MAX_LENGTH {
            return Err(SemverError::ConstraintTooLong);
        }
        let text = rewrite_ranges(text);
        let alternatives: Vec<&str> = text.split("||").collect();
        if alternatives.len() > MAX_GROUPS {
            return Err(SemverError::TooManyGroups);
        }
        let groups = alternatives.into_iter().map(parse_group).collect::<Result<Vec<_>, _>>()?;
        Ok(Constraints { groups })
    }

    /// Whether the version meets one of the alternatives.
    pub fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            (group.allows_prereleases || version.prerelease.is_empty())
                && group.constraints.iter().all(|constraint| constraint.check(version))
        })
    }
}

impl Constraint {
    fn check(&self, version: &Version) -> bool {
        let (own, order) = (&self.version, version.compare(&self.version));
        match self.operator {
            Operator::Equal if self.dirty => self.check_tilde(version, order),
            Operator::Equal => order == Ordering::Equal,
            Operator::NotEqual => self.check_not_equal(version, order),
            Operator::Greater if !self.dirty || version.major != own.major => order == Ordering::Greater,
            Operator::Greater if self.minor_dirty => false,
            Operator::Greater if self.patch_dirty => version.minor > own.minor,
            Operator::Greater => order == Ordering::Greater,
            Operator::Less => order == Ordering::Less,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::LessOrEqual if !self.dirty => order != Ordering::Greater,
            Operator::LessOrEqual => {
                version.major < own.major
                    || version.major == own.major && (version.minor <= own.minor || self.minor_dirty)
            }
            Operator::Tilde => self.check_tilde(version, order),
            Operator::Caret => self.check_caret(version, order),
        }
    }

    fn check_not_equal(&self, version: &Version, order: Ordering) -> bool {
        let own = &self.version;
        if !self.dirty {
            return order != Ordering::Equal;
        }
        if own.major != version.major {
            return true;
        }
        if self.minor_dirty {
            return false;
        }
        if own.minor != version.minor {
            return true;
        }
        if self.patch_dirty {
            return version.prerelease != own.prerelease;
        }
        order != Ordering::Equal
    }

    fn check_tilde(&self, version: &Version, order: Ordering) -> bool {
        let own = &self.version;
        if order == Ordering::Less {
            return false;
        }
        let is_zero = own.major == 0 && own.minor == 0 && own.patch == 0;
        if is_zero && !self.minor_dirty && !self.patch_dirty {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.minor_dirty)
    }

    fn check_caret(&self, version: &Version, order: Ordering) -> bool {
        let own = &self.version;
        if order == Ordering::Less {
            return false;
        }
        if own.major > 0 || self.minor_dirty {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.patch_dirty {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }
}

fn parse_group(text: &str) -> Result<Group, SemverError> {
    let improper = || SemverError::Constraint(quoted(text.as_bytes()));
    let mut constraints = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let (constraint, after) = parse_constraint(rest).ok_or_else(improper)?;
        constraints.push(constraint);
        let spaced = after.trim_start();
        if spaced.is_empty() {
            break;
        }
        rest = match spaced.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if spaced.len() < after.len() => spaced,
            None => return Err(improper()),
        };
    }
    // The form is checked before the versions are read.
    let constraints = constraints.into_iter().collect::<Result<Vec<Constraint>, SemverError>>()?;
    let allows_prereleases = constraints.iter().any(|constraint| !constraint.version.prerelease.is_empty());
    Ok(Group { constraints, allows_prereleases })
}

/// A constraint at the start of the text, with what follows it.
fn parse_constraint(text: &str) -> Option<(Result<Constraint, SemverError>, &str)> {
    let length = text.len() - text.trim_start_matches(['=', '!', '>', '<', '~', '^']).len();
    let operator = match &text[..length] {
        "" | "=" => Operator::Equal,
        "!=" => Operator::NotEqual,
        ">" => Operator::Greater,
        "<" => Operator::Less,
        ">=" | "=>" => Operator::GreaterOrEqual,
        "<=" | "=<" => Operator::LessOrEqual,
        "~" | "~>" => Operator::Tilde,
        "^" => Operator::Caret,
        _ => return None,
    };
    let version = text[length..].trim_start();
    let pattern = Pattern::parse(version)?;
    let after = &version[pattern.length..];
    Some((pattern.constraint(operator), after))
}

/// A version with possible wildcards.
struct Pattern<'t> {
    numbers: [&'t str; 3],
    prerelease: &'t str,
    length: usize,
}

impl<'t> Pattern<'t> {
    /// The longest pattern at the start of the text.
    fn parse(text: &'t str) -> Option<Pattern<'t>> {
        let is_number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'x' | b'X' | b'*' | b'|');
        let mut pos = usize::from(text.starts_with('v'));
        let mut numbers = [""; 3];
        for (index, number) in numbers.iter_mut().enumerate() {
            let start = if index == 0 { pos } else { pos + 1 };
            if index > 0 && !text[pos..].starts_with('.') {
                break;
            }
            let length = text.bytes().skip(start).take_while(|&byte| is_number(byte)).count();
            if length == 0 && index == 0 {
                return None;
            }
            if length == 0 {
                break;
            }
            *number = &text[start..start + length];
            pos = start + length;
        }
        let prerelease = dotted(&text[pos..], '-');
        pos += prerelease.len();
        pos += dotted(&text[pos..], '+').len();
        Some(Pattern { numbers, prerelease, length: pos })
    }

    fn constraint(&self, operator: Operator) -> Result<Constraint, SemverError> {
        let is_wild = |number: &str| matches!(number, "" | "x" | "X" | "*");
        let [major, minor, patch] = self.numbers;
        let (mut minor_dirty, mut patch_dirty) = (false, false);
        let numbers = if is_wild(major) {
            "0.0.0".to_owned()
        } else if is_wild(minor) {
            minor_dirty = true;
            format!("{major}.0.0")
        } else if is_wild(patch) {
            patch_dirty = true;
            format!("{major}.{minor}.0")
        } else {
            format!("{major}.{minor}.{patch}")
        };
        let dirty = is_wild(major) || minor_dirty || patch_dirty;
        let version = Version::parse(&format!("{numbers}{}", self.prerelease));
        let version = version.map_err(|_| SemverError::ConstraintVersion)?;
        Ok(Constraint { operator, version, dirty, minor_dirty, patch_dirty })
    }
}

/// A `-` or `+` part at the start of the text, mark included; empty when there is none.
fn dotted(text: &str, mark: char) -> &str {
    let Some(body) = text.strip_prefix(mark) else {
        return "";
    };
    let mut length = 0;
    for (index, part) in body.split('.').enumerate() {
        let valid = part.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
        if valid == 0 {
            break;
        }
        length += valid + usize::from(index > 0);
        if valid < part.len() {
            break;
        }
    }
    if length == 0 { "" } else { &text[..=length] }
}

/// Rewrites `1.2 - 1.4` as two comparisons.
fn rewrite_ranges(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((from, to, after)) = range(rest) {
            out.push_str(&format!(">= {from}, <= {to} "));
            rest = after;
            continue;
        }
        let next = rest.chars().next().map_or(1, char::len_utf8);
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    out
}

/// A range at the start of the text: its ends and what follows.
fn range(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.trim_start();
    let from = Pattern::parse(start)?;
    let after = &start[from.length..];
    let dash = after.trim_start().strip_prefix('-')?;
    let second = dash.trim_start();
    if after.trim_start().len() == after.len() || second.len() == dash.len() {
        return None;
    }
    let to = Pattern::parse(second)?;
    Some((&start[..from.length], &second[..to.length], second[to.length..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_as_in_masterminds() {
        let cases = [
            (">=1.20.0-0", "1.31.2-gke.100", true),
            ("^1.2.3-0", "1.9.0-beta.1", true),
            (">=0.0.0-0", "1.0.0-alpha", true),
            (">=1.19.0", "1.19.0-gke.1", false),
            ("1.0.0 - 2.0.0", "1.5.0", true),
            ("<1.0 || >=2.0", "2.1.0", true),
            (">= 1.2, < 1.4", "1.3.0", true),
            (">=1.16.0-0 <1.22.0-0", "v1.21.3-eks-1", true),
            ("1.2.x", "1.3.0", false),
            ("!=1.0.0", "1.0.0", false),
            ("^0.0.3", "0.0.4", false),
            ("~>2", "2.9.9", true),
            (">11", "11.1.0", false),
            ("<=1.2", "1.2.9", true),
            ("*", "1.0.0-beta", false),
        ];
        for (constraint, version, expected) in cases {
            let constraints = Constraints::parse(constraint).unwrap();
            assert_eq!(
                constraints.check(&Version::parse(version).unwrap()),
                expected,
                "{constraint} {version}"
            );
        }
    }

    #[test]
    fn bad_constraints_are_refused() {
        for text in ["foo", "", ">=1.0<2.0", "== 1", ">1 ||"] {
            assert!(matches!(Constraints::parse(text), Err(SemverError::Constraint(_))), "{text}");
        }
    }
}
