//! The charts that are there, and finding the one that a source object asks for.

use pilothouse_protocol::metadata;
use pilothouse_template::semver::{Constraints, Version};
use serde_json::Value;

use super::package::{Package, PackageError};

/// Charts by name and version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library {
    packages: Vec<Package>,
}

/// What a source object gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The chart, with the values that the object wants.
    pub package: Package,
    /// `status.artifact.revision`.
    pub revision: String,
}

/// Why a source object gets no chart.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// There is no chart of this name.
    #[error("no chart {how} {name:?}; charts there: {known}")]
    NoChart {
        /// `named` or `at path`.
        how: &'static str,
        /// Name or path asked for.
        name: String,
        /// What is there.
        known: String,
    },
    /// No version of the chart fits.
    #[error("no version of chart {name:?} matches {version:?}; charts there: {known}")]
    NoVersion {
        /// Name of the chart.
        name: String,
        /// Version or range asked for.
        version: String,
        /// What is there.
        known: String,
    },
    /// The range of versions cannot be read.
    #[error("version {version:?} of chart {name:?} cannot be read: {reason}")]
    BadVersion {
        /// Name of the chart.
        name: String,
        /// Version or range asked for.
        version: String,
        /// Why.
        reason: String,
    },
    /// The chart cannot be packaged as asked for.
    #[error("chart {name:?} cannot be packaged: {cause}")]
    Package {
        /// Name of the chart.
        name: String,
        /// Why.
        cause: PackageError,
    },
}

impl Library {
    /// A library of these charts.
    #[must_use]
    pub fn new(packages: Vec<Package>) -> Self {
        Self { packages }
    }

    /// All charts.
    #[must_use]
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The chart for a HelmChart (or an object with the same `spec`, such as `spec.chart` of a HelmRelease): by name and
    /// version in a HelmRepository, by path in any other source.
    ///
    /// # Errors
    /// When there is none.
    pub fn for_helm_chart(&self, spec: &Value) -> Result<Resolved, ResolveError> {
        let name = text(spec, "/chart");
        let found = match text(spec, "/sourceRef/kind") {
            "HelmRepository" => self.newest(name, &Wanted::range(text(spec, "/version")))?,
            _ => self.at_path(name)?,
        };
        let package = with_values(found, spec)?;
        Ok(Resolved { revision: package.version.clone(), package })
    }

    /// The chart for an OCIRepository: its name is the last part of the URL.
    ///
    /// # Errors
    /// When there is none.
    pub fn for_oci_repository(&self, spec: &Value) -> Result<Resolved, ResolveError> {
        let name = text(spec, "/url").trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let (range, tag) = (text(spec, "/ref/semver"), text(spec, "/ref/tag"));
        let wanted = match (range, tag) {
            ("", "" | "latest") => Wanted::Any,
            ("", tag) => Wanted::Exactly(tag.replace('_', "+")),
            (range, _) => Wanted::Range(range.to_owned()),
        };
        let package = self.newest(name, &wanted)?.clone();
        let tag = if tag == "latest" && range.is_empty() {
            tag.to_owned()
        } else {
            package.version.replace('+', "_")
        };
        Ok(Resolved { revision: format!("{tag}@{}", package.digest), package })
    }

    /// The chart for an ExternalArtifact: its name is that of the object.
    ///
    /// # Errors
    /// When there is none.
    pub fn for_external_artifact(&self, object: &Value) -> Result<Resolved, ResolveError> {
        let package = self.newest(metadata::text(object, "name"), &Wanted::Any)?.clone();
        Ok(Resolved { revision: format!("{}@{}", package.version, package.digest), package })
    }

    fn newest(&self, name: &str, wanted: &Wanted) -> Result<&Package, ResolveError> {
        let named: Vec<&Package> = self.packages.iter().filter(|package| package.name == name).collect();
        if named.is_empty() {
            return Err(self.no_chart("named", name));
        }
        let fits = wanted.predicate().map_err(|reason| ResolveError::BadVersion {
            name: name.to_owned(),
            version: wanted.to_string(),
            reason,
        })?;
        let versions =
            named.into_iter().filter_map(|package| Some((Version::parse(&package.version).ok()?, package)));
        let newest = versions.filter(|(version, _)| fits(version)).max_by(|(a, _), (b, _)| a.compare(b));
        newest.map(|(_, package)| package).ok_or_else(|| ResolveError::NoVersion {
            name: name.to_owned(),
            version: wanted.to_string(),
            known: self.known(),
        })
    }

    /// The chart whose place ends with a path; else the only one whose name is the last part of it.
    fn at_path(&self, path: &str) -> Result<&Package, ResolveError> {
        let parts = |path: &str| -> Vec<String> {
            path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
        };
        let wanted = parts(path);
        let at_place = self.packages.iter().find(|package| parts(&package.origin).ends_with(&wanted));
        let by_name = || self.packages.iter().find(|package| wanted.last() == Some(&package.name));
        at_place.or_else(by_name).ok_or_else(|| self.no_chart("at path", path))
    }

    fn no_chart(&self, how: &'static str, name: &str) -> ResolveError {
        ResolveError::NoChart { how, name: name.to_owned(), known: self.known() }
    }

