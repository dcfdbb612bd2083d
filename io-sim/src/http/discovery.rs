//! Discovery: which groups, versions and resources are served, in the old form and in the aggregated one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::names::{has_scale, is_review, names};
use crate::server::Server;
use crate::server::kinds::Kind;

/// Content type of the aggregated form.
pub(crate) const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// `/version`.
pub(crate) fn version(server: &Server) -> Value {
    let discovery = server.discovery();
    json!({
        "major": discovery.major, "minor": discovery.minor, "gitVersion": discovery.git_version,
        "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "", "compiler": "", "platform": "simulated",
    })
}

/// `/api`.
pub(crate) fn core_versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
}

/// `/apis`.
pub(crate) fn group_list(server: &Server) -> Value {
    let groups: Vec<Value> =
        groups(server).into_iter().map(|(group, versions)| group_entry(&group, &versions)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/<group>`.
pub(crate) fn group(server: &Server, name: &str) -> Option<Value> {
    let (_, versions) = groups(server).into_iter().find(|(group, _)| group == name)?;
    let mut entry = group_entry(name, &versions);
    entry["kind"] = json!("APIGroup");
    entry["apiVersion"] = json!("v1");
    Some(entry)
}

/// `/api/v1`, `/apis/<group>/<version>`.
pub(crate) fn resources(server: &Server, api_version: &str) -> Option<Value> {
    let mut kinds = server.kinds().of_version(api_version).peekable();
    kinds.peek()?;
    let resources: Vec<Value> = kinds.flat_map(|kind| resource_entries(server, kind)).collect();
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": resources,
    }))
}

/// `/api` and `/apis` in the aggregated form.
pub(crate) fn aggregated(server: &Server, all: bool) -> Value {
    let listed = if all { groups(server) } else { vec![(String::new(), vec!["v1".to_owned()])] };
    let items: Vec<Value> = listed
        .iter()
        .map(|(group, versions)| {
            let versions: Vec<Value> =
                versions.iter().map(|version| aggregated_version(server, group, version)).collect();
            let metadata = if group.is_empty() {
                json!({"creationTimestamp": null})
            } else {
                json!({"name": group, "creationTimestamp": null})
            };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    })
}

fn aggregated_version(server: &Server, group: &str, version: &str) -> Value {
    let api_version = joined(group, version);
    let kinds = server.kinds().of_version(&api_version);
    let resources: Vec<Value> = kinds.map(|kind| aggregated_resource(server, kind)).collect();
    json!({"version": version, "resources": resources, "freshness": "Current"})
}

fn aggregated_resource(server: &Server, kind: &Kind) -> Value {
    let names = names(server, kind);
    let response = json!({"group": kind.gvk.group(), "version": kind.gvk.version(), "kind": kind.gvk.kind});
    let mut entry = json!({
        "resource": kind.plural, "responseKind": response, "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": names.singular, "verbs": verbs(kind),
    });
    if !names.short.is_empty() {
        entry["shortNames"] = json!(names.short);
    }
    if !names.categories.is_empty() {
        entry["categories"] = json!(names.categories);
    }
    let mut subresources = Vec::new();
    if has_scale(kind) {
        let scale = json!({"group": "autoscaling", "version": "v1", "kind": "Scale"});
        subresources.push(
            json!({"subresource": "scale", "responseKind": scale, "verbs": ["get", "patch", "update"]}),
        );
    }
    if kind.status {
        subresources.push(
            json!({"subresource": "status", "responseKind": response, "verbs": ["get", "patch", "update"]}),
        );
    }
    if !subresources.is_empty() {
        entry["subresources"] = Value::Array(subresources);
    }
    entry
}

fn resource_entries(server: &Server, kind: &Kind) -> Vec<Value> {
    let names = names(server, kind);
    let mut entry = json!({
        "name": kind.plural, "singularName": names.singular, "namespaced": kind.namespaced, "kind": kind.gvk.kind,
        "verbs": verbs(kind),
    });
    if !names.short.is_empty() {
        entry["shortNames"] = json!(names.short);
    }
    if !names.categories.is_empty() {
        entry["categories"] = json!(names.categories);
    }
    let mut entries = vec![entry];
    if has_scale(kind) {
        entries.push(json!({
            "name": format!("{}/scale", kind.plural), "singularName": "", "namespaced": kind.namespaced,
            "group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"],
        }));
    }
    if kind.status {
        entries.push(json!({
            "name": format!("{}/status", kind.plural), "singularName": "", "namespaced": kind.namespaced,
            "kind": kind.gvk.kind, "verbs": ["get", "patch", "update"],
        }));
    }
    entries
}

fn verbs(kind: &Kind) -> &'static [&'static str] {
    if is_review(kind) { &["create"] } else { &VERBS }
}

fn group_entry(group: &str, versions: &[String]) -> Value {
    let entry = |version: &String| json!({"groupVersion": joined(group, version), "version": version});
    let entries: Vec<Value> = versions.iter().map(entry).collect();
    let preferred = entries.first().cloned();
    json!({"name": group, "versions": entries, "preferredVersion": preferred})
}

/// All groups but the core group with their versions, the preferred one first.
fn groups(server: &Server) -> Vec<(String, Vec<String>)> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (group, version) in server.kinds().versions().filter_map(|version| version.split_once('/')) {
        found.entry(group.to_owned()).or_default().push(version.to_owned());
    }
    for versions in found.values_mut() {
        versions.sort_by_key(|version| std::cmp::Reverse(maturity(version)));
    }
    found.into_iter().collect()
}

/// Order of versions: stable before beta before alpha, higher numbers first; any other name comes last.
fn maturity(version: &str) -> (u8, u32, u32) {
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    for (word, level) in [("beta", 2), ("alpha", 1)] {
        if let Some((major, minor)) = rest.split_once(word) {
            return match (major.parse(), minor.parse()) {
                (Ok(major), Ok(minor)) => (level, major, minor),
                _ => (0, 0, 0),
            };
        }
    }
    rest.parse().map_or((0, 0, 0), |major| (3, major, 0))
}

fn joined(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::ServerOptions;

    #[test]
    fn stable_versions_come_first() {
        let mut versions = ["v1alpha1", "v2beta1", "v1", "v2", "odd", "v2beta3"];
        versions.sort_by_key(|version| std::cmp::Reverse(maturity(version)));
        assert_eq!(versions, ["v2", "v1", "v2beta3", "v2beta1", "v1alpha1", "odd"]);
    }

    #[test]
    fn both_forms_name_the_same_resources() {
        let server = Server::new(&ServerOptions::default());
        let old = resources(&server, "apps/v1").expect("served");
        let scale = |entry: &&Value| entry["name"] == "deployments/scale";
        assert!(old["resources"].as_array().expect("a list").iter().any(|entry| scale(&entry)));
        let all = aggregated(&server, true);
        let apps =
            all["items"].as_array().expect("a list").iter().find(|item| item["metadata"]["name"] == "apps");
        let deployments = apps.expect("apps")["versions"][0]["resources"].as_array().expect("a list");
        let deployments = deployments.iter().find(|entry| entry["resource"] == "deployments").expect("there");
        assert_eq!(deployments["shortNames"], json!(["deploy"]));
        assert_eq!(deployments["subresources"][0]["subresource"], "scale");
        assert_eq!(aggregated(&server, false)["items"].as_array().map(Vec::len), Some(1));
        let autoscaling = group(&server, "autoscaling").expect("served");
        assert_eq!(autoscaling["preferredVersion"]["version"], "v2");
        assert_eq!(resources(&server, "apps/v9"), None);
    }
}
