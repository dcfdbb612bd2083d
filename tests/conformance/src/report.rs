//! Differences, grouped by what they have in common.

use std::collections::BTreeMap;

use crate::campaign::Finding;
use crate::step::Step;

/// Findings that look alike.
#[derive(Debug, Default)]
pub struct Group {
    /// What they have in common.
    pub title: String,
    /// How many there are.
    pub count: usize,
    /// The shortest of them.
    pub example: Option<Finding>,
}

/// Groups findings, the largest group first.
#[must_use]
pub fn groups(findings: Vec<Finding>) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for finding in findings {
        let title = title(&finding);
        let group = groups.entry(title.clone()).or_insert_with(|| Group { title, ..Group::default() });
        group.count += 1;
        let is_shorter =
            group.example.as_ref().is_none_or(|example| finding.steps.len() < example.steps.len());
        if is_shorter {
            group.example = Some(finding);
        }
    }
    let mut sorted: Vec<Group> = groups.into_values().collect();
    sorted.sort_by_key(|group| std::cmp::Reverse(group.count));
    sorted
}

/// A group as text: its title, the requests of the example, what differs.
#[must_use]
pub fn text(group: &Group) -> String {
    let mut lines = vec![format!("{} x {}", group.count, group.title)];
    let Some(example) = &group.example else { return lines.join("\n") };
    lines.push(format!("  seed {}", example.seed));
    // The first two make the namespace and its account.
    lines.extend(example.steps.iter().skip(2).map(|step| format!("  {}", step.describe())));
    for difference in &example.differences {
        lines.push(format!(
            "    {}\n      real  {}\n      model {}",
            difference.path, difference.real, difference.model
        ));
    }
    lines.join("\n")
}

/// Method, resource and the places of the differences, without indices and names.
#[must_use]
pub fn title(finding: &Finding) -> String {
    let last = finding.steps.last();
    let method = last.map_or("", |step| step.method);
    let content = last.map_or("", |step| step.content_type.split('/').nth(1).unwrap_or_default());
    let path = last.map_or("", |step| step.path.as_str());
    let resource = last.map_or("", Step::resource);
    let subresource = ["/status", "/scale"].into_iter().find(|end| path.ends_with(end)).unwrap_or_default();
    let places: Vec<String> =
        finding.differences.iter().take(2).map(|difference| place(&difference.path)).collect();
    let code = finding.differences.first().filter(|difference| difference.path == "code").map(|difference| {
        let code = |value: &serde_json::Value| {
            value.as_str().unwrap_or_default().split(' ').next().unwrap_or_default().to_owned()
        };
        format!(" {}/{}", code(&difference.real), code(&difference.model))
    });
    format!("{method} {content} {resource}{subresource} {}{}", places.join(" "), code.unwrap_or_default())
}

fn place(path: &str) -> String {
    let kept = path.split('/').map(|part| if part.parse::<u32>().is_ok() { "*" } else { part });
    kept.take(7).collect::<Vec<_>>().join("/")
}
