//! How the command is linked.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| variable(name).is_some_and(|given| given == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        at_a_fixed_address();
        with_its_own_unwinder();
    }
}

/// The command is linked to a fixed address: without that, each start begins with changing some 80,000 addresses in it,
/// which takes longer than rendering a small chart, and leaves the changed pages in memory.
fn at_a_fixed_address() {
    println!("cargo::rustc-link-arg-bins=-no-pie");
}

/// The unwinder of panics becomes a part of the command: as a library of its own it is loaded at each start, and asks a
/// dozen questions about the processor, which virtual machines are slow to answer. Without the compiler's archives
/// nothing changes.
fn with_its_own_unwinder() {
    let is_native = variable("HOST").is_some() && variable("HOST") == variable("TARGET");
    let compiler = variable("RUSTC_LINKER").unwrap_or_else(|| "cc".to_owned());
    let has = |archive: &str| found_by(&compiler, archive).is_some_and(|path| path.is_file());
    let Some(folder) = variable("OUT_DIR").map(|folder| Path::new(&folder).join("unwinder")) else { return };
    if !is_native || !has("libgcc_eh.a") || !has("libgcc.a") {
        return;
    }
    // The standard library asks for the shared one by name, and linkers take a text for a list of what to link instead.
    let list = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join("libgcc_s.so"), UNWINDER));
    if list.is_ok() {
        println!("cargo::rustc-link-search=native={}", folder.display());
    }
}

/// What is linked in place of the shared unwinder.
const UNWINDER: &str = "GROUP(-lgcc_eh -lgcc)\n";

/// Where a compiler has an archive.
fn found_by(compiler: &str, archive: &str) -> Option<PathBuf> {
    let shown = Command::new(compiler).arg(format!("-print-file-name={archive}")).output().ok()?;
    String::from_utf8(shown.stdout).ok().map(|path| PathBuf::from(path.trim()))
}

#[allow(clippy::disallowed_methods, reason = "this is how cargo tells the target")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
