//! Constraints such as `>=1.2, <2 || ~3.1`.

use std::cmp::Ordering;

use super::token::{self, Parts};
use super::{SemverError, Version, compare_prerelease};

/// The longest constraint that is looked at, in bytes.
const LONGEST: usize = 512;
/// The most alternatives.
const MOST_GROUPS: usize = 32;

/// A constraint: alternatives, each a list of conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    groups: Vec<Group>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    conditions: Vec<Condition>,
    /// Whether a condition names a pre-release; only then may a version be one.
    allows_prerelease: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    operator: Operator,
    version: Version,
    /// Some number is a wildcard or left out.
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    TildeOrEqual,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

impl Constraint {
    /// Parses a constraint (`NewConstraint`).
    ///
    /// # Errors
    ///
    /// Those of Go, in its words.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.len() > LONGEST {
            return Err(SemverError::ConstraintTooLong);
        }
        let text = rewrite_ranges(text);
        let alternatives: Vec<&str> = text.split("||").collect();
        if alternatives.len() > MOST_GROUPS {
            return Err(SemverError::TooManyGroups);
        }
        let groups = alternatives.into_iter().map(Group::parse).collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Whether `version` meets the constraint.
    #[must_use]
    pub fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            (version.prerelease.is_empty() || group.allows_prerelease)
                && group.conditions.iter().all(|condition| condition.check(version))
        })
    }
}

impl Group {
    fn parse(text: &str) -> Result<Self, SemverError> {
        let improper = || SemverError::ImproperConstraint(text.to_owned());
        let mut conditions = Vec::new();
        let mut rest = text;
        loop {
            let trimmed = rest.trim_start_matches(is_space);
            let length = trimmed.bytes().take_while(|byte| b"=!<>~^".contains(byte)).count();
            let operator = operator(&trimmed[..length]).ok_or_else(improper)?;
            let operand = trimmed[length..].trim_start_matches(is_space);
            let parts = token::loose(operand, is_number_byte).ok_or_else(improper)?;
            conditions.push(Condition::new(operator, &parts, &operand[..parts.length])?);
            let after = &operand[parts.length..];
            rest = after.trim_start_matches(is_space);
            if rest.is_empty() {
                break;
            }
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None if rest.len() < after.len() => {}
                None => return Err(improper()),
            }
        }
        let allows_prerelease = conditions.iter().any(|condition| !condition.version.prerelease.is_empty());
        Ok(Self { conditions, allows_prerelease })
    }
}

impl Condition {
    fn new(operator: Operator, parts: &Parts<'_>, operand: &str) -> Result<Self, SemverError> {
        let is_open = |part: Option<&str>| part.is_none_or(|part| matches!(part, "x" | "X" | "*"));
        let prerelease = parts.prerelease.map(|text| format!("-{text}")).unwrap_or_default();
        let (mut minor_dirty, mut patch_dirty, mut dirty) = (false, false, true);
        let text = if is_open(Some(parts.major)) {
            format!("0.0.0{prerelease}")
        } else if is_open(parts.minor) {
            minor_dirty = true;
            format!("{}.0.0{prerelease}", parts.major)
        } else if is_open(parts.patch) {
            patch_dirty = true;
            format!("{}.{}.0{prerelease}", parts.major, parts.minor.unwrap_or_default())
        } else {
            dirty = false;
            operand.to_owned()
        };
        let version = Version::parse(&text).map_err(|_| SemverError::ConstraintVersion)?;
        Ok(Self { operator, version, dirty, minor_dirty, patch_dirty })
    }

    fn check(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        match self.operator {
            Operator::NotEqual => self.is_other_than(version),
            Operator::Greater => self.is_below(version),
            Operator::Less => order == Ordering::Less,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::LessOrEqual => self.is_not_below(version),
            Operator::Tilde => self.tilde(version),
            Operator::TildeOrEqual if self.dirty => self.tilde(version),
            Operator::TildeOrEqual => order == Ordering::Equal,
            Operator::Caret => self.caret(version),
        }
    }

