//! How the command is linked.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| variable(name).is_some_and(|given| given == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        at_a_fixed_address();
        with_its_own_unwinder();
        if is("PROFILE", "release") && is("CARGO_CFG_TARGET_ARCH", "x86_64") {
            with_what_is_run_together();
        }
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

/// Functions that are run lie beside each other: the kernel loads 64 KiB around each page that is touched, so the few that
/// are run, all over the command, are most of what a start takes and of what an operator holds. `layout.txt` says which
/// they are (`bench/layout.py` makes it). Who chooses a linker may have chosen one without scripts, and goes without.
fn with_what_is_run_together() {
    println!("cargo::rerun-if-changed={LAYOUT}");
    let flags = variable("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if variable("RUSTC_LINKER").is_some() || flags.contains("link-arg") || flags.contains("linker") {
        return;
    }
    let Some(script) = variable("OUT_DIR").map(|folder| Path::new(&folder).join("layout.ld")) else { return };
    let written = fs::read_to_string(LAYOUT).and_then(|list| fs::write(&script, layout(&list)));
    if written.is_ok() {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
}

/// A list of patterns of names, below the group and the crate that they belong to.
const LAYOUT: &str = "layout.txt";

/// A script of the linker that puts the groups of a list in front of all other functions.
fn layout(list: &str) -> String {
    let (mut script, mut within, mut objects) = (String::from("SECTIONS {\n"), "", "");
    for line in list.lines() {
        let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) else {
            let _ = writeln!(script, "*.{objects}-*(.text.{line} .text.unlikely.{line})");
            continue;
        };
        let (group, package) = heading.split_once(' ').unwrap_or((heading, "*"));
        if group != within {
            let end = if within.is_empty() { "" } else { "}\n" };
            let _ = writeln!(script, "{end}.text.{group} : {{");
        }
        (within, objects) = (group, package);
    }
    script.push_str("}\n} INSERT BEFORE .text;\n");
    script
}

/// Where a compiler has an archive.
fn found_by(compiler: &str, archive: &str) -> Option<PathBuf> {
    let shown = Command::new(compiler).arg(format!("-print-file-name={archive}")).output().ok()?;
    String::from_utf8(shown.stdout).ok().map(|path| PathBuf::from(path.trim()))
}

#[allow(clippy::disallowed_methods, reason = "this is how cargo tells the target")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
