//! `.helmignore` of a chart in a folder (Go package `helm.sh/helm/v4/pkg/ignore`).

use pilothouse_template::value::lossy;

use crate::path_match::Pattern;
use crate::{ChartError, File};

/// Name of the file with the rules.
const NAME: &str = ".helmignore";
/// What is said about a pattern that cannot be read.
const MALFORMED: ChartError = ChartError::Ignore("syntax error in pattern");

/// The files that the rules among them do not exclude, without those of folders that they exclude.
///
/// # Errors
/// When a rule is malformed.
pub fn kept(files: Vec<File>) -> Result<Vec<File>, ChartError> {
    let text = files.iter().find(|file| file.name == NAME).map(|file| lossy(&file.data));
    let rules = IgnoreRules::parse(&text.unwrap_or_default())?;
    Ok(files.into_iter().filter(|file| !rules.ignore_within(&file.name)).collect())
}

/// The rules of a `.helmignore` and Helm's own.
pub struct IgnoreRules(Vec<Rule>);

impl IgnoreRules {
    /// Name of the file with the rules.
    pub const FILE: &str = NAME;

    /// Reads the rules.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn parse(text: &str) -> Result<Self, ChartError> {
        let mut rules = Vec::new();
        // Helm's own rule comes last: files whose name begins with a dot in the folder of templates.
        for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines().chain(["templates/.?*"]) {
            rules.extend(Rule::parse(line)?);
        }
        Ok(Self(rules))
    }

    /// Whether a file or folder is excluded, by its path with slashes; the folders above it do not count.
    #[must_use]
    pub fn ignore(&self, path: &str, is_folder: bool) -> bool {
        // A rule that does not match counts for a negated one: so does Helm.
        self.0.iter().any(|rule| {
            if rule.folders_only && !is_folder {
                return rule.negated;
            }
            rule.matches(path) != rule.negated
        })
    }

    fn ignore_within(&self, path: &str) -> bool {
        let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        folders.any(|folder| self.ignore(folder, true)) || self.ignore(path, false)
    }
}

/// Go's `path.Match`: whether all of `path` fits the shell pattern. A malformed pattern fits nothing.
#[must_use]
pub fn path_matches(pattern: &str, path: &str) -> bool {
    Pattern::parse(pattern).is_some_and(|pattern| pattern.matches(path))
}

/// One line of the file.
struct Rule {
    pattern: Pattern,
    negated: bool,
    folders_only: bool,
    /// The pattern is for the whole path, not for the last part of it.
    whole_path: bool,
}

impl Rule {
    fn parse(line: &str) -> Result<Option<Self>, ChartError> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if line.contains("**") {
            return Err(ChartError::Ignore("double-star (**) syntax is not supported"));
        }
        Pattern::parse(line).ok_or(MALFORMED)?;
        let (negated, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let (folders_only, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
        let (rooted, pattern) = line.strip_prefix('/').map_or((false, line), |rest| (true, rest));
        let whole_path = rooted || pattern.contains('/');
        Ok(Some(Self {
            pattern: Pattern::parse(pattern).ok_or(MALFORMED)?,
            negated,
            folders_only,
            whole_path,
        }))
    }

    fn matches(&self, path: &str) -> bool {
        let subject = if self.whole_path { path } else { path.rsplit('/').next().unwrap_or(path) };
        self.pattern.matches(subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(rules: &str, names: &[&str]) -> Vec<String> {
        let file = |name: &str, data: &str| File {
            name: name.to_owned(),
            data: data.as_bytes().to_vec().into(),
            modtime: None,
        };
        let files = names.iter().map(|name| file(name, "")).chain([file(NAME, rules)]).collect();
        kept(files).unwrap().into_iter().map(|file| file.name).filter(|name| name != NAME).collect()
    }

    #[test]
    fn rules_exclude() {
        let cases: [(&str, &[&str], &[&str]); 7] = [
            ("!x/", &["a"], &[]),
            ("*.bak", &["a.bak", "x/b.bak", "c"], &["c"]),
            ("/a", &["a", "x/a"], &["x/a"]),
            ("ci/", &["ci/values.yaml", "x/ci/y", "ci.md"], &["ci.md"]),
            ("a/b", &["a/b/c", "x/a/b"], &["x/a/b"]),
            ("# all\n\nx[0-9]?", &["x1a", "xab"], &["xab"]),
            ("", &["templates/.x.swp", "templates/a.yaml"], &["templates/a.yaml"]),
        ];
        for (rules, given, expected) in cases {
            assert_eq!(names(rules, given), expected, "{rules}");
        }
    }

    #[test]
    fn malformed_rules_are_refused() {
        for (rule, reason) in
            [("[a", "syntax error in pattern"), ("a/**", "double-star (**) syntax is not supported")]
        {
            let rules = File { name: NAME.to_owned(), data: rule.as_bytes().to_vec().into(), modtime: None };
            assert_eq!(kept(vec![rules]).unwrap_err().to_string(), reason);
        }
    }
}
