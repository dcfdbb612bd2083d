//! Dependencies that contain each other, multiply, or import much; files that are ignored at length.

use crate::case::{Case, Expected, files};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        files("subcharts/deep", Expected::Limit(""), || {
            let folder = |depth: usize| "charts/m/".repeat(depth);
            let chart = "apiVersion: v2\nname: m\nversion: 0.1.0\n";
            (0..200).map(|depth| (format!("{}Chart.yaml", folder(depth)), chart.to_owned())).collect()
        }),
        files("subcharts/aliases", Expected::Refused("take more than"), || {
            let mut files = with_aliases(10_000);
            files.push(("charts/c/templates/a.yaml".to_owned(), "#".repeat(1 << 20)));
            files
        }),
        files("subcharts/aliases-of-values", Expected::Refused("take more than"), || {
            let mut files = with_aliases(5_000);
            let values: String = (0..20_000).map(|number| format!("k{number}: {number}\n")).collect();
            files.push(("charts/c/values.yaml".to_owned(), values));
            files
        }),
        files("subcharts/imports-of-imports", Expected::Refused("take more than"), || {
            // Each import takes over all that was imported before.
            let imports: String =
                (0..64).map(|number| format!("  - {{child: data, parent: data.k{number}}}\n")).collect();
            let chart = format!(
                "apiVersion: v2\nname: m\nversion: 0.1.0\ndependencies:\n- name: c\n  version: '*'\n  import-values:\n{imports}"
            );
            let values: String = (0..20_000).map(|number| format!("  k{number}: {number}\n")).collect();
            vec![
                ("Chart.yaml".to_owned(), chart),
                ("charts/c/Chart.yaml".to_owned(), "apiVersion: v2\nname: c\nversion: 0.1.0\n".to_owned()),
                ("charts/c/values.yaml".to_owned(), format!("data:\n{values}")),
            ]
        }),
        files("subcharts/globals", Expected::Refused("take more than"), || {
            let mut files = with_aliases(5_000);
            let values: String = (0..20_000).map(|number| format!("  k{number}: {number}\n")).collect();
            files.push(("values.yaml".to_owned(), format!("global:\n{values}")));
            files
        }),
    ]
}

/// A chart whose only subchart has many aliases.
fn with_aliases(count: usize) -> Vec<(String, String)> {
    let dependencies: String =
        (0..count).map(|number| format!("- name: c\n  version: '*'\n  alias: c{number}\n")).collect();
    vec![
        (
            "Chart.yaml".to_owned(),
            format!("apiVersion: v2\nname: m\nversion: 0.1.0\ndependencies:\n{dependencies}"),
        ),
        ("charts/c/Chart.yaml".to_owned(), "apiVersion: v2\nname: c\nversion: 0.1.0\n".to_owned()),
    ]
}
