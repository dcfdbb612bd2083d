//! The custom resource definition equals the recorded one and its snapshot.

#![allow(clippy::print_stderr, reason = "a test that cannot run says so")]
#![allow(clippy::unwrap_used, reason = "a test fails")]

use std::path::{Path, PathBuf};

use pilothouse_api::custom_resource_definition;
use pilothouse_encoding::yaml;
use serde_json::Value;

/// The definition of the reference controller, outside of the repository.
const RECORDED: &str = "../../../shared/acceptance/crds/helm.toolkit.fluxcd.io_helmreleases.yaml";

#[test]
fn equals_the_recorded_definition_but_for_descriptions() {
    let path = here(RECORDED);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is absent", path.display());
        return;
    };
    let mut recorded = yaml::parse(&text).unwrap();
    let mut ours = custom_resource_definition();
    drop_descriptions(&mut recorded, false);
    drop_descriptions(&mut ours, false);
    assert_eq!(yaml::emit_sorted_bytes(&ours).unwrap(), yaml::emit_sorted_bytes(&recorded).unwrap());
}

#[test]
fn equals_its_snapshot() {
    let text = yaml::emit_sorted_bytes(&custom_resource_definition()).unwrap();
    insta::with_settings!({
        snapshot_path => "../../../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("crd", text);
    });
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Drops `description` wherever it is a keyword; below `properties` it would be the name of a field.
fn drop_descriptions(value: &mut Value, names: bool) {
    match value {
        Value::Object(members) => {
            if !names {
                members.remove("description");
            }
            for (key, member) in members.iter_mut() {
                drop_descriptions(member, !names && key == "properties");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| drop_descriptions(item, false)),
        _ => {}
    }
}