    fn is_other_than(&self, version: &Version) -> bool {
        let own = &self.version;
        if self.dirty {
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
                return compare_prerelease(&version.prerelease, &own.prerelease) != Ordering::Equal;
            }
            if own.patch != version.patch {
                return true;
            }
        }
        version.compare(own) != Ordering::Equal
    }

    fn is_below(&self, version: &Version) -> bool {
        let own = &self.version;
        if !self.dirty || (version.major == own.major && !self.minor_dirty && !self.patch_dirty) {
            return version.compare(own) == Ordering::Greater;
        }
        match version.major.cmp(&own.major) {
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal => !self.minor_dirty && version.minor > own.minor,
        }
    }

    fn is_not_below(&self, version: &Version) -> bool {
        let own = &self.version;
        if !self.dirty {
            return version.compare(own) != Ordering::Greater;
        }
        let newer_minor = version.major == own.major && version.minor > own.minor && !self.minor_dirty;
        version.major <= own.major && !newer_minor
    }

    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own) == Ordering::Less {
            return false;
        }
        let is_zero = (own.major, own.minor, own.patch) == (0, 0, 0);
        if is_zero && !self.minor_dirty && !self.patch_dirty {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.minor_dirty)
    }

    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own) == Ordering::Less || version.major != own.major {
            return false;
        }
        if own.major > 0 || self.minor_dirty {
            return true;
        }
        if version.minor != own.minor {
            return false;
        }
        own.minor > 0 || self.patch_dirty || own.patch == version.patch
    }
}

fn operator(text: &str) -> Option<Operator> {
    Some(match text {
        "" | "=" => Operator::TildeOrEqual,
        "!=" => Operator::NotEqual,
        ">" => Operator::Greater,
        "<" => Operator::Less,
        ">=" | "=>" => Operator::GreaterOrEqual,
        "<=" | "=<" => Operator::LessOrEqual,
        "~" | "~>" => Operator::Tilde,
        "^" => Operator::Caret,
        _ => return None,
    })
}

/// `1.2 - 2.3` means `>= 1.2, <= 2.3`.
fn rewrite_ranges(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((range, length)) = range(rest) {
            out.push_str(&range);
            rest = &rest[length..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// The range at the beginning of `text`, rewritten, and its length.
fn range(text: &str) -> Option<(String, usize)> {
    let version = |text: &'_ str| token::loose(text, is_number_byte).map(|parts| parts.length);
    let low = text.trim_start_matches(is_space);
    let low_length = version(low)?;
    let after = &low[low_length..];
    let dash = after.trim_start_matches(is_space);
    let between = dash.strip_prefix('-').filter(|_| dash.len() < after.len())?;
    let high = between.trim_start_matches(is_space);
    if high.len() == between.len() {
        return None;
    }
    let high_length = version(high)?;
    let rest = high[high_length..].trim_start_matches(is_space);
    let rewritten = format!(">= {}, <= {} ", &low[..low_length], &high[..high_length]);
    Some((rewritten, text.len() - rest.len()))
}

/// Wildcards count as digits, and so does the bar, which Go's expressions let in by mistake.
fn is_number_byte(byte: &u8) -> bool {
    byte.is_ascii_digit() || b"|xX*".contains(byte)
}

fn is_space(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\x0c' | '\r' | ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_hold_as_in_go() {
        let cases = [
            (">=1.20.0-0", "1.36.0", true),
            (">=1.20.0-0", "1.20.0-gke.1", true),
            (">=1.20.0", "1.36.0-rc.1", false),
            (">= 1.16.0-0 < 1.22.0-0", "1.21.5", true),
            (">=1.0,<2.0", "2.0.0", false),
            ("^1.2", "1.9.0", true),
            ("^0.2.3", "0.3.0", false),
            ("~1.2.3", "1.2.9", true),
            ("~1.2.3", "1.3.0", false),
            ("1.x", "1.4.0", true),
            ("*", "5.0.0", true),
            ("*", "5.0.0-alpha", false),
            ("!=1.2.x", "1.3.0", true),
            (">1.2", "1.2.5", false),
            ("<=1.2", "1.2.5", true),
            ("1.2 - 1.4", "1.4.9", true),
            ("1.2.0 - 1.4.0", "1.4.9", false),
            ("<1 || >=3", "3.1.0", true),
            ("1.1", "1.1.7", true),
            ("=1.1.0", "1.1.7", false),
        ];
        for (constraint, version, expected) in cases {
            let version = Version::parse(version).unwrap();
            assert_eq!(
                Constraint::parse(constraint).unwrap().check(&version),
                expected,
                "{constraint} {version}"
            );
        }
    }

    #[test]
    fn improper_constraints_are_refused() {
        for text in ["", ">", ">==1", "a", "1.2.3.4", ">=1<2", "1,", "1 ||"] {
            assert!(matches!(Constraint::parse(text), Err(SemverError::ImproperConstraint(_))), "{text}");
        }
        assert_eq!(Constraint::parse("1x"), Err(SemverError::ConstraintVersion));
    }
}
