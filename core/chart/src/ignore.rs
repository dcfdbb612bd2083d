//! `.helmignore` of a chart in a folder (Go package `helm.sh/helm/v4/pkg/ignore`).

use crate::File;

/// Name of the file with the rules.
const NAME: &str = ".helmignore";

/// The files that the rules among them do not exclude, without those of folders that they exclude.
pub fn kept(files: Vec<File>) -> Vec<File> {
    let text = files.iter().find(|file| file.name == NAME).map(|file| String::from_utf8_lossy(&file.data));
    let mut rules: Vec<Rule> = text.iter().flat_map(|text| text.lines()).filter_map(Rule::parse).collect();
    // Helm's own rule: files whose name begins with a dot in the folder of templates.
    rules.extend(Rule::parse("templates/.?*"));
    files.into_iter().filter(|file| !is_ignored(&rules, &file.name)).collect()
}

fn is_ignored(rules: &[Rule], path: &str) -> bool {
    let folders = path.match_indices('/').map(|(at, _)| (&path[..at], true));
    folders.chain([(path, false)]).any(|(path, is_folder)| {
        // A rule that does not match counts for a negated one: so does Helm.
        rules.iter().any(|rule| {
            if rule.folders_only && !is_folder {
                return false;
            }
            rule.matches(path) != rule.negated
        })
    })
}

/// One line of the file.
struct Rule {
    pattern: Vec<char>,
    negated: bool,
    folders_only: bool,
    /// The pattern is for the whole path, not for the last part of it.
    whole_path: bool,
}

impl Rule {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.contains("**") {
            return None;
        }
        let (negated, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let (folders_only, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
        let (rooted, pattern) = line.strip_prefix('/').map_or((false, line), |rest| (true, rest));
        let whole_path = rooted || pattern.contains('/');
        Some(Self { pattern: pattern.chars().collect(), negated, folders_only, whole_path })
    }

    fn matches(&self, path: &str) -> bool {
        let subject = if self.whole_path { path } else { path.rsplit('/').next().unwrap_or(path) };
        let subject: Vec<char> = subject.chars().collect();
        matches(&self.pattern, &subject)
    }
}

/// Shell patterns as Go's `path.Match` has them: `*`, `?`, sets and escapes, none of which matches a slash.
fn matches(pattern: &[char], subject: &[char]) -> bool {
    let Some((first, rest)) = pattern.split_first() else {
        return subject.is_empty();
    };
    match first {
        '*' => {
            let reach = subject.iter().take_while(|c| **c != '/').count();
            (0..=reach).any(|length| matches(rest, &subject[length..]))
        }
        '[' => {
            let Some(end) = rest.iter().skip(1).position(|c| *c == ']').map(|at| at + 1) else {
                return false;
            };
            let found = subject.split_first().filter(|(c, _)| in_set(&rest[..end], **c));
            found.is_some_and(|(_, subject)| matches(&rest[end + 1..], subject))
        }
        '?' => subject.split_first().is_some_and(|(c, subject)| *c != '/' && matches(rest, subject)),
        '\\' => rest.split_first().is_some_and(|(c, rest)| literal(*c, rest, subject)),
        c => literal(*c, rest, subject),
    }
}

fn literal(c: char, rest: &[char], subject: &[char]) -> bool {
    subject.split_first().is_some_and(|(first, subject)| *first == c && matches(rest, subject))
}

fn in_set(set: &[char], c: char) -> bool {
    let (negated, mut set) = match set.split_first() {
        Some(('^', rest)) => (true, rest),
        _ => (false, set),
    };
    let mut found = false;
    while let Some((low, rest)) = set.split_first() {
        match rest {
            ['-', high, rest @ ..] => {
                found |= (*low..=*high).contains(&c);
                set = rest;
            }
            rest => {
                found |= *low == c;
                set = rest;
            }
        }
    }
    c != '/' && found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(rules: &str, names: &[&str]) -> Vec<String> {
        let file = |name: &str, data: &str| File {
            name: name.to_owned(),
            data: data.as_bytes().to_vec(),
            modtime: None,
        };
        let files = names.iter().map(|name| file(name, "")).chain([file(NAME, rules)]).collect();
        kept(files).into_iter().map(|file| file.name).filter(|name| name != NAME).collect()
    }

    #[test]
    fn rules_exclude() {
        let cases: [(&str, &[&str], &[&str]); 6] = [
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
}
