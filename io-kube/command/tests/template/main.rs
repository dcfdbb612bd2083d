//! `pilothouse template`, the process, on real charts and on small ones, compared with what real Helm printed.
//!
//! The charts lie beside the repository, in `shared/charts`. One test a case; of the real charts a sample runs by default
//! and all of them with `--include-ignored`, which wants an optimised binary:
//! `PILOTHOUSE_BINARY=$PWD/target/release/pilothouse cargo test -p pilothouse --test template -- --include-ignored`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod compare;
mod corpus;
mod micro;
mod process;

use libtest_mimic::{Arguments, Trial};
use std::path::{Path, PathBuf};

/// Cases that differ, each with the reason.
const DIFFERENCES: &str = include_str!("differences.txt");

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/charts");
    if !root.exists() {
        println!("SKIPPED: no charts beside the repository");
        return;
    }
    let root = root.canonicalize().unwrap();
    let mut trials = corpus::trials(&root);
    trials.extend(micro::trials(&root));
    libtest_mimic::run(&arguments, trials).exit();
}

/// A test of one case. A case that is listed among the differences may differ.
fn trial(name: String, run: impl FnOnce() -> Result<(), String> + Send + 'static) -> Trial {
    let may_differ = DIFFERENCES.lines().any(|line| line.split(' ').next() == Some(name.as_str()));
    Trial::test(name, move || match run() {
        Err(_) if may_differ => Ok(()),
        result => result.map_err(Into::into),
    })
}

/// A folder for one test, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = format!("pilothouse-template-{}", std::process::id());
        let path = std::env::temp_dir().join(folder).join(name.replace(['/', ':'], "-"));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
