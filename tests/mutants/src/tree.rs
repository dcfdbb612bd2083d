//! A copy of the checkout, to be mutated and built in.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::list::{Mutant, PACKAGES};
use crate::switch::{self, MODULE};

/// A folder with a copy of the checkout, with `shared` beside it as beside the checkout, and what is built of it.
pub(crate) struct Tree {
    checkout: PathBuf,
    work: PathBuf,
}

impl Tree {
    /// Makes the folder.
    ///
    /// # Errors
    ///
    /// When the checkout is none, or files cannot be written.
    pub(crate) fn new(work: &Path) -> Result<Self, Failure> {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        fs::create_dir_all(work.join("tree"))?;
        let work = work.canonicalize()?;
        let shared = work.join("shared");
        if !shared.exists() {
            std::os::unix::fs::symlink(checkout.join("../shared"), shared)?;
        }
        Ok(Self { checkout, work })
    }

    /// The copy.
    pub(crate) fn root(&self) -> PathBuf {
        self.work.join("tree")
    }

    /// A file or folder beside the copy.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.work.join(name)
    }

    /// Where it is copied from.
    pub(crate) fn checkout(&self) -> &Path {
        &self.checkout
    }

    /// Copies what has changed but for the files that [`Tree::mutate`] writes, and removes what is no longer there.
    ///
    /// # Errors
    ///
    /// When git fails, or files cannot be read or written.
    pub(crate) fn copy(&self, mutants: &[Mutant]) -> Result<(), Failure> {
        let mut command = Command::new("git");
        command.current_dir(&self.checkout).args(["ls-files", "-z", "-c", "-o", "--exclude-standard"]);
        let listed = String::from_utf8_lossy(&command.output()?.stdout).into_owned();
        let files: BTreeSet<&str> = listed.split_terminator('\0').collect();
        let roots = PACKAGES.map(root_of);
        let mutated: BTreeSet<&str> =
            mutants.iter().map(|mutant| &*mutant.file).chain(roots.iter().map(|root| &**root)).collect();
        for file in files.difference(&mutated) {
            if let Ok(content) = fs::read(self.checkout.join(file)) {
                write_if_changed(&self.root().join(file), &content)?;
            }
        }
        let record = self.beside("files.txt");
        let before = fs::read_to_string(&record).unwrap_or_default();
        for gone in before.lines().filter(|file| !files.contains(file)) {
            let _ = fs::remove_file(self.root().join(gone));
        }
        Ok(fs::write(record, files.into_iter().collect::<Vec<_>>().join("\n"))?)
    }

    /// Puts mutants behind switches, numbered by their place in the list but for those left out. Gives those that no switch
    /// can be written for.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, parsed or written.
    pub(crate) fn mutate(
        &self,
        mutants: &[Mutant],
        without: &BTreeSet<u32>,
    ) -> Result<BTreeSet<u32>, Failure> {
        let numbered: Vec<(u32, &Mutant)> = (0..).zip(mutants).collect();
        let files: BTreeSet<&str> = mutants.iter().map(|mutant| &*mutant.file).collect();
        let mut missing = BTreeSet::new();
        for file in files {
            let here = |(id, mutant): &&(u32, &Mutant)| mutant.file == file && !without.contains(id);
            let here: Vec<_> = numbered.iter().filter(here).copied().collect();
            let source = fs::read_to_string(self.checkout.join(file))?;
            let switched = switch::switched(&source, &here)?;
            missing.extend(switched.missing);
            write_if_changed(&self.root().join(file), switched.text.as_bytes())?;
        }
        for package in PACKAGES {
            let file = root_of(package);
            let text = fs::read_to_string(self.checkout.join(&file))? + MODULE;
            write_if_changed(&self.root().join(file), text.as_bytes())?;
        }
        Ok(missing)
    }
}

/// The root module of a package of core.
fn root_of(package: &str) -> String {
    format!("core/{}/src/lib.rs", package.trim_start_matches("pilothouse-"))
}

/// What has not changed keeps its time, so that it is not built again.
fn write_if_changed(path: &Path, content: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, content)?)
}