    fn known(&self) -> String {
        let known = |package: &Package| format!("{} {} ({})", package.name, package.version, package.origin);
        let known: Vec<String> = self.packages.iter().map(known).collect();
        if known.is_empty() { "none".to_owned() } else { known.join(", ") }
    }
}

/// Whether a version fits.
type Predicate<'a> = Box<dyn Fn(&Version) -> bool + 'a>;

/// Which versions are wanted.
enum Wanted {
    Any,
    Exactly(String),
    Range(String),
}

impl Wanted {
    fn range(text: &str) -> Self {
        Self::Range(if text.is_empty() { "*" } else { text }.to_owned())
    }

    fn predicate(&self) -> Result<Predicate<'_>, String> {
        Ok(match self {
            Self::Any => Box::new(|_| true),
            Self::Exactly(exact) => Box::new(|version| version.original == *exact),
            // A development version is taken when it is asked for by its exact text, as Helm does.
            Self::Range(range) => {
                let constraints = Constraints::parse(range).map_err(|error| error.to_string())?;
                Box::new(move |version| version.original == *range || constraints.check(version))
            }
        })
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exactly(version) | Self::Range(version) => f.write_str(version),
        }
    }
}

fn with_values(package: &Package, spec: &Value) -> Result<Package, ResolveError> {
    let files: Vec<String> = match spec.get("valuesFiles") {
        Some(Value::Array(names)) => {
            names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    if files.is_empty() {
        return Ok(package.clone());
    }
    let ignore_missing = spec.get("ignoreMissingValuesFiles") == Some(&Value::Bool(true));
    package
        .with_values_files(&files, ignore_missing)
        .map_err(|cause| ResolveError::Package { name: package.name.clone(), cause })
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use pilothouse_chart::File;
    use serde_json::json;

    use super::*;

    fn package(name: &str, version: &str, origin: &str) -> Package {
        let text = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
        let file = File { name: "Chart.yaml".to_owned(), data: text.into_bytes().into(), modtime: None };
        Package::from_files(origin, vec![file]).unwrap()
    }

    fn library() -> Library {
        Library::new(vec![
            package("web", "1.0.0", "charts/web"),
            package("web", "1.10.0", "web-1.10.0.tgz"),
            package("web", "1.9.0", "old/web"),
            package("web", "2.0.0-rc.1", "next/web"),
            package("db", "0.1.0", "charts/db"),
        ])
    }

    #[test]
    fn a_helm_chart_gets_the_newest_version_that_fits() {
        for (version, found) in [
            ("", "1.10.0"),
            ("*", "1.10.0"),
            ("1.x", "1.10.0"),
            ("<1.10.0", "1.9.0"),
            ("1.0.0", "1.0.0"),
            (">=2.0.0-0", "2.0.0-rc.1"),
            ("2.0.0-rc.1", "2.0.0-rc.1"),
        ] {
            let spec = json!({"chart": "web", "version": version, "sourceRef": {"kind": "HelmRepository"}});
            assert_eq!(library().for_helm_chart(&spec).unwrap().revision, found, "{version}");
        }
    }

    #[test]
    fn a_path_finds_the_chart_at_it() {
        for (path, origin) in
            [("./charts/db", "charts/db"), ("old/web", "old/web"), ("deploy/charts/db/", "charts/db")]
        {
            let spec = json!({"chart": path, "sourceRef": {"kind": "GitRepository"}});
            assert_eq!(library().for_helm_chart(&spec).unwrap().package.origin, origin);
        }
    }

    #[test]
    fn an_oci_repository_gets_a_tag_and_a_digest() {
        for (reference, tag) in [
            (json!({"tag": "1.9.0"}), "1.9.0"),
            (json!({"semver": "1.x"}), "1.10.0"),
            (json!({"tag": "latest"}), "latest"),
        ] {
            let resolved =
                library().for_oci_repository(&json!({"url": "oci://example.com/x/web", "ref": reference}));
            let resolved = resolved.unwrap();
            assert_eq!(resolved.revision, format!("{tag}@{}", resolved.package.digest));
        }
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is() {
        let error = |spec| {
            Library::new(vec![package("db", "0.1.0", "charts/db")])
                .for_helm_chart(&spec)
                .unwrap_err()
                .to_string()
        };
        let repository = json!({"kind": "HelmRepository"});
        assert_eq!(
            error(json!({"chart": "web", "sourceRef": repository})),
            "no chart named \"web\"; charts there: db 0.1.0 (charts/db)"
        );
        assert_eq!(
            error(json!({"chart": "db", "version": ">1", "sourceRef": repository})),
            "no version of chart \"db\" matches \">1\"; charts there: db 0.1.0 (charts/db)"
        );
        assert_eq!(
            error(json!({"chart": "db", "version": "new", "sourceRef": repository})),
            "version \"new\" of chart \"db\" cannot be read: improper constraint: \"new\""
        );
        assert_eq!(
            error(json!({"chart": "./web", "sourceRef": {"kind": "Bucket"}})),
            "no chart at path \"./web\"; charts there: db 0.1.0 (charts/db)"
        );
    }
}
